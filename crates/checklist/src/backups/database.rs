use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `backups.database`
pub static ITEM: Item = Item {
    id: ItemId::new("backups.database"),
    section: Section::Backups,
    question: "Backups of every database run, and work",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Observed,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System],
    remedy: "Schedule a backup of each database and let the result be checked.",
    page: include_str!("database.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::stateful_database)
}
