use seaworthy_facts::{Absent, FactKind, FactView, Infrastructure, Logging, Resource, System};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `logging.retention`
pub static ITEM: Item = Item {
    id: ItemId::new("logging.retention"),
    section: Section::Logging,
    question: "Logs are kept for a set time",
    priority: 3,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Logging, FactKind::Infrastructure],
    remedy: "Set a retention on the log store or rotate the files.",
    page: include_str!("retention.md"),
    evidence,
};

/// Settings that limit how long a log store keeps lines.
const PERIODS: &[(&str, &str)] = &[
    ("aws_cloudwatch_log_group", "retention_in_days"),
    ("AWS::Logs::LogGroup", "RetentionInDays"),
    ("AWS::Logs::LogGroup", "Properties.RetentionInDays"),
    ("google_logging_project_bucket_config", "retention_days"),
    ("azurerm_log_analytics_workspace", "retention_in_days"),
    ("azurerm_application_insights", "retention_in_days"),
    ("serverless", "provider.logRetentionInDays"),
];
/// Policies that delete what is old.
const POLICIES: &[&str] = &[
    "elasticstack_elasticsearch_index_lifecycle",
    "elasticsearch_index_lifecycle_policy",
    "opensearch_ism_policy",
];

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::server(system) {
        return Ok(not_applicable);
    }
    let mut findings = Findings::new();
    findings.looked_for(
        "logrotate, journald and Docker limits (max-size with max-file), retention of CloudWatch, Cloud Logging, Log Analytics and Loki, \
         lifecycle policies, and loggers that keep a number of files or days",
    );
    let logging = view.get::<Logging>()?;
    for limit in &logging.limits {
        if limit.ends {
            findings.supports(limit.says.clone(), &limit.at);
        } else {
            findings.contradicts(limit.says.clone(), &limit.at);
        }
    }
    if let Ok(infrastructure) = view.get::<Infrastructure>() {
        for resource in infrastructure.resources.iter().filter(|resource| resource.ships()) {
            of_resource(resource, &mut findings);
        }
        findings.unread(&infrastructure.unread);
    }
    if !findings.has_evidence() {
        let file = logging
            .files
            .first()
            .map(|file| format!("; {} ({}) is not rotated by the application", file.path, file.at));
        findings.because(format!(
            "no limit on how long logs are kept was found{}; the host or the log vendor's plan may set one",
            file.unwrap_or_default()
        ));
        shared::settle::infrastructure(&mut findings);
    }
    Ok(findings)
}

fn of_resource(resource: &Resource, findings: &mut Findings) {
    for (kind, path) in PERIODS.iter().filter(|(kind, _)| *kind == resource.kind) {
        if let Some(setting) = resource.get(path) {
            match setting.value.as_deref() {
                Some("0") => {
                    findings.contradicts(
                        format!("{kind} {} keeps logs forever ({path} is 0)", resource.name),
                        &setting.at,
                    );
                }
                Some(days) => {
                    findings.supports(format!("{} keeps logs for {days} days", resource.name), &setting.at);
                }
                None => {
                    findings.supports(format!("{} sets {path}", resource.name), &setting.at);
                }
            }
        }
    }
    let group = matches!(resource.kind.as_str(), "aws_cloudwatch_log_group" | "AWS::Logs::LogGroup");
    let unlimited = PERIODS.iter().all(|(_, path)| resource.get(path).is_none());
    if group && unlimited {
        findings.contradicts(
            format!("the log group {} has no retention and keeps lines forever", resource.name),
            &resource.at,
        );
    }
    if POLICIES.contains(&resource.kind.as_str())
        && resource.settings.iter().any(|setting| setting.path.contains("delete"))
    {
        findings.supports(format!("{} deletes old indexes", resource.name), &resource.at);
    }
    let option = |name: &str| {
        resource.settings.iter().find(|setting| setting.path == format!("logging.options.{name}"))
    };
    let local = resource.get("logging.driver").filter(|driver| driver.value.as_deref() == Some("local"));
    match (option("max-size"), option("max-file"), local) {
        (_, _, Some(driver)) => {
            findings.supports(
                format!("{} uses Docker's driver `local`, which limits itself", resource.name),
                &driver.at,
            );
        }
        (Some(size), Some(_), None) => {
            findings.supports(
                format!("the log files of {} are limited in size and number", resource.name),
                &size.at,
            );
        }
        // One file is the default: https://docs.docker.com/engine/logging/drivers/json-file/
        (Some(size), None, None) => {
            findings.note(
                format!("{} sets max-size without max-file: only the newest file is kept", resource.name),
                Some(&size.at),
            );
        }
        _ => {}
    }
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::logging::test_support::{at, facts, report, resource};
    use seaworthy_facts::LogLimit;
    use seaworthy_model::Status;

    fn judged(resource: Resource) -> Status {
        let mut facts = facts(Logging::default());
        facts.infrastructure =
            Infrastructure { resources: vec![resource], ..Infrastructure::default() }.into();
        report(&ITEM, &facts).status
    }

    #[test]
    fn written_limits_pass() {
        let both = [("logging.options.max-size", "10m"), ("logging.options.max-file", "5")];
        assert_eq!(judged(resource("service", &both)), Status::Pass);
        assert_eq!(
            judged(resource("aws_cloudwatch_log_group", &[("retention_in_days", "30")])),
            Status::Pass
        );
        let limits = vec![LogLimit {
            says: "logrotate: rotate 30".to_owned(),
            at: at("logrotate.d/app", 3),
            ends: true,
        }];
        assert_eq!(report(&ITEM, &facts(Logging { limits, ..Logging::default() })).status, Status::Pass);
    }

    #[test]
    fn groups_without_an_end_fail() {
        assert_eq!(judged(resource("aws_cloudwatch_log_group", &[("name", "web")])), Status::Fail);
        let limits =
            vec![LogLimit { says: "Loki does not delete".to_owned(), at: at("loki.yaml", 3), ends: false }];
        assert_eq!(report(&ITEM, &facts(Logging { limits, ..Logging::default() })).status, Status::Fail);
    }

    #[test]
    fn half_a_pair_and_nothing_are_unknown() {
        assert_eq!(judged(resource("service", &[("logging.options.max-size", "10m")])), Status::Unknown);
        assert_eq!(report(&ITEM, &facts(Logging::default())).status, Status::Unknown);
        let mut library = facts(Logging::default());
        library.system = System::default().into();
        assert_eq!(report(&ITEM, &library).status, Status::NotApplicable);
    }
}
