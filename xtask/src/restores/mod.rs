//! Backups of every format, restored by a drill and by hand, in turn and in one run.
//!
//! Times depend on the machine: they are written down, and nothing is judged by them. That each drill restores its backup,
//! verifies it and finds each damaged copy is judged.

mod applications;
mod place;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use self::place::Place;
use crate::Outcome;
use crate::peers::{median, replace_between, seconds};
use crate::step::{output, program};

const PAGE: &str = "docs/restores.md";
const ROUNDS: usize = 3;
/// Of pgbench: 100,000 rows each.
const SMALL: &str = "2";

/// A format, how a backup in it is made, and how it is restored by hand.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Format {
    name: String,
    #[serde(default)]
    engine: Engine,
    make: String,
    again: String,
    bare: String,
    /// Where the drill finds it, if not in the folder of the backups.
    #[serde(default)]
    from: Option<String>,
    /// Of the drill.
    #[serde(default)]
    configuration: String,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq, Hash)]
#[serde(rename_all = "lowercase")]
enum Engine {
    #[default]
    Postgresql,
    Mariadb,
    Sqlite,
}

#[derive(Deserialize)]
struct Formats {
    format: Vec<Format>,
}

/// The task.
pub fn run(root: &Path, arguments: &[&str]) -> Outcome {
    let (mut size, mut own, mut applications, mut only) = (None, None, false, None);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match *argument {
            "--size" => size = rest.next(),
            "--program" => own = rest.next().map(PathBuf::from),
            "--only" => only = rest.next(),
            "--applications" => applications = true,
            other => {
                return Err(format!(
                    "{other}: not known; --size N, --applications, --only FORMAT, --program FILE"
                ));
            }
        }
    }
    let program = match own {
        Some(program) => program,
        None => program(root, true)?,
    };
    if applications {
        return applications::run(root, &program);
    }
    if let Some(only) = only {
        // A part of the table is not written.
        return formats(&program, only).map(|_| ());
    }
    let (mark, text) = match size {
        Some(size) => ("large", large(&program, size)?),
        None => ("formats", formats(&program, "")?),
    };
    let text = format!("{}\n\n{text}", conditions()?);
    print!("{text}");
    write(root, mark, &text)
}

fn write(root: &Path, mark: &str, text: &str) -> Outcome {
    let line = |end: &str| format!("<!-- {mark}: {end} -->");
    replace_between(&root.join(PAGE), &line("begin"), &line("end"), text)
}

/// When and on what it was measured.
fn conditions() -> Result<String, String> {
    let date = output(Command::new("date").arg("+%F"), &[0])?;
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    Ok(format!(
        "Measured on {}, on {} with {cores} processor cores that other work used, too.",
        String::from_utf8_lossy(&date).trim(),
        std::env::consts::OS
    ))
}

/// What a drill came to.
struct Drilled {
    outcome: String,
    failed: bool,
    restore: Duration,
    whole: Duration,
}

/// The middle of the times, and the factor between them.
fn compared(bare: &[Duration], drilled: &[Drilled]) -> (Duration, Duration, Duration) {
    let restores: Vec<Duration> = drilled.iter().map(|one| one.restore).collect();
    let wholes: Vec<Duration> = drilled.iter().map(|one| one.whole).collect();
    (median(bare), median(&restores), median(&wholes))
}

/// Those whose names contain a text.
fn formats(program: &Path, only: &str) -> Result<String, String> {
    let all: Formats = toml::from_str(include_str!("formats.toml")).map_err(|error| error.to_string())?;
    let place = Place::new(program, SMALL)?;
    let mut table = String::from(
        "| Backup | Drill | Restored by hand | Restored by the drill | Whole drill, with checks and controls |\n| --- | --- | --- | --- | --- |\n",
    );
    let mut failed = Vec::new();
    for (index, format) in all.format.iter().enumerate().filter(|(_, format)| format.name.contains(only)) {
        let backup = place.backup(format, index).map_err(|why| format!("{}: {why}", format.name))?;
        let (mut bare, mut drilled) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            bare.push(backup.by_hand().map_err(|why| format!("{}: {why}", format.name))?);
            drilled.push(backup.drill().map_err(|why| format!("{}: {why}", format.name))?);
        }
        backup.end()?;
        let (hand, restore, whole) = compared(&bare, &drilled);
        let worst = drilled.iter().find(|one| one.failed).or(drilled.last());
        let outcome = worst.map_or(String::new(), |one| one.outcome.clone());
        if drilled.iter().any(|one| one.failed) {
            failed.push(format!("{}: {outcome}", format.name));
        }
        let line = format!(
            "| {} | {outcome} | {} | {} | {} |",
            format.name,
            seconds(hand),
            seconds(restore),
            seconds(whole)
        );
        println!("{line}");
        let _ = writeln!(table, "{line}");
    }
    if failed.is_empty() { Ok(table) } else { Err(failed.join("\n")) }
}

/// One large database, in the custom format.
fn large(program: &Path, size: &str) -> Result<String, String> {
    let all: Formats = toml::from_str(include_str!("formats.toml")).map_err(|error| error.to_string())?;
    let format = all.format.first().ok_or("no format")?;
    let place = Place::new(program, size)?;
    let backup = place.backup(format, 0)?;
    let mut rounds: Vec<(f64, f64, f64)> = Vec::new();
    let mut table = String::from(
        "| Round | `createdb` and `pg_restore` | Restored by the drill | More than by hand | Whole drill | Drill |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for round in 1..=ROUNDS {
        let hand = backup.by_hand()?.as_secs_f64();
        let drill = backup.drill()?;
        let (restore, whole) = (drill.restore.as_secs_f64(), drill.whole.as_secs_f64());
        let more = (restore / hand - 1.0) * 100.0;
        let line = format!(
            "| {round} | {hand:.1} s | {restore:.1} s | {more:+.0} % | {whole:.1} s | {} |",
            drill.outcome
        );
        println!("{line}");
        let _ = writeln!(table, "{line}");
        if drill.failed {
            return Err(drill.outcome);
        }
        rounds.push((hand, restore, more));
    }
    backup.end()?;
    let middle = |of: fn(&(f64, f64, f64)) -> f64| {
        let mut all: Vec<f64> = rounds.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    Ok(format!(
        "{table}\npgbench at scale {size}, {} as PostgreSQL counts it; both restore into servers with the same settings. Medians: by \
         hand {:.1} s, by the drill {:.1} s, more than by hand {:+.0} %.\n",
        place.size()?,
        middle(|round| round.0),
        middle(|round| round.1),
        middle(|round| round.2)
    ))
}

/// Reads a report.
fn outcome(report: &Value) -> (String, bool) {
    let controls = report["controls"].as_array().map_or(&[][..], Vec::as_slice);
    let found =
        controls.iter().filter(|one| one["outcome"] == "refused" || one["outcome"] == "different").count();
    let restored = report["verdict"] == "passed" && report["content_verified"] == true;
    if restored && found == controls.len() && found > 0 {
        return (format!("restored, verified; {found} of {found} damaged copies found"), false);
    }
    let reason = report["reason"].as_str().unwrap_or("not verified");
    (format!("{}: {reason}; {found} of {} damaged copies found", report["verdict"], controls.len()), true)
}
