use serde::{Deserialize, Serialize};

use crate::*;

/// What one change (`BASE..HEAD`) adds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Change {
    /// The base as the user named it.
    pub since: String,
    /// The commit that both sides have in common.
    pub base: String,
    /// The commit that is judged.
    pub head: String,
    /// Commits from the base to the head.
    pub commits: u32,
    /// Each file that differs, in the order of their paths.
    pub files: Vec<ChangedFile>,
    /// Dependencies that are declared now and were not before.
    pub new_dependencies: Vec<Observed<String>>,
    /// Functions that got more complex, or are new and complex.
    pub complex: Vec<ComplexFunction>,
    /// Blocks of added lines that stand elsewhere too.
    pub duplicates: Vec<Duplicate>,
    /// Reports on which lines tests run.
    pub coverage: Vec<CoverageReport>,
    /// What may matter here and that nothing reads.
    pub unread: Vec<Unread>,
}

impl Change {
    /// Whether a place is on lines that the change adds. A place without a line is where its file is new.
    pub fn adds(&self, at: &Location) -> bool {
        let Some(file) = at.path().and_then(|path| self.file(path)) else { return false };
        match at.line_number() {
            Some(line) => file.adds(line),
            None => file.new,
        }
    }

    /// The changed file at this path.
    pub fn file(&self, path: &str) -> Option<&ChangedFile> {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().map(|place| &self.files[place])
    }

    /// Files that ship.
    pub fn shipped(&self) -> impl Iterator<Item = &ChangedFile> {
        self.files.iter().filter(|file| file.kind == ChangedKind::Shipped)
    }
}

/// What kind of file was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangedKind {
    /// Code or configuration that ships.
    Shipped,
    /// Tests.
    Test,
    /// Documentation, examples and tools of developers.
    Other,
    /// Generated, vendored, binary: nobody reads it line by line.
    Opaque,
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedFile {
    /// Its path at the head.
    pub path: String,
    /// What kind of file it is.
    pub kind: ChangedKind,
    /// The base has no such file.
    pub new: bool,
    /// The head has no such file.
    pub gone: bool,
    /// Lines added.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
    /// The places, in the order of the file.
    pub hunks: Vec<Hunk>,
    /// How many of the newest commits before the change touched it.
    pub churn: u32,
    /// Why it deserves a look before others: paths that touch security, money, data or delivery.
    pub sensitive: Option<String>,
    /// What is on disk is not what the head holds: places in it cannot be told.
    pub edited_since: bool,
}

impl ChangedFile {
    /// Whether the change adds this line.
    pub fn adds(&self, line: u32) -> bool {
        !self.edited_since
            && self.hunks.iter().any(|hunk| hunk.line <= line && line < hunk.line.saturating_add(hunk.added))
    }
}

/// Lines of a file that follow each other and differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// The first added line, counted from 1; where lines were only removed, the line that follows them.
    pub line: u32,
    /// Lines added.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
}

/// A function whose paths are many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComplexFunction {
    /// Its name, as far as it has one.
    pub name: String,
    /// Where it begins.
    pub at: Location,
    /// Decisions in it plus one, before; none where it is new.
    pub before: Option<u32>,
    /// The same now.
    pub after: u32,
    /// Its lines now.
    pub lines: u32,
}

/// Added lines that stand elsewhere too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    /// The first added line.
    pub at: Location,
    /// Where the same stands.
    pub of: Location,
    /// How many lines that say something are the same.
    pub lines: u32,
}

/// A report on which lines tests run, as far as it is about lines that the change adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageReport {
    /// The report.
    pub at: Location,
    /// Its format: `lcov`, `Cobertura`, `JaCoCo`, `Clover`, `Go cover profile`, `coverage.py`.
    pub format: String,
    /// It is older than the judged commit: it says nothing about it.
    pub older: bool,
    /// Added lines that the report counts.
    pub counted: u32,
    /// Those of them that tests run.
    pub covered: u32,
    /// Those that none runs, as first and last line of what stands together.
    pub uncovered: Vec<UncoveredLines>,
}

/// Added lines that no test runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UncoveredLines {
    /// The first.
    pub at: Location,
    /// The last.
    pub last: u32,
}
