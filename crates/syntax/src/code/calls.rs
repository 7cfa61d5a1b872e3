//! Calls of functions, methods, constructors and macros.

use super::{descendants, line, property, text};
use tree_sitter::Node;

/// Longest chain of accesses that a callee is put together from.
const CHAIN_LIMIT: usize = 32;
/// Longest part of a callee, in bytes.
const PART_LIMIT: usize = 120;

/// A call of a function, method, constructor or macro.
#[derive(Debug, Clone)]
pub struct Call<'t> {
    /// What is called, as dotted text: `app.add_middleware`, `Sentry.init`, `Foo.Bar.init`,
    /// `make().run` for a method of a result. `::`, `->`, `?.` and `\` all become dots, sigils
    /// (`$`, `@`) and type arguments are left out, a macro has no exclamation mark.
    pub callee: String,
    /// The arguments in source order, keyword arguments included as their own nodes.
    pub arguments: Vec<Node<'t>>,
    /// The whole call.
    pub node: Node<'t>,
    /// 1-based line.
    pub line: u32,
}

impl<'t> Call<'t> {
    /// The value of a keyword argument, or of a property of an object, hash, dictionary, array or
    /// structure that is an argument.
    pub fn keyword(&self, name: &str, source: &str) -> Option<Node<'t>> {
        self.arguments.iter().find_map(|argument| property(*argument, name, source))
    }

    /// The last part of the callee: the function's or method's own name.
    pub fn name(&self) -> &str {
        self.callee.rsplit('.').next().unwrap_or_default()
    }
}

/// All calls below a node, in source order.
pub fn calls<'t>(root: Node<'t>, source: &str) -> Vec<Call<'t>> {
    descendants(root)
        .into_iter()
        .filter(|node| is_call(*node))
        .map(|node| Call { callee: callee(node, source), arguments: arguments(node), node, line: line(node) })
        .collect()
}

fn is_call(node: Node<'_>) -> bool {
    node.is_named()
        && matches!(
            node.kind(),
            "call"
                | "call_expression"
                | "new_expression"
                | "macro_invocation"
                | "function_call_expression"
                | "member_call_expression"
                | "nullsafe_member_call_expression"
                | "scoped_call_expression"
                | "object_creation_expression"
                | "invocation_expression"
                | "method_invocation"
        )
}

/// The argument nodes, out of the wrappers that some grammars put around them.
fn arguments(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    let list = node.child_by_field_name("arguments").or_else(|| {
        node.named_children(&mut cursor)
            .find(|child| matches!(child.kind(), "arguments" | "argument_list" | "token_tree"))
    });
    let Some(list) = list else { return Vec::new() };
    let mut cursor = list.walk();
    let found = list.named_children(&mut cursor).filter(|child| !child.kind().ends_with("comment"));
    found.map(unwrapped).collect()
}

/// The value inside an argument without a name.
fn unwrapped(argument: Node<'_>) -> Node<'_> {
    let is_plain = argument.kind() == "argument" && argument.child_by_field_name("name").is_none();
    if is_plain { argument.named_child(0).unwrap_or(argument) } else { argument }
}

/// Names of the fields that hold the left and the right side of an access, per kind of node.
fn access(kind: &str) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        "attribute" => ("object", "attribute"),
        "member_expression" => ("object", "property"),
        "selector_expression" => ("operand", "field"),
        "member_access_expression" => ("expression", "name"),
        "field_expression" => ("value", "field"),
        "field_access" => ("object", "field"),
        "scoped_identifier" => ("path", "name"),
        "scope_resolution" => ("scope", "name"),
        "dot" => ("left", "right"),
        "class_constant_access_expression" => ("scope", "name"),
        _ => return None,
    })
}

/// Puts the callee together from its right end, without recursion.
fn callee(call: Node<'_>, source: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(call);
    while let Some(node) = next.take().filter(|_| parts.len() < CHAIN_LIMIT) {
        let field = |name| node.child_by_field_name(name);
        if is_call(node) {
            let is_inner = node != call;
            let own_name = field("method").or_else(|| field("name"));
            let before = field("receiver").or_else(|| field("object")).or_else(|| field("scope"));
            let called = ["function", "constructor", "macro", "target", "type"].into_iter().find_map(field);
            if let Some(name) = own_name {
                let suffix = if is_inner { "()" } else { "" };
                parts.push(part(name, source) + suffix);
                next = before;
            } else {
                if is_inner {
                    parts.push("()".to_owned());
                }
                next = called.or_else(|| node.named_child(0));
            }
            continue;
        }
        let fields = access(node.kind())
            .and_then(|(left, right)| Some((field(left).or_else(|| field("object")), field(right)?)));
        let fields =
            fields.or_else(|| Some((field("object"), field("name").filter(|_| field("object").is_some())?)));
        if let Some((left, right)) = fields {
            parts.push(part(right, source));
            next = left;
            continue;
        }
        match node.kind() {
            "parenthesized_expression"
            | "await_expression"
            | "try_expression"
            | "non_null_expression"
            | "generic_function"
            | "await" => next = node.named_child(0),
            _ => parts.push(part(node, source)),
        }
    }
    let mut callee = String::new();
    for part in parts.into_iter().rev().filter(|part| !part.is_empty()) {
        if !callee.is_empty() && part != "()" {
            callee.push('.');
        }
        callee.push_str(&part);
    }
    callee
}

/// A name as dotted text.
fn part(node: Node<'_>, source: &str) -> String {
    let text = text(node, source);
    let text = &text[..text.floor_char_boundary(PART_LIMIT)];
    let is_name = text.chars().all(|c| c.is_alphanumeric() || "_:\\.<>$@?!, ->#\n".contains(c));
    if !is_name {
        return text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut depth = 0_usize;
    let separated = text.replace("->", ".").replace("::", ".");
    for c in separated.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth > 0 || c.is_whitespace() || matches!(c, '$' | '@' | '?' | '#') => {}
            '\\' | '.' if cleaned.is_empty() || cleaned.ends_with('.') => {}
            '\\' | '.' => cleaned.push('.'),
            _ => cleaned.push(c),
        }
    }
    cleaned.truncate(cleaned.trim_end_matches('.').len());
    cleaned
}
