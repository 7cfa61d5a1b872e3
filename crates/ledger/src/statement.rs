//! What a record says: an in-toto Statement with this project's predicate.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::text::{is_hidden, quoted};

/// The `_type` of every statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// The `predicateType` of the statements that this ledger keeps.
pub const PREDICATE_TYPE: &str = "https://seaworthy.dev/record/v1";

const LONGEST_ITEM: usize = 100;

/// What was done and concluded, about which subject.
///
/// Fields that this version does not know are kept in `other`, so that rewriting a record of a newer
/// version loses nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// Always [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// What the statement is about; at least one, each with a digest.
    pub subject: Vec<Subject>,
    /// Always [`PREDICATE_TYPE`].
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// What is said about the subject.
    pub predicate: Predicate,
    /// Fields of versions to come.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// A thing that the statement is about, fixed by its digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// A name for people: `commit`, `migrations`, a file name.
    #[serde(default)]
    pub name: String,
    /// Digest by algorithm: `gitCommit`, `sha256`, …
    pub digest: BTreeMap<String, String>,
    /// Fields of versions to come.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl Subject {
    /// A subject with one digest.
    pub fn new(name: impl Into<String>, algorithm: impl Into<String>, digest: impl Into<String>) -> Self {
        let digest = BTreeMap::from([(algorithm.into(), digest.into())]);
        Self { name: name.into(), digest, other: BTreeMap::new() }
    }
}

/// The part of a statement that is this project's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Predicate {
    /// The id of the checklist item, `section.name`.
    pub item: String,
    /// Who or what concluded.
    pub kind: Kind,
    /// How strong the evidence is.
    pub rung: Rung,
    /// What was concluded.
    pub outcome: Outcome,
    /// One sentence for the report.
    pub summary: String,
    /// Where it was done.
    pub environment: Environment,
    /// The component that it is about, where the system has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// When it was done.
    pub at: Timestamp,
    /// When it stops being worth anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// What was measured, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub measurements: BTreeMap<String, Value>,
    /// Who claims it: a principal of the allowed-signers file. Only a signature makes it more than a claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// A remark of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The version of the program that wrote the record.
    pub tool_version: String,
    /// Fields of versions to come.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name { $($(#[$variant_meta])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// The word that stands for it in a record.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}

words! {
    /// Who or what concluded.
    Kind {
        /// A person gave their word.
        Attestation = "attestation",
        /// The program acted and checked what came of it.
        Drill = "drill",
        /// The program looked at a running system.
        Probe = "probe",
    }
}

words! {
    /// How strong the evidence of a record is. (What a repository configures is never recorded.)
    Rung {
        /// Somebody's word.
        Attested = "attested",
        /// Read from a running system.
        Observed = "observed",
        /// Exercised, with the outcome checked.
        Proven = "proven",
    }
}

words! {
    /// What was concluded.
    Outcome {
        /// The item holds.
        Pass = "pass",
        /// The item does not hold.
        Fail = "fail",
    }
}

words! {
    /// Where something was done.
    Environment {
        /// In the working tree.
        Repository = "repository",
        /// On something made for the purpose and thrown away.
        Scratch = "scratch",
        /// On a system that resembles production.
        Staging = "staging",
        /// On the system that users use.
        Production = "production",
    }
}

/// Just enough of a statement to tell whether it is one of ours.
#[derive(Deserialize)]
struct Types {
    #[serde(rename = "_type")]
    statement_type: Option<String>,
    #[serde(rename = "predicateType")]
    predicate_type: Option<String>,
}

impl Statement {
    /// A statement about `subject`.
    pub fn new(subject: Vec<Subject>, predicate: Predicate) -> Self {
        Self {
            statement_type: STATEMENT_TYPE.to_owned(),
            subject,
            predicate_type: PREDICATE_TYPE.to_owned(),
            predicate,
            other: BTreeMap::new(),
        }
    }

    /// Reads the payload of an envelope; the error is a sentence for a [`crate::Problem`].
    pub fn parse(payload: &[u8]) -> Result<Self, String> {
        let unreadable = |error: serde_json::Error| {
            format!("the payload is not a readable statement: {}", cleaned(&error.to_string()))
        };
        let types: Types = serde_json::from_slice(payload).map_err(unreadable)?;
        let expect = |field: &str, found: Option<&str>, expected: &str| match found {
            Some(found) if found == expected => Ok(()),
            Some(found) => Err(format!("the payload's {field} is {}, not {expected}", quoted(found))),
            None => Err(format!("the payload has no {field}; expected {expected}")),
        };
        expect("_type", types.statement_type.as_deref(), STATEMENT_TYPE)?;
        expect("predicateType", types.predicate_type.as_deref(), PREDICATE_TYPE)?;
        let statement: Self = serde_json::from_slice(payload).map_err(unreadable)?;
        statement.validate()?;
        Ok(statement)
    }

