use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `monitoring.alerts`
pub static ITEM: Item = Item {
    id: ItemId::new("monitoring.alerts"),
    section: Section::Monitoring,
    question: "Alerts have thresholds, reach somebody, and were tried",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System],
    remedy: "Write alert rules, test them, and route them to people.",
    page: include_str!("alerts.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::deployable)
}
