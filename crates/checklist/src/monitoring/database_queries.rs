use seaworthy_facts::{Absent, Capabilities, FactKind, FactView, Infrastructure, Location, System};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `monitoring.database-queries`
pub static ITEM: Item = Item {
    id: ItemId::new("monitoring.database-queries"),
    section: Section::Monitoring,
    question: "Slow database queries are visible",
    priority: 3,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Capabilities, FactKind::Infrastructure],
    remedy: "Switch on query statistics or a slow-query log.",
    page: include_str!("database_queries.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::stateful_database(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let capabilities = view.get::<Capabilities>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "statistics of queries and slow-query logs in database settings and infrastructure code, database exporters, pganalyze and PgHero, tracing that times queries",
    );
    findings.because("no setting, exporter or instrumentation was found that shows slow queries");
    for product in capabilities.of("database-monitoring") {
        // Code that names the extension reads it, or leaves it out of a dump; configuration switches it on.
        let strict =
            matches!(product.name.as_str(), "pg_stat_statements" | "slow-query log" | "auto_explain");
        if let Some(at) = product.used.iter().find(|at| !strict || configures(at)) {
            findings.supports(format!("{} shows slow queries ({})", product.name, product.docs), at);
        }
    }
    for product in capabilities.of("apm").filter(|product| TIMES_QUERIES.contains(&product.name.as_str())) {
        // Agents for Go and Rust see no query unless its driver is wrapped.
        let compiled =
            |at: &&Location| at.path().is_some_and(|path| path.ends_with(".go") || path.ends_with(".rs"));
        if let Some(at) = product.used.iter().find(|at| !compiled(at)) {
            findings.supports(format!("{} times database queries ({})", product.name, product.docs), at);
        }
    }
    if let Ok(infrastructure) = view.get::<Infrastructure>() {
        managed(&mut findings, infrastructure);
    }
    shared::settle::infrastructure(&mut findings);
    Ok(findings)
}

/// What managed databases are told.
fn managed(findings: &mut Findings, infrastructure: &Infrastructure) {
    let mut refused = None;
    for resource in infrastructure.resources.iter().filter(|resource| resource.ships()) {
        for setting in &resource.settings {
            let key = setting.path.rsplit('.').next().unwrap_or_default();
            let value = setting.value.as_deref().unwrap_or_default().trim().to_ascii_lowercase();
            let on = matches!(value.as_str(), "true" | "on" | "1" | "advanced");
            match key {
                "performance_insights_enabled"
                | "EnablePerformanceInsights"
                | "PerformanceInsightsEnabled"
                | "database_insights_mode"
                | "DatabaseInsightsMode"
                | "query_insights_enabled"
                | "queryInsightsEnabled" => {
                    if on {
                        findings.supports(format!("{} {}: {key}", resource.kind, resource.name), &setting.at);
                    } else if value == "false" {
                        refused = Some((
                            format!("{} {}: {key} is false", resource.kind, resource.name),
                            setting.at.clone(),
                        ));
                    }
                }
                // Lists of parameters and flags: `{name: slow_query_log, value: 1}`.
                "name" | "Name" | "ParameterName" if PARAMETERS.contains(&value.as_str()) => {
                    let beside =
                        format!("{}.value", setting.path.rsplit_once('.').map_or("", |(parent, _)| parent));
                    let sibling = resource
                        .settings
                        .iter()
                        .find(|other| other.path.eq_ignore_ascii_case(beside.trim_start_matches('.')))
                        .and_then(|other| other.value.as_deref());
                    if sibling.is_some_and(|given| shows(&value, given)) {
                        findings.supports(
                            format!("{} {} sets {value}", resource.kind, resource.name),
                            &setting.at,
                        );
                    }
                }
                key if PARAMETERS.contains(&key) && shows(key, &value) => {
                    findings.supports(format!("{} {} sets {key}", resource.kind, resource.name), &setting.at);
                }
                _ if setting.path.contains("enabled_cloudwatch_logs_exports") && value == "slowquery" => {
                    findings.supports(format!("{} exports its slow-query log", resource.name), &setting.at);
                }
                _ => {}
            }
        }
    }
    if !findings.has_evidence()
        && let Some((summary, at)) = refused
    {
        findings.contradicts(summary, &at);
    }
}

