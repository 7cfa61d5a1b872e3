use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `review.vulnerabilities`
pub static ITEM: Item = Item {
    id: ItemId::new("review.vulnerabilities"),
    section: Section::Review,
    question: "The change opens no vulnerability",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: None,
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::Accepted,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Take out secrets and patterns that are open to injection.",
    page: include_str!("vulnerabilities.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::always)
}
