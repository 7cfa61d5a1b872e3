use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `dependencies.audited`
pub static ITEM: Item = Item {
    id: ItemId::new("dependencies.audited"),
    section: Section::Dependencies,
    question: "Known vulnerabilities are reported",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Run a dependency audit in CI on changes or on a schedule.",
    page: include_str!("audited.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::always)
}
