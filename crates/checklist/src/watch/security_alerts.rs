use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `watch.security-alerts`
pub static ITEM: Item = Item {
    id: ItemId::new("watch.security-alerts"),
    section: Section::Watch,
    question: "Signs of attacks and new vulnerabilities reach the team",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: None,
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System],
    remedy: "Alert on failed logins and on new advisories.",
    page: include_str!("security_alerts.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::deployable)
}
