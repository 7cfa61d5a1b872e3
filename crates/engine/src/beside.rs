//! What a report shows beside the items: exposed data, and unsafe operations that the judged change adds.

use seaworthy_facts::Facts;
use seaworthy_model::Exposure;

/// Exposed data, in the order of the facts; what the change adds comes first.
pub fn exposures(facts: &Facts) -> Vec<Exposure> {
    let Ok(exposures) = facts.exposures.get() else { return Vec::new() };
    let change = facts.change.get().ok();
    let mut shown: Vec<Exposure> = exposures
        .found
        .iter()
        .map(|exposed| Exposure {
            kind: exposed.kind,
            summary: exposed.what.clone(),
            location: exposed.at.clone(),
            priority: exposed.priority,
            digest: exposed.digest.clone(),
            remedy: Some(exposed.remedy.clone()),
            added: change.is_some_and(|change| change.adds(&exposed.at)),
        })
        .collect();
    shown.sort_by_key(|exposure| (exposure.priority, !exposure.added));
    shown
}
