use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `migrations.rollback-scripts`
pub static ITEM: Item = Item {
    id: ItemId::new("migrations.rollback-scripts"),
    section: Section::Migrations,
    question: "Each recent migration has a way back",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Migrations,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Write the way back of each migration.",
    page: include_str!("rollback_scripts.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::relational_database)
}
