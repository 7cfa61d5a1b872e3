use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::*;

/// The audited tree as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Repository {
    /// The commit that is checked out.
    pub commit: Option<String>,
    /// Tracked files differ from the commit (only what is cheap to tell: size and time of the index entries).
    pub dirty: Option<bool>,
    /// There is a git index, so that tracked files are known.
    pub tracked: bool,
    /// Files listed.
    pub files: u64,
    /// Files whose text was read.
    pub read: u64,
    /// Bytes of text read.
    pub bytes: u64,
    /// Lines of shipped code (tests, documentation, generated and vendored code apart).
    pub shipped_lines: u64,
    /// Shipped code files, by language.
    pub languages: BTreeMap<String, u64>,
    /// SHA-256 over the names and contents of the migration files, when there are any.
    pub migrations_digest: Option<String>,
    /// What could not be read, and why.
    pub problems: Vec<Problem>,
    /// What was left out because there is more than is looked at.
    #[serde(default)]
    pub cuts: Vec<Cut>,
    /// Tests that exist.
    pub tests: Vec<TestSuite>,
    /// Load tests that exist, wherever they are.
    #[serde(default)]
    pub load_tests: Vec<LoadTest>,
    /// Recorded results of load tests.
    #[serde(default)]
    pub load_results: Vec<Observed<String>>,
    /// Signs that the software is made for others to operate (a published image, a "self-hosting" guide, …).
    pub distributed_hints: Vec<Observed<String>>,
}

/// Something that was left out, and the kinds of fact from whose absence nothing follows because of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// The kinds of fact.
    pub kinds: Vec<FactKind>,
    /// What it is.
    pub left_out: Unread,
}

/// A file or folder that could not be read or understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Where.
    pub at: Location,
    /// What was wrong, in one sentence.
    pub what: String,
}

/// Test files that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestSuite {
    /// The component's folder.
    pub component: String,
    /// Language, as in [`Repository::languages`].
    pub language: String,
    /// How many files hold tests.
    pub files: u32,
    /// The first of them.
    pub example: Location,
    /// They drive a browser or a running system from outside (Cypress, Playwright, Selenium, …).
    pub end_to_end: bool,
}

/// A script that puts load on the application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadTest {
    /// The tool (`k6`, `Locust`, …).
    pub tool: String,
    /// The first place that shows it.
    pub at: Location,
}
