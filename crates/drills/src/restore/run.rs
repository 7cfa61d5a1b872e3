//! The drill itself.

use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;
use std::time::Instant;

use jiff::Timestamp;
use seaworthy_database::{Contents, Difference, compare};
use sha2::{Digest, Sha256};

use super::objectives::Gaps;
use super::placement::{self, Placement};
use super::reading::{Copy, Damage};
use super::report::{Against, Control, ControlOutcome, Outcome, Report, Verdict};
use super::source::Compared;
use super::{Artefact, Format, Newest, Order, Place, Plan, checks, controls, slice};
use crate::scratch::Scratch;
use crate::{Interrupt, Progress, Stop};

/// Restores, looks, controls, and cleans up.
///
/// # Errors
/// An interrupt, or something of this machine that kept the drill from concluding.
pub fn run(plan: Plan, interrupt: &Interrupt, progress: &mut Progress) -> Result<Report, Stop> {
    let Plan { order, mut newest, manifest, account, mut engine, source } = plan;
    let taken = manifest.as_ref().map_or(newest.artefact.modified, |manifest| manifest.taken_at);
    let mut report = begun(&order, &newest, taken, engine.as_ref());
    let mut extracted = None;
    if let Some(source) = &source {
        report.sha256 = source.digest();
        progress.step(format!("taking {} out of the repository", newest.artefact.name));
        match source.extract(&order.scratch, account.as_ref(), interrupt, progress) {
            Ok(found) => {
                newest.artefact.path.clone_from(&found.path);
                extracted = Some(found);
            }
            Err(Stop::Refused(why)) => {
                progress.finish();
                report.reason = Some(why);
                return Ok(report);
            }
            Err(stop) => return Err(stop),
        }
    }
    if let Place::Bucket(bucket) = &order.place {
        match bucket.store().versioning() {
            Ok(versioning) => report.versioning = Some(versioning),
            // Keys that may list and read are enough for the drill.
            Err(stop) => {
                report.remarks.push(format!("whether the bucket keeps versions is not known: {stop}"))
            }
        }
    }
    progress.step("making a scratch folder");
    let mut scratch = Scratch::create(&order.scratch, account, interrupt.clone())?;
    let began = Instant::now();
    order.place.fetch(&mut newest, &mut scratch, progress)?;
    report.download_seconds = (!newest.objects.is_empty()).then(|| began.elapsed().as_secs_f64());
    let artefact = &newest.artefact;
    // A folder is read by the restoring program itself.
    scratch.may_read(&artefact.path);
    progress.step(format!("reading {}", artefact.name));
    let (sha256, before) = digest(artefact, &mut scratch, progress)?;
    report.sha256 = sha256;
    report.remarks.extend(engine.remarks());
    if engine.kind() != seaworthy_database::Engine::Sqlite {
        let whom = scratch.account().map_or("you".to_owned(), |account| account.name.clone());
        report.remarks.extend(scratch.held().remark(&whom));
    }
    // First, before it moves on further, and before anything is restored in vain.
    let live = match &order.source {
        Some(online) => {
            let connection = online.open(&scratch)?;
            progress.step("reading the source");
            Some((online, online.read(connection, progress)?))
        }
        None => None,
    };
    report.placement = Some(Placement::of(
        &order.place,
        order.declared,
        live.as_ref().map(|(online, moment)| placement::of_data(online, &moment.live)),
    ));
    progress.step(format!("starting {}", engine.describe()));
    let identity = engine.start(&mut scratch)?;
    if let Some(manifest) = &manifest
        && manifest.identity.id.is_some()
        && manifest.identity.may_be(&identity)
    {
        return Err(Stop::could_not(
            "the server that was started is the one that the backup was taken from; nothing was written",
        ));
    }
    if let Some((_, moment)) = &live
        && moment.live.server.identity.id.is_some()
        && moment.live.server.identity.may_be(&identity)
    {
        return Err(Stop::could_not("the server that was started is the source; nothing was written"));
    }
    progress.step(format!("restoring {}", artefact.name));
    let copy = Copy { artefact, damage: Damage::None, slice: None };
    let restored = match engine.restore(&mut scratch, &copy, "restored", progress) {
        Ok(restored) => restored,
        Err(Stop::Refused(why)) => {
            unchanged(artefact, &before)?;
            report.reason = Some(why);
            finish(scratch, engine.as_mut(), progress)?;
            return Ok(report);
        }
        Err(stop) => return Err(stop),
    };
    // What takes the artefact out of its repository, or downloads it, is part of the restore: an emergency would wait for it.
    let taking_out = extracted.as_ref().map_or(0.0, |extracted| extracted.seconds);
    report.restore_seconds = Some(taking_out + report.download_seconds.unwrap_or(0.0) + restored.seconds);
    report.roles = restored.roles;
    report.left_out = restored.left_out;
    report.remarks.extend(restored.remarks);
    progress.step("counting rows");
    let mut found: Vec<Contents> = Vec::new();
    let mut refused = None;
    for database in &restored.databases {
        match engine.contents(&mut scratch, database, progress) {
            Ok(contents) => found.push(contents),
            Err(Stop::Refused(why)) => refused = Some(why),
            Err(stop) => return Err(stop),
        }
    }
    let contents = checks::chosen(&found);
    report.tables = contents.tables.len();
    report.rows = contents.rows();
    // Of several, the one with the most rows is the application's.
    let main = found
        .iter()
        .zip(&restored.databases)
        .max_by_key(|(contents, _)| (contents.rows(), contents.tables.len()))
        .map(|(_, database)| database.clone())
        .unwrap_or_default();
    progress.step("checking");
    report.checks = checks::all(
        engine.as_mut(),
        &mut scratch,
        &restored.databases,
        &main,
        &contents,
        checks::Known {
            has_manifest: manifest.is_some(),
            source: live.as_ref().map(|(_, moment)| &moment.contents),
            migrations: &order.migrations,
            verify: &order.verify,
        },
    )?;
    if let Some(why) = refused {
        report.checks.push(super::Check {
            name: "contents".to_owned(),
            outcome: Outcome::Fails,
            detail: why,
        });
    }
    if let Some(manifest) = &manifest {
        report.differences = compare(&manifest.contents, &contents);
        if !engine.same_release(&manifest.server_version) {
            // Versions write definitions differently.
            let (definitions, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut report.differences)
                .into_iter()
                .partition(|difference| matches!(difference, Difference::Definition { .. }));
            report.differences = rest;
            report.remarks.extend(definitions.iter().take(5).map(ToString::to_string));
        }
        if report.differences.is_empty() {
            report.verified(Against::Manifest);
        }
    }
    let mut expected = manifest.as_ref().map(|manifest| &manifest.contents);
    if let Some((online, moment)) = &live {
        let alike = engine.same_release(&moment.live.server.version);
        let compared = Compared::of(online, moment, &contents, alike, &report.left_out);
        if compared.is_same() && manifest.is_none() {
            report.verified(Against::Source);
            expected = Some(&moment.contents);
        }
        if !moment.loose.is_empty() {
            let loose = moment.loose.join(", ");
            report.remarks.push(format!(
                "these tables of the source have no transactions and are not of one moment: {loose}"
            ));
        }
        report.source = Some(compared);
    }
    unchanged(artefact, &before)?;
    if let (Some(source), Some(extracted)) = (&source, &mut extracted) {
        progress.step("checking the repository");
        report.checks.push(source.verify(&mut extracted.scratch)?);
    }
    if report.restores() {
        let mut part = match order.full_controls {
            true => None,
            false => slice::cut(engine.as_mut(), &mut scratch, artefact, &contents, progress)?,
        };
        engine.forget(&mut scratch, &restored.databases)?;
        if let Some(slice) = &part {
            if slice::arrives(engine.as_mut(), &mut scratch, slice, &contents, progress)? {
                report.slice = Some(slice.shown(&contents));
            } else {
                part = None;
            }
        }
        let copied = part.as_ref().map_or(artefact, |slice| &slice.artefact);
        for damage in controls::kinds(expected.is_some()) {
            progress.step(format!("control: {}", controls::name(damage)));
            let of = (copied, part.as_ref());
            let control: Control =
                controls::run(engine.as_mut(), &mut scratch, of, damage, &found, expected, progress)?;
            report.controls.push(control);
        }
        if let (Some(source), Some(extracted)) = (&source, &mut extracted) {
            progress.step("control: the repository");
            report.controls.extend(source.controls(&mut extracted.scratch, progress)?);
        }
    }
    if let Some(extracted) = extracted {
        extracted.scratch.close()?;
    }
    finish(scratch, engine.as_mut(), progress)?;
    conclude(&mut report);
    Ok(report)
}

