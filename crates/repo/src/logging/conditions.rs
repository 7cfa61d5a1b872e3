//! On what it depends whether a place in code is reached: the conditions around it.

use seaworthy_syntax::Limits;
use seaworthy_syntax::code::{self, Language, Node};

/// Longest text of a condition.
const QUOTED: usize = 200;
/// How many levels are climbed.
const CLIMB: usize = 400;

/// A condition around a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its text.
    pub text: String,
    /// The place is reached when it holds, not when it does not.
    pub holds: bool,
}

/// The conditions around a byte of a text, innermost first.
pub fn around(language: Language, text: &str, at: usize) -> Vec<Condition> {
    let Some(tree) = code::parse(language, text, &Limits::default()) else { return Vec::new() };
    let Some(mut node) = tree.root_node().descendant_for_byte_range(at, at) else { return Vec::new() };
    let mut conditions = Vec::new();
    for _ in 0..CLIMB {
        let Some(parent) = node.parent() else { break };
        if let Some((condition, holds)) = decided(parent, node, text) {
            let condition = condition.split_whitespace().collect::<Vec<_>>().join(" ");
            let text: String = condition.chars().take(QUOTED).collect();
            conditions.push(Condition { text, holds });
        }
        node = parent;
    }
    conditions
}

/// The name that a value around a byte is given, when it is given one and no function lies between.
pub fn declared_name(language: Language, text: &str, at: usize) -> Option<String> {
    let tree = code::parse(language, text, &Limits::default())?;
    let mut node = tree.root_node().descendant_for_byte_range(at, at)?;
    for _ in 0..CLIMB {
        let parent = node.parent()?;
        let kind = parent.kind();
        if kind.contains("function")
            || kind.contains("method")
            || kind.contains("lambda")
            || kind == "closure_expression"
        {
            return None;
        }
        if matches!(
            kind,
            "variable_declarator"
                | "assignment"
                | "short_var_declaration"
                | "let_declaration"
                | "assignment_expression"
        ) {
            let name =
                ["name", "left", "pattern"].iter().find_map(|field| parent.child_by_field_name(field))?;
            let name = code::text(name, text);
            let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            return plain.then(|| name.to_owned());
        }
        node = parent;
    }
    None
}

/// The condition by which `parent` decides whether `child` is reached.
fn decided<'s>(parent: Node<'_>, child: Node<'_>, source: &'s str) -> Option<(&'s str, bool)> {
    let field = |name: &str| parent.child_by_field_name(name);
    let is = |name: &str| field(name).is_some_and(|node| node.id() == child.id());
    let text = |node: Node<'_>| code::text(node, source);
    match parent.kind() {
        // Python writes `a if b else c` without names for the parts.
        "conditional_expression" if field("condition").is_none() => {
            let condition = parent.named_child(1)?;
            let first = parent.named_child(0)?;
            (condition.id() != child.id()).then(|| (text(condition), first.id() == child.id()))
        }
        "if_statement"
        | "if_expression"
        | "elif_clause"
        | "else_if_clause"
        | "if"
        | "elsif"
        | "unless"
        | "ternary_expression"
        | "conditional_expression"
        | "conditional"
        | "if_modifier"
        | "unless_modifier" => {
            let condition = field("condition")
                .or_else(|| parent.named_child(0).filter(|first| first.id() != child.id()))?;
            if condition.id() == child.id() {
                return None;
            }
            let otherwise = is("alternative")
                || is("else")
                || child.kind().starts_with("else")
                || child.kind() == "elif_clause";
            let negated = parent.kind().starts_with("unless");
            Some((text(condition), otherwise == negated))
        }
        "binary_expression" if is("right") && field("operator").is_some_and(|sign| text(sign) == "&&") => {
            Some((text(field("left")?), true))
        }
        // `{ development: …, production: … }[environment]`
        "pair" if is("value") => {
            let key = text(field("key")?).trim_matches(['"', '\'', ':']);
            matches!(key, "development" | "production" | "test" | "dev" | "prod" | "local" | "staging")
                .then_some((key, true))
        }
        "switch_case" | "expression_case" | "case_clause" | "when" | "match_arm" | "switch_section" => {
            // In Rust the value of an arm is what it leads to.
            let label = field("value").filter(|_| parent.kind() != "match_arm");
            let label = label.or_else(|| field("pattern")).or_else(|| parent.named_child(0))?;
            (label.id() != child.id()).then(|| (text(label), true))
        }
        // Elixir: `if condition do`.
        "call" if child.kind() == "do_block" => {
            let target = text(field("target").or_else(|| parent.named_child(0))?);
            let arguments = parent.named_child(1)?;
            matches!(target, "if" | "unless").then(|| (text(arguments), target == "if"))
        }
        _ => None,
    }
}

