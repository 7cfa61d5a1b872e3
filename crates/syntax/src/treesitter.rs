//! Parsers of tree-sitter, made once per thread and bounded by work instead of by time.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ops::ControlFlow;
use tree_sitter::{ParseOptions, Parser, Tree};

/// How much text is served at a time, in bytes.
const PIECE: usize = 512;
/// The parser reports progress once per hundred of its operations; each is worth some bytes lexed.
const WORK_PER_REPORT: usize = 1_000;
/// Work that any text may cause, in bytes lexed.
const FREE_WORK: usize = 20_000_000;
/// Work that every byte of a text may cause in addition.
const WORK_PER_BYTE: usize = 100;

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
    Kotlin,
}

impl Grammar {
    pub(crate) fn language(self) -> tree_sitter::Language {
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
            Self::Kotlin => tree_sitter_kotlin_ng::LANGUAGE.into(),
        }
    }
}

thread_local! {
    static PARSERS: RefCell<HashMap<Grammar, Parser>> = RefCell::new(HashMap::new());
}

/// The scanner of the Kotlin grammar looks for the white space behind an annotation without minding the end of the text,
/// and would look for ever. A last line that is never ended and holds an annotation is left out.
fn before_open_annotation(text: &str) -> &str {
    let last = text.rfind('\n').map_or(0, |end| end + 1);
    if text[last..].contains('@') { &text[..last] } else { text }
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
        let bytes = if grammar == Grammar::Kotlin { before_open_annotation(text) } else { text }.as_bytes();
        let work = Cell::new(0_usize);
        // Lexers that search ahead, again and again, ask for the same stretches of text over and
        // over: serving it in short pieces makes that count.
        let mut read = |offset: usize, _| {
            work.set(work.get() + PIECE);
            let end = bytes.len().min(offset.saturating_add(PIECE));
            bytes.get(offset..end).unwrap_or_default()
        };
        let allowed = FREE_WORK + text.len().saturating_mul(WORK_PER_BYTE);
        let mut progress = |_: &tree_sitter::ParseState| {
            work.set(work.get() + WORK_PER_REPORT);
            if work.get() > allowed { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let options = ParseOptions::new().progress_callback(&mut progress);
        let tree = parser.parse_with_options(&mut read, None, Some(options));
        if tree.is_none() {
            // Otherwise the next text would be taken for the rest of this one.
            parser.reset();
        }
        tree
    })
}
