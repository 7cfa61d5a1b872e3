//! SARIF 2.1.0, for code scanning and editors. Every item is a rule; every result is kept, whatever its status.

mod place;

use std::collections::HashMap;

use seaworthy_model::{CollectorState, Evidence, ItemReport, Note, Polarity, Report, Status};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{Error, Pages, view};
use place::Places;

/// Longest help of a rule.
const HELP: usize = 20_000;
/// The rule for exposed data that no item's evidence holds.
const EXPOSED: &str = "exposed-data";
/// The rule for what the judged change adds.
const ADDED: &str = "added-by-change";

pub(crate) fn sarif(report: &Report, pages: Option<Pages<'_>>) -> Result<String, Error> {
    let places = Places::new(&report.subject);
    let mut run = Run { report, places, results: Vec::new(), seen: HashMap::new() };
    let mut rules: Vec<Value> = report.items.iter().map(|item| rule(item, pages)).collect();
    for (index, item) in report.items.iter().enumerate() {
        run.item(item, index);
    }
    if run.exposed(rules.len()) {
        rules.push(json!({
            "id": EXPOSED,
            "name": "ExposedData",
            "shortDescription": { "text": "No data is exposed" },
            "help": { "text": "Take what is exposed out of reach first, then replace every secret that was readable." },
            "defaultConfiguration": { "level": "error" },
            "properties": { "tags": ["security"] },
        }));
    }
    if run.findings(rules.len()) {
        rules.push(json!({
            "id": ADDED,
            "name": "AddedByChange",
            "shortDescription": { "text": "The change adds nothing that is unsafe while the application runs" },
            "help": { "text": "Use the safe form that the result names before the change is merged." },
            "defaultConfiguration": { "level": "error" },
            "properties": { "tags": ["migrations"] },
        }));
    }
    let successful = !report.coverage.is_empty()
        && report.coverage.iter().all(|coverage| coverage.state != CollectorState::Failed)
        && report.coverage.iter().any(|coverage| coverage.state == CollectorState::Ran);
    let ended = report
        .started_at
        .checked_add(jiff::SignedDuration::from_millis(i64::try_from(report.duration_ms).unwrap_or(i64::MAX)))
        .unwrap_or(report.started_at);
    let document = json!({
        "$schema": "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Seaworthy",
                "version": report.tool.version,
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            }},
            "invocations": [{
                "executionSuccessful": successful,
                "startTimeUtc": instant(report.started_at),
                "endTimeUtc": instant(ended),
                "toolExecutionNotifications": notifications(report, &run.places),
            }],
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": run.places.bases(),
            "results": run.results,
            "properties": properties(report),
        }],
    });
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}

fn instant(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn rule(item: &ItemReport, pages: Option<Pages<'_>>) -> Value {
    let explain = format!("`seaworthy explain {}` shows the whole page of this item.", item.id);
    let remedy = item.remedy.as_deref().unwrap_or(&item.title);
    let markdown = match pages.and_then(|pages| pages(&item.id)) {
        Some(page) => crate::text::cap(page.chars(), HELP),
        None => format!("{}\n\n{explain}", crate::markdown::escape(remedy)),
    };
    json!({
        "id": item.id,
        "name": name(item),
        "shortDescription": { "text": item.title },
        "help": { "text": format!("{remedy}\n\n{explain}"), "markdown": markdown },
        "defaultConfiguration": { "level": level(item.priority) },
        "properties": {
            "tags": [item.section.name(), format!("priority-{}", item.priority)],
            "priority": item.priority,
        },
    })
}

/// `BackupsRestoreTested`: names of rules are words without blanks.
fn name(item: &ItemReport) -> String {
    let mut out = String::new();
    for word in item.id.as_str().split(|c: char| !c.is_alphanumeric()) {
        let mut letters = word.chars();
        out.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        out.push_str(letters.as_str());
    }
    out
}

const fn level(priority: u8) -> &'static str {
    match priority {
        1 => "error",
        2 => "warning",
        _ => "note",
    }
}

struct Run<'a> {
    report: &'a Report,
    places: Places,
    results: Vec<Value>,
    /// How often a fingerprint was given: the same finding twice in a file is told apart by its order.
    seen: HashMap<String, u32>,
}

