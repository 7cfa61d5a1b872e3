//! A format-neutral value with positions: what YAML, JSON, TOML and HCL have in common.

use std::collections::HashMap;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The value itself.
    pub value: Value,
    /// 1-based line on which the value begins.
    pub line: u32,
    /// 1-based column at which the value begins, in characters.
    pub column: u32,
}

/// The kinds of value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing, said explicitly or by leaving the value out.
    Null,
    /// `true` or `false`; YAML 1.1's `on`, `off`, `yes` and `no` stay strings.
    Bool(bool),
    /// A number as it was written.
    Number(String),
    /// A text, unquoted and unescaped.
    String(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in source order; of duplicate keys only the last is kept.
    Map(Vec<(Key, Node)>),
    /// A value under a tag of its own, such as CloudFormation's `!Ref` or GitLab's `!reference`.
    Tagged {
        /// The tag with its exclamation mark.
        tag: String,
        /// The value under the tag.
        node: Box<Node>,
    },
    /// Source text that only its program can evaluate (HCL), capped in length.
    Expression(String),
}

/// A key of a mapping and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key as text.
    pub text: String,
    /// 1-based line.
    pub line: u32,
    /// 1-based column, in characters.
    pub column: u32,
}

impl Node {
    /// Deepest level that [`Node::walk`] visits.
    pub const WALK_DEPTH: usize = 256;

    /// A value at a position.
    pub fn new(value: Value, line: u32, column: u32) -> Self {
        Self { value, line, column }
    }

    /// The value under its tag, or the value itself. The accessors below look through tags.
    pub fn untagged(&self) -> &Node {
        let mut node = self;
        while let Value::Tagged { node: inner, .. } = &node.value {
            node = inner;
        }
        node
    }

    /// The outermost tag.
    pub fn tag(&self) -> Option<&str> {
        match &self.value {
            Value::Tagged { tag, .. } => Some(tag),
            _ => None,
        }
    }

    fn entry(&self, key: &str) -> Option<&(Key, Node)> {
        self.map().iter().rev().find(|(candidate, _)| candidate.text == key)
    }

