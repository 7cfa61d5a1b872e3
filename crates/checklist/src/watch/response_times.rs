use seaworthy_facts::{Absent, FactKind, FactView, Signal};
use seaworthy_model::{ItemId, Section};

use super::signals;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `watch.response-times`
pub static ITEM: Item = Item {
    id: ItemId::new("watch.response-times"),
    section: Section::Watch,
    question: "After a deployment response times are compared and acted on",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: None,
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Alerting],
    remedy: "Alert on latency after each deployment.",
    page: include_str!("response_times.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    signals::watched(view, Signal::Latency, "response times")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_on_the_signal_passes_and_nothing_else_does() {
        signals::tests::holds(&ITEM, Signal::Latency, Signal::Resources);
    }
}
