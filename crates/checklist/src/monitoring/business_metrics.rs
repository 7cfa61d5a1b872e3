use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `monitoring.business-metrics`
pub static ITEM: Item = Item {
    id: ItemId::new("monitoring.business-metrics"),
    section: Section::Monitoring,
    question: "What the application is for is measured",
    priority: 3,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Record at least one metric or event of the domain, such as orders placed.",
    page: include_str!("business_metrics.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::deployable)
}
