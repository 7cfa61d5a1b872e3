use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `errors.retries`
pub static ITEM: Item = Item {
    id: ItemId::new("errors.retries"),
    section: Section::Errors,
    question: "Failed calls are repeated with growing delays",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Retry outgoing calls or jobs with exponential backoff.",
    page: include_str!("retries.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::outgoing_calls)
}
