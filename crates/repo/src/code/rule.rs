//! The rules: ast-grep's YAML, one file per question and language, with what each shows and what it needs.

use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, OnceLock};

use ast_grep_config::{GlobalRules, RuleConfig, SerializableRuleConfig};
use ast_grep_core::Matcher as _;
use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer};

use super::grammar::{Grammar, grammars};
use super::surroundings;
use crate::tree::File;

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
    "errors": ["fallbacks", "handlers", "leaks", "limits", "retries", "shapes", "stacks", "swallowed"],
    "headers": [],
    "https": [],
    "logging": ["sensitive"],
    "monitoring": [],
    "performance": ["connections", "queries-compiled", "queries-scripted"],
    "privacy": [],
    "review": ["dangerous", "outside"],
    "watch": [],
}

/// What a rule says beside its pattern.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metadata {
    /// What a match shows. Several rules may show the same.
    pub sign: String,
    /// What it shows instead where a meta-variable was matched, by the variable.
    pub signs: BTreeMap<String, String>,
    /// At least one of these literals is in every file that can match; other files are not parsed. An owner's rule may
    /// do without: then every file of its language is parsed.
    pub literals: Vec<String>,
    /// Every file that can match also fits all of these, byte by byte; tested before a file is parsed, which takes many
    /// times as long.
    #[serde(default, deserialize_with = "one_or_more")]
    near: Vec<String>,
    /// What it shows instead in some places needs certain lines around them. Files without such a place are read as a
    /// sample only, for they show what the others show as well.
    #[serde(default)]
    around: Option<Around>,
    /// Names of folders whose files do not count.
    #[serde(default)]
    not_below: Vec<String>,
}

/// Where a rule can show one of its `signs`, told without parsing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Around {
    /// Text that is at every place where the rule can match at all.
    place: String,
    /// Text of a line that must be around the place.
    line: String,
}

/// A rule before it is compiled.
pub struct Rule {
    /// Its id, unique among all rules.
    pub id: String,
    /// What it shows and needs.
    pub metadata: Metadata,
    /// Its first line in its file.
    pub line: u32,
    source: String,
    near: OnceLock<Vec<Regex>>,
    around: OnceLock<Option<(Regex, Regex)>>,
    compiled: HashMap<Grammar, OnceLock<Option<Compiled>>>,
}

/// A rule that is compiled for a grammar.
pub struct Compiled {
    /// The rule.
    pub config: RuleConfig<Grammar>,
    /// The kinds of node that it can match.
    pub kinds: Vec<usize>,
}

