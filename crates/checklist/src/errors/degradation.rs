use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `errors.degradation`
pub static ITEM: Item = Item {
    id: ItemId::new("errors.degradation"),
    section: Section::Errors,
    question: "The application stays up when what it depends on does not",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Set time limits on outgoing calls and give at least one of them a fallback or a breaker.",
    page: include_str!("degradation.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::outgoing_calls)
}
