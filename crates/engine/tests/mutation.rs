//! Each item that passes on the sample repository stops passing once its evidence is taken away: no pass comes from
//! something else than what it shows.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use seaworthy_engine::{CollectOptions, JudgeOptions, assemble, collect};
use seaworthy_facts::Declared;
use seaworthy_model::{ItemReport, Location, Polarity, Report, Status};

/// Passes that rest on nothing being wrong: what makes them wrong. Item, file, text, and what stands there instead; an
/// empty text appends.
const BREAKS: &[(&str, &str, &str, &str)] =
    &[("dependencies.pinned", ".github/workflows/ci.yml", "actions/checkout@v5", "actions/checkout@main")];

/// How often evidence is taken away before a pass counts as unfounded.
const ROUNDS: usize = 10;

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/repositories/ready-service")
}

fn report(folder: &Path) -> Report {
    let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
    let options = CollectOptions {
        folder: Some(folder.to_owned()),
        site: None,
        with: Vec::new(),
        declared: Declared { as_of: "2026-11-22".to_owned(), ..Declared::default() },
        change: None,
        ledger: None,
        now,
    };
    assemble(&collect(&options, now, &mut |_| ()), &JudgeOptions::at(now), 0)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Takes away what the item shows: blanks the lines that it names, and removes files that it names as a whole.
fn without_evidence(folder: &Path, item: &ItemReport) {
    let mut places: BTreeMap<&str, BTreeSet<Option<u32>>> = BTreeMap::new();
    for evidence in item.evidence.iter().filter(|evidence| evidence.polarity == Polarity::For) {
        if let Some(path) = evidence.location.path() {
            places.entry(path).or_default().insert(evidence.location.line_number());
        }
    }
    assert!(!places.is_empty(), "{} passes and shows no place: {:?}", item.id, item.evidence);
    for (path, lines) in places {
        let file = folder.join(path);
        if lines.contains(&None) {
            if file.is_dir() {
                fs::remove_dir_all(file).unwrap()
            } else {
                fs::remove_file(file).unwrap()
            }
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let kept: Vec<&str> = (1u32..)
            .zip(text.lines())
            .map(|(number, line)| if lines.contains(&Some(number)) { "" } else { line })
            .collect();
        fs::write(file, kept.join("\n") + "\n").unwrap();
    }
}

fn with_fault(folder: &Path, path: &str, text: &str, instead: &str) {
    let file = folder.join(path);
    let before = fs::read_to_string(&file).unwrap();
    let after =
        if text.is_empty() { format!("{before}{instead}") } else { before.replacen(text, instead, 1) };
    assert_ne!(before, after, "{path} does not hold {text:?}");
    fs::write(file, after).unwrap();
}

fn again(folder: &Path, id: &str) -> ItemReport {
    report(folder).items.into_iter().find(|item| item.id.as_str() == id).unwrap()
}

#[test]
fn no_pass_outlives_its_evidence() {
    let before = report(&sample());
    let mut still = Vec::new();
    let passing: Vec<&ItemReport> = before.items.iter().filter(|item| item.status == Status::Pass).collect();
    assert!(passing.len() >= 20, "the sample repository passes only {} items", passing.len());
    for item in passing {
        let folder = tempfile::tempdir().unwrap();
        copy(&sample(), folder.path());
        let id = item.id.as_str();
        let faults: Vec<_> = BREAKS.iter().filter(|(broken, ..)| *broken == id).collect();
        let mut judged = item.clone();
        if faults.is_empty() {
            // What was second best is shown once the best is gone: it must go too.
            for _ in 0..ROUNDS {
                without_evidence(folder.path(), &judged);
                judged = again(folder.path(), id);
                if judged.status != Status::Pass {
                    break;
                }
            }
        } else {
            for (_, path, text, instead) in faults {
                with_fault(folder.path(), path, text, instead);
            }
            judged = again(folder.path(), id);
        }
        if judged.status == Status::Pass {
            let shown: Vec<String> = judged
                .evidence
                .iter()
                .map(|evidence| format!("{} {}", evidence.summary, place(&evidence.location)))
                .collect();
            still.push(format!("{id}: {}", shown.join("; ")));
        }
    }
    assert!(still.is_empty(), "still passing:\n{}", still.join("\n"));
}

fn place(location: &Location) -> String {
    format!("({}:{})", location.path().unwrap_or("?"), location.line_number().unwrap_or(0))
}
