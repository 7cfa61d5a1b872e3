//! Literals: strings and the properties of objects.

use super::{descendants, text};
use tree_sitter::Node;

/// The content of a string literal without interpolation, escapes resolved.
pub fn string_value(node: Node<'_>, source: &str) -> Option<String> {
    match node.kind() {
        "concatenated_string" | "chained_string" => {
            let mut cursor = node.walk();
            node.named_children(&mut cursor).map(|part| single(part, source)).collect()
        }
        "argument" | "parenthesized_expression" | "literal_element" => single(node.named_child(0)?, source),
        _ => single(node, source),
    }
}

fn single(node: Node<'_>, source: &str) -> Option<String> {
    let is_string = matches!(
        node.kind(),
        "string"
            | "template_string"
            | "interpreted_string_literal"
            | "raw_string_literal"
            | "encapsed_string"
            | "string_literal"
            | "verbatim_string_literal"
    );
    let is_plain = |inner: &Node<'_>| {
        let kind = inner.kind();
        !inner.is_named()
            || kind.contains("content")
            || kind.contains("fragment")
            || kind.contains("escape")
            || matches!(
                kind,
                "string_start" | "string_end" | "quoted_start" | "quoted_end" | "string_literal_encoding"
            )
    };
    if !is_string || !descendants(node).iter().skip(1).all(is_plain) {
        return None;
    }
    let literal = text(node, source);
    let quote_at = literal.find(['"', '\'', '`'])?;
    let (prefix, rest) = literal.split_at(quote_at);
    let quote = rest.chars().next()?;
    let run = rest.chars().take_while(|c| *c == quote).count();
    let width = if run >= 3 && rest.len() >= 6 { 3 } else { 1 };
    let closing: String = std::iter::repeat_n(quote, width).collect();
    let inner = rest.get(width..)?;
    let content = inner.get(..inner.rfind(&closing)?)?;
    let is_verbatim = prefix.contains('@');
    let is_raw = prefix.contains(['r', 'R', '#'])
        || (quote == '`' && node.kind() == "raw_string_literal")
        || node.kind() == "raw_string_literal";
    Some(if is_verbatim {
        content.replace("\"\"", "\"")
    } else if is_raw || !content.contains('\\') {
        content.to_owned()
    } else {
        unescape(content)
    })
}

fn unescape(content: &str) -> String {
    let mut unescaped = String::with_capacity(content.len());
    let mut chars = content.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            unescaped.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => unescaped.push('\n'),
            Some('t') => unescaped.push('\t'),
            Some('r') => unescaped.push('\r'),
            Some('0') => unescaped.push('\0'),
            Some('\n') | None => {}
            Some(kind @ ('x' | 'u' | 'U')) => {
                let rest = chars.as_str();
                let (digits, length) = match rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                    Some((digits, _)) => (digits, digits.len() + 2),
                    None => {
                        let width = match kind {
                            'x' => 2,
                            'u' => 4,
                            _ => 8,
                        };
                        (rest.get(..width).unwrap_or_default(), width)
                    }
                };
                match u32::from_str_radix(digits, 16).ok().and_then(char::from_u32) {
                    Some(decoded) => {
                        unescaped.push(decoded);
                        chars = rest.get(length..).unwrap_or_default().chars();
                    }
                    None => unescaped.push(kind),
                }
            }
            Some(other) => unescaped.push(other),
        }
    }
    unescaped
}

/// The value under a key: of a keyword argument, or in an object, hash, dictionary, keyword list,
/// array with keys, or structure literal. Objects inside objects are not searched.
pub fn property<'t>(node: Node<'t>, name: &str, source: &str) -> Option<Node<'t>> {
    if let Some((key, value)) = entry(node) {
        return (key_text(key, source) == name).then_some(value);
    }
    let container = container(node)?;
    let mut cursor = container.walk();
    container
        .named_children(&mut cursor)
        .filter_map(entry)
        .find(|(key, _)| key_text(*key, source) == name)
        .map(|(_, value)| value)
}

/// The key and value of an entry.
fn entry(node: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    let field = |name| node.child_by_field_name(name);
    match node.kind() {
        "keyword_argument" => Some((field("name")?, field("value")?)),
        "pair" => Some((field("key")?, field("value")?)),
        "keyed_element" => {
            let value = node.named_child(1)?;
            let inner = value.named_child(0).filter(|_| value.kind() == "literal_element");
            Some((node.named_child(0)?, inner.unwrap_or(value)))
        }
        "argument" => {
            Some((field("name")?, node.named_child(node.named_child_count().checked_sub(1)? as u32)?))
        }
        "array_element_initializer" if node.named_child_count() == 2 => {
            Some((node.named_child(0)?, node.named_child(1)?))
        }
        "field_initializer" => Some((field("field").or_else(|| field("name"))?, field("value")?)),
        "assignment_expression" => Some((field("left")?, field("right")?)),
        _ => None,
    }
}

/// The node whose children are the entries.
fn container(node: Node<'_>) -> Option<Node<'_>> {
    let mut node = node;
    for _ in 0..8 {
        node = match node.kind() {
            "object"
            | "dictionary"
            | "hash"
            | "keywords"
            | "array_creation_expression"
            | "literal_value"
            | "field_initializer_list"
            | "initializer_expression" => return Some(node),
            "composite_literal" | "struct_expression" => node.child_by_field_name("body")?,
            "unary_expression" => node.child_by_field_name("operand")?,
            "object_creation_expression" => node.child_by_field_name("initializer")?,
            // Elixir: `%{a: 1}` and `[a: 1]`.
            "map"
            | "map_content"
            | "list"
            | "reference_expression"
            | "parenthesized_expression"
            | "argument" => node.named_child(0)?,
            _ => return None,
        };
    }
    None
}

fn key_text<'s>(key: Node<'_>, source: &'s str) -> &'s str {
    text(key, source)
        .trim()
        .trim_matches(['"', '\'', '`'])
        .trim_end_matches(':')
        .trim_start_matches(':')
        .trim()
}
