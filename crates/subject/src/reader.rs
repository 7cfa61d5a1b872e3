//! Reading a table of known keys: every unknown key and every wrong type is an error with its place and the nearest name.

use seaworthy_syntax::tree::{Key, Node, Value};

use crate::ConfigError;

/// A table of a configuration file.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    path: &'a str,
    /// The table's name, for messages (`gate`; empty for the top).
    name: &'a str,
    node: Option<&'a Node>,
}

impl<'a> Table<'a> {
    /// The top of a file.
    pub fn top(path: &'a str, node: &'a Node) -> Self {
        Table { path, name: "", node: Some(node) }
    }

    /// Refuses keys that are not among `known`.
    pub fn only(self, known: &[&str]) -> Result<Self, ConfigError> {
        let Some(node) = self.node else { return Ok(self) };
        if !matches!(node.value, Value::Map(_)) {
            return Err(self.error_at(node, format!("`{}` should be a table", self.name), None));
        }
        for (key, _) in node.map() {
            if !known.contains(&key.text.as_str()) {
                return Err(self.unknown_key(key, known));
            }
        }
        Ok(self)
    }

    fn unknown_key(self, key: &Key, known: &[&str]) -> ConfigError {
        let table =
            if self.name.is_empty() { "the top of the file".to_owned() } else { format!("[{}]", self.name) };
        let help = match nearest(&key.text, known.iter().copied()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        ConfigError {
            path: self.path.to_owned(),
            line: Some(key.line),
            column: Some(key.column),
            message: format!("unknown key `{}` in {table}", key.text),
            help: Some(help),
        }
    }

    /// An error at a value.
    pub fn error_at(self, node: &Node, message: impl Into<String>, help: Option<String>) -> ConfigError {
        ConfigError {
            path: self.path.to_owned(),
            line: Some(node.line),
            column: Some(node.column),
            message: message.into(),
            help,
        }
    }

    /// The value of a key.
    pub fn value(self, key: &str) -> Option<&'a Node> {
        self.node.and_then(|node| node.get(key))
    }

    /// A table below this one; an absent one is empty.
    pub fn table(self, key: &'a str) -> Table<'a> {
        Table { path: self.path, name: key, node: self.value(key) }
    }

    /// An array of tables.
    pub fn tables(self, key: &'a str) -> Result<Vec<Table<'a>>, ConfigError> {
        match self.value(key) {
            None => Ok(Vec::new()),
            Some(node) if matches!(node.value, Value::List(_)) => Ok(node
                .list()
                .iter()
                .map(|node| Table { path: self.path, name: key, node: Some(node) })
                .collect()),
            Some(node) => {
                Err(self.error_at(node, format!("`{key}` should be an array of tables: [[{key}]]"), None))
            }
        }
    }

    /// A text.
    pub fn text(self, key: &str) -> Result<Option<&'a str>, ConfigError> {
        match self.value(key) {
            None => Ok(None),
            Some(node) => match node.as_str() {
                Some(text) => Ok(Some(text)),
                None => Err(self.error_at(node, format!("`{key}` should be a text in quotes"), None)),
            },
        }
    }

    /// A text that must be there.
    pub fn required(self, key: &str, why: &str) -> Result<&'a str, ConfigError> {
        let missing = || ConfigError {
            path: self.path.to_owned(),
            line: self.node.map(|node| node.line),
            column: self.node.map(|node| node.column),
            message: format!("[[{}]] has no `{key}`", self.name),
            help: Some(why.to_owned()),
        };
        match self.text(key)? {
            Some(text) if !text.trim().is_empty() => Ok(text),
            _ => Err(missing()),
        }
    }

    /// A truth value.
    pub fn flag(self, key: &str) -> Result<Option<bool>, ConfigError> {
        match self.value(key) {
            None => Ok(None),
            Some(node) => match node.as_bool() {
                Some(flag) => Ok(Some(flag)),
                None => Err(self.error_at(node, format!("`{key}` should be true or false"), None)),
            },
        }
    }

    /// A text or an array of texts.
    pub fn texts(self, key: &str) -> Result<Vec<(&'a str, &'a Node)>, ConfigError> {
        let Some(node) = self.value(key) else { return Ok(Vec::new()) };
        let nodes =
            if matches!(node.value, Value::List(_)) { node.list().iter().collect() } else { vec![node] };
        nodes
            .into_iter()
            .map(|node| match node.as_str() {
                Some(text) => Ok((text, node)),
                None => Err(self.error_at(node, format!("`{key}` should hold texts in quotes"), None)),
            })
            .collect()
    }

    /// The line on which this table begins.
    pub fn line(self) -> Option<u32> {
        self.node.map(|node| node.line)
    }

    /// Every key and value.
    pub fn entries(self) -> &'a [(Key, Node)] {
        self.node.map_or(&[], |node| node.map())
    }
}

/// The candidate nearest to a mistyped name, when one is near.
pub fn nearest<'n>(name: &str, candidates: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .min()
        .filter(|(distance, _)| *distance <= 1 + name.chars().count() / 3)
        .map(|(_, candidate)| candidate)
}
