//! What a restore drill found.

use jiff::Timestamp;
use seaworthy_database::{Difference, Engine};
use serde::Serialize;

use super::objectives::{Gaps, Objective};
use super::placement::Placement;
use super::reading::Damage;
use super::source::Compared;
use crate::progress::{counted, in_words, sized};
use crate::storage::Versioning;

/// The name and version of the format.
pub const SCHEMA: &str = "seaworthy.drill/1";

/// What it comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The backup was restored, and nothing is wrong with it.
    Passed,
    /// The backup is no good, or restoring it takes too long.
    Failed,
    /// A damaged copy passed: this drill finds nothing, and says nothing.
    Broken,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It holds.
    Holds,
    /// It does not.
    Fails,
    /// It could not be asked.
    NotDone,
}

/// A check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// What was asked.
    pub name: String,
    /// How it went.
    pub outcome: Outcome,
    /// What was seen.
    pub detail: String,
}

/// How a negative control went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ControlOutcome {
    /// The copy could not be restored, as it should be.
    Refused,
    /// It was restored, and found different, as it should be.
    Different,
    /// It passed: the drill is broken.
    Passed,
    /// It cannot be made of this artefact.
    NotPossible,
}

/// A negative control.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Control {
    /// How the copy was damaged.
    pub damage: Damage,
    /// How it went.
    pub outcome: ControlOutcome,
    /// What was seen.
    pub detail: String,
}

/// What contents were compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Against {
    /// What the database held when the backup was taken.
    Manifest,
    /// What it holds now.
    Source,
}

/// What a restore drill found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The name and version of this format.
    pub schema: &'static str,
    /// What it comes to.
    pub verdict: Verdict,
    /// Why it failed, in one sentence.
    pub reason: Option<String>,
    /// Where the backups are.
    pub location: String,
    /// The artefact's name.
    pub artefact: String,
    /// What it is.
    pub format: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest (SHA-256), of a folder that of its files in the order of their names.
    pub sha256: String,
    /// When it was last written to.
    pub modified: Timestamp,
    /// The engine.
    pub engine: Engine,
    /// The version that it was restored into.
    pub engine_version: String,
    /// When the drill began.
    pub at: Timestamp,
    /// How long the restore took, in seconds; none where it failed.
    pub restore_seconds: Option<f64>,
    /// How long the download took, which is part of it; none where there was nothing to download.
    pub download_seconds: Option<f64>,
    /// How long it may take.
    pub rto: Objective,
    /// How much may be lost.
    pub rpo: Objective,
    /// The age of the newest and the gaps before it.
    pub gaps: Gaps,
    /// What was restored.
    pub tables: usize,
    /// Its rows.
    pub rows: u64,
    /// Its contents were compared with the manifest, table by table.
    pub content_verified: bool,
    /// What they were compared with, and are the same as.
    pub verified_against: Option<Against>,
    /// How it stands to the live database.
    pub source: Option<Compared>,
    /// Where the backup is, and where the data.
    pub placement: Option<Placement>,
    /// Whether the bucket of the backups keeps versions.
    pub versioning: Option<Versioning>,
    /// Its owner restored it, and the drill only looked.
    pub by_hand: bool,
    /// How it differs.
    pub differences: Vec<Difference>,
    /// Checks.
    pub checks: Vec<Check>,
    /// Negative controls.
    pub controls: Vec<Control>,
    /// The slice that damaged copies were made of; none where it was everything.
    pub slice: Option<String>,
    /// Roles that were made because the backup names them.
    pub roles: Vec<String>,
    /// What was left out because it is not installed.
    pub left_out: Vec<String>,
    /// What else must be known.
    pub remarks: Vec<String>,
}