impl Run<'_> {
    /// The results of an item: a failure has one at each place that speaks against it; any other status has one.
    fn item(&mut self, item: &ItemReport, rule: usize) {
        let against: Vec<&Evidence> = item
            .evidence
            .iter()
            .filter(|evidence| evidence.polarity == Polarity::Against && !evidence.stale)
            .collect();
        if item.status == Status::Fail && !against.is_empty() {
            for evidence in against {
                let text = if evidence.summary == item.reason {
                    item.reason.clone()
                } else {
                    format!("{} ({})", evidence.summary, item.reason)
                };
                self.result(item, rule, &text, &evidence.summary, Some(evidence), &[]);
            }
            return;
        }
        let telling = view::telling(item);
        let (first, related) = match telling.split_first() {
            Some((first, related)) if item.status == Status::Pass => (Some(*first), related),
            _ => (None, telling.as_slice()),
        };
        self.result(item, rule, &item.reason, &item.reason, first, related);
    }

    fn result(
        &mut self,
        item: &ItemReport,
        rule: usize,
        message: &str,
        summary: &str,
        at: Option<&Evidence>,
        related: &[&Evidence],
    ) {
        let (kind, level) = match item.status {
            Status::Fail => ("fail", level(item.priority)),
            Status::Unknown => ("open", "none"),
            Status::Pass => ("pass", "none"),
            Status::NotApplicable => ("notApplicable", "none"),
        };
        let place = at.map(|evidence| evidence.location.to_string()).unwrap_or_default();
        let path = at.and_then(|evidence| evidence.location.path()).map_or(place, str::to_owned);
        let mut result = json!({
            "ruleId": item.id,
            "ruleIndex": rule,
            "kind": kind,
            "level": level,
            "message": { "text": message },
            "partialFingerprints": { "seaworthy/v1": self.fingerprint(item.id.as_str(), &path, summary) },
        });
        let mut set = |name: &str, value: Value| result[name] = value;
        if let Some(location) = at.and_then(|evidence| self.places.location(&evidence.location)) {
            set("locations", json!([location]));
        }
        let related: Vec<Value> = related
            .iter()
            .filter_map(|evidence| {
                let mut location = self.places.location(&evidence.location)?;
                location["message"] = json!({ "text": evidence.summary });
                Some(location)
            })
            .collect();
        if !related.is_empty() {
            set("relatedLocations", related.into());
        }
        if let Some(accepted) = &item.accepted {
            // A suppression whose day is past is kept, as one that no longer counts.
            let status = if accepted.expired { "rejected" } else { "accepted" };
            let justification = view::accepted(item).unwrap_or_default();
            set(
                "suppressions",
                json!([{ "kind": "external", "status": status, "justification": justification }]),
            );
        }
        if item.in_baseline {
            set("baselineState", "unchanged".into());
        } else if matches!(item.status, Status::Fail | Status::Unknown)
            && self.report.items.iter().any(|item| item.in_baseline)
        {
            set("baselineState", "new".into());
        }
        let mut properties = Map::new();
        properties.insert("status".into(), item.status.name().into());
        properties.insert("rung".into(), item.rung.name().into());
        properties.insert("gated".into(), item.gated.into());
        if let Some(cause) = item.cause {
            properties.insert("cause".into(), cause.name().into());
        }
        if let Some(settle) = &item.settled_by {
            properties.insert("settledBy".into(), json!(settle));
        }
        if let Some(gate) = view::short_of_required(self.report, item) {
            properties.insert("gate".into(), gate.reason.as_str().into());
        }
        set("properties", properties.into());
        self.results.push(result);
    }

    /// Exposed data that no failing item shows at the same place; whether there was some.
    fn exposed(&mut self, rule: usize) -> bool {
        let report = self.report;
        let shown = |location: &seaworthy_model::Location| {
            view::with_status(report, Status::Fail)
                .flat_map(|item| &item.evidence)
                .any(|evidence| evidence.polarity == Polarity::Against && evidence.location == *location)
        };
        let before = self.results.len();
        for exposure in report.exposures.iter().filter(|exposure| !shown(&exposure.location)) {
            let path = exposure.location.path().map_or(exposure.location.to_string(), str::to_owned);
            let mut result = json!({
                "ruleId": EXPOSED,
                "ruleIndex": rule,
                "kind": "fail",
                "level": "error",
                "message": { "text": exposure.summary },
                "partialFingerprints": { "seaworthy/v1": self.fingerprint(EXPOSED, &path, &exposure.summary) },
                "properties": {
                    "kind": exposure.kind,
                    "priority": exposure.priority,
                    "digest": exposure.digest,
                    "added": exposure.added,
                    "remedy": exposure.remedy,
                },
            });
            if let Some(location) = self.places.location(&exposure.location) {
                result["locations"] = json!([location]);
            }
            self.results.push(result);
        }
        self.results.len() > before
    }

    /// What the change adds that stands beside the items; whether there was some.
    fn findings(&mut self, rule: usize) -> bool {
        for finding in &self.report.findings {
            let path = finding.location.path().map_or(finding.location.to_string(), str::to_owned);
            let mut result = json!({
                "ruleId": ADDED,
                "ruleIndex": rule,
                "kind": "fail",
                "level": if finding.blocking { "error" } else { "note" },
                "message": { "text": format!("{} To fix: {}", finding.summary, finding.remedy) },
                "partialFingerprints": { "seaworthy/v1": self.fingerprint(ADDED, &path, &finding.summary) },
                "properties": { "kind": finding.kind, "item": finding.item, "blocking": finding.blocking },
            });
            if let Some(location) = self.places.location(&finding.location) {
                result["locations"] = json!([location]);
            }
            self.results.push(result);
        }
        !self.report.findings.is_empty()
    }

    /// The same for the same finding when lines move.
    fn fingerprint(&mut self, item: &str, path: &str, summary: &str) -> String {
        let digest = Sha256::digest(format!("{item}\0{path}\0{summary}"));
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let number = self.seen.entry(hex.clone()).and_modify(|number| *number += 1).or_insert(1);
        format!("{hex}:{number}")
    }
}

fn notifications(report: &Report, places: &Places) -> Vec<Value> {
    let mut notifications = Vec::new();
    for coverage in &report.coverage {
        let (level, verb) = match coverage.state {
            CollectorState::Failed => ("error", "failed"),
            CollectorState::Skipped => ("note", "did not run"),
            CollectorState::Ran => ("none", "ran"),
        };
        let text = format!("{} {verb}: {}", coverage.collector, coverage.detail);
        notifications.push(json!({ "level": level, "message": { "text": text } }));
        for Note { summary, location } in &coverage.problems {
            let mut notification = json!({ "level": "warning", "message": { "text": summary } });
            if let Some(location) = location.as_ref().and_then(|location| places.location(location)) {
                notification["locations"] = json!([location]);
            }
            notifications.push(notification);
        }
    }
    notifications
}

fn properties(report: &Report) -> Value {
    let gate = &report.summary.gate;
    json!({
        "subject": report.subject,
        "verdict": gate.verdict,
        "strict": gate.strict,
        "applicable": report.summary.applicable,
        "decided": report.summary.decided,
    })
}
