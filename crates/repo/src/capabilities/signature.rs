//! The signature files: which packages, literals, images and files mean which product.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use seaworthy_facts::{Ecosystem, Engine};
use serde::Deserialize;

/// A signature file: its name is the capability.
macro_rules! signatures {
    ($($capability:literal),* $(,)?) => {
        const FILES: &[(&str, &str)] =
            &[$(($capability, include_str!(concat!("signatures/", $capability, ".toml")))),*];
    };
}

signatures![
    "accounts",
    "api",
    "apm",
    "bundler",
    "cache",
    "circuit-breaker",
    "connection-pool",
    "database-client",
    "database-monitoring",
    "error-context",
    "error-tracking",
    "error-tracking-browser",
    "feature-flags",
    "feedback",
    "front-end",
    "graphql",
    "http-server",
    "image-pipeline",
    "job-retry",
    "object-storage",
    "outgoing-http",
    "pooler",
    "queue",
    "security-alerts",
    "server-metrics",
    "uptime",
];

/// A product as its file describes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The capability: the name of the file.
    #[serde(skip)]
    pub capability: &'static str,
    /// The product's name.
    pub name: String,
    /// Its key in facts; the name in lower case with hyphens where it is left out.
    #[serde(default)]
    key: Option<String>,
    /// The vendor's or project's documentation.
    pub docs: String,
    /// Package names by ecosystem; `*` stands for any text.
    #[serde(default)]
    pub packages: BTreeMap<String, Vec<String>>,
    /// Literals of shipped code or configuration that show its use. Where there are none, an import of a package does.
    #[serde(default)]
    pub uses: Vec<String>,
    /// Each use counts only in a file that holds one of these as well.
    #[serde(default)]
    pub beside: Vec<String>,
    /// Literals that void every use in the same component.
    #[serde(default)]
    pub unless: Vec<String>,
    /// Container images that declare it.
    #[serde(default)]
    pub images: Vec<String>,
    /// Files whose presence is use, as glob patterns below any folder.
    #[serde(default)]
    pub files: Vec<String>,
    /// Only the files show it: that a package is imported does not.
    #[serde(default)]
    pub by_place: bool,
    /// Files among those that show nothing, as glob patterns below any folder.
    #[serde(default)]
    pub except: Vec<String>,
    /// Languages to which the literals are limited; `js` and `jvm` stand for their families, `none` for configuration.
    #[serde(default)]
    pub languages: Vec<String>,
    /// The engine that a database client speaks to.
    #[serde(default)]
    pub engine: Option<Engine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    product: Vec<Signature>,
}

/// Every signature of every file.
pub static SIGNATURES: LazyLock<Vec<Signature>> = LazyLock::new(|| {
    FILES
        .iter()
        .flat_map(|(capability, text)| {
            // A file that does not parse is caught by a test of this module.
            let file = toml::from_str::<File>(text).unwrap_or(File { product: Vec::new() });
            file.product.into_iter().map(|signature| Signature { capability, ..signature })
        })
        .collect()
});

impl Signature {
    /// The product's key in facts.
    pub fn key(&self) -> String {
        self.key.clone().unwrap_or_else(|| self.name.to_lowercase().replace([' ', '.'], "-"))
    }

    /// Whether a package of an ecosystem belongs to the product.
    pub fn has_package(&self, ecosystem: Ecosystem, name: &str) -> bool {
        self.packages
            .iter()
            .filter(|(key, _)| is_ecosystem(key, ecosystem))
            .flat_map(|(_, patterns)| patterns)
            .any(|pattern| wildcard(pattern, name))
    }

    /// Whether the product has packages in an ecosystem.
    pub fn is_packaged(&self, ecosystem: Ecosystem) -> bool {
        self.packages.keys().any(|key| is_ecosystem(key, ecosystem))
    }

    /// Whether the literals count in a language.
    pub fn reads(&self, language: Option<&str>) -> bool {
        self.languages.is_empty()
            || language.map_or_else(
                || self.languages.iter().any(|wanted| wanted == "none"),
                |language| {
                    self.languages.iter().any(|wanted| match wanted.as_str() {
                        "js" => matches!(language, "javascript" | "typescript" | "vue" | "svelte" | "astro"),
                        "jvm" => matches!(language, "java" | "kotlin" | "scala" | "groovy"),
                        wanted => wanted == language,
                    })
                },
            )
    }
}

