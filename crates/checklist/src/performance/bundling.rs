use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `performance.bundling`
pub static ITEM: Item = Item {
    id: ItemId::new("performance.bundling"),
    section: Section::Performance,
    question: "Front-end code is bundled and minified",
    priority: 3,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Build the front end with a bundler in production mode.",
    page: include_str!("bundling.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::front_end)
}
