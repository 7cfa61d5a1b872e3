//! Source code, parsed by tree-sitter.

use crate::Limits;
pub use tree_sitter::{Node, Tree};

/// The languages that can be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Python
    Python,
    /// Ruby
    Ruby,
    /// PHP
    Php,
    /// JavaScript, JSX included
    JavaScript,
    /// TypeScript
    TypeScript,
    /// TypeScript with JSX
    Tsx,
    /// Go
    Go,
    /// C#
    CSharp,
    /// Elixir
    Elixir,
    /// Rust
    Rust,
    /// Java
    Java,
}

impl Language {
    /// All languages.
    pub const ALL: [Language; 11] = [
        Self::Python,
        Self::Ruby,
        Self::Php,
        Self::JavaScript,
        Self::TypeScript,
        Self::Tsx,
        Self::Go,
        Self::CSharp,
        Self::Elixir,
        Self::Rust,
        Self::Java,
    ];

    /// The language of a file, by its name.
    pub fn from_path(_path: &str) -> Option<Self> {
        None
    }
}

/// A call of a function, method, constructor or macro.
#[derive(Debug, Clone)]
pub struct Call<'t> {
    /// What is called, as dotted text without whitespace: `app.add_middleware`, `Sentry.init`.
    pub callee: String,
    /// The arguments in source order, keyword arguments included as their own nodes.
    pub arguments: Vec<Node<'t>>,
    /// The whole call.
    pub node: Node<'t>,
    /// 1-based line.
    pub line: u32,
}

impl<'t> Call<'t> {
    /// The value of a keyword argument (or of a property of an options object that is an argument).
    pub fn keyword(&self, _name: &str, _source: &str) -> Option<Node<'t>> {
        None
    }
}

/// Parses a text; none when it is too long or took too much work.
pub fn parse(_language: Language, _text: &str, _limits: &Limits) -> Option<Tree> {
    None
}

/// The source text of a node.
pub fn text<'s>(node: Node<'_>, source: &'s str) -> &'s str {
    source.get(node.byte_range()).unwrap_or_default()
}

/// The 1-based line of a node.
pub fn line(node: Node<'_>) -> u32 {
    node.start_position().row as u32 + 1
}

/// The 1-based column of a node, in characters.
pub fn column(node: Node<'_>, source: &str) -> u32 {
    let end = node.start_byte();
    let start = end.saturating_sub(node.start_position().column);
    source.get(start..end).map_or(1, |before| before.chars().count() as u32 + 1)
}

/// The content of a string literal without interpolation.
pub fn string_value(_node: Node<'_>, _source: &str) -> Option<String> {
    None
}

/// All calls below a node, in source order.
pub fn calls<'t>(_root: Node<'t>, _source: &str) -> Vec<Call<'t>> {
    Vec::new()
}

/// All nodes below a node (itself included) in source order, without recursion.
pub fn descendants(_root: Node<'_>) -> Vec<Node<'_>> {
    Vec::new()
}
