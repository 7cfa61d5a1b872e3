use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `privacy.processors`
pub static ITEM: Item = Item {
    id: ItemId::new("privacy.processors"),
    section: Section::Privacy,
    question: "Third parties that get data are known and covered by agreements",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(180),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System],
    remedy: "List every processor with a link to its agreement.",
    page: include_str!("processors.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::people)
}
