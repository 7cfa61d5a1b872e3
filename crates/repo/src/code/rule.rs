//! The rules: ast-grep's YAML, one file per question and language, with what each shows and what it needs.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use ast_grep_config::{GlobalRules, RuleConfig, SerializableRuleConfig};
use regex::Regex;
use serde::Deserialize;

use super::grammar::{Grammar, grammars};

/// The rule files, by section of the checklist.
macro_rules! rule_files {
    ($($section:literal: [$($file:literal),* $(,)?],)*) => {
        const FILES: &[(&str, &str)] = &[$($((
            concat!($section, "/", $file),
            include_str!(concat!("rules/", $section, "/", $file, ".yml")),
        ),)*)*];
    };
}

#[rustfmt::skip]
rule_files! {
    "backups": [],
    "errors": ["swallowed"],
    "headers": [],
    "https": [],
    "logging": [],
    "monitoring": [],
    "performance": [],
    "privacy": [],
    "review": [],
    "watch": [],
}

/// What a rule says beside its pattern.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// What a match shows. Several rules may show the same.
    pub sign: String,
    /// At least one of these literals is in every file that can match; other files are not parsed.
    pub literals: Vec<String>,
    /// Every file that can match also fits this; tested before a file is parsed.
    #[serde(default)]
    near: Option<String>,
}

/// A rule before it is compiled.
pub struct Rule {
    /// Its id, unique among all rules.
    pub id: String,
    /// What it shows and needs.
    pub metadata: Metadata,
    source: String,
    near: OnceLock<Option<Regex>>,
    compiled: HashMap<Grammar, OnceLock<Option<RuleConfig<Grammar>>>>,
}

/// What every rule file holds besides ast-grep's own fields.
#[derive(Deserialize)]
struct Head {
    id: String,
    language: String,
    #[serde(rename = "message")]
    _message: String,
    metadata: Metadata,
}

impl Rule {
    /// Reads the rules of a file; a mistake names the rule as far as it is known.
    ///
    /// # Errors
    /// What is wrong with the first rule that cannot be read.
    pub fn read(text: &str) -> Result<Vec<Rule>, String> {
        let mut rules = Vec::new();
        for source in documents(text) {
            let head: Head = ast_grep_config::from_str(&source).map_err(|error| error.to_string())?;
            let compiled: HashMap<_, _> =
                grammars(&head.language).iter().map(|grammar| (*grammar, OnceLock::new())).collect();
            if compiled.is_empty() {
                return Err(format!("{}: no language `{}`", head.id, head.language));
            }
            if head.metadata.literals.iter().all(String::is_empty) {
                return Err(format!("{}: without a literal every file would be parsed", head.id));
            }
            rules.push(Rule {
                id: head.id,
                metadata: head.metadata,
                source,
                near: OnceLock::new(),
                compiled,
            });
        }
        Ok(rules)
    }

    /// Whether it is for this grammar.
    pub fn is_for(&self, grammar: Grammar) -> bool {
        self.compiled.contains_key(&grammar)
    }

    /// Whether a file's text can match at all.
    pub fn can_match(&self, text: &str) -> bool {
        let near = self.near.get_or_init(|| Regex::new(self.metadata.near.as_deref()?).ok());
        near.as_ref().is_none_or(|near| near.is_match(text))
    }

    /// The rule for a grammar, compiled when first asked for; none when it is for another language.
    pub fn compiled(&self, grammar: Grammar) -> Option<&RuleConfig<Grammar>> {
        self.compiled.get(&grammar)?.get_or_init(|| self.compile(grammar).ok()).as_ref()
    }

    /// Compiles it for a grammar.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn compile(&self, grammar: Grammar) -> Result<RuleConfig<Grammar>, String> {
        if let Some(near) = &self.metadata.near {
            Regex::new(near).map_err(|error| format!("{}: {error}", self.id))?;
        }
        let mut rule: SerializableRuleConfig<Grammar> =
            ast_grep_config::from_str(&self.source).map_err(|error| format!("{}: {error}", self.id))?;
        rule.language = grammar;
        RuleConfig::try_from(rule, &GlobalRules::default()).map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            format!("{}: {error} {cause}", self.id)
        })
    }
}

/// The documents of a YAML stream, as text.
fn documents(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in text.lines() {
        if line.trim_end() == "---" {
            documents.push(String::new());
        } else if let Some(document) = documents.last_mut() {
            document.push_str(line);
            document.push('\n');
        }
    }
    let empty = |document: &str| document.lines().all(|line| line.trim().is_empty() || line.starts_with('#'));
    documents.retain(|document| !empty(document));
    documents
}

/// All rules that are compiled in. A test reads every file, so that none is left out here.
pub static RULES: LazyLock<Vec<Rule>> =
    LazyLock::new(|| FILES.iter().flat_map(|(_, text)| Rule::read(text).unwrap_or_default()).collect());

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_rule_compiles_and_ids_are_unique() {
        let mut ids = HashSet::new();
        for (path, text) in FILES {
            for rule in Rule::read(text).unwrap_or_else(|error| panic!("{path}: {error}")) {
                assert!(ids.insert(rule.id.clone()), "{path}: {} twice", rule.id);
                for grammar in rule.compiled.keys() {
                    let compiled = rule.compile(*grammar).unwrap_or_else(|error| panic!("{path}: {error}"));
                    let kinds = ast_grep_core::Matcher::potential_kinds(&compiled.matcher);
                    assert!(kinds.is_some(), "{path}: {} must name kinds of node", rule.id);
                }
            }
        }
    }

    #[test]
    fn every_rule_file_is_listed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/code/rules");
        let mut found = Vec::new();
        for section in std::fs::read_dir(folder).unwrap() {
            let section = section.unwrap();
            for file in std::fs::read_dir(section.path()).unwrap() {
                let name = file.unwrap().file_name().into_string().unwrap();
                let section = section.file_name().into_string().unwrap();
                found.push(format!("{section}/{}", name.strip_suffix(".yml").unwrap()));
            }
        }
        found.sort();
        let mut listed: Vec<_> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        listed.sort();
        assert_eq!(found, listed);
    }
}