/// The report before anything was done.
fn begun(order: &Order, newest: &Newest, taken: Timestamp, engine: &dyn super::Engine) -> Report {
    let artefact = &newest.artefact;
    Report {
        location: order.place.shown(),
        artefact: artefact.name.clone(),
        format: artefact.describe(),
        size: artefact.size,
        modified: artefact.modified,
        engine_version: engine.version(),
        gaps: Gaps::of(&newest.series, taken, order.now),
        remarks: newest.remarks.clone(),
        ..Report::empty(engine.kind(), order.now, order.rto, order.rpo)
    }
}

fn finish(scratch: Scratch, engine: &mut dyn super::Engine, progress: &mut Progress) -> Result<(), Stop> {
    progress.step("cleaning up");
    engine.stop();
    let closed = scratch.close();
    progress.finish();
    closed
}

/// What a report comes to.
pub fn conclude(report: &mut Report) {
    let passed: Vec<&Control> =
        report.controls.iter().filter(|control| control.outcome == ControlOutcome::Passed).collect();
    if let Some(control) = passed.first() {
        report.verdict = Verdict::Broken;
        report.reason = Some(format!("{} passed", controls::name(control.damage)));
        return;
    }
    let failed = report.checks.iter().find(|check| check.outcome == Outcome::Fails);
    report.reason = if let Some(difference) = report.differences.first() {
        let more = report.differences.len() - 1;
        Some(if more == 0 {
            difference.to_string()
        } else {
            format!("{difference}, and {more} more differences")
        })
    } else if let Some(check) = failed {
        Some(format!("{}: {}", check.name, check.detail))
    } else if !report.in_time() {
        Some("the restore took longer than the recovery time objective".to_owned())
    } else if !report.lost_little() {
        Some(format!("more could be lost than the recovery point objective allows: {}", report.gaps.shown()))
    } else {
        None
    };
    report.verdict = if report.reason.is_none() { Verdict::Passed } else { Verdict::Failed };
}

