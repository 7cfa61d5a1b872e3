//! GitLab's configuration as a value whose parts remember the file that they are from, for includes and `extends`.

use std::rc::Rc;

use seaworthy_syntax::tree::{Node, Value};

/// Levels that are kept.
const DEEPEST: u32 = 40;

/// A value and its place.
#[derive(Debug, Clone)]
pub struct Item {
    /// The file.
    pub path: Rc<str>,
    /// The line on which it begins.
    pub line: u32,
    /// What it is.
    pub kind: Kind,
}

/// The kinds of value.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Nothing.
    Null,
    /// A text, number or truth.
    Text(String),
    /// A list.
    List(Vec<Rc<Item>>),
    /// A mapping, each key with its line.
    Map(Vec<(String, u32, Rc<Item>)>),
    /// `!reference [job, key]`.
    Reference(Vec<String>),
}

impl Item {
    /// A node of a file.
    pub fn of(node: &Node, path: &Rc<str>) -> Rc<Item> {
        convert(node, path, 0)
    }

    /// An empty mapping.
    pub fn empty(path: &Rc<str>) -> Rc<Item> {
        Rc::new(Item { path: path.clone(), line: 1, kind: Kind::Map(Vec::new()) })
    }

    /// The entries of a mapping.
    pub fn entries(&self) -> &[(String, u32, Rc<Item>)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&Rc<Item>> {
        self.entries().iter().find(|(name, _, _)| name == key).map(|(_, _, item)| item)
    }

    /// The line of a key.
    pub fn key_line(&self, key: &str) -> Option<u32> {
        self.entries().iter().find(|(name, _, _)| name == key).map(|(_, line, _)| *line)
    }

    /// The text.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The members of a list, or the value alone; nothing for a null.
    pub fn list_or_single(self: &Rc<Item>) -> Vec<&Rc<Item>> {
        match &self.kind {
            Kind::List(items) => items.iter().collect(),
            Kind::Null => Vec::new(),
            _ => vec![self],
        }
    }

    /// The texts of a list.
    pub fn texts(self: &Rc<Item>) -> Vec<String> {
        self.list_or_single()
            .into_iter()
            .filter_map(|item| item.text())
            .map(super::super::reader::cap)
            .collect()
    }
}

fn convert(node: &Node, path: &Rc<str>, depth: u32) -> Rc<Item> {
    let kind = if depth > DEEPEST {
        Kind::Null
    } else if node.tag() == Some("!reference") {
        Kind::Reference(node.list().iter().filter_map(Node::scalar).collect())
    } else {
        match &node.untagged().value {
            Value::List(items) => {
                Kind::List(items.iter().map(|item| convert(item, path, depth + 1)).collect())
            }
            Value::Map(entries) => Kind::Map(
                entries
                    .iter()
                    .map(|(key, value)| (key.text.clone(), key.line, convert(value, path, depth + 1)))
                    .collect(),
            ),
            _ => node.scalar().map_or(Kind::Null, Kind::Text),
        }
    };
    Rc::new(Item { path: path.clone(), line: node.line, kind })
}

/// `over` laid over `under`: mappings are merged, everything else is replaced.
pub fn merge(under: &Rc<Item>, over: &Rc<Item>) -> Rc<Item> {
    merge_within(under, over, 0)
}

fn merge_within(under: &Rc<Item>, over: &Rc<Item>, depth: u32) -> Rc<Item> {
    let (Kind::Map(below), Kind::Map(above)) = (&under.kind, &over.kind) else { return over.clone() };
    if depth > DEEPEST {
        return over.clone();
    }
    let mut entries = below.clone();
    for (key, line, item) in above {
        match entries.iter_mut().find(|(name, _, _)| name == key) {
            Some(entry) => {
                entry.2 = merge_within(&entry.2, item, depth + 1);
                entry.1 = *line;
            }
            None => entries.push((key.clone(), *line, item.clone())),
        }
    }
    Rc::new(Item { path: over.path.clone(), line: over.line, kind: Kind::Map(entries) })
}
