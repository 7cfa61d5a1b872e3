use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `backups.file-versioning`
pub static ITEM: Item = Item {
    id: ItemId::new("backups.file-versioning"),
    section: Section::Backups,
    question: "Files in object storage can be brought back after an overwrite or a deletion",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System],
    remedy: "Switch on versioning for the bucket that holds user files.",
    page: include_str!("file_versioning.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    shared::no_reader(view, shared::object_storage)
}
