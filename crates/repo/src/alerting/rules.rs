//! Rule files of Prometheus and its kin, Grafana's provisioned rules, and analyses of new versions.

use globset::Glob;
use seaworthy_facts::{AlertRule, Signal};

use super::signals;
use crate::tree::{File, Tree};

/// How many lines belong to a rule at most.
const LINES: usize = 80;

/// A configuration that names rule files.
pub struct Loader {
    path: String,
    patterns: Vec<String>,
}

/// The configurations that name rule files. Tests of rules name them too, and load nothing.
pub fn loaders(tree: &Tree, files: &[&File]) -> Vec<Loader> {
    files
        .iter()
        .filter_map(|file| {
            let text = tree.text(file)?;
            (!text.contains("alert_rule_test:"))
                .then(|| Loader { path: file.path.clone(), patterns: rule_files(&text) })
        })
        .collect()
}

/// The entries of a `rule_files` list.
pub fn rule_files(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut depth = None;
    for line in text.lines().take(20_000) {
        let trimmed = line.trim();
        let indent = line.len() - line.trim_start().len();
        if let Some(rest) = trimmed.strip_prefix("rule_files:").or_else(|| trimmed.strip_prefix("ruleFiles:"))
        {
            depth = Some(indent);
            let inline = rest.trim().trim_start_matches('[').trim_end_matches(']');
            found.extend(inline.split(',').map(clean).filter(|entry| !entry.is_empty()));
        } else if let Some(base) = depth {
            if let Some(entry) = trimmed.strip_prefix("- ")
                && indent >= base
            {
                found.push(clean(entry));
            } else if !trimmed.is_empty() && !trimmed.starts_with('#') {
                depth = None;
            }
        }
    }
    found.truncate(100);
    found
}

fn clean(entry: &str) -> String {
    let entry = entry.split(" #").next().unwrap_or(entry);
    entry.trim().trim_matches(['"', '\'']).to_owned()
}

/// Operators that load every object of these kinds.
const KINDS: &[&str] = &[
    "PrometheusRule",
    "VMRule",
    "GrafanaAlertRuleGroup",
    "AlertingRule",
    "RuleGroupsConfig",
    "Rules",
    "GlobalRules",
];

/// What loads a rule file, if anything that was found does.
fn loaded_by(file: &File, text: &str, loaders: &[Loader]) -> Option<String> {
    let kind = text.lines().find_map(|line| {
        let kind = line.strip_prefix("kind:")?.trim();
        KINDS.iter().find(|known| **known == kind)
    });
    if let Some(kind) = kind {
        return Some(format!("the operator, as {kind}"));
    }
    // Values of charts that make the objects themselves (`additionalPrometheusRulesMap`, `serverFiles`).
    for key in [
        "additionalPrometheusRules",
        "serverFiles:",
        "prometheusRule:",
        "prometheusRules:",
        "alerting_rules.yml:",
    ] {
        if text.contains(key) {
            return Some(format!("the chart, by {}", key.trim_end_matches(':')));
        }
    }
    if file.path.contains("provisioning/alerting") {
        return Some("Grafana's provisioning".to_owned());
    }
    loaders
        .iter()
        .find(|loader| loader.patterns.iter().any(|pattern| names(pattern, file)))
        .map(|loader| loader.path.clone())
}

/// Whether an entry of `rule_files` names a file: where it is mounted is not known, so the last parts are compared.
fn names(pattern: &str, file: &File) -> bool {
    let mut parts = pattern.rsplit('/');
    let name = parts.next().unwrap_or(pattern);
    let fits = Glob::new(name).is_ok_and(|glob| glob.compile_matcher().is_match(file.name()));
    if !fits {
        return false;
    }
    // `*.yml` alone would name every file; then the folder must be the same.
    let folder = parts.next().filter(|folder| !folder.is_empty() && *folder != "." && *folder != "**");
    let selective = name.trim_start_matches(['*', '.']).len() > 5 && !name.starts_with("*.");
    let own = file.folder().rsplit('/').next().unwrap_or_default();
    selective
        || folder.is_some_and(|folder| own == folder || folder == "prometheus" || folder.contains("rules"))
}

/// Reads the rules of a file.
pub fn read(rules: &mut Vec<AlertRule>, file: &File, text: &str, loaders: &[Loader]) {
    analyses(rules, file, text);
    let grafana = text.contains("noDataState:");
    let prometheus = text.contains("expr:");
    if !grafana && !prometheus || text.contains("alert_rule_test:") {
        return;
    }
    let loaded_by = loaded_by(file, text, loaders);
    let lines: Vec<&str> = text.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        let trimmed = line.trim().trim_start_matches("- ");
        let key = if grafana { "title:" } else { "alert:" };
        let Some(name) = trimmed.strip_prefix(key) else { continue };
        let name = name.trim().trim_matches(['"', '\'']);
        if name.is_empty() || name == "null" || rules.len() > super::RULES {
            continue;
        }
        rules.push(AlertRule {
            name: name.chars().take(120).collect(),
            system: if grafana { "Grafana" } else { "Prometheus" }.to_owned(),
            signals: signals::of(&format!("{name}\n{}", body(&lines, number, key))),
            loaded_by: loaded_by.clone(),
            notifies: None,
            analysis: false,
            at: file.at_line(u32::try_from(number + 1).unwrap_or(u32::MAX)),
        });
    }
}

/// The lines of a rule up to the next, without what is written for people.
fn body(lines: &[&str], at: usize, key: &str) -> String {
    lines[at + 1..]
        .iter()
        .take(LINES)
        .take_while(|line| {
            let trimmed = line.trim().trim_start_matches("- ");
            !trimmed.starts_with(key)
                && !trimmed.starts_with("record:")
                && !trimmed.starts_with("annotations:")
                && !trimmed.starts_with("labels:")
        })
        .copied()
        .collect::<Vec<_>>()
        .join("\n")
}

/// Flagger's canaries and the templates of Argo Rollouts.
fn analyses(rules: &mut Vec<AlertRule>, file: &File, text: &str) {
    for (kind, system) in [
        ("Canary", "Flagger"),
        ("AnalysisTemplate", "Argo Rollouts"),
        ("ClusterAnalysisTemplate", "Argo Rollouts"),
    ] {
        let mut from = 0;
        for document in text.split("\n---") {
            let start = from;
            from += document.len() + 4;
            let Some(line) = document.lines().position(|line| line.trim_end() == format!("kind: {kind}"))
            else {
                continue;
            };
            let measured = if system == "Flagger" { "analysis:" } else { "metrics:" };
            let Some(metrics) = document.find(measured) else { continue };
            let name = document
                .lines()
                .find_map(|line| line.strip_prefix("  name:"))
                .map_or_else(|| kind.to_owned(), |name| name.trim().to_owned());
            let body: String = document[metrics..].chars().take(4_000).collect();
            let signals: Vec<Signal> =
                signals::of(&body).into_iter().filter(|s| *s != Signal::Security).collect();
            if signals.is_empty() {
                continue;
            }
            let first = text[..start.min(text.len())].lines().count() + line;
            rules.push(AlertRule {
                name,
                system: system.to_owned(),
                signals,
                loaded_by: Some(system.to_owned()),
                notifies: None,
                analysis: true,
                at: file.at_line(u32::try_from(first + 1).unwrap_or(u32::MAX)),
            });
        }
    }
}
