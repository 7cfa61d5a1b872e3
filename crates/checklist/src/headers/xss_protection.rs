use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `headers.xss-protection`
pub static ITEM: Item = Item {
    id: ItemId::new("headers.xss-protection"),
    section: Section::Headers,
    question: "X-XSS-Protection does no harm",
    priority: 3,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Deployment,
    higher_rung_settles: true,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Set the header in the application or at the proxy, on every answer.",
    page: include_str!("xss_protection.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::answers_http)
}
