//! Functions with many paths. The measure: decisions in a function plus one, a decision being each branch, loop, case,
//! handler, conditional expression and short-circuit operator; what stands in a function inside counts for that one.

use std::collections::BTreeMap;

use seaworthy_facts::{ComplexFunction, Hunk, Location};
use seaworthy_syntax::Limits;
use seaworthy_syntax::code::{self, Language, Node};

/// Fewer decisions are nothing to speak of.
const NOTABLE: u32 = 11;

const FUNCTIONS: &[&str] = &[
    "function_declaration",
    "function_definition",
    "function_expression",
    "generator_function_declaration",
    "arrow_function",
    "method_definition",
    "method_declaration",
    "constructor_declaration",
    "local_function_statement",
    "function_item",
    "func_literal",
    "method",
    "singleton_method",
];

const DECISIONS: &[&str] = &[
    "if_statement",
    "elif_clause",
    "else_if_clause",
    "if",
    "elsif",
    "unless",
    "if_modifier",
    "unless_modifier",
    "while_modifier",
    "until_modifier",
    "while",
    "until",
    "for",
    "when",
    "while_statement",
    "do_statement",
    "for_statement",
    "for_in_statement",
    "foreach_statement",
    "for_each_statement",
    "enhanced_for_statement",
    "switch_case",
    "case_statement",
    "case_clause",
    "expression_case",
    "type_case",
    "communication_case",
    "switch_label",
    "switch_section",
    "switch_expression_arm",
    "when_entry",
    "catch_clause",
    "catch_block",
    "except_clause",
    "rescue",
    "conditional_expression",
    "ternary_expression",
    "conditional",
    "if_expression",
    "while_expression",
    "for_expression",
    "match_arm",
    "&&",
    "||",
    "??",
    "and",
    "or",
];

struct Function {
    name: String,
    line: u32,
    last: u32,
    decisions: u32,
}

/// The functions of a changed file that are complex and new, or more complex than before.
pub fn grown(path: &str, before: &str, after: &str, hunks: &[Hunk]) -> Vec<ComplexFunction> {
    let Some(language) = Language::from_path(path) else { return Vec::new() };
    let old: BTreeMap<String, u32> =
        functions(language, before).into_iter().map(|function| (function.name, function.decisions)).collect();
    functions(language, after)
        .into_iter()
        .filter(|function| {
            hunks.iter().any(|hunk| {
                hunk.added > 0 && hunk.line <= function.last && function.line < hunk.line + hunk.added
            })
        })
        .filter_map(|function| {
            let before = old.get(&function.name).copied();
            let grew = before.is_none_or(|before| function.decisions > before);
            (function.decisions >= NOTABLE && grew).then(|| ComplexFunction {
                at: Location::line(path, function.line),
                before,
                after: function.decisions,
                lines: function.last - function.line + 1,
                name: function.name,
            })
        })
        .collect()
}

fn functions(language: Language, text: &str) -> Vec<Function> {
    let Some(tree) = code::parse(language, text, &Limits::default()) else { return Vec::new() };
    let mut found: Vec<Function> = Vec::new();
    // Open functions: place in `found`, and where their text ends.
    let mut open: Vec<(usize, usize)> = Vec::new();
    for node in code::descendants(tree.root_node()) {
        while open.last().is_some_and(|(_, end)| node.start_byte() >= *end) {
            open.pop();
        }
        let kind = node.kind();
        if FUNCTIONS.contains(&kind) && node.is_named() {
            open.push((found.len(), node.end_byte()));
            found.push(Function {
                name: name(node, text),
                line: code::line(node),
                last: u32::try_from(node.end_position().row).unwrap_or(u32::MAX - 1) + 1,
                decisions: 1,
            });
        } else if DECISIONS.contains(&kind)
            && is_decision(node)
            && let Some((function, _)) = open.last()
        {
            found[*function].decisions += 1;
        }
    }
    found
}

/// Words stand as nodes of their own beside the statements that they begin: only operators count without a name.
fn is_decision(node: Node<'_>) -> bool {
    node.is_named()
        || matches!(node.kind(), "&&" | "||" | "??")
        || matches!(node.kind(), "and" | "or")
            && node.parent().is_some_and(|parent| {
                matches!(parent.kind(), "boolean_operator" | "binary" | "binary_expression")
            })
}

fn name(node: Node<'_>, text: &str) -> String {
    let own = node.child_by_field_name("name").or_else(|| {
        let parent = node.parent()?;
        parent
            .child_by_field_name("name")
            .or_else(|| parent.child_by_field_name("key"))
            .or_else(|| parent.child_by_field_name("left"))
    });
    let name = own.map_or("", |own| code::text(own, text));
    if name.is_empty() || name.len() > 80 || name.contains('\n') {
        "a function without a name".to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Vec<Hunk> {
        vec![Hunk { line: 1, added: u32::try_from(text.lines().count()).unwrap(), removed: 0 }]
    }

    #[test]
    fn branches_are_counted_in_their_own_function() {
        let body = "  if (a && b) { c(); } else if (d) { e(); }\n  for (const x of y) { z(); }\n".repeat(3);
        let text = format!("function big(a) {{\n{body}}}\nconst small = () => {{ if (a) {{ b(); }} }};\n");
        let found = grown("src/a.ts", "", &text, &whole(&text));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].after, found[0].before), ("big", 13, None));
    }

    #[test]
    fn what_did_not_grow_is_left_alone() {
        let body = "    if a and b:\n        c()\n".repeat(6);
        let text = format!("def big(a, b):\n{body}");
        assert_eq!(grown("a.py", "", &text, &whole(&text)).len(), 1);
        assert_eq!(grown("a.py", &text, &text, &whole(&text)).len(), 0);
        assert_eq!(grown("a.txt", "", &text, &whole(&text)).len(), 0);
    }
}