/// Files of an artefact that are looked at.
const MOST_FILES: usize = 1_000_000;

/// Sizes and times of an artefact's files.
type State = Vec<(PathBuf, u64, Option<std::time::SystemTime>)>;

fn state(artefact: &Artefact) -> State {
    files(artefact)
        .into_iter()
        .filter_map(|path| {
            let metadata = fs::metadata(&path).ok()?;
            Some((path, metadata.len(), metadata.modified().ok()))
        })
        .collect()
}

fn files(artefact: &Artefact) -> Vec<PathBuf> {
    if artefact.format == Format::PgBackRest {
        // It holds the checksums of all others.
        return vec![artefact.path.join("backup.manifest")];
    }
    if !artefact.path.is_dir() {
        return vec![artefact.path.clone()];
    }
    let mut files = Vec::new();
    let mut folders = vec![artefact.path.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && files.len() < MOST_FILES => folders.push(entry.path()),
                _ if entry.path().is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files.sort();
    files
}

/// Refuses what was written to while it was read.
fn unchanged(artefact: &Artefact, before: &State) -> Result<(), Stop> {
    if state(artefact) == *before {
        return Ok(());
    }
    Err(Stop::CouldNot(format!(
        "{} was written to while it was read; run the drill when the backup job is done",
        artefact.name
    )))
}

fn digest(
    artefact: &Artefact,
    scratch: &mut Scratch,
    progress: &mut Progress,
) -> Result<(String, State), Stop> {
    let before = state(artefact);
    let mut hash = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 20];
    let mut done = 0;
    for path in files(artefact) {
        let problem =
            |error: std::io::Error| Stop::CouldNot(format!("{}: cannot be read: {error}", path.display()));
        let mut file = File::open(&path).map_err(problem)?;
        loop {
            scratch.check()?;
            let length = file.read(&mut buffer).map_err(problem)?;
            if length == 0 {
                break;
            }
            hash.update(&buffer[..length]);
            done += length as u64;
            progress.advance(done, artefact.size);
        }
    }
    Ok((hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(), before))
}
