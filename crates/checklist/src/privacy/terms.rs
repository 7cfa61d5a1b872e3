use seaworthy_facts::{Absent, FactKind, FactView, LegalKind};
use seaworthy_model::{ItemId, Section};

use super::{legal, wire};
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `privacy.terms`
pub static ITEM: Item = Item {
    id: ItemId::new("privacy.terms"),
    section: Section::Privacy,
    question: "There are terms of use, and they are linked",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(180),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Pages, FactKind::Site, FactKind::Browser],
    remedy: "Add a page with the terms and link it from sign-up.",
    page: include_str!("terms.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    wire::legal(&ITEM, view, LegalKind::Terms).join(legal::evidence(view, LegalKind::Terms))
}