const PARAMETERS: &[&str] = &[
    "slow_query_log",
    "log_min_duration_statement",
    "shared_preload_libraries",
    "cloudsql.enable_pg_stat_statements",
    "pg_stat_statements.track",
    "pg_qs.query_capture_mode",
    "azure.extensions",
    "long_query_time",
];

/// Whether a value of a parameter makes slow queries visible.
fn shows(parameter: &str, value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    match parameter {
        "log_min_duration_statement" => value.parse::<f64>().is_ok_and(|least| least >= 0.0),
        "shared_preload_libraries" | "azure.extensions" => {
            value.contains("pg_stat_statements") || value.contains("auto_explain")
        }
        // It only says what is slow; the log itself is another switch.
        "long_query_time" => false,
        _ => matches!(value.as_str(), "1" | "on" | "true" | "all" | "top" | "yes"),
    }
}

/// Configuration, a schema or a migration, not code that reads what is there.
fn configures(at: &Location) -> bool {
    at.path().is_some_and(|path| {
        let extension =
            path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
        extension.is_none_or(|extension| {
            matches!(
                extension,
                "conf"
                    | "cnf"
                    | "ini"
                    | "yml"
                    | "yaml"
                    | "toml"
                    | "tf"
                    | "json"
                    | "sh"
                    | "env"
                    | "rb"
                    | "sql"
                    | "cfg"
                    | "nix"
            )
        })
    })
}

/// Agents that time the queries of common drivers without more being said.
const TIMES_QUERIES: &[&str] = &[
    "OpenTelemetry agent",
    "OpenTelemetry's agent for Python",
    "Datadog APM",
    "Datadog agent in the process",
    "New Relic",
    "New Relic for Ruby",
    "New Relic agent in the process",
    "Elastic APM",
    "Elastic APM agent",
    "AppSignal",
    "Scout",
    "Skylight",
    "Application Insights",
    "Application Insights agent",
    "Instana",
    "Dynatrace",
    "Dynatrace operator",
    "Nightwatch for Laravel",
    "Inspector",
    "Tideways",
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::monitoring::test_support::{Sign, judged, resource, with_database};
    use seaworthy_model::Status;

    #[test]
    fn settings_exporters_and_agents_pass() {
        for sign in [
            ("database-monitoring", "postgres_exporter", Sign::Used("compose.yaml")),
            ("database-monitoring", "pg_stat_statements", Sign::Used("postgresql.conf")),
            ("apm", "AppSignal", Sign::Used("config/appsignal.yml")),
        ] {
            assert_eq!(judged(&ITEM, &with_database(&[sign])).0, Status::Pass, "{sign:?}");
        }
    }

    #[test]
    fn code_that_names_the_extension_and_agents_that_see_no_query_do_not() {
        for sign in [
            ("database-monitoring", "pg_stat_statements", Sign::Used("src/dump.rs")),
            ("apm", "Datadog APM", Sign::Used("main.go")),
            ("apm", "OpenTelemetry for Go", Sign::Used("main.go")),
        ] {
            assert_eq!(judged(&ITEM, &with_database(&[sign])).0, Status::Unknown, "{sign:?}");
        }
    }

    #[test]
    fn managed_databases_are_read() {
        let status = |kind: &str, settings: &[(&str, &str)]| {
            let mut facts = with_database(&[]);
            facts.infrastructure = resource(kind, settings).into();
            judged(&ITEM, &facts).0
        };
        assert_eq!(status("aws_db_instance", &[("performance_insights_enabled", "true")]), Status::Pass);
        assert_eq!(status("aws_db_instance", &[("performance_insights_enabled", "false")]), Status::Fail);
        let flags =
            |value| [("parameter.0.name", "log_min_duration_statement"), ("parameter.0.value", value)];
        assert_eq!(status("aws_db_parameter_group", &flags("500")), Status::Pass);
        assert_eq!(status("aws_db_parameter_group", &flags("-1")), Status::Unknown);
        let insights = [("settings.insights_config.query_insights_enabled", "true")];
        assert_eq!(status("google_sql_database_instance", &insights), Status::Pass);
    }

    #[test]
    fn without_a_database_it_does_not_apply() {
        let mut facts = with_database(&[]);
        assert_eq!(judged(&ITEM, &facts).0, Status::Unknown);
        facts.system = System::default().into();
        assert_eq!(judged(&ITEM, &facts).0, Status::NotApplicable);
    }
}
