use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Evidence, ItemId, Location, Priority, Rung, Section};

/// The name and version of the report's format.
pub const SCHEMA: &str = "seaworthy.report/1";

/// The judgement on an item.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It holds, on the rung that is shown.
    Pass,
    /// It does not hold.
    Fail,
    /// It was not looked at, or what was seen does not decide. Never counted as ready.
    Unknown,
    /// The item's subject does not exist here; the reason names the fact.
    NotApplicable,
}

impl Status {
    /// The word used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Fail => "fail",
            Status::Unknown => "unknown",
            Status::NotApplicable => "not-applicable",
        }
    }
}

/// Why an item is unknown.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Looked for and not found; it may live where this run could not look.
    NoEvidence,
    /// Set up, but never tried; the item asks for a trial.
    Untried,
    /// The evidence that there was has expired or is void.
    Stale,
    /// The run was not allowed to look.
    NotPermitted,
    /// A collector failed.
    CouldNotRun,
    /// Nothing in this version reads what would decide.
    NoReader,
}

impl Cause {
    /// The word used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::NoEvidence => "no-evidence",
            Cause::Untried => "untried",
            Cause::Stale => "stale",
            Cause::NotPermitted => "not-permitted",
            Cause::CouldNotRun => "could-not-run",
            Cause::NoReader => "no-reader",
        }
    }
}

/// The one action that settles an unknown or a failure.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Settle {
    /// What to do, in a few words (`name the deployment platform`, `fix`): actions with the same text are grouped.
    pub action: String,
    /// The command or option that does it, when there is one (`--deploy NAME`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// A remark that does not change the status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Note {
    /// One sentence.
    pub summary: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

/// A risk that somebody accepted for a time. It stays visible and stays in the denominator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Accepted {
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Last day on which it counts, `YYYY-MM-DD`.
    pub until: String,
    /// The day is past: it counts for nothing.
    pub expired: bool,
}

/// One item as judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ItemReport {
    /// Its id.
    pub id: ItemId,
    /// Its section.
    pub section: Section,
    /// The question that it asks.
    pub title: String,
    /// 1 to 3.
    pub priority: Priority,
    /// The judgement.
    pub status: Status,
    /// The highest rung that valid evidence reaches.
    pub rung: Rung,
    /// One sentence: why this status.
    pub reason: String,
    /// Why it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// What speaks for and against.
    pub evidence: Vec<Evidence>,
    /// Remarks that do not change the status.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// What was looked for and where, so that "unknown" tells what would settle it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looked_for: Vec<String>,
    /// How to fix it, in one or two sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// The action that settles it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_by: Option<Settle>,
    /// The risk was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
    /// The item fails or is unknown now and was so in the baseline: it does not fail the gate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_baseline: bool,
    /// The item takes part in the gate.
    pub gated: bool,
}

/// The tool that wrote the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Tool {
    /// `seaworthy`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What was audited.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Subject {
    /// The folder, as the user named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Further folders of the same system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<String>,
    /// The commit that is checked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Tracked files differ from the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirty: Option<bool>,
    /// The addresses that were probed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub url: Vec<String>,
    /// `service` or `distributed`.
    pub kind: String,
    /// The change that was judged, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// How a collector fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CollectorState {
    /// It ran to its end.
    Ran,
    /// It was not asked to run.
    Skipped,
    /// It failed.
    Failed,
}

/// What one collector looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Coverage {
    /// The collector's name.
    pub collector: String,
    /// How it fared.
    pub state: CollectorState,
    /// What it read, or why it did not.
    pub detail: String,
    /// What could not be read, each with its cause; nothing else was lost by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Note>,
}

/// A part of the system that is built and shipped on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Component {
    /// Its folder (`.` for the root).
    pub name: String,
    /// Languages and frameworks, most telling first.
    pub stack: Vec<String>,
    /// What it is: `server`, `front end`, `worker`, `library`, `tool`.
    pub roles: Vec<String>,
    /// The file that shows it.
    pub location: Location,
}

/// The gate's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Something that gates fails.
    NotReady,
    /// Nothing that gates fails, but some of it is unknown.
    NotKnown,
    /// All that gates passes or does not apply.
    Ready,
}

