//! HCL, the language of Terraform, OpenTofu, Packer and Nomad.

mod chains;
mod evaluate;

pub use evaluate::{Lookup, evaluate};

use crate::position::PositionIndex;
use crate::tree::{Key, MapBuilder, Node, Value};
use crate::{Limits, ParseError};
use hcl_edit::Span;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::{Body, Structure};
use hcl_edit::template::Template;

/// A block, or (with an empty kind) the whole file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block {
    /// The block's type, such as `resource`; empty for the file itself.
    pub kind: String,
    /// The labels after the type.
    pub labels: Vec<String>,
    /// The attributes; what is no literal is kept as [`crate::tree::Value::Expression`].
    pub attributes: Vec<(Key, Node)>,
    /// The blocks inside.
    pub blocks: Vec<Block>,
    /// 1-based line.
    pub line: u32,
    /// 1-based column.
    pub column: u32,
}

impl Block {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&Node> {
        self.attributes.iter().rev().find(|(key, _)| key.text == name).map(|(_, node)| node)
    }

    /// The blocks of a type directly inside.
    pub fn blocks_of<'b>(&'b self, kind: &'b str) -> impl Iterator<Item = &'b Block> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }

    /// This block and all inside it, in source order.
    pub fn descendants(&self) -> Vec<&Block> {
        let mut found = Vec::new();
        let mut pending = vec![self];
        while let Some(block) = pending.pop() {
            found.push(block);
            pending.extend(block.blocks.iter().rev());
        }
        found
    }
}

/// Longest source text of an expression that is kept, in bytes.
const EXPRESSION_LIMIT: usize = 16_000;

/// Reads a file as a block without type.
pub fn parse(text: &str, limits: &Limits) -> Result<Block, ParseError> {
    limits.check_size(text)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.bytes().filter(|b| matches!(b, b'=' | b',' | b'[' | b'{' | b'.')).count() > limits.max_nodes {
        return Err(ParseError::new("too many values"));
    }
    let index = PositionIndex::new(text);
    if let Some(place) = chains::too_deep(text) {
        let (line, column) = index.position(place);
        return Err(ParseError::at(line, column, "operators nested too deeply"));
    }
    // The parser has depth limits of its own (64 levels, 128 operators).
    let body = hcl_edit::parser::parse_body(text).map_err(|error| {
        let (line, column) = index.position(error.location().offset());
        ParseError::at(line, column, error.message())
    })?;
    let reader = Reader { index: &index, text };
    let mut file = Block { line: 1, column: 1, ..Block::default() };
    reader.body(&body, &mut file, limits.depth())?;
    Ok(file)
}

struct Reader<'r> {
    index: &'r PositionIndex<'r>,
    text: &'r str,
}