/// The signature of a product of a capability.
pub fn of(capability: &str, name: &str) -> Option<&'static Signature> {
    SIGNATURES.iter().find(|signature| signature.capability == capability && signature.name == name)
}

/// Packages of Maven and Gradle come from the same registry, those of Deno from npm.
fn is_ecosystem(key: &str, ecosystem: Ecosystem) -> bool {
    match key {
        "npm" => matches!(ecosystem, Ecosystem::Npm | Ecosystem::Deno),
        "pypi" => ecosystem == Ecosystem::Pypi,
        "rubygems" => ecosystem == Ecosystem::Rubygems,
        "packagist" => ecosystem == Ecosystem::Packagist,
        "go" => ecosystem == Ecosystem::Go,
        "cargo" => ecosystem == Ecosystem::Cargo,
        "maven" => matches!(ecosystem, Ecosystem::Maven | Ecosystem::Gradle),
        "nuget" => ecosystem == Ecosystem::Nuget,
        "hex" => ecosystem == Ecosystem::Hex,
        "pub" => ecosystem == Ecosystem::Pub,
        _ => false,
    }
}

/// Whether a text matches a pattern in which `*` stands for any text; case does not count.
pub fn wildcard(pattern: &str, text: &str) -> bool {
    if pattern.is_ascii() && text.is_ascii() {
        // Every name of a package is compared with every pattern: without memory of its own.
        fits(pattern.as_bytes(), text.as_bytes())
    } else {
        fits(pattern.to_lowercase().as_bytes(), text.to_lowercase().as_bytes())
    }
}

fn fits(pattern: &[u8], text: &[u8]) -> bool {
    // Most patterns are whole names, and nearly all of them are not this one.
    if memchr::memchr(b'*', pattern).is_none() {
        return pattern.eq_ignore_ascii_case(text);
    }
    let mut parts = pattern.split(|byte| *byte == b'*').peekable();
    let first = parts.next().unwrap_or_default();
    let Some((head, mut rest)) = text.split_at_checked(first.len()) else { return false };
    if !head.eq_ignore_ascii_case(first) {
        return false;
    }
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.len() >= part.len() && rest[rest.len() - part.len()..].eq_ignore_ascii_case(part);
        }
        // An empty part stands between two stars and is found where one is.
        let at = (0..=rest.len().saturating_sub(part.len())).find(|at| {
            rest[*at..].len() >= part.len() && rest[*at..*at + part.len()].eq_ignore_ascii_case(part)
        });
        match at {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_file_is_sound() {
        const ECOSYSTEMS: &[&str] =
            &["npm", "pypi", "rubygems", "packagist", "go", "cargo", "maven", "nuget", "hex", "pub"];
        for (capability, text) in FILES {
            let file: File = toml::from_str(text).unwrap_or_else(|error| panic!("{capability}: {error}"));
            let mut names = HashSet::new();
            assert!(!file.product.is_empty(), "{capability} names no product");
            for product in &file.product {
                let name = &product.name;
                assert!(names.insert(name.clone()), "{capability}: {name} is there twice");
                assert!(
                    product.docs.starts_with("https://"),
                    "{capability}: {name} links to no documentation"
                );
                for ecosystem in product.packages.keys() {
                    assert!(ECOSYSTEMS.contains(&ecosystem.as_str()), "{capability}: {name}: {ecosystem}?");
                }
                for literal in product.uses.iter().chain(&product.beside).chain(&product.unless) {
                    assert!(literal.len() >= 5, "{capability}: {name}: {literal:?} is not selective");
                }
                assert!(
                    !product.uses.is_empty()
                        || !product.packages.is_empty()
                        || !product.files.is_empty()
                        || !product.images.is_empty(),
                    "{capability}: nothing shows {name}"
                );
                assert_eq!(
                    *capability == "database-client",
                    product.engine.is_some(),
                    "{capability}: {name}: engines belong to database clients"
                );
            }
        }
    }

    #[test]
    fn wildcards() {
        assert!(wildcard("flipper-*", "flipper-active_record"));
        assert!(wildcard("*/flipper", "x/flipper"));
        assert!(wildcard("a*b*c", "a1b2c"));
        assert!(wildcard("Newtonsoft", "newtonsoft"));
        assert!(!wildcard("flipper", "flipper-ui"));
        assert!(!wildcard("a*b*c", "a1c"));
        assert!(wildcard("a**c", "ac"));
        assert!(wildcard("*", ""));
        assert!(!wildcard("a*aa", "aa"));
        assert!(wildcard("\u{c4}*", "\u{e4}b"));
    }
}
