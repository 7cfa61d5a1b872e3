//! XML without document type definitions.

use crate::position::PositionIndex;
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

/// Reads a document and gives its root element. Declarations of entities are refused.
pub fn parse(text: &str, limits: &Limits) -> Result<Element, ParseError> {
    limits.check_size(text)?;
    if text.contains("<!ENTITY") {
        return Err(ParseError::new("entity declarations are not read"));
    }
    let options = roxmltree::ParsingOptions {
        // A document type without entities expands to nothing.
        allow_dtd: true,
        nodes_limit: u32::try_from(limits.max_nodes).unwrap_or(u32::MAX),
        ..roxmltree::ParsingOptions::default()
    };
    let document = roxmltree::Document::parse_with_options(text, options).map_err(|error| {
        let position = error.pos();
        ParseError::at(position.row.max(1), position.col.max(1), error.to_string())
    })?;
    let index = PositionIndex::new(document.input_text());
    convert(document.root_element(), &index, limits.depth())
}

fn convert(
    node: roxmltree::Node<'_, '_>,
    index: &PositionIndex<'_>,
    depth_left: usize,
) -> Result<Element, ParseError> {
    let (line, column) = index.position(node.range().start);
    let Some(inner_depth) = depth_left.checked_sub(1) else {
        return Err(ParseError::at(line, column, "nested too deeply"));
    };
    let attributes = node.attributes().map(|a| (a.name().to_owned(), a.value().to_owned())).collect();
    let mut children = Vec::new();
    let mut text = String::new();
    for child in node.children() {
        if child.is_element() {
            children.push(convert(child, index, inner_depth)?);
        } else if child.is_text() {
            text.push_str(child.text().unwrap_or_default());
        }
    }
    let name = node.tag_name().name().to_owned();
    Ok(Element { name, attributes, children, text: text.trim().to_owned(), line, column })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_support::{assert_inside, hostile_text};
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Element, ParseError> {
        parse(text, &Limits::default())
    }

    #[test]
    fn drops_namespaces_and_keeps_positions() {
        let text = "<?xml version=\"1.0\"?>\n<!DOCTYPE p>\n<p xmlns=\"urn:x\">\n  <d scope=\"t\"> junit <!-- c --></d>\n  <x:e xmlns:x=\"urn:y\"/>\n</p>";
        let root = read(text).unwrap();
        let child = root.child("d").unwrap();
        assert_eq!((child.line, child.column), (4, 3));
        assert_eq!(child.text, "junit");
        assert_eq!(child.attribute("scope"), Some("t"));
        let names: Vec<_> = root.descendants().into_iter().map(|e| e.name.as_str()).collect();
        assert_eq!(names, ["p", "d", "e"]);
    }

    #[test]
    fn refuses_entities_depth_and_length() {
        assert!(read("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>").is_err());
        assert!(read(&"<a>".repeat(100_000)).is_err());
        assert!(read(&("<a>".repeat(50_000) + &"</a>".repeat(50_000))).is_err());
        assert!(read(&"<".repeat(5_000_000)).is_err());
    }

    proptest! {
        #[test]
        fn survives_anything(text in hostile_text("[<>/a=\"!?&;\\[\\] \n-]")) {
            if let Ok(root) = read(&text) {
                for element in root.descendants() {
                    assert_inside(element.line, element.column, &text);
                }
            }
        }
    }
}
