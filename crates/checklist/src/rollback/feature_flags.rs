use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `rollback.feature-flags`
pub static ITEM: Item = Item {
    id: ItemId::new("rollback.feature-flags"),
    section: Section::Rollback,
    question: "Features can be switched off without a deployment",
    priority: 3,
    absence: Absence::Fail,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Put risky features behind flags that are read at run time.",
    page: include_str!("feature_flags.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::deployable)
}