    /// Whether the statement makes sense; the error says what does not.
    pub fn validate(&self) -> Result<(), String> {
        if self.statement_type != STATEMENT_TYPE || self.predicate_type != PREDICATE_TYPE {
            return Err(format!("its types must be {STATEMENT_TYPE} and {PREDICATE_TYPE}"));
        }
        if self.subject.is_empty() {
            return Err("it names no subject; add at least one with a digest, such as the commit".to_owned());
        }
        for subject in &self.subject {
            let hollow =
                subject.digest.iter().any(|(algorithm, digest)| algorithm.is_empty() || digest.is_empty());
            if subject.digest.is_empty() || hollow {
                return Err(format!("its subject {} has no digest", quoted(&subject.name)));
            }
        }
        self.predicate.validate()
    }
}

impl Predicate {
    fn validate(&self) -> Result<(), String> {
        if !is_item_id(&self.item) {
            return Err(format!("{} is not an item id; expected section.name", quoted(&self.item)));
        }
        // An unsigned file could otherwise lift a person's word to a proof.
        if (self.kind == Kind::Attestation) != (self.rung == Rung::Attested) {
            let (kind, rung) = (self.kind.as_str(), self.rung.as_str());
            return Err(format!("the kind {kind} does not go with the rung {rung}"));
        }
        if self.by.as_ref().is_some_and(|by| by.trim().is_empty() || by.contains(is_hidden)) {
            return Err("its author (by) is empty or has characters that cannot be seen".to_owned());
        }
        if self.at.as_second() < 0 {
            return Err(format!("its date {} is before 1970", self.at));
        }
        if self.expires.is_some_and(|expires| expires <= self.at) {
            return Err("it expires before it was made".to_owned());
        }
        Ok(())
    }
}

/// Ids end up in file names, so nothing but lower-case words, digits, hyphens and one dot is let through.
fn is_item_id(item: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    item.len() <= LONGEST_ITEM
        && item.split_once('.').is_some_and(|(section, name)| word(section) && word(name))
}

/// A parser's message, which may repeat what it could not read.
fn cleaned(message: &str) -> String {
    message.chars().filter(|c| !is_hidden(*c)).take(200).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn example() -> Value {
        json!({
            "_type": STATEMENT_TYPE,
            "subject": [{"name": "commit", "digest": {"gitCommit": "0123abcd"}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "item": "backups.restore-tested", "kind": "drill", "rung": "proven", "outcome": "pass",
                "summary": "restored", "environment": "scratch", "at": "2026-05-01T10:00:00Z",
                "tool_version": "0.1.0",
            },
        })
    }

    fn parse(value: &Value) -> Result<Statement, String> {
        Statement::parse(value.to_string().as_bytes())
    }

    #[test]
    fn a_minimal_statement_is_read() {
        let statement = parse(&example()).unwrap();
        assert_eq!(statement.predicate.kind, Kind::Drill);
        assert_eq!(statement.predicate.environment.as_str(), "scratch");
        assert_eq!(serde_json::to_value(&statement).unwrap(), example());
    }

    #[test]
    fn unknown_fields_survive_a_round_trip() {
        let mut value = example();
        value["later"] = json!({"a": [1, 2]});
        value["predicate"]["operator"] = json!("night shift");
        value["subject"][0]["uri"] = json!("git+https://example.org/shop");
        let statement = parse(&value).unwrap();
        assert_eq!(serde_json::to_value(&statement).unwrap(), value);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_reason() {
        for (pointer, replacement, reason) in [
            ("/_type", json!("https://in-toto.io/Statement/v0.1"), "_type"),
            ("/predicateType", json!("https://slsa.dev/provenance/v1"), "predicateType"),
            ("/subject", json!([]), "no subject"),
            ("/subject/0/digest", json!({}), "no digest"),
            ("/subject/0/digest", json!({"sha256": ""}), "no digest"),
            ("/predicate/item", json!("../../etc/passwd"), "not an item id"),
            ("/predicate/item", json!("backups"), "not an item id"),
            ("/predicate/kind", json!("attestation"), "does not go with the rung"),
            ("/predicate/rung", json!("attested"), "does not go with the rung"),
            ("/predicate/rung", json!("configured"), "unknown variant"),
            ("/predicate/outcome", json!(true), "not a readable statement"),
            ("/predicate/at", json!("yesterday"), "not a readable statement"),
            ("/predicate/at", json!("1969-12-31T00:00:00Z"), "before 1970"),
        ] {
            let mut value = example();
            *value.pointer_mut(pointer).unwrap() = replacement;
            let error = parse(&value).unwrap_err();
            assert!(error.contains(reason), "{pointer}: {error}");
        }
        for (field, addition, reason) in [
            ("expires", json!("2026-05-01T10:00:00Z"), "expires before"),
            ("by", json!(" "), "author"),
            ("by", json!("ann\u{1b}[2J"), "author"),
            ("by", json!("ann\u{202e}"), "author"),
        ] {
            let mut value = example();
            value["predicate"][field] = addition;
            let error = parse(&value).unwrap_err();
            assert!(error.contains(reason), "{field}: {error}");
        }
    }
}
