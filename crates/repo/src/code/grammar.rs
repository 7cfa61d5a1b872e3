//! The languages of the rules: which grammar parses which file, and how a pattern is written for it.

use std::borrow::Cow;

use ast_grep_core::matcher::{Pattern, PatternBuilder, PatternError};
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc, TSLanguage};
use seaworthy_syntax::code::Language;
use serde::{Deserialize, Deserializer};

/// A grammar that rules are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Grammar(pub Language);

/// The language that a rule names. One rule is for all dialects of JavaScript.
pub fn grammars(language: &str) -> &'static [Grammar] {
    match language {
        // Plain JavaScript is parsed with the grammar of TSX, which holds all of it.
        "JavaScript" => &[Grammar(Language::TypeScript), Grammar(Language::Tsx)],
        "Python" => &[Grammar(Language::Python)],
        "Ruby" => &[Grammar(Language::Ruby)],
        "PHP" => &[Grammar(Language::Php)],
        "Go" => &[Grammar(Language::Go)],
        "Java" => &[Grammar(Language::Java)],
        "Kotlin" => &[Grammar(Language::Kotlin)],
        "CSharp" => &[Grammar(Language::CSharp)],
        "Rust" => &[Grammar(Language::Rust)],
        "Elixir" => &[Grammar(Language::Elixir)],
        _ => &[],
    }
}

impl Grammar {
    /// The grammar for a file, by its name and its language as [`crate::tree::language_of`] tells it.
    pub fn of(path: &str, language: &str) -> Option<Grammar> {
        Some(Grammar(match language {
            "javascript" | "vue" | "svelte" | "astro" => Language::Tsx,
            "typescript" if path.ends_with(".tsx") => Language::Tsx,
            "typescript" => Language::TypeScript,
            "python" => Language::Python,
            "ruby" if path.ends_with(".rb") || path.ends_with(".rake") => Language::Ruby,
            "php" => Language::Php,
            "go" => Language::Go,
            "java" => Language::Java,
            "kotlin" => Language::Kotlin,
            "csharp" if path.ends_with(".cs") => Language::CSharp,
            "rust" => Language::Rust,
            "elixir" if path.ends_with(".ex") || path.ends_with(".exs") => Language::Elixir,
            _ => return None,
        }))
    }

    /// The name that a rule uses for it.
    fn from_name(name: &str) -> Option<Grammar> {
        grammars(name).first().copied()
    }
}

impl<'de> Deserialize<'de> for Grammar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Grammar::from_name(&name).ok_or_else(|| serde::de::Error::custom(format!("no language `{name}`")))
    }
}

impl ast_grep_core::Language for Grammar {
    fn pre_process_pattern<'q>(&self, query: &'q str) -> Cow<'q, str> {
        let stand_in = self.expando_char();
        if stand_in == '$' {
            return Cow::Borrowed(query);
        }
        Cow::Owned(with_stand_ins(query, stand_in))
    }

    fn expando_char(&self) -> char {
        match self.0 {
            // A dollar sign begins or continues a name there.
            Language::JavaScript | Language::TypeScript | Language::Tsx | Language::Java => '$',
            // A letter that these languages take in names and that no code is likely to hold.
            _ => 'µ',
        }
    }

    fn kind_to_id(&self, kind: &str) -> u16 {
        self.get_ts_language().id_for_node_kind(kind, true)
    }

    fn field_to_id(&self, field: &str) -> Option<u16> {
        self.get_ts_language().field_id_for_name(field).map(std::num::NonZero::get)
    }

    fn build_pattern(&self, builder: &PatternBuilder) -> Result<Pattern, PatternError> {
        builder.build(|source| StrDoc::try_new(source, *self))
    }
}

impl LanguageExt for Grammar {
    fn get_ts_language(&self) -> TSLanguage {
        self.0.grammar_tables()
    }
}

/// `$NAME`, `$_` and `$$$` with the stand-in for the dollar signs; any other dollar sign stays.
fn with_stand_ins(query: &str, stand_in: char) -> String {
    let mut result = String::with_capacity(query.len());
    let mut rest = query;
    while let Some(start) = rest.find('$') {
        result.push_str(&rest[..start]);
        let after = rest[start..].trim_start_matches('$');
        let dollars = rest.len() - start - after.len();
        let names = after.starts_with(|next: char| next.is_ascii_uppercase() || next == '_');
        let sign = if names || dollars == 3 { stand_in } else { '$' };
        result.extend(std::iter::repeat_n(sign, dollars));
        rest = after;
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_get_a_stand_in() {
        assert_eq!(with_stand_ins("f($A, $$$REST, $$$)", 'µ'), "f(µA, µµµREST, µµµ)");
        assert_eq!(with_stand_ins("$x = \"$\"", 'µ'), "$x = \"$\"");
    }
}
