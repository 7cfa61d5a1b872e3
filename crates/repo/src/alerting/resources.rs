//! Alert rules, receivers and analyses that infrastructure code describes.

use seaworthy_facts::{AlertReceiver, AlertRule, Alerting, Infrastructure, Resource, Signal};

use super::signals;

/// A kind of resource that is an alert rule: its system, and the settings that say whom it tells.
struct Kind {
    kind: &'static str,
    system: &'static str,
    /// Parts of paths; empty where the kind cannot say it.
    tells: &'static [&'static str],
    /// Signals that it has by its nature.
    signals: &'static [Signal],
}

const fn kind(kind: &'static str, system: &'static str, tells: &'static [&'static str]) -> Kind {
    Kind { kind, system, tells, signals: &[] }
}

const KINDS: &[Kind] = &[
    kind("aws_cloudwatch_metric_alarm", "CloudWatch", &["alarm_actions"]),
    kind("aws_cloudwatch_composite_alarm", "CloudWatch", &["alarm_actions"]),
    kind("AWS::CloudWatch::Alarm", "CloudWatch", &["AlarmActions"]),
    kind("AWS::CloudWatch::CompositeAlarm", "CloudWatch", &["AlarmActions"]),
    kind("datadog_monitor", "Datadog", &["message"]),
    kind("datadog_service_level_objective_alert", "Datadog", &[]),
    kind("newrelic_nrql_alert_condition", "New Relic", &[]),
    kind("newrelic_alert_condition", "New Relic", &[]),
    kind("newrelic_infra_alert_condition", "New Relic", &[]),
    kind("newrelic_synthetics_alert_condition", "New Relic", &[]),
    Kind { kind: "sentry_issue_alert", system: "Sentry", tells: &["action"], signals: &[Signal::ErrorRate] },
    kind("sentry_metric_alert", "Sentry", &["action"]),
    kind("grafana_rule_group", "Grafana", &[]),
    kind("google_monitoring_alert_policy", "Cloud Monitoring", &["notification_channels"]),
    kind("azurerm_monitor_metric_alert", "Azure Monitor", &["action"]),
    kind("azurerm_monitor_scheduled_query_rules_alert", "Azure Monitor", &["action"]),
    kind("azurerm_monitor_scheduled_query_rules_alert_v2", "Azure Monitor", &["action"]),
    kind("azurerm_monitor_activity_log_alert", "Azure Monitor", &["action"]),
    Kind {
        kind: "azurerm_monitor_smart_detector_alert_rule",
        system: "Application Insights",
        tells: &["action_group"],
        signals: &[Signal::ErrorRate],
    },
    kind("Microsoft.Insights/metricAlerts", "Azure Monitor", &["actions"]),
    kind("digitalocean_monitor_alert", "DigitalOcean", &["alerts"]),
    Kind {
        kind: "digitalocean_uptime_alert",
        system: "DigitalOcean",
        tells: &["notifications"],
        signals: &[Signal::Availability],
    },
    Kind {
        kind: "betteruptime_monitor",
        system: "Better Stack",
        tells: &[],
        signals: &[Signal::Availability],
    },
    Kind { kind: "uptimerobot_monitor", system: "UptimeRobot", tells: &[], signals: &[Signal::Availability] },
    Kind { kind: "pingdom_check", system: "Pingdom", tells: &[], signals: &[Signal::Availability] },
    kind("honeycombio_trigger", "Honeycomb", &["recipient"]),
    kind("honeycombio_burn_alert", "Honeycomb", &["recipient"]),
    kind("signalfx_detector", "Splunk Observability", &["notifications"]),
    kind("elasticstack_kibana_alerting_rule", "Kibana", &["actions"]),
    kind("logzio_alert_v2", "Logz.io", &["alert_notification_endpoints"]),
    kind("axiom_monitor", "Axiom", &["notifier_ids"]),
    kind("scaleway_cockpit_alert_manager", "Scaleway", &["contact_points"]),
    kind(
        "cloudflare_notification_policy",
        "Cloudflare",
        &["email_integration", "webhooks_integration", "pagerduty_integration", "mechanisms"],
    ),
    Kind {
        kind: "azurerm_security_center_contact",
        system: "Defender for Cloud",
        tells: &["email"],
        signals: &[Signal::Security],
    },
    Kind {
        kind: "google_scc_notification_config",
        system: "Security Command Center",
        tells: &[],
        signals: &[Signal::Security],
    },
    Kind {
        kind: "google_scc_v2_organization_notification_config",
        system: "Security Command Center",
        tells: &[],
        signals: &[Signal::Security],
    },
];

/// Reads the resources that ship.
pub fn read(alerting: &mut Alerting, infrastructure: &Infrastructure) {
    for resource in infrastructure.resources.iter().filter(|resource| resource.ships()) {
        if let Some(kind) = KINDS.iter().find(|kind| kind.kind == resource.kind) {
            rule(alerting, resource, kind);
        } else {
            other(alerting, resource);
        }
    }
}

fn rule(alerting: &mut Alerting, resource: &Resource, kind: &Kind) {
    let off = ["enabled", "actions_enabled", "ActionsEnabled"]
        .iter()
        .any(|path| resource.flag(path) == Some(false));
    if off {
        return;
    }
    let mut signals = kind.signals.to_vec();
    for signal in signals::of(&description(resource)) {
        if !signals.contains(&signal) {
            signals.push(signal);
        }
    }
    let told = tells(resource, kind);
    // An alarm that only scales is no alert.
    if let Some(told) = &told
        && !told.is_empty()
        && told.iter().all(|whom| {
            whom.contains("autoscaling") || whom.contains("appautoscaling") || whom.contains(":automate:")
        })
    {
        return;
    }
    alerting.rules.push(AlertRule {
        name: resource.name.clone(),
        system: kind.system.to_owned(),
        signals,
        loaded_by: Some(resource.tool.name().to_owned()),
        notifies: told,
        analysis: false,
        at: resource.at.clone(),
    });
}

