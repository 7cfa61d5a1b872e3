use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `performance.load-tested`
pub static ITEM: Item = Item {
    id: ItemId::new("performance.load-tested"),
    section: Section::Performance,
    question: "The application was tried under load",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Run a load test in CI and record its results.",
    page: include_str!("load_tested.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::server)
}
