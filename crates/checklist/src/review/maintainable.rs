use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `review.maintainable`
pub static ITEM: Item = Item {
    id: ItemId::new("review.maintainable"),
    section: Section::Review,
    question: "The change can be maintained",
    priority: 3,
    absence: Absence::Unknown,
    fresh_days: None,
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::Accepted,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Split what is complex and remove what is duplicated.",
    page: include_str!("maintainable.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::always)
}