    /// The value under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, node)| node)
    }

    /// The key itself, for its position.
    pub fn key(&self, key: &str) -> Option<&Key> {
        self.entry(key).map(|(key, _)| key)
    }

    /// The value at a dotted path of keys; a number selects from a list.
    pub fn path(&self, path: &str) -> Option<&Node> {
        path.split('.').try_fold(self, |node, part| match &node.untagged().value {
            Value::List(items) => items.get(part.parse::<usize>().ok()?),
            _ => node.get(part),
        })
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.untagged().value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self.untagged().value {
            Value::Bool(truth) => Some(truth),
            _ => None,
        }
    }

    /// The source text of an expression.
    pub fn expression(&self) -> Option<&str> {
        match &self.untagged().value {
            Value::Expression(source) => Some(source),
            _ => None,
        }
    }

    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self.untagged().value, Value::Null)
    }

    /// A string, number or boolean as text.
    pub fn scalar(&self) -> Option<String> {
        match &self.untagged().value {
            Value::String(text) | Value::Number(text) => Some(text.clone()),
            Value::Bool(truth) => Some(truth.to_string()),
            _ => None,
        }
    }

    /// The members of a list; empty when this is no list.
    pub fn list(&self) -> &[Node] {
        match &self.untagged().value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a mapping; empty when this is no mapping.
    pub fn map(&self) -> &[(Key, Node)] {
        match &self.untagged().value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The members of a list, or this value alone, for settings that take one or many.
    /// Nothing for a null.
    pub fn list_or_single(&self) -> Vec<&Node> {
        match &self.untagged().value {
            Value::List(items) => items.iter().collect(),
            Value::Null => Vec::new(),
            _ => vec![self],
        }
    }

    /// Visits this value and all below it in source order, with the path of keys that leads there
    /// (members of a list add `*`). Levels beyond [`Node::WALK_DEPTH`] are left out.
    pub fn walk(&self, visit: &mut dyn FnMut(&[&str], &Node)) {
        let mut pending: Vec<(usize, &str, &Node)> = vec![(0, "", self)];
        let mut path: Vec<&str> = Vec::new();
        while let Some((depth, name, node)) = pending.pop() {
            if depth > 0 {
                path.truncate(depth - 1);
                path.push(name);
            }
            visit(&path, node);
            if depth >= Self::WALK_DEPTH {
                continue;
            }
            match &node.untagged().value {
                Value::List(items) => pending.extend(items.iter().rev().map(|item| (depth + 1, "*", item))),
                Value::Map(entries) => {
                    pending
                        .extend(entries.iter().rev().map(|(key, item)| (depth + 1, key.text.as_str(), item)));
                }
                _ => {}
            }
        }
    }
}

impl Node {
    /// The value under its tags.
    pub(crate) fn into_untagged(self) -> Node {
        let mut node = self;
        while let Value::Tagged { node: inner, .. } = node.value {
            node = *inner;
        }
        node
    }

    /// A copy, if the budgets of values and bytes can pay for it.
    pub(crate) fn clone_within(
        &self,
        nodes_left: &mut usize,
        bytes_left: &mut usize,
        (nodes, bytes): (usize, usize),
    ) -> Option<Node> {
        *nodes_left = nodes_left.checked_sub(nodes)?;
        *bytes_left = bytes_left.checked_sub(bytes)?;
        Some(self.clone())
    }
}

/// Collects the entries of a mapping; of duplicate keys only the last stays, at the place of the last.
#[derive(Debug, Default)]
pub(crate) struct MapBuilder {
    entries: Vec<Option<(Key, Node)>>,
    places: HashMap<String, usize>,
}

impl MapBuilder {
    /// Adds an entry in place of an earlier one of the same key.
    pub(crate) fn insert(&mut self, key: Key, node: Node) {
        if let Some(place) = self.places.insert(key.text.clone(), self.entries.len()) {
            self.entries[place] = None;
        }
        self.entries.push(Some((key, node)));
    }

    /// Adds an entry unless there is one of the same key.
    pub(crate) fn insert_if_absent(&mut self, key: Key, node: Node) {
        if !self.places.contains_key(&key.text) {
            self.insert(key, node);
        }
    }

    /// The entries in source order.
    pub(crate) fn into_entries(self) -> Vec<(Key, Node)> {
        self.entries.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn leaf(text: &str) -> Node {
        Node::new(Value::String(text.to_owned()), 1, 1)
    }

    fn map(entries: Vec<(&str, Node)>) -> Node {
        let key = |text: &str| Key { text: text.to_owned(), line: 1, column: 1 };
        Node::new(Value::Map(entries.into_iter().map(|(name, node)| (key(name), node)).collect()), 1, 1)
    }

    fn tagged(tag: &str, node: Node) -> Node {
        Node::new(Value::Tagged { tag: tag.to_owned(), node: Box::new(node) }, 1, 1)
    }

    #[test]
    fn accessors_look_through_tags() {
        let node = map(vec![("a", tagged("!x", Node::new(Value::List(vec![leaf("b")]), 1, 1)))]);
        assert_eq!(node.path("a.0").unwrap().as_str(), Some("b"));
        assert_eq!(node.get("a").unwrap().tag(), Some("!x"));
        assert_eq!(node.get("a").unwrap().list_or_single().len(), 1);
        assert!(node.path("a.1").is_none() && node.path("").is_none());
        assert!(leaf("x").list_or_single().len() == 1 && leaf("x").list().is_empty());
    }

    #[test]
    fn walks_in_source_order_with_paths() {
        let node = map(vec![
            ("a", map(vec![("b", leaf("1"))])),
            ("c", Node::new(Value::List(vec![leaf("2"), leaf("3")]), 1, 1)),
        ]);
        let mut seen = Vec::new();
        node.walk(&mut |path, _| seen.push(path.join(".")));
        assert_eq!(seen, ["", "a", "a.b", "c", "c.*", "c.*"]);
    }
}
