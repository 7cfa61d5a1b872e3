//! The text that an expression gives, as far as the file tells: literals, what is put together from them, and names that
//! the same file assigns.

use std::cell::Cell;
use std::collections::HashMap;

use seaworthy_syntax::code::{self, Node};

/// Stands for a part that cannot be told.
pub const UNKNOWN: char = '…';
/// How far names, calls and lists are followed.
const DEPTH: usize = 8;
/// Longest text that is put together.
const LENGTH: usize = 4_000;
/// How many nodes are looked at for one text.
const STEPS: usize = 3_000;

/// A file that is looked into.
pub struct Source<'t> {
    /// Its text.
    pub text: &'t str,
    assignments: HashMap<String, Node<'t>>,
}

impl<'t> Source<'t> {
    /// Notes what the file assigns to names; of several values the first counts.
    pub fn new(text: &'t str, nodes: &[Node<'t>]) -> Self {
        let mut assignments = HashMap::new();
        for node in nodes {
            if let Some((name, value)) = assigned(*node)
                && let Some(name) = last_name(code::text(name, text))
            {
                assignments.entry(name.to_owned()).or_insert(value);
            }
        }
        Source { text, assignments }
    }

    /// The source text of a node.
    pub fn of(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// What is assigned to a name.
    pub fn assigned(&self, name: &str) -> Option<Node<'t>> {
        self.assignments.get(last_name(name)?).copied()
    }

    /// The text that an expression gives. Parts that cannot be told are [`UNKNOWN`].
    pub fn value(&self, node: Node<'t>) -> String {
        let steps = Cell::new(0);
        let text = self.gather(node, 0, &steps);
        let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.len() > LENGTH {
            text.truncate(text.floor_char_boundary(LENGTH));
            text.push(UNKNOWN);
        }
        text
    }

    fn gather(&self, node: Node<'t>, depth: usize, steps: &Cell<usize>) -> String {
        steps.set(steps.get() + 1);
        if depth > DEPTH || steps.get() > STEPS {
            return UNKNOWN.to_string();
        }
        if let Some(text) = code::string_value(node, self.text) {
            return text;
        }
        let kind = node.kind();
        let deeper = |node: Node<'t>| self.gather(node, depth + 1, steps);
        match kind {
            "integer"
            | "number"
            | "int_literal"
            | "integer_literal"
            | "decimal_integer_literal"
            | "float" => self.of(node).replace('_', ""),
            "identifier"
            | "variable_name"
            | "constant"
            | "name"
            | "simple_identifier"
            | "property_identifier"
            | "instance_variable"
            | "member_expression"
            | "attribute"
            | "selector_expression"
            | "dynamic_variable_name"
            | "member_access_expression"
            | "class_constant_access_expression"
            | "scoped_identifier"
            | "field_access"
            | "unary_operator"
            | "navigation_expression" => match self.assigned(self.of(node)) {
                Some(value) if value.id() != node.id() => deeper(value),
                _ => constant(self.text, self.of(node)).unwrap_or_else(|| UNKNOWN.to_string()),
            },
            "string_array" | "symbol_array" => self
                .of(node)
                .trim_start_matches(['%', 'w', 'W', 'i', 'I'])
                .trim_matches(['(', ')', '[', ']', '{', '}'])
                .to_owned(),
            "simple_symbol" | "symbol" | "atom" | "hash_key_symbol" => symbol(self.of(node)),
            "bare_string" => self.of(node).to_owned(),
            "array"
            | "list"
            | "array_creation_expression"
            | "literal_value"
            | "array_expression"
            | "initializer_expression"
            | "tuple"
            | "expression_list"
            | "collection_literal" => self.list(node, depth, steps),
            "object" | "dictionary" | "hash" | "map" | "map_content" | "keywords" => {
                self.entries(node, depth, steps)
            }
            "composite_literal" => {
                node.child_by_field_name("body").map_or_else(|| UNKNOWN.to_string(), deeper)
            }
            "dictionary_comprehension" => UNKNOWN.to_string(),
            "binary_expression" | "binary_operator" | "binary" | "concatenation" | "additive_expression" => {
                let (left, right) = (node.child_by_field_name("left"), node.child_by_field_name("right"));
                let operator = node.child_by_field_name("operator").map_or("", |operator| self.of(operator));
                match (left, right) {
                    (Some(left), Some(_)) if matches!(operator, "||" | "??" | "or") => deeper(left),
                    (Some(left), Some(right)) => deeper(left) + &deeper(right),
                    _ => self.children(node, depth, steps).concat(),
                }
            }
            "concatenated_string" | "chained_string" => self.children(node, depth, steps).concat(),
            "ternary_expression" | "conditional_expression" | "conditional" => {
                self.either(node, depth, steps)
            }
            "generator_expression" | "list_comprehension" => {
                // `f"{k} {v}" for k, v in {...}.items()`: what is gone through holds the text.
                let clause = children(node).into_iter().find(|child| child.kind() == "for_in_clause");
                clause
                    .and_then(|clause| clause.child_by_field_name("right"))
                    .map_or_else(|| UNKNOWN.to_string(), deeper)
            }
            "call"
            | "call_expression"
            | "new_expression"
            | "function_call_expression"
            | "member_call_expression"
            | "scoped_call_expression"
            | "object_creation_expression"
            | "invocation_expression"
            | "method_invocation"
            | "macro_invocation" => self.call(node, depth, steps),
            "argument"
            | "parenthesized_expression"
            | "literal_element"
            | "await_expression"
            | "as_expression"
            | "reference_expression"
            | "unary_expression"
            | "satisfies_expression"
            | "element_value"
            | "argument_list"
            | "arguments"
            | "interpolation"
            | "template_substitution"
            | "implicit_object_creation_expression"
            | "non_null_expression"
            | "pointer_expression"
            | "value_argument" => node.named_child(0).map_or_else(|| UNKNOWN.to_string(), deeper),
            _ if kind.contains("string") || kind == "heredoc" || kind == "sigil" => {
                self.template(node, depth, steps)
            }
            _ => UNKNOWN.to_string(),
        }
    }

    fn children(&self, node: Node<'t>, depth: usize, steps: &Cell<usize>) -> Vec<String> {
        children(node).into_iter().map(|child| self.gather(child, depth + 1, steps)).collect()
    }

    /// A string with parts that are put in.
    fn template(&self, node: Node<'t>, depth: usize, steps: &Cell<usize>) -> String {
        let mut text = String::new();
        let mut cursor = node.walk();
        for part in node.named_children(&mut cursor) {
            let kind = part.kind();
            if kind.contains("content")
                || kind.contains("fragment")
                || kind == "string_value"
                || kind == "heredoc_body"
            {
                text.push_str(self.of(part));
            } else if kind.contains("escape") {
                text.push_str(self.of(part).trim_start_matches('\\'));
            } else if !matches!(
                kind,
                "string_start" | "string_end" | "quoted_start" | "quoted_end" | "sigil_name"
            ) {
                text.push_str(&self.gather(part, depth + 1, steps));
            }
        }
        text
    }

    fn list(&self, node: Node<'t>, depth: usize, steps: &Cell<usize>) -> String {
        joined(&self.members(node, depth, steps).unwrap_or_default())
    }

    /// The members of a list, also of one that a name stands for.
    fn members(&self, node: Node<'t>, depth: usize, steps: &Cell<usize>) -> Option<Vec<String>> {
        let mut node = node;
        for _ in 0..3 {
            match node.kind() {
                "identifier" | "variable_name" | "constant" | "name" => {
                    node = self.assigned(self.of(node))?
                }
                "argument" | "parenthesized_expression" => node = node.named_child(0)?,
                _ => break,
            }
        }
        let is_list = matches!(
            node.kind(),
            "array"
                | "list"
                | "array_creation_expression"
                | "literal_value"
                | "array_expression"
                | "initializer_expression"
                | "tuple"
                | "expression_list"
                | "collection_literal"
        );
        if !is_list {
            return None;
        }
        let members = children(node).into_iter().map(|child| match entry(child) {
            Some((key, value)) => self.entry_text(key, value, depth, steps),
            None if child.kind() == "array_element_initializer" => {
                self.gather(child.named_child(0).unwrap_or(child), depth + 1, steps)
            }
            None => self.gather(child, depth + 1, steps),
        });
        Some(members.collect())
    }

    fn entries(&self, node: Node<'t>, depth: usize, steps: &Cell<usize>) -> String {
        let mut parts = Vec::new();
        for child in children(node) {
            match entry(child) {
                Some((key, value)) => parts.push(self.entry_text(key, value, depth, steps)),
                None if matches!(child.kind(), "map_content" | "keywords") => {
                    parts.push(self.entries(child, depth + 1, steps))
                }
                None => parts.push(UNKNOWN.to_string()),
            }
        }
        parts.join("; ")
    }

    /// A key and its value as a directive: `scriptSrc: ["'self'"]` gives `script-src 'self'`.
    fn entry_text(&self, key: Node<'t>, value: Node<'t>, depth: usize, steps: &Cell<usize>) -> String {
        let key = kebab(self.of(key).trim_matches(['"', '\'', ':', '`', ' ']));
        if matches!(self.of(value), "true" | "True" | "[]" | "null" | "None") {
            return key;
        }
        format!("{key} {}", self.gather(value, depth + 1, steps))
    }

    /// Of two values the one that is used in production.
    fn either(&self, node: Node<'t>, depth: usize, steps: &Cell<usize>) -> String {
        let field = |names: &[&str]| names.iter().find_map(|name| node.child_by_field_name(name));
        let (mut first, mut other) = (field(&["consequence", "body"]), field(&["alternative"]));
        let mut condition = field(&["condition"]);
        if node.kind() == "conditional_expression" && first.is_none() {
            // Python: `a if condition else b` has no names for its parts.
            let parts = children(node);
            (first, condition, other) =
                (parts.first().copied(), parts.get(1).copied(), parts.get(2).copied());
        }
        let development =
            condition.is_some_and(|condition| super::condition::means_development(self.of(condition)));
        let chosen = if development { other } else { first };
        chosen.map_or_else(|| UNKNOWN.to_string(), |chosen| self.gather(chosen, depth + 1, steps))
    }

    fn call(&self, node: Node<'t>, depth: usize, steps: &Cell<usize>) -> String {
        let Some(call) =
            code::calls(node, self.text).into_iter().next().filter(|call| call.node.id() == node.id())
        else {
            return UNKNOWN.to_string();
        };
        let name = call.name().trim_end_matches("()").to_ascii_lowercase();
        let deeper = |node: Node<'t>| self.gather(node, depth + 1, steps);
        let receiver = ["object", "receiver", "function", "expression", "value"]
            .iter()
            .find_map(|field| node.child_by_field_name(field))
            .map(|found| {
                ["object", "operand", "expression", "value", "left"]
                    .iter()
                    .find_map(|field| found.child_by_field_name(field))
                    .unwrap_or(found)
            })
            .filter(|found| found.id() != node.id());
        match name.as_str() {
            // A list and what stands between its members: whichever of receiver and arguments is no plain separator.
            "join" | "implode" | "joinwithseparator" | "concat" => {
                let separator =
                    |node: &Node<'t>| code::string_value(*node, self.text).filter(|text| text.len() <= 3);
                let parts: Vec<Node> = call.arguments.iter().copied().chain(receiver).collect();
                let between = parts.iter().find_map(separator);
                let Some(list) = parts.iter().find(|part| separator(part).is_none()) else {
                    return UNKNOWN.to_string();
                };
                match (between, self.members(*list, depth, steps)) {
                    (Some(between), Some(members)) => members.join(&between),
                    _ => deeper(*list),
                }
            }
            "sprintf" | "format" | "fromstatic" | "from_static" | "from_str" | "string" | "stringvalues"
            | "new" | "of" | "dedent" | "oneline" | "headervalue" => match call.arguments.first() {
                Some(first) => deeper(*first),
                None => receiver.map_or_else(|| UNKNOWN.to_string(), deeper),
            },
            "trim" | "replace" | "replaceall" | "strip" | "freeze" | "to_string" | "tostring" | "to_s"
            | "squish" | "parse" | "unwrap" | "into" | "items" | "entries" | "map" | "filter" | "values"
            | "compact" | "collect" | "tolist" | "tr" | "gsub" | "trimindent" | "expect" | "to_owned"
            | "rstrip" | "flat" => receiver.map_or_else(|| UNKNOWN.to_string(), deeper),
            // `let v = HeaderValue::from_static;` and `let v = |text| HeaderValue::from_static(text);`
            _ => match (self.assigned(&call.callee), call.arguments.as_slice()) {
                (Some(made), [only]) if !call.callee.contains('.') && makes_a_value(self.of(made)) => {
                    deeper(*only)
                }
                _ => UNKNOWN.to_string(),
            },
        }
    }
}

