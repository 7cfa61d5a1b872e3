use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `dependencies.pinned`
pub static ITEM: Item = Item {
    id: ItemId::new("dependencies.pinned"),
    section: Section::Dependencies,
    question: "Installs are reproducible",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Commit a lockfile, install from it, and name versions of images and actions.",
    page: include_str!("pinned.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::always)
}
