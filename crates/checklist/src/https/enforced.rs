use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `https.enforced`
pub static ITEM: Item = Item {
    id: ItemId::new("https.enforced"),
    section: Section::Https,
    question: "Everything public is served over TLS only",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Deployment,
    higher_rung_settles: true,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System],
    remedy: "Let the edge serve TLS, redirect plain HTTP, and mark cookies as Secure.",
    page: include_str!("enforced.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::answers_http)
}
