//! What a place in code or configuration says about the log, as data.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::LogShape;
use serde::Deserialize;

/// What a sign shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// How lines look.
    Format,
    /// Sensitive values are taken out.
    Filter,
    /// A line for each request, with its address.
    RequestLine,
    /// Lines are sent away.
    Shipper,
    /// How long or how much is kept.
    Limit,
    /// Lines go to a file.
    File,
}

/// A sign as its file describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// What it shows.
    pub kind: Kind,
    /// The logger or product.
    pub library: String,
    /// Its documentation.
    pub docs: String,
    /// What lines look like, for a format.
    #[serde(default)]
    pub shape: Option<LogShape>,
    /// At least one of these is in every file that can show it.
    pub literals: Vec<String>,
    /// The place; the literals where it is left out.
    #[serde(default)]
    pattern: Option<String>,
    /// Each file holds one of these as well.
    #[serde(default)]
    pub beside: Vec<String>,
    /// A file that fits this does not show it.
    #[serde(default)]
    unless: Option<String>,
    /// Languages; `js` and `jvm` stand for their families, `config` for files that are no code. All where left out.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Only files whose path fits.
    #[serde(default)]
    path: Option<String>,
    /// A text format that replaces the library's others: in the same file, or `everywhere`.
    #[serde(default)]
    pub replaces: Option<Replaces>,
    /// A filter that hides values by their type, not by their names.
    #[serde(default)]
    pub by_type: bool,
    #[serde(skip)]
    compiled: std::sync::OnceLock<Option<Compiled>>,
}

/// How far a text format reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Replaces {
    /// In its file.
    File,
    /// In the whole system.
    Everywhere,
}

/// The expressions of a sign.
#[derive(Debug)]
pub struct Compiled {
    /// The place.
    pub pattern: Regex,
    /// What voids a file.
    pub unless: Option<Regex>,
    /// What the path must fit.
    pub path: Option<Regex>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    sign: Vec<Sign>,
}

const FILES: &[(&str, &str)] = &[
    ("javascript", include_str!("signs/javascript.toml")),
    ("python", include_str!("signs/python.toml")),
    ("others", include_str!("signs/others.toml")),
    ("compiled", include_str!("signs/compiled.toml")),
];

/// All signs. A test reads every file, so that none is left out here.
pub static SIGNS: LazyLock<Vec<Sign>> = LazyLock::new(|| {
    FILES
        .iter()
        .flat_map(|(_, text)| toml::from_str::<File>(text).map(|file| file.sign).unwrap_or_default())
        .collect()
});

impl Sign {
    /// Its expressions, compiled when first asked for.
    pub fn compiled(&self) -> Option<&Compiled> {
        self.compiled.get_or_init(|| self.compile().ok()).as_ref()
    }

    fn compile(&self) -> Result<Compiled, regex::Error> {
        let literals =
            || self.literals.iter().map(|literal| regex::escape(literal)).collect::<Vec<_>>().join("|");
        let optional = |text: &Option<String>| text.as_deref().map(Regex::new).transpose();
        Ok(Compiled {
            pattern: Regex::new(&self.pattern.clone().unwrap_or_else(literals))?,
            unless: optional(&self.unless)?,
            path: optional(&self.path)?,
        })
    }

    /// Whether it is read in a language.
    pub fn reads(&self, language: Option<&str>) -> bool {
        self.languages.is_empty()
            || self.languages.iter().any(|wanted| match (wanted.as_str(), language) {
                ("js", Some(language)) => matches!(language, "javascript" | "typescript"),
                ("jvm", Some(language)) => matches!(language, "java" | "kotlin" | "scala" | "groovy"),
                ("config", language) => language.is_none(),
                (wanted, language) => language == Some(wanted),
            })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_sound() {
        for (name, text) in FILES {
            let file: File = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            for sign in file.sign {
                sign.compile().unwrap_or_else(|error| panic!("{name}: {}: {error}", sign.library));
                assert!(sign.docs.starts_with("https://"), "{name}: {} links to nothing", sign.library);
                assert_eq!(sign.kind == Kind::Format, sign.shape.is_some(), "{name}: {}", sign.library);
                assert!(!sign.literals.is_empty(), "{name}: {} needs literals", sign.library);
                for literal in &sign.literals {
                    assert!(literal.len() >= 4, "{name}: {}: {literal:?} is not selective", sign.library);
                }
            }
        }
    }
}
