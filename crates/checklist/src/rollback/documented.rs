use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `rollback.documented`
pub static ITEM: Item = Item {
    id: ItemId::new("rollback.documented"),
    section: Section::Rollback,
    question: "Rolling back is written down and was tried",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(90),
    floor: Floor::ProvenOrAttested,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::Accepted,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Write a runbook section with the commands, and rehearse it.",
    page: include_str!("documented.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::deployable)
}