/// A function, or a closure that only calls it, which makes a header's value of a text.
fn makes_a_value(source: &str) -> bool {
    let called =
        source.split_once('|').and_then(|(_, rest)| rest.split_once('|')).map_or(source, |(_, body)| body);
    let called = called.trim().trim_end_matches(|c: char| c != ')' && !c.is_alphanumeric());
    let name = called.split('(').next().unwrap_or(called);
    ["HeaderValue::from_static", "HeaderValue::from_str"].iter().any(|function| name.ends_with(function))
}

/// The named children that are no comments.
pub fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| !child.kind().contains("comment")).collect()
}

/// The key and the value of an entry of an object, hash, dictionary or map.
pub fn entry(node: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    match node.kind() {
        "pair" => Some((node.child_by_field_name("key")?, node.child_by_field_name("value")?)),
        "keyword_argument" => Some((node.child_by_field_name("name")?, node.child_by_field_name("value")?)),
        "keyed_element" => Some((node.named_child(0)?, node.named_child(1)?)),
        "array_element_initializer" if node.named_child_count() == 2 => {
            Some((node.named_child(0)?, node.named_child(1)?))
        }
        "assignment_expression" => {
            Some((node.child_by_field_name("left")?, node.child_by_field_name("right")?))
        }
        // Elixir's `"a" => "b"`.
        "binary_operator"
            if node.child_by_field_name("operator").is_some_and(|operator| operator.kind() == "=>") =>
        {
            Some((node.child_by_field_name("left")?, node.child_by_field_name("right")?))
        }
        // Kotlin's `"a" to "b"`.
        "infix_expression" if node.named_child_count() == 3 => {
            Some((node.named_child(0)?, node.named_child(2)?))
        }
        _ => None,
    }
}

