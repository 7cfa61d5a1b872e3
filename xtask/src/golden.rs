//! The reports on the sample repositories, kept so that every change of a judgement is seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::Outcome;
use crate::step::{output, program, run as run_program};

const SAMPLES: &str = "fixtures/repositories";
const GOLDEN: &str = "fixtures/golden";
/// The day as of which the samples are judged.
const DAY: &str = "2026-01-15";

/// Writes the reports, or compares them with those that are kept.
pub fn run(root: &Path, check: bool) -> Outcome {
    let samples = folders(&root.join(SAMPLES));
    if samples.is_empty() {
        return Err(format!("no sample repositories in {SAMPLES}: nothing was compared"));
    }
    let seaworthy = program(root, false)?;
    let mut reports = BTreeMap::new();
    for sample in &samples {
        let name = sample.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let copy = std::env::temp_dir().join(format!("seaworthy-golden-{}-{name}", std::process::id()));
        let report = lay_out(sample, &copy).and_then(|()| report(&seaworthy, &copy));
        let _ = fs::remove_dir_all(&copy);
        reports.insert(format!("{name}.json"), report?);
    }
    let golden = root.join(GOLDEN);
    if check { compare(&golden, &reports) } else { write(&golden, &reports) }
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut folders: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// A copy with a git index of its own: the sample is judged as a repository, not as a part of this one.
fn lay_out(sample: &Path, copy: &Path) -> Outcome {
    copy_folder(sample, copy).map_err(|error| format!("{}: {error}", copy.display()))?;
    let git = || {
        let mut command = Command::new("git");
        command.current_dir(copy).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        command
    };
    run_program(git().args(["-c", "init.defaultBranch=main", "init", "-q"]))?;
    run_program(git().args(["-c", "core.autocrlf=false", "add", "-A", "-f"]))
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn report(seaworthy: &Path, folder: &Path) -> Result<String, String> {
    let mut command = Command::new(seaworthy);
    command.current_dir(folder).args(["check", ".", "--format", "json", "--at", DAY]);
    let text = output(&mut command, &[0, 1])?;
    let mut report: Value =
        serde_json::from_slice(&text).map_err(|error| format!("the report is no JSON: {error}"))?;
    // What differs from run to run and says nothing about the judgement.
    if let Some(report) = report.as_object_mut() {
        for key in ["started_at", "judged_at", "duration_ms", "tool"] {
            report.remove(key);
        }
    }
    serde_json::to_string_pretty(&report).map(|text| text + "\n").map_err(|error| error.to_string())
}

fn write(golden: &Path, reports: &BTreeMap<String, String>) -> Outcome {
    let failed = |error: std::io::Error| format!("{}: {error}", golden.display());
    fs::create_dir_all(golden).map_err(failed)?;
    for name in kept(golden) {
        if !reports.contains_key(&name) {
            fs::remove_file(golden.join(name)).map_err(failed)?;
        }
    }
    for (name, report) in reports {
        fs::write(golden.join(name), report).map_err(failed)?;
    }
    println!("{} golden reports", reports.len());
    Ok(())
}

fn compare(golden: &Path, reports: &BTreeMap<String, String>) -> Outcome {
    let mut wrong = Vec::new();
    for (name, report) in reports {
        match fs::read_to_string(golden.join(name)) {
            Ok(kept) if kept == *report => {}
            Ok(kept) => wrong.push(format!("  {name}: {}", first_difference(&kept, report))),
            Err(_) => wrong.push(format!("  {name}: there is no golden report")),
        }
    }
    wrong.extend(
        kept(golden)
            .into_iter()
            .filter(|name| !reports.contains_key(name))
            .map(|name| format!("  {name}: there is no such sample")),
    );
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("judge whether the change is right, then run `cargo xtask golden`:\n{}", wrong.join("\n")))
}

fn kept(golden: &Path) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(golden) else { return BTreeSet::new() };
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn first_difference(kept: &str, report: &str) -> String {
    let mut lines = kept.lines().zip(report.lines()).enumerate();
    match lines.find(|(_, (kept, now))| kept != now) {
        Some((index, (kept, now))) => {
            format!("line {}: `{}` is now `{}`", index + 1, kept.trim(), now.trim())
        }
        None => format!("{} lines are now {}", kept.lines().count(), report.lines().count()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_a_missing_and_a_stray_report_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let reports = BTreeMap::from([("one.json".to_owned(), "a\nb\n".to_owned())]);
        assert!(compare(folder.path(), &reports).unwrap_err().contains("no golden report"));
        write(folder.path(), &reports).unwrap();
        assert_eq!(compare(folder.path(), &reports), Ok(()));
        fs::write(folder.path().join("one.json"), "a\nc\n").unwrap();
        assert!(compare(folder.path(), &reports).unwrap_err().contains("line 2: `c` is now `b`"));
        fs::write(folder.path().join("two.json"), "").unwrap();
        assert!(compare(folder.path(), &reports).unwrap_err().contains("two.json: there is no such sample"));
        write(folder.path(), &reports).unwrap();
        assert_eq!(compare(folder.path(), &reports), Ok(()));
    }
}
