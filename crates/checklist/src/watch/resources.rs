use seaworthy_facts::{Absent, FactKind, FactView, Signal};
use seaworthy_model::{ItemId, Section};

use super::signals;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `watch.resources`
pub static ITEM: Item = Item {
    id: ItemId::new("watch.resources"),
    section: Section::Watch,
    question: "After a deployment CPU, memory, disk and restarts are watched",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: None,
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Alerting],
    remedy: "Alert on resources and restarts.",
    page: include_str!("resources.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    signals::watched(view, Signal::Resources, "CPU, memory, disk and restarts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_on_the_signal_passes_and_nothing_else_does() {
        signals::tests::holds(&ITEM, Signal::Resources, Signal::Latency);
    }
}
