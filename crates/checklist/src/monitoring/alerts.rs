use seaworthy_facts::{Absent, Alerting, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `monitoring.alerts`
pub static ITEM: Item = Item {
    id: ItemId::new("monitoring.alerts"),
    section: Section::Monitoring,
    question: "Alerts have thresholds, reach somebody, and were tried",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Alerting],
    remedy: "Write alert rules, test them, and route them to people.",
    page: include_str!("alerts.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::deployable(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let alerting = view.get::<Alerting>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "alert rules (Prometheus, Grafana, and CloudWatch, Datadog, Sentry and others in infrastructure code), what loads them, whom they tell, and tests of the rules",
    );
    findings.because("no alert rule was found");
    shared::settle::infrastructure(&mut findings);
    let (loaded, idle): (Vec<_>, Vec<_>) =
        alerting.rules.iter().filter(|rule| !rule.analysis).partition(|rule| rule.loaded_by.is_some());
    if let Some(rule) = idle.first() {
        let summary = format!("{} rules in {} are loaded by nothing that was found", idle.len(), rule.at);
        findings.note(summary.clone(), Some(&rule.at));
        findings.because(summary);
    }
    let Some(first) = loaded.first() else {
        findings.unread(&alerting.unread);
        return Ok(findings);
    };
    let mute =
        loaded.iter().filter(|rule| rule.notifies.as_ref().is_some_and(Vec::is_empty)).collect::<Vec<_>>();
    for rule in mute.iter().take(SHOWN) {
        findings.contradicts(format!("{} alert {} tells nobody", rule.system, rule.name), &rule.at);
    }
    let reached = alerting.receivers.iter().find(|receiver| receiver.routed && !receiver.channels.is_empty());
    let told = loaded.iter().find(|rule| rule.notifies.as_ref().is_some_and(|whom| !whom.is_empty()));
    let hole = alerting.receivers.iter().find(|receiver| receiver.routed && receiver.channels.is_empty());
    let whom = match (told, reached, hole) {
        (Some(rule), ..) => rule.notifies.as_deref().unwrap_or_default().join(", "),
        (_, Some(receiver), _) => format!("{} ({})", receiver.name, receiver.channels.join(", ")),
        (_, _, Some(hole)) => {
            findings.contradicts(
                format!(
                    "every alert goes to the receiver {} of {}, which tells nobody",
                    hole.name, hole.system
                ),
                &hole.at,
            );
            return Ok(findings);
        }
        _ => {
            if mute.is_empty() {
                let summary = format!(
                    "{} {} alert rules, and no receiver was found that they reach",
                    loaded.len(),
                    first.system
                );
                findings.untried(summary, &first.at);
            }
            return Ok(findings);
        }
    };
    let tests = alerting.tests.iter().find_map(|test| Some((test, test.run_by.as_ref()?)));
    match tests {
        Some((test, run_by)) => {
            let summary = format!(
                "{} alert rules reach {whom}; their tests ({}) run at {run_by}",
                loaded.len(),
                test.at
            );
            findings.supports(summary, &first.at);
        }
        None => {
            let untested = match alerting.tests.first() {
                Some(test) => format!("their tests ({}) are run by nothing", test.at),
                None => "no test of them was found".to_owned(),
            };
            findings.untried(format!("{} alert rules reach {whom}; {untested}", loaded.len()), &first.at);
            findings.settled_by(
                "write tests of the alert rules, run them in CI, and let a test alert reach the receiver",
                Some("seaworthy explain monitoring.alerts"),
            );
        }
    }
    Ok(findings)
}

/// How many rules of a kind are shown.
const SHOWN: usize = 10;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::monitoring::test_support::{judged, receiver, rule, with_products};
    use seaworthy_facts::{AlertTest, Location, Signal};
    use seaworthy_model::Status;

    fn tested(run: bool) -> AlertTest {
        AlertTest {
            rules: vec!["rules.yml".to_owned()],
            alerts: vec!["HighErrorRate".to_owned()],
            run_by: run.then(|| Location::line(".github/workflows/ci.yml", 9)),
            at: Location::file("rules_test.yml"),
        }
    }

    fn status(alerting: Alerting) -> (Status, String) {
        let mut facts = with_products(&[]);
        facts.alerting = alerting.into();
        judged(&ITEM, &facts)
    }

    #[test]
    fn rules_with_a_receiver_and_tests_pass() {
        let alerting = Alerting {
            rules: vec![rule("HighErrorRate", &[Signal::ErrorRate])],
            receivers: vec![receiver("team", &["slack"])],
            tests: vec![tested(true)],
            ..Alerting::default()
        };
        assert_eq!(status(alerting).0, Status::Pass);
    }

    #[test]
    fn rules_without_tests_are_untried() {
        for tests in [vec![], vec![tested(false)]] {
            let alerting = Alerting {
                rules: vec![rule("HighErrorRate", &[Signal::ErrorRate])],
                receivers: vec![receiver("team", &["slack"])],
                tests,
                ..Alerting::default()
            };
            let (status, reason) = status(alerting);
            assert_eq!(status, Status::Unknown);
            assert!(reason.contains("tried"), "{reason}");
        }
    }

    #[test]
    fn a_black_hole_fails() {
        let mut mute = rule("HighErrorRate", &[Signal::ErrorRate]);
        mute.notifies = Some(Vec::new());
        assert_eq!(status(Alerting { rules: vec![mute], ..Alerting::default() }).0, Status::Fail);
        let alerting = Alerting {
            rules: vec![rule("HighErrorRate", &[Signal::ErrorRate])],
            receivers: vec![receiver("null", &[])],
            tests: vec![tested(true)],
            ..Alerting::default()
        };
        assert_eq!(status(alerting).0, Status::Fail);
    }

    #[test]
    fn a_file_that_nothing_loads_counts_for_nothing() {
        let mut idle = rule("HighErrorRate", &[Signal::ErrorRate]);
        idle.loaded_by = None;
        let alerting = Alerting {
            rules: vec![idle],
            receivers: vec![receiver("team", &["slack"])],
            tests: vec![tested(true)],
            ..Alerting::default()
        };
        let (status, reason) = status(alerting);
        assert_eq!(status, Status::Unknown);
        assert!(reason.contains("loaded by nothing"), "{reason}");
    }

    #[test]
    fn nothing_is_unknown_and_a_library_is_not_asked() {
        assert_eq!(status(Alerting::default()).0, Status::Unknown);
        let mut facts = with_products(&[]);
        facts.alerting = Alerting::default().into();
        facts.system = System::default().into();
        assert_eq!(judged(&ITEM, &facts).0, Status::NotApplicable);
    }
}
