use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `migrations.in-deploy`
pub static ITEM: Item = Item {
    id: ItemId::new("migrations.in-deploy"),
    section: Section::Migrations,
    question: "The deployment applies the migrations",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Migrations,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Run the migrations in the release step.",
    page: include_str!("in_deploy.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::relational_database)
}