/// What a condition is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Branch {
    /// Reached where the system is operated.
    Production,
    /// Reached where developers work, or in tests.
    Development,
    /// Reached when a switch has some value.
    Switch,
    /// Not about where it runs: a test of a value, of an error, …
    Other,
}

const DEVELOPMENT: &[&str] =
    &["dev", "debug", "local", "isatty", "istty", "terminal", "test", "pretty", "human", "is_a_tty"];
const SWITCH: &[&str] =
    &["json", "log", "format", "struct", "redact", "env", "config", "settings", "cfg", "flag", "opt"];

/// What a condition is about.
pub fn branch(condition: &Condition) -> Branch {
    let lower = condition.text.to_ascii_lowercase();
    let negated = lower.contains("!=")
        || lower.starts_with('!')
        || lower.starts_with("(!")
        || lower.starts_with("not ")
        || lower.contains(" not ");
    let holds = condition.holds != negated;
    if lower.contains("prod") {
        return if holds { Branch::Production } else { Branch::Development };
    }
    if lower.contains("staging") && holds {
        return Branch::Development;
    }
    if DEVELOPMENT.iter().any(|word| lower.contains(word)) {
        return if holds { Branch::Development } else { Branch::Production };
    }
    if SWITCH.iter().any(|word| lower.contains(word)) { Branch::Switch } else { Branch::Other }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn first(language: Language, text: &str) -> (String, bool, Branch) {
        let found = around(language, text, text.find("HERE").unwrap());
        let first = found.first().cloned().unwrap();
        let branch = branch(&first);
        (first.text, first.holds, branch)
    }

    #[test]
    fn conditions_of_each_language() {
        let ts = first(Language::TypeScript, "const a = process.env.NODE_ENV !== 'production' ? HERE : b;");
        assert_eq!((ts.1, ts.2), (true, Branch::Development));
        let ts = first(Language::TypeScript, "const a = { ...(isDev && { transport: 'HERE' }) };");
        assert_eq!(ts.2, Branch::Development);
        let ts = first(Language::TypeScript, "const a = { development: HERE, production: true };");
        assert_eq!(ts.2, Branch::Development);
        let ts = first(Language::TypeScript, "if (isProd) { x() } else { HERE() }");
        assert_eq!((ts.1, ts.2), (false, Branch::Development));
        let py = first(Language::Python, "x = HERE() if settings.JSON_LOGS else other()\n");
        assert_eq!(
            (ts.0.as_str(), py.0.as_str(), py.1, py.2),
            ("(isProd)", "settings.JSON_LOGS", true, Branch::Switch)
        );
        let py = first(Language::Python, "if sys.stderr.isatty():\n    a()\nelse:\n    HERE()\n");
        assert_eq!((py.1, py.2), (false, Branch::Production));
        let rs = first(Language::Rust, "fn f() { match format { Some(\"json\") => HERE(), _ => text() } }");
        assert_eq!((rs.0.as_str(), rs.2), ("Some(\"json\")", Branch::Switch));
        let rb = first(Language::Ruby, "if Rails.env.production?\n  HERE\nend\n");
        assert_eq!((rb.1, rb.2), (true, Branch::Production));
        let rb = first(Language::Ruby, "HERE unless Rails.env.production?\n");
        assert_eq!((rb.1, rb.2), (false, Branch::Development));
        let go = first(Language::Go, "package a\nfunc f() { if cfg.Format == \"json\" { HERE() } }\n");
        assert_eq!((go.1, go.2), (true, Branch::Switch));
        let go = first(Language::Go, "package a\nfunc f() { switch format {\ncase \"json\":\n HERE()\n} }\n");
        assert_eq!(go.0, "\"json\"");
        let rs = first(Language::Rust, "fn f() { if config.json { HERE() } else { b() } }");
        assert_eq!((rs.1, rs.2), (true, Branch::Switch));
        let cs = first(Language::CSharp, "class A { void F() { if (!env.IsDevelopment()) { HERE(); } } }");
        assert_eq!(cs.2, Branch::Production);
        let ex = first(Language::Elixir, "if config_env() == :prod do\n  HERE\nend\n");
        assert_eq!((ex.1, ex.2), (true, Branch::Production));
        let php = first(Language::Php, "<?php if ($debug) { a(); } else { HERE(); }");
        assert_eq!((php.1, php.2), (false, Branch::Production));
    }
}
