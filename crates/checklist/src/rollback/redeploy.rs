use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `rollback.redeploy`
pub static ITEM: Item = Item {
    id: ItemId::new("rollback.redeploy"),
    section: Section::Rollback,
    question: "Earlier versions can be deployed again",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System],
    remedy: "Publish artefacts under immutable versions.",
    page: include_str!("redeploy.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::deployable)
}