impl Reader<'_> {
    fn position(&self, spanned: &impl Span) -> (u32, u32) {
        spanned.span().map_or((1, 1), |span| self.index.position(span.start))
    }

    fn body(&self, body: &Body, into: &mut Block, depth_left: usize) -> Result<(), ParseError> {
        let Some(inner_depth) = depth_left.checked_sub(1) else {
            return Err(ParseError::at(into.line, into.column, "nested too deeply"));
        };
        for structure in body.iter() {
            match structure {
                Structure::Attribute(attribute) => {
                    let (line, column) = self.position(&attribute.key);
                    let key = Key { text: attribute.key.as_str().to_owned(), line, column };
                    into.attributes.push((key, self.expression(&attribute.value, inner_depth)?));
                }
                Structure::Block(block) => {
                    let (line, column) = self.position(&block.ident);
                    let labels = block.labels.iter().map(|label| label.as_str().to_owned()).collect();
                    let kind = block.ident.as_str().to_owned();
                    let mut inner = Block { kind, labels, line, column, ..Block::default() };
                    self.body(&block.body, &mut inner, inner_depth)?;
                    into.blocks.push(inner);
                }
            }
        }
        Ok(())
    }

    fn expression(&self, expression: &Expression, depth_left: usize) -> Result<Node, ParseError> {
        let (line, column) = self.position(expression);
        let Some(inner_depth) = depth_left.checked_sub(1) else {
            return Err(ParseError::at(line, column, "nested too deeply"));
        };
        let value = match expression {
            Expression::Null(_) => Value::Null,
            Expression::Bool(truth) => Value::Bool(*truth.value()),
            Expression::Number(number) => Value::Number(number.value().to_string()),
            Expression::String(text) => Value::String(text.value().clone()),
            Expression::Parenthesis(inner) => return self.expression(inner.inner(), inner_depth),
            Expression::Array(array) => {
                let items = array.iter().map(|item| self.expression(item, inner_depth));
                Value::List(items.collect::<Result<_, _>>()?)
            }
            Expression::Object(object) => {
                let mut entries = MapBuilder::default();
                for (key, value) in object.iter() {
                    entries.insert(self.object_key(key), self.expression(value.expr(), inner_depth)?);
                }
                Value::Map(entries.into_entries())
            }
            Expression::HeredocTemplate(heredoc) => match literal(&heredoc.template) {
                Some(text) => Value::String(text),
                None => Value::Expression(self.source(expression)),
            },
            _ => Value::Expression(self.source(expression)),
        };
        Ok(Node::new(value, line, column))
    }

    fn object_key(&self, key: &ObjectKey) -> Key {
        let (line, column) = self.position(key);
        let text = match key {
            ObjectKey::Ident(name) => name.as_str().to_owned(),
            ObjectKey::Expression(Expression::String(text)) => text.value().clone(),
            ObjectKey::Expression(Expression::Variable(name)) => name.as_str().to_owned(),
            ObjectKey::Expression(other) => self.source(other),
        };
        Key { text, line, column }
    }

    fn source(&self, expression: &Expression) -> String {
        let source = expression.span().and_then(|span| self.text.get(span)).unwrap_or_default();
        source.get(..source.floor_char_boundary(EXPRESSION_LIMIT)).unwrap_or_default().to_owned()
    }
}

/// The text of a template without interpolations.
fn literal(template: &Template) -> Option<String> {
    template.iter().map(|element| element.as_literal().map(|text| text.value().as_str())).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_support::{assert_inside, assert_positions_inside, hostile_text};
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Block, ParseError> {
        parse(text, &Limits::default())
    }

    #[test]
    fn reads_blocks_and_keeps_expressions() {
        let text = r#"
resource "aws_db_instance" "main" {
  backup_retention_period = 7
  multi_az                = var.multi_az
  name                    = "db-${var.env}"
  tags = { Name = "x", "b" : true }
  timeouts {
    create = "1h"
  }
  policy = <<EOT
{"a": 1}
EOT
}
"#;
        let file = read(text).unwrap();
        let block = file.blocks_of("resource").next().unwrap();
        assert_eq!(block.labels, ["aws_db_instance", "main"]);
        assert_eq!((block.line, block.column), (2, 1));
        let retention = block.attribute("backup_retention_period").unwrap();
        assert_eq!(retention.scalar().unwrap(), "7");
        assert_eq!((retention.line, retention.column), (3, 29));
        assert_eq!(block.attribute("multi_az").unwrap().expression(), Some("var.multi_az"));
        assert_eq!(block.attribute("name").unwrap().expression(), Some("\"db-${var.env}\""));
        assert_eq!(block.attribute("tags").unwrap().get("b").unwrap().as_bool(), Some(true));
        assert!(block.attribute("policy").unwrap().as_str().unwrap().contains("{\"a\": 1}"));
        assert_eq!(block.blocks[0].kind, "timeouts");
        assert_eq!(file.descendants().len(), 3);
    }

    #[test]
    fn refuses_depth_and_length() {
        for open in ["[", "{", "(", "a(", "\"${", "!", "-", "a ? ", "a + "] {
            assert!(read(&format!("a = {}", open.repeat(100_000))).is_err(), "{open}");
        }
        assert!(read(&"a {\n".repeat(100_000)).is_err());
        assert!(read(&"a".repeat(5_000_000)).is_err());
        assert!(
            read(&format!("a = b{}", "[0]".repeat(300_000))).is_ok_and(|file| file.attributes.len() == 1)
        );
    }

    proptest! {
        #[test]
        fn survives_anything(text in hostile_text("[{}\\[\\]()=.,\"$%a1 \n#<?:!-]")) {
            if let Ok(file) = read(&text) {
                for block in file.descendants() {
                    assert_inside(block.line, block.column, &text);
                    for (key, node) in &block.attributes {
                        assert_inside(key.line, key.column, &text);
                        assert_positions_inside(node, &text);
                    }
                }
            }
        }
    }
}
