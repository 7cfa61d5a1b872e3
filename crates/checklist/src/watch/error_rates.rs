use seaworthy_facts::{Absent, Capabilities, FactKind, FactView, Pipelines, Product, Signal};
use seaworthy_model::{ItemId, Section};

use super::signals;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `watch.error-rates`
pub static ITEM: Item = Item {
    id: ItemId::new("watch.error-rates"),
    section: Section::Watch,
    question: "After a deployment error rates are compared and acted on",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: None,
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Alerting, FactKind::Capabilities, FactKind::Pipelines],
    remedy: "Alert on the error rate after each deployment.",
    page: include_str!("error_rates.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let mut findings = signals::watched(view, Signal::ErrorRate, "error rates")?;
    if let (Ok(capabilities), Ok(pipelines)) = (view.get::<Capabilities>(), view.get::<Pipelines>()) {
        release_health(&mut findings, capabilities, pipelines);
    }
    Ok(findings)
}

/// A deploy job tells Sentry which release is live where, so that its release health compares it with the one before.
fn release_health(findings: &mut Findings, capabilities: &Capabilities, pipelines: &Pipelines) {
    let sentry = |product: &Product| product.name.starts_with("Sentry") && product.in_use().is_some();
    let tracked = ["error-tracking", "error-tracking-browser"]
        .iter()
        .any(|capability| capabilities.of(capability).any(sentry));
    if !tracked {
        return;
    }
    for (_, job, step) in pipelines.steps().filter(|(.., step)| step.effective()) {
        let told = step.uses.as_ref().is_some_and(|uses| {
            uses.name.eq_ignore_ascii_case("getsentry/action-release") && uses.input("environment").is_some()
        }) || step.commands.iter().any(|command| {
            command.effective()
                && command.words.first().is_some_and(|word| word.ends_with("sentry-cli"))
                && command.words.iter().any(|word| word == "deploys")
        });
        if told {
            findings.supports(
                format!("job {} tells Sentry of each deployment, for its release health", job.id),
                &step.at,
            );
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::monitoring::test_support::{Sign, judged, with_products};
    use seaworthy_facts::{Alerting, Event};
    use seaworthy_model::Status;
    use seaworthy_testkit::pipelines::{ci, run, trigger};

    #[test]
    fn a_rule_on_the_signal_passes_and_nothing_else_does() {
        signals::tests::holds(&ITEM, Signal::ErrorRate, Signal::Resources);
    }

    #[test]
    fn release_health_needs_a_deployment_that_is_told_and_sentry_itself() {
        let status = |command: &str, sign| {
            let mut facts = with_products(&[("error-tracking", "Sentry for Ruby", sign)]);
            facts.alerting = Alerting::default().into();
            facts.pipelines = ci(vec![trigger(Event::Push)], vec![run(command, &[])]).into();
            judged(&ITEM, &facts).0
        };
        assert_eq!(
            status("sentry-cli releases deploys 1.0 new -e production", Sign::Used("a.rb")),
            Status::Pass
        );
        assert_eq!(
            status("sentry-cli releases deploys 1.0 new -e production", Sign::Declared),
            Status::Unknown
        );
        assert_eq!(status("sentry-cli sourcemaps upload dist", Sign::Used("a.rb")), Status::Unknown);
    }
}
