use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `headers.content-security-policy`
pub static ITEM: Item = Item {
    id: ItemId::new("headers.content-security-policy"),
    section: Section::Headers,
    question: "A Content-Security-Policy is enforced that keeps scripts closed",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Deployment,
    higher_rung_settles: true,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Set the header in the application or at the proxy, on every answer.",
    page: include_str!("content_security_policy.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::answers_http)
}
