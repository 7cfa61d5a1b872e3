use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `migrations.performance`
pub static ITEM: Item = Item {
    id: ItemId::new("migrations.performance"),
    section: Section::Migrations,
    question: "Schema changes are reviewed before they run",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Migrations,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Give the migrations folder code owners, or lint migrations in CI.",
    page: include_str!("performance.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::relational_database)
}
