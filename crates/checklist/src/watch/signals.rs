//! Alert rules and analyses of a signal, as evidence that a deployment is watched.

use seaworthy_facts::{Absent, Alerting, FactView, Signal, System};

use crate::Findings;
use crate::shared;

/// How many rules are shown.
const SHOWN: usize = 10;

/// What watches a signal: a rule that is loaded and tells somebody, or an analysis that stops a deployment.
///
/// # Errors
/// The absence of a fact that is needed.
pub fn watched(view: &FactView, signal: Signal, what: &str) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::deployable(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let alerting = view.get::<Alerting>()?;
    let mut findings = Findings::new();
    findings.looked_for(format!(
        "alert rules on {what} (Prometheus, Grafana, and CloudWatch, Datadog and others in infrastructure code) and analyses of new versions (Flagger, Argo Rollouts, deployment alarms)"
    ));
    findings.because(format!("no alert rule and no analysis of {what} was found"));
    let about = || alerting.rules.iter().filter(|rule| rule.signals.contains(&signal));
    for rule in about().filter(|rule| rule.loaded_by.is_some()).take(SHOWN) {
        let how = if rule.analysis { "analyses each new version by" } else { "alerts on" };
        if rule.notifies.as_ref().is_some_and(Vec::is_empty) && !rule.analysis {
            findings.untried(format!("{} {how} {}, and tells nobody", rule.system, rule.name), &rule.at);
        } else {
            findings.supports(format!("{} {how} {} ({what})", rule.system, rule.name), &rule.at);
        }
    }
    if !findings.has_evidence() {
        if let Some(idle) = about().next() {
            findings.because(format!(
                "{} ({}) is about {what}, and nothing that was found loads it",
                idle.name, idle.at
            ));
        }
        findings.unread(&alerting.unread);
    }
    shared::settle::infrastructure(&mut findings);
    Ok(findings)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub mod tests {
    use seaworthy_facts::{AlertRule, Facts};
    use seaworthy_model::Status;

    use super::*;
    use crate::Item;
    use crate::monitoring::test_support::{judged, rule, with_products};

    fn facts(rules: Vec<AlertRule>) -> Facts {
        let mut facts = with_products(&[]);
        facts.alerting = Alerting { rules, ..Alerting::default() }.into();
        facts
    }

    /// What holds for the three items that are about a signal.
    pub fn holds(item: &Item, signal: Signal, other: Signal) {
        assert_eq!(judged(item, &facts(vec![rule("A", &[signal])])).0, Status::Pass);
        assert_eq!(judged(item, &facts(vec![rule("A", &[other])])).0, Status::Unknown);
        assert_eq!(judged(item, &facts(Vec::new())).0, Status::Unknown);
        let mut idle = rule("A", &[signal]);
        idle.loaded_by = None;
        let (status, reason) = judged(item, &facts(vec![idle]));
        assert_eq!(status, Status::Unknown);
        assert!(reason.contains("loads it"), "{reason}");
        let mut mute = rule("A", &[signal]);
        mute.notifies = Some(Vec::new());
        assert_eq!(judged(item, &facts(vec![mute])).0, Status::Unknown);
        let mut library = facts(vec![rule("A", &[signal])]);
        library.system = System::default().into();
        assert_eq!(judged(item, &library).0, Status::NotApplicable);
    }
}
