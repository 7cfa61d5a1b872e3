use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Priority, Rung, Section};

use crate::Findings;

/// An item of the checklist: static data and one function that gathers evidence.
pub struct Item {
    /// Public id.
    pub id: ItemId,
    /// Its section.
    pub section: Section,
    /// The question that it asks, as a statement that holds when it passes.
    pub question: &'static str,
    /// 1 to 3.
    pub priority: Priority,
    /// What no evidence means.
    pub absence: Absence,
    /// For how many days a proof counts; none where the evidence is about one change or about now.
    pub fresh_days: Option<u32>,
    /// The lowest rung on which it can pass.
    pub floor: Floor,
    /// What makes a proof worthless before its time.
    pub void_on: VoidOn,
    /// Evidence on a higher rung settles what a lower one seemed to say (the wire settles the configuration).
    pub higher_rung_settles: bool,
    /// Whether a person's signed word can pass it.
    pub attestation: Attestation,
    /// It is the operator's to do: it does not apply to software that is made for others to operate.
    pub operator: bool,
    /// The kinds of fact that it reads.
    pub reads: &'static [FactKind],
    /// How to fix it, in one or two sentences, when its findings do not say it better.
    pub remedy: &'static str,
    /// Its page.
    pub page: &'static str,
    /// Gathers the evidence.
    pub evidence: fn(&FactView) -> Result<Findings, Absent>,
}

/// What no evidence means, from the repository alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// The thing can only live in the repository.
    Fail,
    /// It may live elsewhere.
    Unknown,
}

/// The lowest rung on which an item can pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Floor {
    /// Configured suffices.
    Configured,
    /// It must have been seen to work.
    Observed,
    /// It must have been done, or a person must vouch that it was.
    ProvenOrAttested,
}

impl Floor {
    /// Whether evidence on this rung is enough.
    pub fn is_met_by(self, rung: Rung) -> bool {
        match self {
            Floor::Configured => rung >= Rung::Configured || rung == Rung::Attested,
            Floor::Observed => rung >= Rung::Observed,
            Floor::ProvenOrAttested => rung >= Rung::Proven || rung == Rung::Attested,
        }
    }
}

/// What makes a proof worthless before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoidOn {
    /// Only time.
    Time,
    /// Shipped code changed.
    Commit,
    /// The set of migration files changed.
    Migrations,
    /// Another version is live.
    Deployment,
}

/// Whether a person's signed word can pass an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attestation {
    /// Machine evidence is possible: only where the policy allows it.
    ByPolicy,
    /// Only a person can answer.
    Accepted,
}
