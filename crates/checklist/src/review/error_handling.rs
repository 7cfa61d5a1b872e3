use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `review.error-handling`
pub static ITEM: Item = Item {
    id: ItemId::new("review.error-handling"),
    section: Section::Review,
    question: "Errors in the change are handled",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: None,
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::Accepted,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Handle each error that the change can meet.",
    page: include_str!("error_handling.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::always)
}
