use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `logging.no-sensitive-data`
pub static ITEM: Item = Item {
    id: ItemId::new("logging.no-sensitive-data"),
    section: Section::Logging,
    question: "Logs hold no secrets and no personal data",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Add a redaction filter and take sensitive values out of log calls.",
    page: include_str!("no_sensitive_data.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::server)
}
