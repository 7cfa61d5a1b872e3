use seaworthy_facts::{
    Absent, Certainty, FactKind, FactView, Infrastructure, Logging, Resource, Setting, System,
};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `logging.centralised`
pub static ITEM: Item = Item {
    id: ItemId::new("logging.centralised"),
    section: Section::Logging,
    question: "Logs are collected in one place",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Logging, FactKind::Infrastructure],
    remedy: "Ship logs to a store where they can be searched.",
    page: include_str!("centralised.md"),
    evidence,
};

/// Log drivers that send lines elsewhere. `json-file`, `local` and `journald` keep them on the host.
const DRIVERS: &[&str] = &[
    "awslogs",
    "awsfirelens",
    "gelf",
    "loki",
    "fluentd",
    "splunk",
    "syslog",
    "gcplogs",
    "logentries",
    "etwlogs",
    "datadog",
];
/// Images that carry the lines of others away.
const IMAGES: &[(&str, &str)] = &[
    ("timberio/vector", "Vector"),
    ("fluent-bit", "Fluent Bit"),
    ("fluent/fluentd", "Fluentd"),
    ("fluentd", "Fluentd"),
    ("grafana/promtail", "Promtail"),
    ("grafana/alloy", "Grafana Alloy"),
    ("filebeat", "Filebeat"),
    ("logspout", "logspout"),
    ("fly-log-shipper", "fly-log-shipper"),
];
/// Charts that do.
const CHARTS: &[&str] = &[
    "fluent-bit",
    "fluentd",
    "vector",
    "promtail",
    "alloy",
    "loki-stack",
    "k8s-monitoring",
    "filebeat",
    "datadog",
    "logging-operator",
];
/// Resources that send logs to one place, or are that place for the application's own.
const RESOURCES: &[(&str, &str)] = &[
    ("heroku_drain", "a Heroku log drain"),
    ("vercel_log_drain", "a Vercel log drain"),
    ("cloudflare_logpush_job", "Cloudflare Logpush"),
    ("google_logging_project_sink", "a Cloud Logging sink"),
    ("google_logging_project_bucket_config", "a Cloud Logging bucket"),
    ("azurerm_monitor_diagnostic_setting", "an Azure diagnostic setting"),
    ("aws_cloudwatch_log_group", "a CloudWatch log group"),
    ("AWS::Logs::LogGroup", "a CloudWatch log group"),
    ("aws_cloudwatch_log_subscription_filter", "a CloudWatch subscription"),
];

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::server(system) {
        return Ok(not_applicable);
    }
    let mut findings = Findings::new();
    findings.looked_for(
        "shippers (Vector, Fluent Bit, Promtail, Alloy, Filebeat, Datadog), log drivers of Compose and ECS, handlers that send lines \
         away, log drains and platforms that collect stdout by their own documentation",
    );
    let logging = view.get::<Logging>()?;
    for shipper in &logging.shippers {
        match &shipper.off {
            None => {
                findings.supports(format!("{} gets the lines", shipper.name), &shipper.at);
            }
            Some(off) => {
                findings.note(format!("{} would get the lines, but {off}", shipper.name), Some(&shipper.at));
            }
        }
    }
    if let Ok(infrastructure) = view.get::<Infrastructure>() {
        for resource in infrastructure.resources.iter().filter(|resource| resource.ships()) {
            of_resource(resource, &mut findings);
        }
        findings.unread(&infrastructure.unread);
    }
    for (platform, guarantee) in system.promises("central-logs") {
        findings.supports(format!("{}: {} ({})", platform.key, guarantee.says, guarantee.link), &platform.at);
    }
    if !findings.has_evidence() {
        findings.because("no shipper, log driver, drain or handler that sends lines away was found; drains are often set in a console");
        if system.platforms.iter().any(|platform| platform.certainty <= Certainty::Configured) {
            shared::settle::infrastructure(&mut findings);
        } else {
            shared::settle::deploy(&mut findings);
        }
    }
    Ok(findings)
}

