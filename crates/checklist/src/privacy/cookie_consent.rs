use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `privacy.cookie-consent`
pub static ITEM: Item = Item {
    id: ItemId::new("privacy.cookie-consent"),
    section: Section::Privacy,
    question: "Nothing non-essential is set before consent",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Load trackers only after consent.",
    page: include_str!("cookie_consent.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::people)
}
