//! XML without document type definitions.

use crate::{Limits, ParseError};

/// An element with all that is in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// Local name, without a namespace prefix.
    pub name: String,
    /// Attributes by local name, in source order.
    pub attributes: Vec<(String, String)>,
    /// Child elements in source order.
    pub children: Vec<Element>,
    /// The element's own text, trimmed.
    pub text: String,
    /// 1-based line.
    pub line: u32,
    /// 1-based column.
    pub column: u32,
}

impl Element {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first child of a name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// This element and all below it, in source order.
    pub fn descendants(&self) -> Vec<&Element> {
        let mut found = Vec::new();
        let mut pending = vec![self];
        while let Some(element) = pending.pop() {
            found.push(element);
            pending.extend(element.children.iter().rev());
        }
        found
    }
}

/// Reads a document and gives its root element.
pub fn parse(_text: &str, _limits: &Limits) -> Result<Element, ParseError> {
    Err(ParseError::new("not read yet"))
}
