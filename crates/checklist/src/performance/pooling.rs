use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `performance.pooling`
pub static ITEM: Item = Item {
    id: ItemId::new("performance.pooling"),
    section: Section::Performance,
    question: "Database connections are pooled",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Use one client with a pool for each process.",
    page: include_str!("pooling.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::client_server_database)
}
