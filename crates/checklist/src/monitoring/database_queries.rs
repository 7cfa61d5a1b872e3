use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `monitoring.database-queries`
pub static ITEM: Item = Item {
    id: ItemId::new("monitoring.database-queries"),
    section: Section::Monitoring,
    question: "Slow database queries are visible",
    priority: 3,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Switch on query statistics or a slow-query log.",
    page: include_str!("database_queries.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::stateful_database)
}
