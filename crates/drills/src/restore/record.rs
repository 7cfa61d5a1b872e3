//! What a restore drill adds to the ledger: one record for each item that it says something about.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use seaworthy_ledger::{Environment, Kind, Outcome, Predicate, Rung, Statement, Subject};
use serde_json::{Value, json};

use super::placement::Distance;
use super::report::{Against, Report, Verdict};
use crate::progress::{counted, in_words};

/// The records of a report. `commit` is what is checked out where the drill was started. A drill that is broken says
/// nothing.
pub fn statements(report: &Report, commit: Option<&str>, version: &str) -> Vec<Statement> {
    if report.verdict == Verdict::Broken {
        return Vec::new();
    }
    // What nobody compared was restored and looked at, no more.
    // Nor is a comparison proven that no damaged copy was put through.
    let compared = !report.by_hand && (report.content_verified || !report.differences.is_empty());
    let rung = if compared { Rung::Proven } else { Rung::Observed };
    let into = format!("{} {}", report.engine.name(), report.engine_version);
    let content = match report.verified_against {
        Some(Against::Manifest) => ", each as the manifest says",
        Some(Against::Source) => ", each as in the live database",
        None => ", content not verified",
    };
    let restored = match report.restore_seconds {
        Some(seconds) => format!(
            "{} was restored into {into} in {}: {}, {}{}",
            report.artefact,
            in_words(seconds),
            counted(report.tables as u64, "table"),
            counted(report.rows, "row"),
            content
        ),
        None if report.by_hand => format!(
            "{into} ({}) was restored by its owner: {}, {}{content}",
            report.location,
            counted(report.tables as u64, "table"),
            counted(report.rows, "row")
        ),
        None => format!("{} could not be restored into {into}", report.artefact),
    };
    let because = |reason: Option<&String>| reason.map_or(String::new(), |reason| format!("; {reason}"));
    let tested = report.restores() && report.in_time();
    let mut records = vec![
        (
            "backups.restore-tested",
            rung,
            tested,
            if tested { restored.clone() } else { format!("{restored}{}", because(report.reason.as_ref())) },
            30,
        ),
        (
            "backups.database",
            rung,
            report.restores(),
            if report.restores() {
                restored
            } else {
                format!("{restored}{}", because(report.reason.as_ref()))
            },
            30,
        ),
    ];
    let gaps = report.gaps.shown();
    if report.gaps.are_known() {
        records.push((
            "backups.rpo",
            Rung::Observed,
            report.lost_little(),
            format!("backups like {}: {gaps}; allowed are {}", report.artefact, report.rpo.shown()),
            7,
        ));
    }
    // A backup that is apart and cannot be restored is none.
    match &report.placement {
        Some(placement) if placement.counts && placement.distance == Distance::Apart && report.restores() => {
            records.push(("backups.separate-location", Rung::Observed, true, placement.told.clone(), 30));
        }
        Some(placement) if placement.counts && placement.distance == Distance::SameDisk => {
            records.push(("backups.separate-location", Rung::Observed, false, placement.told.clone(), 30));
        }
        _ => {}
    }
    let subject = || {
        let mut subject = vec![Subject::new(report.artefact.clone(), "sha256", report.sha256.clone())];
        subject.extend(commit.map(|commit| Subject::new("commit", "gitCommit", commit)));
        subject
    };
    records
        .into_iter()
        .map(|(item, rung, holds, summary, days)| {
            Statement::new(
                subject(),
                Predicate {
                    item: item.to_owned(),
                    kind: Kind::Drill,
                    rung,
                    outcome: if holds { Outcome::Pass } else { Outcome::Fail },
                    summary: summary.chars().filter(|c| !c.is_control()).take(600).collect(),
                    environment: Environment::Scratch,
                    component: None,
                    at: report.at,
                    expires: expires(report.at, days),
                    measurements: measurements(report),
                    by: None,
                    note: None,
                    tool_version: version.to_owned(),
                    other: BTreeMap::new(),
                },
            )
        })
        .collect()
}

fn expires(at: Timestamp, days: i64) -> Option<Timestamp> {
    at.checked_add((days * 24).hours()).ok()
}

fn measurements(report: &Report) -> BTreeMap<String, Value> {
    let mut measured = BTreeMap::from([
        ("artefact-bytes".to_owned(), json!(report.size)),
        ("artefact-format".to_owned(), json!(report.format)),
        ("location".to_owned(), json!(report.location)),
        ("engine-version".to_owned(), json!(report.engine_version)),
        ("tables".to_owned(), json!(report.tables)),
        ("rows".to_owned(), json!(report.rows)),
        ("content-verified".to_owned(), json!(report.content_verified)),
        ("rto-seconds".to_owned(), json!(report.rto.seconds)),
        ("rto-declared".to_owned(), json!(report.rto.declared)),
        ("rpo-seconds".to_owned(), json!(report.rpo.seconds)),
        ("rpo-declared".to_owned(), json!(report.rpo.declared)),
        ("backup-age-seconds".to_owned(), json!(report.gaps.age)),
        ("controls".to_owned(), json!(report.controls)),
    ]);
    if let Some(slice) = &report.slice {
        measured.insert("controls-slice".to_owned(), json!(slice));
    }
    if let Some(seconds) = report.restore_seconds {
        measured.insert("restore-seconds".to_owned(), json!(seconds));
    }
    if let Some(seconds) = report.download_seconds {
        measured.insert("download-seconds".to_owned(), json!(seconds));
    }
    if let Some(placement) = &report.placement {
        measured.insert("placement".to_owned(), json!(placement));
    }
    if let Some(versioning) = report.versioning {
        measured.insert("bucket-versioning".to_owned(), json!(versioning));
    }
    if let Some(longest) = report.gaps.longest {
        measured.insert("longest-gap-seconds".to_owned(), json!(longest));
    }
    measured
}
