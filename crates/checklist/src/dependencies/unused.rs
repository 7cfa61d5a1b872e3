use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `dependencies.unused`
pub static ITEM: Item = Item {
    id: ItemId::new("dependencies.unused"),
    section: Section::Dependencies,
    question: "Every direct dependency is used",
    priority: 3,
    absence: Absence::Fail,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Remove what nothing uses.",
    page: include_str!("unused.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::always)
}
