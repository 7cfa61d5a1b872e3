use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::*;

/// What rules over syntax trees saw in shipped code.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Code {
    /// Each match, in the order of the files.
    pub matches: Vec<CodeMatch>,
    /// How often each sign was seen, also beyond what is kept in `matches`.
    pub counts: BTreeMap<String, u64>,
    /// What the rules of the owners' own items looked at, by item; their matches have the item's id as their sign.
    #[serde(default)]
    pub own: BTreeMap<String, OwnCheck>,
    /// Lines of shipped code by language.
    pub lines: BTreeMap<String, u64>,
}

impl Code {
    /// The matches that show this sign.
    pub fn of<'a>(&'a self, sign: &'a str) -> impl Iterator<Item = &'a CodeMatch> {
        self.matches.iter().filter(move |found| found.sign == sign)
    }

    /// The first match that shows this sign.
    pub fn first<'a>(&'a self, sign: &'a str) -> Option<&'a CodeMatch> {
        self.matches.iter().find(|found| found.sign == sign)
    }

    /// How often a sign was seen.
    pub fn count(&self, sign: &str) -> u64 {
        self.counts.get(sign).copied().unwrap_or(0)
    }
}

/// A place in shipped code that a rule matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeMatch {
    /// What it shows, as the rule says: `swallowed-error`, `sensitive-log-argument`, …
    pub sign: String,
    /// The rule.
    pub rule: String,
    /// The rule's message: what was seen, in a few words.
    pub says: String,
    /// Where.
    pub at: Location,
    /// The language of the file, as in [`Repository::languages`].
    pub language: String,
    /// The first line of the matched text, capped, without secrets.
    pub text: String,
    /// What the rule's meta-variables matched, capped, without secrets.
    pub captures: BTreeMap<String, String>,
}

/// What the rules of an item of the owners' own looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnCheck {
    /// The rules that were read, with their places.
    pub rules: Vec<Observed<String>>,
    /// Shipped files in the rules' languages.
    pub files: u64,
    /// Rules and rule files that could not be used, and why.
    pub problems: Vec<Problem>,
}
