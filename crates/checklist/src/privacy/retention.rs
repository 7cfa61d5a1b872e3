use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `privacy.retention`
pub static ITEM: Item = Item {
    id: ItemId::new("privacy.retention"),
    section: Section::Privacy,
    question: "Personal data is deleted after a set time",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(180),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Write down how long data is kept and run a purge job.",
    page: include_str!("retention.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::people)
}