impl Report {
    /// Before anything was found.
    pub fn empty(engine: Engine, at: Timestamp, rto: Objective, rpo: Objective) -> Report {
        Report {
            schema: SCHEMA,
            verdict: Verdict::Failed,
            reason: None,
            location: String::new(),
            artefact: String::new(),
            format: String::new(),
            size: 0,
            sha256: String::new(),
            modified: at,
            engine,
            engine_version: String::new(),
            at,
            restore_seconds: None,
            download_seconds: None,
            rto,
            rpo,
            gaps: Gaps::unknown(),
            tables: 0,
            rows: 0,
            content_verified: false,
            verified_against: None,
            source: None,
            placement: None,
            versioning: None,
            by_hand: false,
            differences: Vec::new(),
            checks: Vec::new(),
            controls: Vec::new(),
            slice: None,
            roles: Vec::new(),
            left_out: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Every table is what it was.
    pub fn verified(&mut self, against: Against) {
        self.content_verified = true;
        self.verified_against = Some(against);
    }

    /// The restore itself is good, whatever the objectives say.
    pub fn restores(&self) -> bool {
        self.verdict != Verdict::Broken
            && (self.restore_seconds.is_some() || self.by_hand)
            && self.differences.is_empty()
            && self.checks.iter().all(|check| check.outcome != Outcome::Fails)
    }

    /// The restore took no longer than it may.
    pub fn in_time(&self) -> bool {
        self.by_hand || self.restore_seconds.is_some_and(|seconds| seconds <= self.rto.seconds)
    }

    /// No more would have been lost than may be.
    pub fn lost_little(&self) -> bool {
        self.gaps.worst() <= self.rpo.seconds
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |mark: &str, what: &str| text.push_str(&format!("  {mark} {what}\n"));
        let mark = |good: bool| if good { "✓" } else { "✗" };
        match self.restore_seconds {
            Some(seconds) => line(
                mark(self.in_time()),
                &format!(
                    "restored in {}{}, allowed are {}: {}, {}",
                    in_words(seconds),
                    self.download_seconds.map_or(String::new(), |download| format!(
                        ", {} of them for the download",
                        in_words(download)
                    )),
                    self.rto.shown(),
                    counted(self.tables as u64, "table"),
                    counted(self.rows, "row")
                ),
            ),
            None if self.by_hand => line(
                "·",
                &format!(
                    "restored by its owner, who knows how long that takes; allowed are {}: {}, {}",
                    self.rto.shown(),
                    counted(self.tables as u64, "table"),
                    counted(self.rows, "row")
                ),
            ),
            None => line("✗", &format!("not restored: {}", self.reason.as_deref().unwrap_or("it failed"))),
        }
        if self.gaps.are_known() {
            line(
                mark(self.lost_little()),
                &format!("{}; allowed are {}", self.gaps.shown(), self.rpo.shown()),
            );
        }
        for check in &self.checks {
            let sign = match check.outcome {
                Outcome::Holds => "✓",
                Outcome::Fails => "✗",
                Outcome::NotDone => "?",
            };
            line(sign, &format!("{}: {}", check.name, check.detail));
        }
        for difference in self.differences.iter().take(20) {
            line("✗", &difference.to_string());
        }
        if self.differences.len() > 20 {
            line("✗", &format!("and {} more differences", self.differences.len() - 20));
        }
        for (index, told) in self.source.iter().flat_map(Compared::lines).enumerate() {
            let same = self.source.as_ref().is_some_and(Compared::is_same);
            line(
                if same {
                    "✓"
                } else if index == 0 {
                    "?"
                } else {
                    "·"
                },
                &told,
            );
        }
        if let Some(placement) = &self.placement {
            let (sign, told) = placement.line();
            line(sign, &told);
        }
        if let Some(versioning) = self.versioning {
            line(
                "·",
                &format!(
                    "the bucket says that versioning is {}: a backup that is overwritten or deleted {}",
                    versioning.name(),
                    if versioning == Versioning::Enabled { "can be brought back" } else { "is gone" }
                ),
            );
        }
        for control in &self.controls {
            let (sign, what) = match control.outcome {
                ControlOutcome::Refused => ("✓", "was refused"),
                ControlOutcome::Different => ("✓", "was found different"),
                ControlOutcome::Passed => ("✗", "PASSED"),
                ControlOutcome::NotPossible => ("?", "could not be made"),
            };
            line(
                sign,
                &format!("control: {} {what}: {}", super::controls::name(control.damage), control.detail),
            );
        }
        if let Some(slice) = &self.slice {
            line("·", slice);
        }
        if (self.restore_seconds.is_some() || self.by_hand)
            && !self.content_verified
            && self.differences.is_empty()
        {
            line("?", "content not verified: there is no manifest (`seaworthy backup manifest` writes one)");
        }
        for out in &self.left_out {
            line("·", &format!("left out: {out} is not installed here"));
        }
        if !self.roles.is_empty() {
            line("·", &format!("roles made without login: {}", self.roles.join(", ")));
        }
        for remark in &self.remarks {
            line("·", remark);
        }
        let head = match self.verdict {
            Verdict::Passed => "RESTORED",
            Verdict::Failed => "FAILED",
            Verdict::Broken => "BROKEN",
        };
        let end = match self.verdict {
            Verdict::Passed if self.content_verified => " — and every table is what it was".to_owned(),
            Verdict::Passed => " — whether every row is there was not verified".to_owned(),
            Verdict::Failed => self.reason.as_ref().map_or(String::new(), |reason| format!(" — {reason}")),
            Verdict::Broken => {
                " — a damaged copy passed: this drill proves nothing, and is not recorded".to_owned()
            }
        };
        if self.by_hand {
            return format!(
                "{head}{end}\n{} ({}), {} {}\n{text}",
                self.location,
                self.format,
                self.engine.name(),
                self.engine_version
            );
        }
        format!(
            "{head}{end}\n{} of {} ({}, {}), into {} {}\n{text}",
            self.artefact,
            self.location,
            self.format,
            sized(self.size),
            self.engine.name(),
            self.engine_version
        )
    }
}
