use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `review.understood`
pub static ITEM: Item = Item {
    id: ItemId::new("review.understood"),
    section: Section::Review,
    question: "The change is understood",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: None,
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::Accepted,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Read every hunk, the riskiest first.",
    page: include_str!("understood.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::always)
}