/// What is assigned by a node.
fn assigned(node: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    let field = |name| node.child_by_field_name(name);
    match node.kind() {
        "variable_declarator" | "const_item" | "static_item" | "let_declaration" => {
            let name = field("name").or_else(|| field("pattern"))?;
            let value = field("value").or_else(|| {
                // C# keeps the value behind an equals sign without a name.
                node.named_child(node.named_child_count().checked_sub(1)? as u32)
                    .filter(|last| last.id() != name.id())
            })?;
            Some((name, value))
        }
        "assignment" | "assignment_expression" | "short_var_declaration" => {
            Some((field("left")?, field("right")?))
        }
        "const_spec" | "var_spec" => Some((field("name")?, field("value")?)),
        "const_element" | "property_element" => Some((node.named_child(0)?, node.named_child(1)?)),
        "public_field_definition" => Some((field("name")?, field("value")?)),
        _ => None,
    }
}

/// The last part of a dotted name without sigils.
fn last_name(text: &str) -> Option<&str> {
    let text = text.trim();
    if text.len() > 120 {
        return None;
    }
    let name = text.rsplit(['.', ':', '>', '@', '$', '\\']).next()?.trim();
    (!name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')).then_some(name)
}

/// Joined as directives where the parts are directives, else as a list of sources.
fn joined(parts: &[String]) -> String {
    let directives = parts.iter().any(|part| {
        let first = part.split_whitespace().next().unwrap_or_default();
        first.ends_with("-src")
            || first.ends_with("-uri")
            || matches!(first, "frame-ancestors" | "form-action")
    });
    parts.join(if directives { "; " } else { " " })
}

/// A symbol of Ruby or an atom of Elixir as it stands in a policy: `:unsafe_inline` gives `'unsafe-inline'`.
fn symbol(text: &str) -> String {
    match text.trim_matches([':', ' ']) {
        "self" => "'self'".to_owned(),
        "none" => "'none'".to_owned(),
        "all" => "*".to_owned(),
        word @ ("unsafe_inline" | "unsafe_eval" | "strict_dynamic" | "unsafe_hashes" | "wasm_unsafe_eval"
        | "report_sample") => {
            format!("'{}'", word.replace('_', "-"))
        }
        word @ ("http" | "https" | "data" | "blob" | "ws" | "wss" | "mediastream" | "filesystem") => {
            format!("{word}:")
        }
        word => word.to_owned(),
    }
}

/// A constant of django-csp or of Django, as it stands in a policy:
/// <https://django-csp.readthedocs.io/en/latest/configuration.html>,
/// <https://docs.djangoproject.com/en/stable/ref/csp/#django.utils.csp.CSP>.
fn constant(text: &str, name: &str) -> Option<String> {
    if !text.contains("csp.constants") && !text.contains("django.utils.csp") {
        return None;
    }
    let (before, last) = name.rsplit_once('.').unwrap_or(("", name));
    if !matches!(before, "" | "CSP" | "csp" | "constants" | "csp.constants") {
        return None;
    }
    Some(match last {
        "NONCE" => "'nonce-value'".to_owned(),
        "SELF" | "NONE" | "UNSAFE_INLINE" | "UNSAFE_EVAL" | "UNSAFE_HASHES" | "STRICT_DYNAMIC"
        | "REPORT_SAMPLE" | "WASM_UNSAFE_EVAL" => {
            format!("'{}'", last.to_ascii_lowercase().replace('_', "-"))
        }
        _ => return None,
    })
}

/// `scriptSrc` and `script_src` as `script-src`.
pub fn kebab(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len() + 4);
    for c in name.chars().take(80) {
        if c.is_ascii_uppercase() {
            if !kebab.is_empty() && !kebab.ends_with('-') {
                kebab.push('-');
            }
            kebab.push(c.to_ascii_lowercase());
        } else if c == '_' {
            kebab.push('-');
        } else {
            kebab.push(c);
        }
    }
    kebab
}
