//! A backup that is still being written is none yet.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::artefact::Artefact;
use crate::Stop;

/// What was written to within this time may still be written to.
const RECENT: Duration = Duration::from_secs(300);

/// How long is waited to see whether it grows.
const MOMENT: Duration = Duration::from_millis(1200);

/// Names of files that are not finished.
const UNFINISHED: &[&str] =
    &[".part", ".partial", ".tmp", ".temp", ".incomplete", ".inprogress", ".crdownload"];

/// Refuses an artefact that somebody writes to.
///
/// # Errors
/// [`Stop::CouldNot`]: nothing is known of it yet.
pub fn refuse(artefact: &Artefact) -> Result<(), Stop> {
    refuse_by_name(artefact)?;
    let files = files(&artefact.path);
    let refused = |why: &str| Err(unfinished(artefact, why));
    let recent = |metadata: &fs::Metadata| {
        metadata.modified().ok().is_some_and(|at| {
            SystemTime::now().duration_since(at).is_ok_and(|age| age < RECENT) || at > SystemTime::now()
        })
    };
    let before: Vec<(u64, u64, Option<SystemTime>)> = files.iter().filter_map(|path| state(path)).collect();
    if let Some(program) = writer(&before) {
        return refused(&format!("{program} has it open"));
    }
    if !files.iter().filter_map(|path| fs::metadata(path).ok()).any(|metadata| recent(&metadata)) {
        return Ok(());
    }
    std::thread::sleep(MOMENT);
    let after: Vec<(u64, u64, Option<SystemTime>)> =
        self::files(&artefact.path).iter().filter_map(|path| state(path)).collect();
    if before != after {
        return refused("it grows");
    }
    Ok(())
}

/// Refuses an artefact whose name says that it is not finished.
///
/// # Errors
/// [`Stop::CouldNot`]: nothing is known of it yet.
pub fn refuse_by_name(artefact: &Artefact) -> Result<(), Stop> {
    let lower = artefact.name.to_ascii_lowercase();
    match UNFINISHED.iter().find(|ending| lower.ends_with(**ending)) {
        Some(ending) => Err(unfinished(artefact, &format!("its name ends in {ending}"))),
        None => Ok(()),
    }
}

fn unfinished(artefact: &Artefact, why: &str) -> Stop {
    Stop::CouldNot(format!(
        "{} is still being written ({why}); run the drill when the backup job is done, or let the job write to another name and \
         rename it at the end",
        artefact.name
    ))
}

fn files(path: &Path) -> Vec<std::path::PathBuf> {
    match fs::read_dir(path) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).take(100_000).collect(),
        Err(_) => vec![path.to_owned()],
    }
}

fn state(path: &Path) -> Option<(u64, u64, Option<SystemTime>)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.ino() ^ metadata.dev().rotate_left(32), metadata.len(), metadata.modified().ok()))
}

/// A program that has one of the files open for writing, as far as this user may see.
fn writer(files: &[(u64, u64, Option<SystemTime>)]) -> Option<String> {
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let Ok(open) = fs::read_dir(process.path().join("fd")) else { continue };
        for descriptor in open.flatten() {
            // Only files: looking at a pipe or a terminal by this way may wait.
            let named = fs::read_link(descriptor.path()).is_ok_and(|target| target.is_absolute());
            let Some((id, ..)) = named.then(|| state(&descriptor.path())).flatten() else { continue };
            if !files.iter().any(|(known, ..)| *known == id) {
                continue;
            }
            let info = process.path().join("fdinfo").join(descriptor.file_name());
            let flags = fs::read_to_string(info).ok().and_then(|text| {
                let octal = text.lines().find_map(|line| line.strip_prefix("flags:"))?.trim().to_owned();
                u32::from_str_radix(&octal, 8).ok()
            });
            // O_WRONLY or O_RDWR.
            if flags.is_some_and(|flags| flags & 3 != 0) {
                let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
                return Some(format!("{} (process {pid})", name.trim()));
            }
        }
    }
    None
}
