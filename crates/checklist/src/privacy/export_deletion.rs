use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `privacy.export-deletion`
pub static ITEM: Item = Item {
    id: ItemId::new("privacy.export-deletion"),
    section: Section::Privacy,
    question: "People can export their data and delete their account",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Add an export and an account deletion.",
    page: include_str!("export_deletion.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::accounts)
}
