use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `errors.no-stack-traces`
pub static ITEM: Item = Item {
    id: ItemId::new("errors.no-stack-traces"),
    section: Section::Errors,
    question: "No stack trace, path or query reaches a client",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Switch debug mode off where it ships and answer errors with a general message.",
    page: include_str!("no_stack_traces.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::answers_http)
}