fn of_resource(resource: &Resource, findings: &mut Findings) {
    if let Some((_, says)) = RESOURCES.iter().find(|(kind, _)| *kind == resource.kind) {
        findings.supports(format!("{says}: {}", resource.name), &resource.at);
    }
    // <https://learn.microsoft.com/azure/container-apps/log-options>
    if resource.kind == "azurerm_container_app_environment"
        && let Some(workspace) =
            resource.settings.iter().find(|setting| setting.path == "log_analytics_workspace_id")
    {
        findings.supports(
            format!("the Container Apps environment {} writes to Log Analytics", resource.name),
            &workspace.at,
        );
    }
    let chart =
        resource.kind == "helm_release" || resource.kind == "HelmRelease" || resource.kind == "Application";
    for setting in &resource.settings {
        let last = setting.path.rsplit('.').next().unwrap_or_default();
        let value = setting.value.as_deref().unwrap_or_default();
        let driver =
            matches!(last, "logDriver" | "log_driver" | "LogDriver") || setting.path == "logging.driver";
        if driver && DRIVERS.contains(&value) {
            findings.supports(format!("{} logs through {value}", resource.name), &setting.at);
        }
        if last == "image" {
            image(resource, setting, value, findings);
        }
        if chart && matches!(last, "chart" | "name") && CHARTS.contains(&value) {
            findings.supports(format!("the chart {value} is installed"), &setting.at);
        }
        let annotated = setting.path.contains("ad.datadoghq.com/") && last == "logs";
        if annotated {
            findings.supports(format!("Datadog collects the lines of {}", resource.name), &setting.at);
        }
        let workers = matches!(
            setting.path.as_str(),
            "logpush" | "observability.enabled" | "observability.logs.enabled"
        ) && value == "true";
        if workers && resource.kind.contains("cloudflare") {
            findings.supports("Cloudflare keeps the lines of the worker", &setting.at);
        }
        if setting.path.contains("log_destinations") && last == "name" {
            findings.supports(format!("lines go to the log destination {value}"), &setting.at);
        }
    }
}

fn image(resource: &Resource, setting: &Setting, image: &str, findings: &mut Findings) {
    let name = image.split('@').next().unwrap_or(image);
    if let Some((_, product)) = IMAGES.iter().find(|(part, _)| name.contains(part)) {
        findings.supports(format!("{product} runs beside the application"), &setting.at);
    }
    let datadog = name.contains("datadog/agent") || name.contains("datadog-agent");
    if datadog
        && resource
            .settings
            .iter()
            .any(|other| other.path.contains("DD_LOGS_ENABLED") && other.value.as_deref() == Some("true"))
    {
        findings.supports("the Datadog agent collects logs", &setting.at);
    }
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::logging::test_support::{at, facts, report, resource};
    use seaworthy_facts::{Guarantee, LogShipper, Platform};
    use seaworthy_model::Status;

    fn judged(resource: Resource) -> Status {
        let mut facts = facts(Logging::default());
        facts.infrastructure =
            Infrastructure { resources: vec![resource], ..Infrastructure::default() }.into();
        report(&ITEM, &facts).status
    }

    #[test]
    fn drivers_shippers_and_drains_pass() {
        assert_eq!(judged(resource("service", &[("logging.driver", "awslogs")])), Status::Pass);
        assert_eq!(judged(resource("service", &[("image", "timberio/vector:0.40")])), Status::Pass);
        assert_eq!(judged(resource("heroku_drain", &[("url", "x")])), Status::Pass);
        let environment = "azurerm_container_app_environment";
        assert_eq!(judged(resource(environment, &[("log_analytics_workspace_id", "x")])), Status::Pass);
        assert_eq!(judged(resource(environment, &[("location", "x")])), Status::Unknown);
        let shippers = vec![LogShipper { name: "Axiom".to_owned(), at: at("log.ts", 1), off: None }];
        assert_eq!(report(&ITEM, &facts(Logging { shippers, ..Logging::default() })).status, Status::Pass);
    }

    #[test]
    fn local_files_and_what_is_off_are_unknown() {
        assert_eq!(judged(resource("service", &[("logging.driver", "json-file")])), Status::Unknown);
        let mut development = resource("service", &[("logging.driver", "awslogs")]);
        development.development = true;
        assert_eq!(judged(development), Status::Unknown);
        let shippers = vec![LogShipper {
            name: "Papertrail".to_owned(),
            at: at("log.php", 1),
            off: Some("unused".to_owned()),
        }];
        assert_eq!(report(&ITEM, &facts(Logging { shippers, ..Logging::default() })).status, Status::Unknown);
    }

    #[test]
    fn a_platform_that_collects_stdout_passes() {
        let mut facts = facts(Logging::default());
        let mut system = facts.system.get().unwrap().clone();
        system.platforms.push(Platform {
            key: "cloud-run".to_owned(),
            at: at("deploy.yml", 1),
            certainty: Certainty::Deployed,
            environments: Vec::new(),
            guarantees: vec![Guarantee {
                claim: "central-logs".to_owned(),
                says: "x".to_owned(),
                link: "https://x".to_owned(),
            }],
        });
        facts.system = system.into();
        assert_eq!(report(&ITEM, &facts).status, Status::Pass);
        facts.system = System::default().into();
        assert_eq!(report(&ITEM, &facts).status, Status::NotApplicable);
    }
}
