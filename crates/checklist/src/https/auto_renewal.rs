use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `https.auto-renewal`
pub static ITEM: Item = Item {
    id: ItemId::new("https.auto-renewal"),
    section: Section::Https,
    question: "Certificates are renewed by themselves",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Deployment,
    higher_rung_settles: true,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System],
    remedy: "Use a platform or an ACME client that renews certificates on a timer.",
    page: include_str!("auto_renewal.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::answers_http)
}
