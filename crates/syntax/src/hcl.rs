//! HCL, the language of Terraform, OpenTofu, Packer and Nomad.

use crate::tree::{Key, Node};
use crate::{Limits, ParseError};

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

/// Reads a file as a block without type.
pub fn parse(_text: &str, _limits: &Limits) -> Result<Block, ParseError> {
    Err(ParseError::new("not read yet"))
}
