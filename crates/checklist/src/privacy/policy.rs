use seaworthy_facts::{Absent, FactKind, FactView, LegalKind};
use seaworthy_model::{ItemId, Section};

use super::{legal, wire};
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `privacy.policy`
pub static ITEM: Item = Item {
    id: ItemId::new("privacy.policy"),
    section: Section::Privacy,
    question: "There is a privacy policy, and it is linked",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(180),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Pages, FactKind::Site, FactKind::Browser],
    remedy: "Add a privacy policy page with real text and link it from every page.",
    page: include_str!("policy.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    wire::legal(&ITEM, view, LegalKind::Privacy).join(legal::evidence(view, LegalKind::Privacy))
}
