use serde::{Deserialize, Serialize};

use crate::*;

/// Alert rules, their tests and their receivers, and what watches a deployment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Alerting {
    /// Each rule.
    pub rules: Vec<AlertRule>,
    /// Where alerts are sent.
    pub receivers: Vec<AlertReceiver>,
    /// Tests of the rules.
    pub tests: Vec<AlertTest>,
    /// What may matter here and that nothing reads.
    pub unread: Vec<Unread>,
}

/// A rule that fires, or an analysis that stops a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRule {
    /// Its name.
    pub name: String,
    /// What evaluates it: `Prometheus`, `Grafana`, `CloudWatch`, `Datadog`, …
    pub system: String,
    /// What it is about.
    pub signals: Vec<Signal>,
    /// What loads it, when that is known; a rule in a file that nothing names is loaded by nothing.
    pub loaded_by: Option<String>,
    /// Whom it tells, where the rule itself says so. Empty where it says that nobody is told.
    pub notifies: Option<Vec<String>>,
    /// It compares a new version with what went before and stops or reverts the deployment.
    pub analysis: bool,
    /// Where.
    pub at: Location,
}

/// What an alert rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// Failing requests or jobs.
    ErrorRate,
    /// How long answers take.
    Latency,
    /// CPU, memory, disk, restarts.
    Resources,
    /// Whether it is there at all.
    Availability,
    /// Attacks and misuse.
    Security,
}

/// Where alerts are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertReceiver {
    /// Its name.
    pub name: String,
    /// What sends to it: `Alertmanager`, `Grafana`, `SNS`, …
    pub system: String,
    /// How it reaches people (`email`, `slack`, `pagerduty`, …); empty for one that reaches nobody.
    pub channels: Vec<String>,
    /// Alerts are routed to it (the default route, or a rule names it).
    pub routed: bool,
    /// Where.
    pub at: Location,
}

/// A test of alert rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertTest {
    /// The rule files that it tests, as it names them.
    pub rules: Vec<String>,
    /// Names of the alerts that it expects to fire.
    pub alerts: Vec<String>,
    /// Where it is run, when something runs it.
    pub run_by: Option<Location>,
    /// Where.
    pub at: Location,
}
