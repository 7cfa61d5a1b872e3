#![allow(clippy::unwrap_used)]

use seaworthy_facts::{InfrastructureTool, Signal};

use super::*;
use crate::commands::Commands;
use crate::tree::Limits;

fn found(files: &[(&str, &str)]) -> Alerting {
    let folder = seaworthy_testkit::tree::folder(files);
    let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
    let mut needles = Needles::default();
    let plan = plan(&mut needles);
    let scan = crate::scan::scan(&tree, &needles);
    let pipelines = crate::pipelines::collect(&tree, &Commands::new(&tree));
    collect(&tree, &scan, &plan, &Infrastructure::default(), &pipelines)
}

const RULES: &str = "groups:
  - name: shop
    rules:
      - record: job:errors
        expr: rate(errors[5m])
      - alert: HighErrorRate
        expr: |
          sum(rate(http_requests_total{status=~\"5..\"}[5m])) > 0.02
        annotations: { summary: more memory than CPU }
      - alert: SlowAnswers
        expr: histogram_quantile(0.95, rate(http_request_seconds_bucket[5m])) > 1
      - alert: DiskFull
        expr: node_filesystem_avail_bytes < 1e9
";

fn signals(alerting: &Alerting) -> Vec<(&str, Vec<Signal>)> {
    alerting.rules.iter().map(|rule| (rule.name.as_str(), rule.signals.clone())).collect()
}

#[test]
fn rules_are_told_by_what_they_are_about() {
    let alerting = found(&[("monitoring/rules.yml", RULES)]);
    assert_eq!(
        signals(&alerting),
        [
            ("HighErrorRate", vec![Signal::ErrorRate]),
            ("SlowAnswers", vec![Signal::Latency]),
            ("DiskFull", vec![Signal::Resources]),
        ]
    );
    assert_eq!(alerting.rules[0].at.line_number(), Some(6));
    assert!(alerting.rules.iter().all(|rule| rule.loaded_by.is_none()));
}

#[test]
fn a_file_is_loaded_when_a_configuration_names_it() {
    let loaded = |entry: &str| {
        let configuration = format!("global: {{}}\nrule_files:\n  - {entry}\nscrape_configs: []\n");
        let alerting =
            found(&[("monitoring/rules.yml", RULES), ("monitoring/prometheus.yml", &configuration)]);
        alerting.rules[0].loaded_by.clone()
    };
    assert_eq!(loaded("/etc/prometheus/rules.yml").as_deref(), Some("monitoring/prometheus.yml"));
    assert_eq!(loaded("'/etc/prometheus/*.yml'").as_deref(), Some("monitoring/prometheus.yml"));
    assert_eq!(loaded("other.yml"), None);
    let object = format!("apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n{RULES}");
    let alerting = found(&[("charts/shop/templates/rules.yaml", &object)]);
    assert!(alerting.rules[0].loaded_by.is_some());
}

#[test]
fn tests_count_where_ci_runs_them() {
    let test = "rule_files: [rules.yml]\ntests:\n  - interval: 1m\n    alert_rule_test:\n      - eval_time: 15m\n        alertname: HighErrorRate\n";
    let workflow = "on: push\njobs:\n  rules:\n    runs-on: ubuntu-latest\n    steps:\n      - run: promtool test rules monitoring/rules_test.yml\n";
    let alerting = found(&[("monitoring/rules_test.yml", test), ("monitoring/rules.yml", RULES)]);
    assert_eq!(alerting.tests[0].rules, ["rules.yml"]);
    assert_eq!(alerting.tests[0].alerts, ["HighErrorRate"]);
    assert!(alerting.tests[0].run_by.is_none());
    assert!(alerting.rules[0].loaded_by.is_none(), "a test loads nothing");
    let alerting = found(&[("monitoring/rules_test.yml", test), (".github/workflows/ci.yml", workflow)]);
    assert!(alerting.tests[0].run_by.is_some());
}

#[test]
fn receivers_are_told_from_black_holes() {
    let configuration = "route:\n  receiver: team\n  routes:\n    - receiver: quiet\nreceivers:\n  - name: team\n    slack_configs:\n      - channel: '#ops'\n  - name: quiet\n  - name: unused\n    email_configs:\n      - to: a@shop.io\n  - name: example\n    webhook_configs:\n      - url: http://127.0.0.1:5001/\n";
    let values = format!(
        "alertmanager:\n  config:\n{}",
        configuration.lines().map(|line| format!("    {line}\n")).collect::<String>()
    );
    for (path, text) in [("alertmanager.yml", configuration.to_owned()), ("values.yaml", values)] {
        let receivers = found(&[(path, &text)]).receivers;
        let shown: Vec<_> = receivers.iter().map(|r| (r.name.as_str(), r.routed, r.channels.len())).collect();
        assert_eq!(
            shown,
            [("team", true, 1), ("quiet", true, 0), ("unused", false, 1), ("example", false, 0)]
        );
    }
}

#[test]
fn grafana_s_provisioned_rules_and_contact_points() {
    let rules = "apiVersion: 1\ngroups:\n  - name: shop\n    rules:\n      - uid: a\n        title: High error rate\n        condition: C\n        noDataState: NoData\n";
    let points = "apiVersion: 1\ncontactPoints:\n  - orgId: 1\n    name: team\n    receivers:\n      - uid: b\n        type: slack\n";
    let alerting = found(&[
        ("grafana/provisioning/alerting/rules.yaml", rules),
        ("grafana/provisioning/alerting/points.yaml", points),
    ]);
    assert_eq!(signals(&alerting), [("High error rate", vec![Signal::ErrorRate])]);
    assert!(alerting.rules[0].loaded_by.is_some());
    assert_eq!(alerting.receivers[0].channels, ["slack"]);
}

#[test]
fn analyses_of_new_versions() {
    let canary = "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata:\n  name: shop\nspec:\n  analysis:\n    metrics:\n      - name: request-success-rate\n      - name: request-duration\n";
    let alerting = found(&[("k8s/canary.yaml", canary)]);
    assert_eq!(signals(&alerting), [("shop", vec![Signal::ErrorRate, Signal::Latency])]);
    assert!(alerting.rules[0].analysis);
}

fn from(kind: &str, settings: &[(&str, &str)]) -> Alerting {
    let at = Location::line("main.tf", 2);
    let resource = seaworthy_testkit::infrastructure::resource(
        InfrastructureTool::Terraform,
        kind,
        "main",
        &at,
        settings,
    );
    let mut alerting = Alerting::default();
    resources::read(
        &mut alerting,
        &Infrastructure { resources: vec![resource], ..Infrastructure::default() },
    );
    alerting
}

#[test]
fn alarms_of_infrastructure_code() {
    let alarm = from(
        "aws_cloudwatch_metric_alarm",
        &[("metric_name", "CPUUtilization"), ("alarm_actions.0", "aws_sns_topic.ops.arn")],
    );
    assert_eq!(alarm.rules[0].signals, [Signal::Resources]);
    assert_eq!(alarm.rules[0].notifies.as_deref().unwrap().len(), 1);
    let mute = from("aws_cloudwatch_metric_alarm", &[("metric_name", "HTTPCode_Target_5XX_Count")]);
    assert_eq!(mute.rules[0].signals, [Signal::ErrorRate]);
    assert_eq!(mute.rules[0].notifies, Some(Vec::new()));
    let scales =
        from("aws_cloudwatch_metric_alarm", &[("alarm_actions.0", "aws_appautoscaling_policy.up.arn")]);
    assert!(scales.rules.is_empty());
    let monitor = from(
        "datadog_monitor",
        &[("query", "avg(last_5m):p95:trace.rack.request.duration > 1"), ("message", "Slow @slack-ops")],
    );
    assert!(monitor.rules[0].signals.contains(&Signal::Latency));
    assert_eq!(monitor.rules[0].notifies.as_deref().unwrap(), ["@slack-ops"]);
    let guard = from("github_repository", &[("vulnerability_alerts", "true")]);
    assert_eq!(guard.rules[0].signals, [Signal::Security]);
}

#[test]
fn alarms_in_code() {
    let code = "import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';\nconst alarm = new cloudwatch.Alarm(this, 'Errors5xx', {\n  metric: lb.metricHttpCodeTarget(),\n});\nalarm.addAlarmAction(new SnsAction(topic));\n";
    let alerting = found(&[("lib/stack.ts", code)]);
    assert_eq!(alerting.rules[0].signals, [Signal::ErrorRate]);
    assert!(alerting.rules[0].notifies.is_some());
}
