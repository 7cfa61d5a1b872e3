//! Source code, parsed by tree-sitter.

mod calls;
mod literals;

use crate::Limits;
use crate::treesitter::{self, Grammar};
pub use calls::{Call, calls};
pub use literals::{property, string_value};
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
    /// Kotlin
    Kotlin,
}

impl Language {
    /// All languages.
    pub const ALL: [Language; 12] = [
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
        Self::Kotlin,
    ];

    /// The language of a file, by its name.
    pub fn from_path(path: &str) -> Option<Self> {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        if matches!(name, "Gemfile" | "Rakefile" | "Capfile" | "Guardfile" | "Fastfile" | "Brewfile") {
            return Some(Self::Ruby);
        }
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "py" | "pyi" | "wsgi" => Self::Python,
            "rb" | "rake" | "ru" | "gemspec" => Self::Ruby,
            "php" => Self::Php,
            "js" | "jsx" | "mjs" | "cjs" => Self::JavaScript,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            "go" => Self::Go,
            "cs" => Self::CSharp,
            "ex" | "exs" => Self::Elixir,
            "rs" => Self::Rust,
            "java" => Self::Java,
            "kt" | "kts" => Self::Kotlin,
            _ => return None,
        })
    }

    fn grammar(self) -> Grammar {
        match self {
            Self::Python => Grammar::Python,
            Self::Ruby => Grammar::Ruby,
            Self::Php => Grammar::Php,
            Self::JavaScript => Grammar::JavaScript,
            Self::TypeScript => Grammar::TypeScript,
            Self::Tsx => Grammar::Tsx,
            Self::Go => Grammar::Go,
            Self::CSharp => Grammar::CSharp,
            Self::Elixir => Grammar::Elixir,
            Self::Rust => Grammar::Rust,
            Self::Java => Grammar::Java,
            Self::Kotlin => Grammar::Kotlin,
        }
    }

    /// The grammar, for tools that work on its syntax trees.
    pub fn grammar_tables(self) -> tree_sitter::Language {
        self.grammar().language()
    }
}

/// Longest text that is parsed as code, whatever the limits say: code of this length was generated.
const TEXT_LIMIT: usize = 512 * 1024;

/// Parses a text; none when it is too long or took too much work. The tree is only good for the
/// text that it was made from; broken code still gives a tree, with error nodes.
pub fn parse(language: Language, text: &str, limits: &Limits) -> Option<Tree> {
    if text.len() > limits.max_bytes.min(TEXT_LIMIT) {
        return None;
    }
    treesitter::parse(language.grammar(), text)
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

/// All nodes below a node (itself included) in source order, without recursion.
pub fn descendants(root: Node<'_>) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    let mut cursor = root.walk();
    loop {
        found.push(cursor.node());
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}

#[cfg(test)]
mod tests;
