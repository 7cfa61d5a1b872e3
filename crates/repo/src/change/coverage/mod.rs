//! Reports on which lines tests run. They are made by the build, so git mostly does not track them: they are looked for
//! at the places where tools put them, and read within limits, for whoever wrote the audited files may have written them.

mod formats;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use seaworthy_facts::{CoverageReport, Location, UncoveredLines, Unread};

use super::Looked;
use crate::tree::Tree;

/// Largest report.
const BYTES: u64 = 48 * 1024 * 1024;
/// Most runs of lines that are named.
const NAMED: usize = 200;

/// Where tools put their reports, relative to a component's folder.
const PLACES: &[&str] = &[
    "lcov.info",
    "coverage/lcov.info",
    "coverage.lcov",
    "cover/lcov.info",
    "target/lcov.info",
    "coverage.xml",
    "coverage/coverage.xml",
    "coverage/cobertura-coverage.xml",
    "cobertura.xml",
    "coverage.cobertura.xml",
    "coverage/clover.xml",
    "clover.xml",
    "build/logs/clover.xml",
    "target/site/jacoco/jacoco.xml",
    "build/reports/jacoco/test/jacocoTestReport.xml",
    "build/reports/kover/report.xml",
    "cover.out",
    "coverage.out",
    "c.out",
    "coverage.txt",
    "coverage.json",
    "coverage/coverage-final.json",
    "coverage/.resultset.json",
];

/// Lines that are run or not, by path as the report names it.
pub type Lines = BTreeMap<String, BTreeMap<u32, bool>>;

/// Reads the reports and compares them with the added lines.
pub fn collect(
    tree: &Tree,
    given: &[PathBuf],
    folders: &[String],
    head_time: i64,
    changed: &[Looked],
) -> (Vec<CoverageReport>, Vec<Unread>) {
    let mut reports = Vec::new();
    let mut unread = Vec::new();
    for path in given {
        let shown = path.to_string_lossy().into_owned();
        match read_given(path) {
            Ok((text, at)) => match report(&shown, ".", &text, at, head_time, changed, tree) {
                Some(report) => reports.push(report),
                None => unread.push(Unread {
                    what: "no coverage report of a known format".to_owned(),
                    at: Location::file(shown),
                }),
            },
            Err(why) => unread.push(Unread {
                what: format!("the coverage report cannot be read: {why}"),
                at: Location::file(shown),
            }),
        }
    }
    for folder in folders.iter().take(200) {
        for place in PLACES {
            let path = if folder == "." { (*place).to_owned() } else { format!("{folder}/{place}") };
            let Some((text, at)) = tree.made_text(&path, BYTES) else { continue };
            reports.extend(report(&path, folder, &text, at, head_time, changed, tree));
        }
    }
    (reports, unread)
}

fn read_given(path: &PathBuf) -> Result<(String, Option<SystemTime>), String> {
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() || metadata.len() > BYTES {
        return Err(format!("no regular file, or larger than {} MB", BYTES / 1024 / 1024));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    Ok((String::from_utf8_lossy(&bytes).into_owned(), metadata.modified().ok()))
}

fn report(
    path: &str,
    folder: &str,
    text: &str,
    at: Option<SystemTime>,
    head_time: i64,
    changed: &[Looked],
    tree: &Tree,
) -> Option<CoverageReport> {
    let (format, lines) = formats::read(text)?;
    let made = at.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map(|since| since.as_secs());
    let older = made.is_some_and(|made| i64::try_from(made).unwrap_or(i64::MAX) < head_time);
    let mut report = CoverageReport {
        at: Location::file(path),
        format: format.to_owned(),
        older,
        counted: 0,
        covered: 0,
        uncovered: Vec::new(),
    };
    for looked in changed {
        let Some(lines) = lines_of(&lines, looked.path, folder, tree) else { continue };
        let mut run: Option<(u32, u32)> = None;
        for (line, covered) in lines.iter().filter(|(line, _)| looked.adds(**line)) {
            report.counted += 1;
            if *covered {
                report.covered += 1;
                continue;
            }
            match &mut run {
                Some((_, last)) if *line <= *last + 2 => *last = *line,
                _ => {
                    push(&mut report, looked.path, run);
                    run = Some((*line, *line));
                }
            }
        }
        push(&mut report, looked.path, run);
    }
    Some(report)
}

fn push(report: &mut CoverageReport, path: &str, run: Option<(u32, u32)>) {
    if let Some((first, last)) = run
        && report.uncovered.len() < NAMED
    {
        report.uncovered.push(UncoveredLines { at: Location::line(path, first), last });
    }
}

/// What the report says of a file. Reports name files absolutely, by package or relative to their own folder: the longest
/// common end decides, and where two files of the tree have it, nothing does.
fn lines_of<'l>(lines: &'l Lines, path: &str, folder: &str, tree: &Tree) -> Option<&'l BTreeMap<u32, bool>> {
    let ends_with = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    };
    let inside = if folder == "." {
        Some(path)
    } else {
        path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'))
    };
    if let Some(found) = lines.get(path).or_else(|| lines.get(inside?)) {
        return Some(found);
    }
    lines.iter().find_map(|(named, found)| {
        if ends_with(named, path) {
            return Some(found);
        }
        let unique = ends_with(path, named)
            && tree.files().iter().filter(|file| ends_with(&file.path, named)).take(2).count() == 1;
        unique.then_some(found)
    })
}

#[cfg(test)]
mod tests;