/// Whom a rule tells; none where its kind cannot say it.
fn tells(resource: &Resource, kind: &Kind) -> Option<Vec<String>> {
    if kind.tells.is_empty() {
        return None;
    }
    if kind.kind == "datadog_monitor" {
        let message = resource.get("message").and_then(|setting| setting.value.as_deref());
        // A message that comes from elsewhere may name somebody.
        return message.map(|message| {
            let named = |word: &&str| word.starts_with('@') || word.contains("${") || word.contains("var.");
            message.split_whitespace().filter(named).map(str::to_owned).take(5).collect()
        });
    }
    let mut whom = Vec::new();
    for setting in &resource.settings {
        let part = |part: &str| {
            kind.tells
                .iter()
                .any(|wanted| part == *wanted || part.starts_with(&format!("{wanted}s")) && wanted.len() > 4)
        };
        if !setting.path.split('.').any(part) {
            continue;
        }
        match setting.value.as_deref() {
            Some(value) if value.is_empty() || value == "[]" => {}
            Some(value) => whom.push(value.chars().take(80).collect()),
            None => whom.push("what is configured".to_owned()),
        }
        if whom.len() >= 5 {
            break;
        }
    }
    Some(whom)
}

/// What tells the signal: names, metrics and queries.
fn description(resource: &Resource) -> String {
    const TELLING: &[&str] = &[
        "metric_name",
        "MetricName",
        "alarm_name",
        "AlarmName",
        "namespace",
        "Namespace",
        "query",
        "expr",
        "expression",
        "name",
        "display_name",
        "filter",
        "type",
        "criteria",
        "metric",
        "title",
        "signal",
        "alert_type",
        "rule_type_id",
        "conditions",
        "nrql",
        "aggregate",
        "event_type",
        "alarm_description",
        "AlarmDescription",
    ];
    let mut text = resource.name.clone();
    for setting in &resource.settings {
        let telling = setting.path.split('.').any(|part| TELLING.contains(&part))
            || resource.kind == "grafana_rule_group";
        if telling
            && let Some(value) = &setting.value
            && text.len() < 8_000
        {
            text.push('\n');
            text.push_str(value);
        }
    }
    text
}

fn other(alerting: &mut Alerting, resource: &Resource) {
    let value =
        |path: &str| resource.get(path).and_then(|setting| setting.value.as_deref()).unwrap_or_default();
    let rule = |name: &str, system: &str, signals: Vec<Signal>, analysis: bool| AlertRule {
        name: name.to_owned(),
        system: system.to_owned(),
        signals,
        loaded_by: Some(resource.tool.name().to_owned()),
        notifies: None,
        analysis,
        at: resource.at.clone(),
    };
    match resource.kind.as_str() {
        "grafana_contact_point"
        | "newrelic_notification_channel"
        | "newrelic_alert_channel"
        | "google_monitoring_notification_channel"
        | "azurerm_monitor_action_group"
        | "grafana_oncall_integration" => {
            alerting.receivers.push(AlertReceiver {
                name: resource.name.clone(),
                system: resource.kind.clone(),
                channels: vec![resource.kind.split('_').next().unwrap_or_default().to_owned()],
                routed: true,
                at: resource.at.clone(),
            });
        }
        "github_repository" if resource.flag("vulnerability_alerts") == Some(true) => {
            alerting.rules.push(rule(
                &resource.name,
                "GitHub's vulnerability alerts",
                vec![Signal::Security],
                false,
            ));
        }
        "aws_cloudwatch_event_rule" | "AWS::Events::Rule" => {
            let text: String = resource
                .settings
                .iter()
                .filter_map(|s| s.value.as_deref())
                .take(60)
                .collect::<Vec<_>>()
                .join("\n");
            if ["aws.guardduty", "aws.securityhub", "aws.inspector", "aws.macie"]
                .iter()
                .any(|source| text.contains(source))
            {
                alerting.rules.push(rule(&resource.name, "EventBridge", vec![Signal::Security], false));
            }
        }
        // Deployments that stop or revert when an alarm goes off.
        "aws_codedeploy_deployment_group"
            if !value("alarm_configuration.alarms.0").is_empty()
                || resource.flag("alarm_configuration.enabled") == Some(true) =>
        {
            alerting.rules.push(rule(&resource.name, "CodeDeploy", deployment_signals(resource), true));
        }
        "aws_ecs_service" if resource.flag("alarms.enable") == Some(true) => {
            alerting.rules.push(rule(&resource.name, "ECS", deployment_signals(resource), true));
        }
        "AWS::Serverless::Function"
            if resource.settings.iter().any(|s| s.path.contains("DeploymentPreference.Alarms")) =>
        {
            alerting.rules.push(rule(&resource.name, "CodeDeploy", deployment_signals(resource), true));
        }
        _ => {}
    }
}

/// The signals of a deployment's alarms by their names; errors where these tell nothing.
fn deployment_signals(resource: &Resource) -> Vec<Signal> {
    let names: String = resource
        .settings
        .iter()
        .filter(|setting| setting.path.to_ascii_lowercase().contains("alarm"))
        .filter_map(|setting| setting.value.as_deref())
        .collect::<Vec<_>>()
        .join("\n");
    let signals = signals::of(&names);
    if signals.is_empty() { vec![Signal::ErrorRate] } else { signals }
}