impl Verdict {
    /// The words for people.
    pub const fn words(self) -> &'static str {
        match self {
            Verdict::NotReady => "not ready",
            Verdict::NotKnown => "not known",
            Verdict::Ready => "ready",
        }
    }
}

/// One reason for the gate's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GateReason {
    /// The item.
    pub item: ItemId,
    /// Its status.
    pub status: Status,
    /// Why it counts: `priority 1 fails`, `rung proven is required, configured is reached`, …
    pub reason: String,
}

/// The gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Gate {
    /// Its answer.
    pub verdict: Verdict,
    /// Unknown counts as failed.
    pub strict: bool,
    /// What decided.
    pub reasons: Vec<GateReason>,
    /// Weakenings of the configuration that the judged change makes; the configuration of its base was used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weakened: Vec<Note>,
}

/// The counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Summary {
    /// Items by status.
    pub by_status: BTreeMap<String, u32>,
    /// Passing items by rung.
    pub by_rung: BTreeMap<String, u32>,
    /// Items by priority, then status.
    pub by_priority: BTreeMap<String, BTreeMap<String, u32>>,
    /// Unknown items by cause.
    pub by_cause: BTreeMap<String, u32>,
    /// Items that apply.
    pub applicable: u32,
    /// Items that apply and were decided, either way.
    pub decided: u32,
    /// The gate.
    pub gate: Gate,
}

/// A step of the shortest plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NextAction {
    /// What to do.
    pub action: String,
    /// The command that does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The items that it settles, most urgent first.
    pub settles: Vec<ItemId>,
    /// The most urgent priority among them.
    pub priority: Priority,
}

/// The kinds of exposed data.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ExposureKind {
    /// A secret stands in a file of the repository.
    CommittedSecret,
    /// An environment file with secret values is tracked.
    EnvironmentFile,
    /// A key that only servers may hold reaches the browser.
    ServerKeyInClient,
    /// A table that everybody can read or write through the public interface.
    OpenTable,
    /// Access rules that let everybody read or write.
    OpenRules,
    /// A bucket that everybody can read or write.
    PublicBucket,
}

impl ExposureKind {
    /// The word used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            ExposureKind::CommittedSecret => "committed-secret",
            ExposureKind::EnvironmentFile => "environment-file",
            ExposureKind::ServerKeyInClient => "server-key-in-client",
            ExposureKind::OpenTable => "open-table",
            ExposureKind::OpenRules => "open-rules",
            ExposureKind::PublicBucket => "public-bucket",
        }
    }
}

/// Data that is exposed now (committed secrets, open tables): shown before everything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Exposure {
    /// What kind it is.
    pub kind: ExposureKind,
    /// What is exposed, without its value.
    pub summary: String,
    /// Where.
    pub location: Location,
    /// How much it hurts; exposures are listed in this order.
    pub priority: Priority,
    /// A keyed hash of the value, to tell whether two places hold the same one. The key is made of the files that hold
    /// such values, so that the value cannot be guessed from the report alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// The judged change adds it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub added: bool,
}

/// Something about the judged change that is reported beside the items (an unsafe migration operation that it adds).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Finding {
    /// What it is: `unsafe-migration:` and the key of the operation.
    pub kind: String,
    /// The item whose subject it is.
    pub item: ItemId,
    /// One sentence.
    pub summary: String,
    /// Where.
    pub location: Location,
    /// The safe way to do it.
    pub remedy: String,
    /// It fails the gate.
    pub blocking: bool,
}

/// The report on one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// The tool.
    pub tool: Tool,
    /// What was audited.
    pub subject: Subject,
    /// When the run began.
    pub started_at: Timestamp,
    /// The instant as of which was judged, when it is not the run's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_at: Option<Timestamp>,
    /// How long the run took, in milliseconds.
    pub duration_ms: u64,
    /// What was looked at, per collector.
    pub coverage: Vec<Coverage>,
    /// The parts of the system.
    pub components: Vec<Component>,
    /// Exposed data, most urgent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exposures: Vec<Exposure>,
    /// What the judged change adds that stands beside the items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Remarks on the run as a whole: hints, configuration that seems to be missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<Note>,
    /// The plan.
    pub next: Vec<NextAction>,
    /// The counts and the gate.
    pub summary: Summary,
    /// Every item.
    pub items: Vec<ItemReport>,
}
