//! JSON, with the comments and trailing commas that tools tolerate in their settings.

use crate::position::PositionIndex;
use crate::tree::{Key, MapBuilder, Node, Value};
use crate::{Limits, ParseError};
use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions};

/// Reads one value; an empty text gives null.
pub fn parse(text: &str, limits: &Limits) -> Result<Node, ParseError> {
    limits.check_size(text)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Every value but the first of its collection stands behind a comma.
    if text.bytes().filter(|b| matches!(b, b',' | b'[' | b'{')).count() > limits.max_nodes {
        return Err(ParseError::new("too many values"));
    }
    let index = PositionIndex::new(text);
    // The parser has a depth limit of its own, above the one that the conversion applies.
    let parsed = jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default())
        .map_err(|error| {
            let (line, column) = index.position(error.range().start);
            ParseError::at(line, column, error.kind().to_string())
        })?;
    match parsed.value {
        Some(value) => convert(value, &index, limits.depth()),
        None => Ok(Node::new(Value::Null, 1, 1)),
    }
}

fn convert(value: ast::Value<'_>, index: &PositionIndex<'_>, depth_left: usize) -> Result<Node, ParseError> {
    let (line, column) = index.position(value.start());
    let Some(inner_depth) = depth_left.checked_sub(1) else {
        return Err(ParseError::at(line, column, "nested too deeply"));
    };
    let value = match value {
        ast::Value::StringLit(literal) => Value::String(literal.value.into_owned()),
        ast::Value::NumberLit(literal) => Value::Number(literal.value.to_owned()),
        ast::Value::BooleanLit(literal) => Value::Bool(literal.value),
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::Array(array) => {
            let items = array.elements.into_iter().map(|item| convert(item, index, inner_depth));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        ast::Value::Object(object) => {
            let mut entries = MapBuilder::default();
            for property in object.properties {
                let (line, column) = index.position(property.range.start);
                let key = Key { text: property.name.into_string(), line, column };
                entries.insert(key, convert(property.value, index, inner_depth)?);
            }
            Value::Map(entries.into_entries())
        }
    };
    Ok(Node::new(value, line, column))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_support::{assert_positions_inside, hostile_text};
    use proptest::prelude::*;

    fn read(text: &str) -> Node {
        parse(text, &Limits::default()).unwrap()
    }

    #[test]
    fn keeps_positions_of_keys_and_values() {
        let node = read("{\n  // why\n  \"scripts\": {\"test\": \"é\", \"x\": [1, 2.50,],},\n}");
        assert_eq!(node.path("scripts.test").unwrap().as_str(), Some("é"));
        assert_eq!(node.path("scripts.x.1").unwrap().scalar().unwrap(), "2.50");
        let scripts = node.get("scripts").unwrap();
        assert_eq!((scripts.line, scripts.column), (3, 14));
        let x = scripts.key("x").unwrap();
        assert_eq!((x.line, x.column), (3, 28));
    }

    #[test]
    fn the_last_of_duplicate_keys_counts() {
        let node = read(r#"{"a": 1, "b": 2, "a": 3}"#);
        assert_eq!(node.map().len(), 2);
        assert_eq!(node.get("a").unwrap().scalar().unwrap(), "3");
    }

    #[test]
    fn says_where_it_is_broken() {
        let error = parse("{\n  \"a\": ]\n}", &Limits::default()).unwrap_err();
        assert_eq!(error.line, Some(2));
    }

    #[test]
    fn refuses_depth_and_length() {
        assert!(parse(&"[".repeat(100_000), &Limits::default()).is_err());
        let deep = "[".repeat(150) + &"]".repeat(150);
        assert!(parse(&deep, &Limits::default()).is_err());
        assert!(parse(&"a".repeat(5_000_000), &Limits::default()).is_err());
        let many = format!("[{}1]", "1,".repeat(600_000));
        assert!(parse(&many, &Limits::default()).is_err());
    }

    proptest! {
        #[test]
        fn survives_anything(text in hostile_text(r#"[{},:"'\\a1 \n]"#)) {
            if let Ok(node) = parse(&text, &Limits::default()) {
                assert_positions_inside(&node, &text);
            }
        }
    }
}
