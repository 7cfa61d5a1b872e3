use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `backups.restore-tested`
pub static ITEM: Item = Item {
    id: ItemId::new("backups.restore-tested"),
    section: Section::Backups,
    question: "A backup was restored recently, and the result was checked",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Observed,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System],
    remedy: "Restore the newest backup into a scratch server on a schedule and compare it with the source.",
    page: include_str!("restore_tested.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::stateful_database)
}