/// What every rule file holds besides ast-grep's own fields.
#[derive(Deserialize)]
struct Head {
    id: String,
    language: String,
    message: String,
    #[serde(default)]
    metadata: Metadata,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Rule {
    /// Reads the rules of a file; a mistake names the rule as far as it is known.
    ///
    /// # Errors
    /// What is wrong with the first rule that cannot be read.
    pub fn read(text: &str) -> Result<Vec<Rule>, String> {
        documents(text).into_iter().map(|(line, source)| Rule::of(line, source)).collect()
    }

    fn of(line: u32, source: String) -> Result<Rule, String> {
        let head: Head = ast_grep_config::from_str(&source).map_err(|error| error.to_string())?;
        let compiled: HashMap<_, _> =
            grammars(&head.language).iter().map(|grammar| (*grammar, OnceLock::new())).collect();
        if compiled.is_empty() {
            return Err(format!("{}: no language `{}`", head.id, head.language));
        }
        if head.message.trim().is_empty() {
            return Err(format!("{}: the message is empty", head.id));
        }
        Ok(Rule {
            id: head.id,
            metadata: head.metadata,
            line,
            source,
            near: OnceLock::new(),
            around: OnceLock::new(),
            compiled,
        })
    }

    /// How often it asks for a search beyond the neighbours.
    pub fn searches(&self) -> usize {
        self.source.matches("stopBy").count()
    }

    /// The grammars that it is for.
    pub fn grammars(&self) -> impl Iterator<Item = Grammar> {
        self.compiled.keys().copied()
    }

    /// Whether it is for this grammar.
    pub fn is_for(&self, grammar: Grammar) -> bool {
        self.compiled.contains_key(&grammar)
    }

    /// Whether a file's text can match at all.
    pub fn can_match(&self, text: &str) -> bool {
        let near =
            self.near.get_or_init(|| self.metadata.near.iter().filter_map(|near| bytes(near).ok()).collect());
        near.iter().all(|near| near.is_match(text.as_bytes()))
            && self.around().is_none_or(|(place, _)| place.is_match(text.as_bytes()))
    }

    /// Whether, in a text that it can match, it may show something else than what it shows everywhere.
    pub fn can_be_special(&self, text: &str) -> bool {
        self.around().is_none_or(|(place, line)| surroundings::has(text, place, line))
    }

    fn around(&self) -> Option<&(Regex, Regex)> {
        let compile = || {
            let around = self.metadata.around.as_ref()?;
            Some((bytes(&around.place).ok()?, bytes(&around.line).ok()?))
        };
        self.around.get_or_init(compile).as_ref()
    }

    /// The grammar by which the rule reads a file; none when the file does not count for it.
    pub fn grammar_of(&self, file: &File) -> Option<Grammar> {
        let grammar = Grammar::of(&file.path, file.language?)?;
        (self.is_for(grammar) && self.counts_at(&file.path)).then_some(grammar)
    }

    fn counts_at(&self, path: &str) -> bool {
        let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
        !folders.split('/').any(|part| self.metadata.not_below.iter().any(|name| name == part))
    }

    /// The rule for a grammar, compiled when first asked for; none when it is for another language.
    pub fn compiled(&self, grammar: Grammar) -> Option<&Compiled> {
        let compile = || {
            let config = self.compile(grammar).ok()?;
            let kinds = config.matcher.potential_kinds().iter().flat_map(|kinds| kinds.iter()).collect();
            Some(Compiled { config, kinds })
        };
        self.compiled.get(&grammar)?.get_or_init(compile).as_ref()
    }

    /// Compiles it for a grammar.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn compile(&self, grammar: Grammar) -> Result<RuleConfig<Grammar>, String> {
        let around = self.metadata.around.iter().flat_map(|around| [&around.place, &around.line]);
        for near in self.metadata.near.iter().chain(around) {
            bytes(near).map_err(|error| format!("{}: {error}", self.id))?;
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

/// An expression over bytes: letters and word boundaries are those of ASCII, which is what keeps it fast on any text.
fn bytes(expression: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(expression).unicode(false).build()
}

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(String),
        More(Vec<String>),
    }
    Ok(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(one) => vec![one],
        OneOrMore::More(more) => more,
    })
}

/// The documents of a YAML stream, as text, with the line that each begins on.
fn documents(text: &str) -> Vec<(u32, String)> {
    let mut documents = vec![(1, String::new())];
    for (number, line) in (1u32..).zip(text.lines()) {
        if line.trim_end() == "---" {
            documents.push((number + 1, String::new()));
        } else if let Some((_, document)) = documents.last_mut() {
            document.push_str(line);
            document.push('\n');
        }
    }
    let empty = |document: &str| document.lines().all(|line| line.trim().is_empty() || line.starts_with('#'));
    documents.retain(|(_, document)| !empty(document));
    documents
}

/// The rules that are compiled in and tell what the code does as it stands. A test reads every file, so that none is
/// left out here.
pub static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| rules(|path| !is_for_changes(path)));

/// The rules that are asked only where a change is judged.
pub static CHANGE_RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| rules(is_for_changes));

/// The section `review` is about a change: nothing reads what its rules show where none was named.
fn is_for_changes(path: &str) -> bool {
    path.starts_with("review/")
}

fn rules(wanted: impl Fn(&str) -> bool) -> Vec<Rule> {
    let files = FILES.iter().filter(|(path, _)| wanted(path));
    files.flat_map(|(_, text)| Rule::read(text).unwrap_or_default()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_rule_compiles_and_ids_are_unique() {
        let mut ids = HashSet::new();
        let mut faults = Vec::new();
        for (path, text) in FILES {
            for rule in Rule::read(text).unwrap_or_else(|error| panic!("{path}: {error}")) {
                assert!(ids.insert(rule.id.clone()), "{path}: {} twice", rule.id);
                let Metadata { sign, literals, .. } = &rule.metadata;
                assert!(!sign.is_empty(), "{path}: {} shows nothing", rule.id);
                assert!(!literals.is_empty(), "{path}: without literals {} parses every file", rule.id);
                assert!(literals.iter().all(|literal| literal.len() > 1), "{path}: {}", rule.id);
                for grammar in rule.grammars() {
                    match rule.compile(grammar) {
                        Ok(compiled) => {
                            let kinds = compiled.matcher.potential_kinds();
                            assert!(kinds.is_some(), "{path}: {} must name kinds of node", rule.id);
                        }
                        Err(error) => faults.push(format!("{path}: {error}")),
                    }
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
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
