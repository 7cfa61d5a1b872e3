use seaworthy_facts::{
    Absent, Capabilities, Event, FactKind, FactView, Infrastructure, Pipelines, Role, System,
};
use seaworthy_model::{ItemId, Section};

use super::products;
use crate::parts;
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `monitoring.uptime`
pub static ITEM: Item = Item {
    id: ItemId::new("monitoring.uptime"),
    section: Section::Monitoring,
    question: "The public address is checked from outside",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Capabilities, FactKind::Infrastructure, FactKind::Pipelines],
    remedy: "Let an external monitor request the public address every minute.",
    page: include_str!("uptime.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::deployable(system) {
        return Ok(not_applicable);
    }
    let mut findings = Findings::new();
    findings.looked_for(
        "checks of the public address from outside: Gatus, Uptime Kuma, Upptime, blackbox_exporter, Checkly, Route 53 health checks, Pingdom, Better Stack, synthetics in infrastructure code, scheduled CI jobs that ask the address",
    );
    findings.because("no check from outside was found (container health checks and probes are not one)");
    products::gather(
        &mut findings,
        &parts::whole(system),
        view.get::<Capabilities>()?,
        "uptime",
        "checks the address from outside",
    );
    if let Ok(infrastructure) = view.get::<Infrastructure>() {
        for kind in MONITORS {
            for resource in infrastructure.of(kind) {
                if resource.flag("paused") == Some(true) || resource.flag("disabled") == Some(true) {
                    findings
                        .note(format!("{} {} is paused", resource.kind, resource.name), Some(&resource.at));
                } else {
                    findings.supports(
                        format!("{} {} checks from outside", resource.kind, resource.name),
                        &resource.at,
                    );
                }
            }
        }
    }
    if let Ok(pipelines) = view.get::<Pipelines>() {
        scheduled_requests(&mut findings, pipelines);
    }
    shared::settle::infrastructure(&mut findings);
    Ok(findings)
}

/// Resources that check an address from outside.
const MONITORS: &[&str] = &[
    "aws_route53_health_check",
    "AWS::Route53::HealthCheck",
    "aws_synthetics_canary",
    "AWS::Synthetics::Canary",
    "google_monitoring_uptime_check_config",
    "azurerm_application_insights_web_test",
    "azurerm_application_insights_standard_web_test",
    "cloudflare_healthcheck",
    "digitalocean_uptime_check",
    "pingdom_check",
    "betteruptime_monitor",
    "better_uptime_monitor",
    "uptimerobot_monitor",
    "statuscake_uptime_check",
    "statuscake_test",
    "checkly_check",
    "checkly_check_group",
    "checkly_url_monitor",
    "datadog_synthetics_test",
    "newrelic_synthetics_monitor",
    "newrelic_synthetics_script_monitor",
    "grafana_synthetic_monitoring_check",
    "uptimekuma_monitor*",
    "uptime_monitor",
    "sentry_uptime_monitor",
    "site24x7_website_monitor",
    "updown_check",
    "hetrixtools_uptime_monitor",
    "onlineornot_uptime_check",
    "elasticstack_kibana_synthetics_monitor",
    "EndpointMonitor",
    "Probe",
];

/// A job on a timetable that asks the address and fails when the answer is an error.
fn scheduled_requests(findings: &mut Findings, pipelines: &Pipelines) {
    for (workflow, job, step) in pipelines.steps() {
        if !workflow.triggers_of(job, step).iter().any(|trigger| trigger.event == Event::Schedule) {
            continue;
        }
        let asks = step.effective()
            && step.commands.iter().any(|command| {
                command.really(Role::HealthRequest)
                    && !command.words.iter().any(|word| is_inside(word))
                    && command.words.iter().any(|word| {
                        word == "--fail"
                            || word == "--fail-with-body"
                            || word.starts_with('-') && !word.starts_with("--") && word.contains('f')
                    })
            });
        if asks {
            findings.supports(
                format!(
                    "job {} of {} asks the address on a timetable and fails when it does not answer",
                    job.id, workflow.name
                ),
                &step.at,
            );
        }
    }
}

/// An address that only the machine itself or its own network knows: what a job started there for itself.
fn is_inside(word: &str) -> bool {
    let address = word.split_once("://").map(|(_, rest)| rest);
    let Some(address) = address.or_else(|| word.starts_with("localhost").then_some(word)) else {
        return false;
    };
    let host = address.split(['/', ':', '?', '#', ' ', ';']).next().unwrap_or_default();
    let variable = host.contains(['$', '{', '%']) || host.is_empty();
    !variable && (!host.contains('.') || host.starts_with("127.") || host == "0.0.0.0")
        || address.starts_with("[::1]")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::monitoring::test_support::{Sign, judged, resource, with_products};
    use seaworthy_model::Status;
    use seaworthy_testkit::pipelines::{ci, run, trigger};

    #[test]
    fn monitors_pass() {
        let facts = with_products(&[("uptime", "Gatus", Sign::Used("compose.yaml"))]);
        assert_eq!(judged(&ITEM, &facts).0, Status::Pass);
        let mut facts = with_products(&[]);
        facts.infrastructure = resource("aws_route53_health_check", &[("fqdn", "shop.example.org")]).into();
        assert_eq!(judged(&ITEM, &facts).0, Status::Pass);
        facts.infrastructure = resource("betteruptime_monitor", &[("paused", "true")]).into();
        assert_eq!(judged(&ITEM, &facts).0, Status::Unknown);
    }

    #[test]
    fn a_scheduled_job_counts_only_when_an_error_fails_it() {
        let status = |event, line: &str| {
            let mut facts = with_products(&[]);
            facts.pipelines = ci(vec![trigger(event)], vec![run(line, &[Role::HealthRequest])]).into();
            judged(&ITEM, &facts).0
        };
        assert_eq!(status(Event::Schedule, "curl -fsS https://shop.example.org/health"), Status::Pass);
        assert_eq!(status(Event::Schedule, "curl https://shop.example.org/health"), Status::Unknown);
        for inside in ["http://localhost:4100/health", "http://127.0.0.1/", "http://api:8080/health"] {
            assert_eq!(status(Event::Schedule, &format!("curl -fsS {inside}")), Status::Unknown, "{inside}");
        }
        assert_eq!(status(Event::Schedule, "curl -fsS https://${HOST}/health"), Status::Pass);
        assert_eq!(status(Event::Push, "curl -fsS https://shop.example.org/health"), Status::Unknown);
    }

    #[test]
    fn nothing_is_unknown_and_a_library_is_not_asked() {
        let mut facts = with_products(&[]);
        assert_eq!(judged(&ITEM, &facts).0, Status::Unknown);
        facts.system = System::default().into();
        assert_eq!(judged(&ITEM, &facts).0, Status::NotApplicable);
    }
}
