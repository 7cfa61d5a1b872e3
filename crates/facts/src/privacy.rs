use serde::{Deserialize, Serialize};

use crate::*;

/// Personal data: who gets it, how long it is kept, how people get it back or erased.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Privacy {
    /// Products that follow visitors, in what ships.
    pub trackers: Vec<Tracker>,
    /// Consent tools, and own code that keeps and asks for a decision.
    pub consent: Vec<Observed<String>>,
    /// Third parties that get data.
    pub processors: Vec<Processor>,
    /// Companies that the repository's privacy policy names, used or not.
    pub listed: Vec<String>,
    /// Rules and jobs that end the keeping of data.
    pub retention: Vec<RetentionRule>,
    /// Code that gives people their data or erases them.
    pub requests: Vec<DataRequest>,
    /// What may matter here and that nothing reads.
    pub unread: Vec<Unread>,
}

/// A product that follows visitors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracker {
    /// Its name.
    pub name: String,
    /// Where it is loaded or started.
    pub at: Location,
    /// It sets nothing on the visitor's device, by its kind or as it is set up here: why.
    pub cookieless: Option<String>,
    /// What keeps it from loading before there is a yes.
    pub gate: Option<Observed<String>>,
    /// It runs only where this setting is given.
    pub setting: Option<String>,
    /// The vendor's documentation.
    pub docs: String,
}

/// A third party that gets data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Processor {
    /// Stable key, as declarations may name it.
    pub key: String,
    /// The company or service.
    pub company: String,
    /// What for.
    pub purpose: String,
    /// Which kind of data.
    pub data: String,
    /// Its agreement on data processing, or its privacy page.
    pub link: String,
    /// Where shipped code uses it.
    pub at: Vec<Location>,
    /// The repository's privacy policy or list of recipients names it here.
    pub named: Option<Location>,
}

/// A rule or job that ends the keeping of data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionRule {
    /// What it is.
    pub kind: RetentionKind,
    /// What was seen, in a few words.
    pub says: String,
    /// Where.
    pub at: Location,
    /// What runs it, where that was found; a written rule and an index need nothing.
    pub runs: Option<Location>,
    /// It covers more than sessions, caches, limits and the like.
    pub personal: bool,
}

/// A kind of retention rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetentionKind {
    /// A sentence in a policy or document.
    Written,
    /// Code that deletes what is old.
    Purge,
    /// The database deletes by itself after a time.
    Expiry,
}

/// Code for a request about a person's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRequest {
    /// What is asked for.
    pub kind: RequestKind,
    /// What was seen, in a few words.
    pub says: String,
    /// Where.
    pub at: Location,
}

/// What a person can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestKind {
    /// Their data.
    Export,
    /// The end of their account.
    Deletion,
}
