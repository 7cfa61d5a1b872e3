//! Parsers of tree-sitter, made once per thread and bounded by work instead of by time.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::ControlFlow;
use tree_sitter::{ParseOptions, Parser, Tree};

/// The parser reports progress once per hundred of its operations.
const FREE_REPORTS: usize = 2_000;
/// Ordinary text needs far less than one operation per byte; this leaves ten.
const BYTES_PER_REPORT: usize = 10;

/// A grammar that is compiled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Grammar {
    Bash,
    Python,
    Ruby,
    Php,
    JavaScript,
    TypeScript,
    Tsx,
    Go,
    CSharp,
    Elixir,
    Rust,
    Java,
}

impl Grammar {
    fn language(self) -> tree_sitter::Language {
        match self {
            Self::Bash => tree_sitter_bash::LANGUAGE.into(),
            Self::Python => tree_sitter_python::LANGUAGE.into(),
            Self::Ruby => tree_sitter_ruby::LANGUAGE.into(),
            Self::Php => tree_sitter_php::LANGUAGE_PHP.into(),
            Self::JavaScript => tree_sitter_javascript::LANGUAGE.into(),
            Self::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Self::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
            Self::Go => tree_sitter_go::LANGUAGE.into(),
            Self::CSharp => tree_sitter_c_sharp::LANGUAGE.into(),
            Self::Elixir => tree_sitter_elixir::LANGUAGE.into(),
            Self::Rust => tree_sitter_rust::LANGUAGE.into(),
            Self::Java => tree_sitter_java::LANGUAGE.into(),
        }
    }
}

thread_local! {
    static PARSERS: RefCell<HashMap<Grammar, Parser>> = RefCell::new(HashMap::new());
}

/// Parses a text; none when that took more work than its length warrants.
pub(crate) fn parse(grammar: Grammar, text: &str) -> Option<Tree> {
    PARSERS.with_borrow_mut(|parsers| {
        let parser = match parsers.entry(grammar) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                let mut parser = Parser::new();
                parser.set_language(&grammar.language()).ok()?;
                place.insert(parser)
            }
        };
        let mut reports_left = FREE_REPORTS + text.len() / BYTES_PER_REPORT;
        let mut progress = |_: &tree_sitter::ParseState| match reports_left.checked_sub(1) {
            Some(left) => {
                reports_left = left;
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(()),
        };
        let options = ParseOptions::new().progress_callback(&mut progress);
        let bytes = text.as_bytes();
        let mut read = |offset: usize, _| bytes.get(offset..).unwrap_or_default();
        let tree = parser.parse_with_options(&mut read, None, Some(options));
        if tree.is_none() {
            // Otherwise the next text would be taken for the rest of this one.
            parser.reset();
        }
        tree
    })
}
