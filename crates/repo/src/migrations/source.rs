//! A migration in code: its syntax tree, and what the readers ask of it.

use std::collections::HashSet;
use std::sync::Arc;

use seaworthy_syntax::Limits;
use seaworthy_syntax::code::{self, Call, Language, Node};

use super::Seen;
use super::operations::{Step, plain};
use super::sql;
use crate::tree::File;

/// A parsed file.
pub struct Source {
    /// Its text.
    pub text: Arc<str>,
    tree: code::Tree,
}

/// How deep calls of the file's own functions are followed.
const CALL_DEPTH: usize = 4;
/// The most calls that one migration is read for.
const MOST_CALLS: usize = 4_000;

impl Source {
    /// Parses a file by its name.
    pub fn parse(seen: &Seen, file: &File) -> Option<Source> {
        let language = Language::from_path(&file.path)?;
        let text = seen.tree.text(file)?;
        let tree = code::parse(language, &text, &Limits::default())?;
        Some(Source { text, tree })
    }

    /// The root of its tree.
    pub fn root(&self) -> Node<'_> {
        self.tree.root_node()
    }

    /// The source text of a node.
    pub fn text(&self, node: Node) -> &str {
        code::text(node, &self.text)
    }

    /// The function or method of this name that comes first.
    pub fn function(&self, name: &str) -> Option<Node<'_>> {
        code::descendants(self.root())
            .into_iter()
            .find(|node| is_function(*node) && self.name_of(*node) == name)
    }

    /// The declared name of a function, method or class.
    pub fn name_of(&self, node: Node) -> &str {
        node.child_by_field_name("name").map(|name| self.text(name)).unwrap_or_default()
    }

    /// The calls below a node in the order in which they stand; those of functions of the same file are replaced by the
    /// calls inside them.
    pub fn calls_from<'t>(&'t self, node: Node<'t>) -> Vec<Call<'t>> {
        let mut found = Vec::new();
        // Calls still to look at, the next one last.
        let mut pending: Vec<(Call, usize)> =
            self.calls_below(node).into_iter().rev().map(|call| (call, 0)).collect();
        let mut entered: HashSet<(usize, usize)> = HashSet::new();
        while let Some((call, depth)) = pending.pop() {
            if found.len() >= MOST_CALLS {
                break;
            }
            let own = call
                .callee
                .strip_prefix("self.")
                .or(call.callee.strip_prefix("this."))
                .unwrap_or(&call.callee);
            let is_own = !own.contains('.') && depth < CALL_DEPTH;
            match is_own.then(|| self.function(own)).flatten() {
                // Entered once per place of call: a function that calls itself ends here.
                Some(function) if entered.insert((call.node.start_byte(), function.start_byte())) => {
                    let inner = self.calls_below(function);
                    pending.extend(inner.into_iter().rev().map(|call| (call, depth + 1)));
                }
                _ => found.push(call),
            }
        }
        found
    }

    fn calls_below<'t>(&'t self, node: Node<'t>) -> Vec<Call<'t>> {
        code::calls(node, &self.text)
    }

    /// The text of a literal, concatenations put together, what is interpolated replaced by a placeholder.
    pub fn literal(&self, node: Node) -> Option<String> {
        let strings = self.strings(node);
        (!strings.is_empty()).then(|| strings.into_iter().map(|(text, _)| text).collect())
    }

    /// The outermost string literals below a node with their lines.
    pub fn strings(&self, node: Node) -> Vec<(String, u32)> {
        let mut found = Vec::new();
        let mut covered = 0;
        for node in code::descendants(node) {
            if node.start_byte() < covered || !is_string(node) {
                continue;
            }
            covered = node.end_byte();
            let value = code::string_value(node, &self.text).unwrap_or_else(|| self.interpolated(node));
            found.push((value, code::line(node)));
        }
        found
    }

    /// A string's text with a placeholder for each interpolation.
    fn interpolated(&self, node: Node) -> String {
        let mut text = String::new();
        let mut at = node.start_byte();
        let mut cursor = node.walk();
        for child in node.children(&mut cursor) {
            let kind = child.kind();
            let quote = kind.ends_with("start")
                || kind.ends_with("end")
                || matches!(kind, "\"" | "'" | "`" | "\"\"\"" | "$\"" | "heredoc_start" | "<<<");
            if quote {
                at = child.end_byte();
                continue;
            }
            let is_hole = kind.contains("interpolation")
                || kind.contains("substitution")
                || kind.contains("variable")
                || kind.contains("expression");
            if is_hole {
                text.push_str(
                    self.text.get(at.min(child.start_byte())..child.start_byte()).unwrap_or_default(),
                );
                text.push_str("placeholder");
            } else {
                text.push_str(self.text.get(at.min(child.end_byte())..child.end_byte()).unwrap_or_default());
            }
            at = child.end_byte();
        }
        if text.is_empty() {
            self.text(node).trim_matches(['"', '\'', '`', '@', '$']).to_owned()
        } else {
            text
        }
    }

    /// A name given as a literal, or as the constant that stands for it.
    pub fn name(&self, node: Node) -> String {
        match self.literal(node) {
            Some(literal) => plain(&literal),
            None => plain(self.text(node).trim_start_matches([':', '$', '@'])),
        }
    }

    /// The SQL that a node holds as text, as steps.
    pub fn sql_in(&self, node: Node) -> Vec<Step> {
        let strings = self.strings(node);
        let Some((_, line)) = strings.first() else { return Vec::new() };
        let line = *line;
        // Pieces of one statement are put together; whole statements are read one by one.
        if strings.iter().skip(1).all(|(text, _)| !sql::looks_like_sql(text)) {
            let joined: Vec<&str> = strings.iter().map(|(text, _)| text.as_str()).collect();
            return sql::steps(&joined.join(" "), line);
        }
        strings.iter().flat_map(|(text, line)| sql::steps(text, *line)).collect()
    }

    /// The statements of a function's body, comments and documentation apart.
    pub fn body_statements<'t>(&'t self, function: Node<'t>) -> Vec<Node<'t>> {
        let Some(mut body) = function.child_by_field_name("body") else { return Vec::new() };
        // Go keeps the statements of a block in a list of their own.
        if let Some(list) = body.named_child(0).filter(|child| child.kind() == "statement_list") {
            body = list;
        }
        let mut cursor = body.walk();
        body.named_children(&mut cursor)
            .filter(|node| !node.kind().contains("comment"))
            .filter(|node| {
                // A documentation string stands alone as a statement.
                !(node.kind() == "expression_statement"
                    && node.named_child(0).is_some_and(is_string)
                    && node.named_child_count() == 1)
            })
            .collect()
    }
}

/// Whether a node declares a function or method.
pub fn is_function(node: Node) -> bool {
    matches!(
        node.kind(),
        "function_definition"
            | "function_declaration"
            | "method_definition"
            | "method_declaration"
            | "method"
            | "singleton_method"
            | "function_item"
    )
}

/// Whether a node is a string literal of any form.
pub fn is_string(node: Node) -> bool {
    node.is_named()
        && matches!(
            node.kind(),
            "string"
                | "concatenated_string"
                | "chained_string"
                | "template_string"
                | "interpreted_string_literal"
                | "raw_string_literal"
                | "encapsed_string"
                | "string_literal"
                | "verbatim_string_literal"
                | "interpolated_string_expression"
                | "heredoc"
                | "nowdoc"
                | "heredoc_body"
                | "text_block"
        )
}
