use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `privacy.gdpr-ccpa`
pub static ITEM: Item = Item {
    id: ItemId::new("privacy.gdpr-ccpa"),
    section: Section::Privacy,
    question: "The policy says what the law asks",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(180),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::Accepted,
    operator: true,
    reads: &[FactKind::System],
    remedy: "Complete the policy with what is missing.",
    page: include_str!("gdpr_ccpa.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::people)
}
