//! TOML.

use crate::position::PositionIndex;
use crate::tree::{Key, MapBuilder, Node, Value};
use crate::{Limits, ParseError};
use std::ops::Range;
use toml_edit::{Document, Item, TableLike};

/// Reads a document as a mapping.
pub fn parse(text: &str, limits: &Limits) -> Result<Node, ParseError> {
    limits.check_size(text)?;
    if text.bytes().filter(|b| matches!(b, b',' | b'=' | b'[')).count() > limits.max_nodes {
        return Err(ParseError::new("too many values"));
    }
    let index = PositionIndex::new(text);
    let document = Document::parse(text).map_err(|error| match error.span() {
        Some(span) => {
            let (line, column) = index.position(span.start);
            ParseError::at(line, column, error.message())
        }
        None => ParseError::new(error.message()),
    })?;
    let reader = Reader { index: &index, text };
    let entries = reader.table(document.as_table(), (1, 1), limits.depth())?;
    Ok(Node::new(Value::Map(entries), 1, 1))
}

struct Reader<'r> {
    index: &'r PositionIndex<'r>,
    text: &'r str,
}

impl Reader<'_> {
    fn position(&self, span: Option<Range<usize>>, otherwise: (u32, u32)) -> (u32, u32) {
        span.map_or(otherwise, |span| self.index.position(span.start))
    }

    fn table(
        &self,
        table: &dyn TableLike,
        outer: (u32, u32),
        depth_left: usize,
    ) -> Result<Vec<(Key, Node)>, ParseError> {
        let mut entries = MapBuilder::default();
        for (name, item) in table.iter() {
            let span = table.key(name).and_then(toml_edit::Key::span);
            let (line, column) = self.position(span, outer);
            let Some(node) = self.item(item, (line, column), depth_left)? else { continue };
            entries.insert(Key { text: name.to_owned(), line, column }, node);
        }
        Ok(entries.into_entries())
    }

    fn item(&self, item: &Item, outer: (u32, u32), depth_left: usize) -> Result<Option<Node>, ParseError> {
        let position = self.position(item.span(), outer);
        let Some(inner_depth) = depth_left.checked_sub(1) else {
            return Err(ParseError::at(position.0, position.1, "nested too deeply"));
        };
        let value = match item {
            Item::None => return Ok(None),
            Item::Value(value) => return self.value(value, outer, depth_left).map(Some),
            Item::Table(table) => Value::Map(self.table(table, position, inner_depth)?),
            Item::ArrayOfTables(tables) => {
                let mut items = Vec::with_capacity(tables.len());
                for table in tables {
                    let (line, column) = self.position(table.span(), position);
                    let entries = self.table(table, (line, column), inner_depth)?;
                    items.push(Node::new(Value::Map(entries), line, column));
                }
                Value::List(items)
            }
        };
        Ok(Some(Node::new(value, position.0, position.1)))
    }

    fn value(
        &self,
        value: &toml_edit::Value,
        outer: (u32, u32),
        depth_left: usize,
    ) -> Result<Node, ParseError> {
        let span = value.span();
        let (line, column) = self.position(span.clone(), outer);
        let Some(inner_depth) = depth_left.checked_sub(1) else {
            return Err(ParseError::at(line, column, "nested too deeply"));
        };
        // Numbers stay as they were written.
        let source = || span.clone().and_then(|span| self.text.get(span)).unwrap_or_default().to_owned();
        let value = match value {
            toml_edit::Value::String(text) => Value::String(text.value().clone()),
            toml_edit::Value::Integer(_) | toml_edit::Value::Float(_) => Value::Number(source()),
            toml_edit::Value::Boolean(truth) => Value::Bool(*truth.value()),
            toml_edit::Value::Datetime(date) => Value::String(date.value().to_string()),
            toml_edit::Value::Array(array) => {
                let items = array.iter().map(|item| self.value(item, (line, column), inner_depth));
                Value::List(items.collect::<Result<_, _>>()?)
            }
            toml_edit::Value::InlineTable(table) => {
                Value::Map(self.table(table, (line, column), inner_depth)?)
            }
        };
        Ok(Node::new(value, line, column))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_support::{assert_positions_inside, hostile_text};
    use proptest::prelude::*;

    #[test]
    fn keeps_positions() {
        let text = "[tool.ruff]\nselect = [\"E\", \"F\"]\n\n[[job]]\nname = \"a\"\nat = 2024-01-01\n[[job]]\nport = 8_0\n";
        let node = parse(text, &Limits::default()).unwrap();
        let select = node.path("tool.ruff.select").unwrap();
        assert_eq!((select.line, select.column), (2, 10));
        assert_eq!(select.list()[1].as_str(), Some("F"));
        assert_eq!(select.list()[1].column, 16);
        assert_eq!(node.get("job").unwrap().list()[1].line, 7);
        assert_eq!(node.path("job.1.port").unwrap().scalar().unwrap(), "8_0");
        assert_eq!(node.path("job.0.at").unwrap().as_str(), Some("2024-01-01"));
        assert_eq!(node.path("tool.ruff").unwrap().key("select").unwrap().line, 2);
    }

    #[test]
    fn says_where_it_is_broken() {
        assert_eq!(parse("a = 1\nb = \n", &Limits::default()).unwrap_err().line, Some(2));
    }

    #[test]
    fn refuses_depth_and_length() {
        assert!(parse(&format!("a = {}", "[".repeat(100_000)), &Limits::default()).is_err());
        assert!(parse(&format!("a{} = 1", ".a".repeat(100_000)), &Limits::default()).is_err());
        assert!(parse(&format!("[a{}]", ".a".repeat(100_000)), &Limits::default()).is_err());
        assert!(parse(&"{".repeat(5_000_000), &Limits::default()).is_err());
    }

    proptest! {
        #[test]
        fn survives_anything(text in hostile_text("[\\[\\]{}=.,\"'a1 \n#]")) {
            if let Ok(node) = parse(&text, &Limits::default()) {
                assert_positions_inside(&node, &text);
            }
        }
    }
}
