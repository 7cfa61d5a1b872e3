//! `seaworthy check`.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant as Clock;

use jiff::Timestamp;
use seaworthy_engine::{Asked, CollectOptions, Collected, Event, assemble, collect, passes};
use seaworthy_model::{CollectorState, Report};

use crate::arguments::{Audited, Check, Judging, OutputFormat, Probing};
use crate::configuration::{Instant, Settings, check_name, settings};
use crate::failure::{Failure, Outcome};
use crate::output::Outputs;
use crate::{probing, remember};

/// Runs `check`.
pub fn check(arguments: &Check) -> Result<Outcome, Failure> {
    // A site that is named without a folder is looked at alone.
    let paths: Vec<Option<PathBuf>> = match arguments.paths.as_slice() {
        [] if arguments.probing.is_asked() && !arguments.probing.live => vec![None],
        [] => vec![Some(PathBuf::from("."))],
        paths => paths.iter().cloned().map(Some).collect(),
    };
    if paths.len() > 1 && arguments.probing.is_asked() {
        return Err(Failure::Usage("a running site belongs to one PATH: name only one".to_owned()));
    }
    let instant = Instant::read(arguments.judging.at.as_deref())?;
    for only in &arguments.judging.only {
        check_name(only)?;
    }
    let outputs = Outputs::read(&arguments.judging)?;
    if paths.len() > 1 && !outputs.takes_several() {
        return Err(Failure::Usage(
            "several paths give one report each: use --format jsonl, or terminal without a file".to_owned(),
        ));
    }
    let mut worst = Outcome::Passed;
    let mut reports = Vec::new();
    for path in &paths {
        match check_one(path.as_deref(), arguments, instant) {
            Ok((report, outcome)) => {
                worst = worst.max(outcome);
                reports.push(report);
            }
            // With several paths one that cannot be read must not lose the others.
            Err(Failure::CouldNotAssess(why)) if paths.len() > 1 => {
                let _ = writeln!(std::io::stderr(), "seaworthy: {why}");
                worst = Outcome::NotAssessed;
            }
            Err(failure) => return Err(failure),
        }
    }
    outputs.write(&reports)?;
    Ok(worst)
}

fn check_one(path: Option<&Path>, arguments: &Check, instant: Instant) -> Result<(Report, Outcome), Failure> {
    if arguments.probing.remember && (path.is_none() || !arguments.probing.is_asked()) {
        return Err(Failure::Usage(
            "--remember: name the folder of the repository and the running site: seaworthy check PATH --url URL --remember"
                .to_owned(),
        ));
    }
    let clock = Clock::now();
    let change = arguments.change.asked();
    let (settings, collected) = collect_path(&Wanted {
        path,
        audited: &arguments.audited,
        probing: &arguments.probing,
        policy: arguments.judging.policy.as_deref(),
        change: change.as_ref(),
        instant,
        judging: &arguments.judging,
    })?;
    if let Some(file) = &arguments.probing.record {
        if !arguments.probing.is_asked() {
            return Err(Failure::Usage("--record: name the running site with --url".to_owned()));
        }
        probing::record(file, &collected.facts)?;
    }
    let judging = settings.judging(&arguments.judging, instant)?;
    let elapsed = u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX);
    let report = assemble(&collected, &judging, elapsed);
    let outcome = outcome(&collected, &report)?;
    if arguments.probing.remember {
        remember_probes(path, &settings, &collected, &report)?;
    }
    Ok((report, outcome))
}

fn remember_probes(
    path: Option<&Path>,
    settings: &Settings,
    collected: &Collected,
    report: &Report,
) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let ledger = settings.ledger(path)?;
    let written = remember::remember(report, collected, &ledger)?;
    let _ = match written {
        0 => writeln!(
            std::io::stderr(),
            "seaworthy: nothing was remembered: no address of production or staging decided an item"
        ),
        _ => {
            writeln!(std::io::stderr(), "seaworthy: {written} records added to {}; commit them", ledger.shown)
        }
    };
    Ok(())
}

/// What is collected.
pub struct Wanted<'a> {
    /// The folder; none looks at the running site alone.
    pub path: Option<&'a Path>,
    /// What belongs to it.
    pub audited: &'a Audited,
    /// The running site.
    pub probing: &'a Probing,
    /// Rules from outside.
    pub policy: Option<&'a Path>,
    /// The change.
    pub change: Option<&'a Asked>,
    /// The instant of judgement.
    pub instant: Instant,
    /// How it will be judged, for the choice of progress.
    pub judging: &'a Judging,
}

/// Reads the configuration of a folder and collects.
pub fn collect_path(wanted: &Wanted) -> Result<(Settings, Collected), Failure> {
    let Wanted { audited, policy, change, instant, .. } = *wanted;
    if wanted.path.is_none() && (change.is_some() || !audited.with.is_empty()) {
        return Err(Failure::Usage("--since and --with belong to a folder: name a PATH".to_owned()));
    }
    // Where no folder is named there is no configuration either, but for what --config names.
    let path = wanted.path.unwrap_or(Path::new("/nonexistent"));
    // Before everything else, so that a mistyped path is not reported as a missing configuration.
    match std::fs::metadata(path) {
        _ if wanted.path.is_none() => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Failure::Usage(format!("{}: no such folder", path.display())));
        }
        Ok(metadata) if !metadata.is_dir() => {
            return Err(Failure::Usage(format!(
                "{}: a file, not a folder; name the folder of the repository",
                path.display()
            )));
        }
        _ => {}
    }
    let since = change.map(|change| change.since.as_str());
    let settings = settings(path, audited.config.as_deref(), policy, since, instant)?;
    let mut with: Vec<PathBuf> = audited.with.clone();
    with.extend(settings.config.app.with.iter().map(|folder| path.join(folder)));
    for folder in &with {
        if !folder.is_dir() {
            return Err(Failure::Usage(format!("--with {}: no such folder", folder.display())));
        }
    }
    let options = CollectOptions {
        folder: wanted.path.map(Path::to_owned),
        with,
        declared: settings.declared(audited, instant)?,
        change: change.cloned(),
        site: probing::source(wanted.probing, &settings.config)?,
        ledger: wanted.path.map(|path| settings.ledger(path)).transpose()?,
        now: instant.now,
    };
    let mut progress = progress(wanted.judging);
    let collected = collect(&options, Timestamp::now(), &mut progress);
    if let Some(failed) = collected.coverage.iter().find(|coverage| coverage.state == CollectorState::Failed)
    {
        let mut why = format!("{} collector: {}", failed.collector, failed.detail);
        for problem in failed.problems.iter().take(5) {
            why.push_str(&format!("\n  {}", problem.summary));
        }
        // What does not answer must not lose what the files say.
        if failed.collector == "repository" || !collected.checked_anything() {
            return Err(Failure::CouldNotAssess(why));
        }
        let _ = writeln!(std::io::stderr(), "seaworthy: {why}");
    }
    Ok((settings, collected))
}

/// What the exit code says of a report.
pub fn outcome(collected: &Collected, report: &Report) -> Result<Outcome, Failure> {
    if !collected.checked_anything() {
        let site = collected.coverage.iter().flat_map(|coverage| &coverage.problems).next();
        if let (None, Some(problem)) = (&collected.subject.path, site) {
            return Err(Failure::CouldNotAssess(format!("nothing was checked: {}", problem.summary)));
        }
        let path = collected.subject.path.as_deref().unwrap_or(".");
        let problems: Vec<String> = collected
            .coverage
            .iter()
            .flat_map(|coverage| &coverage.problems)
            .take(3)
            .map(|problem| format!("\n  {}", problem.summary))
            .collect();
        return Err(Failure::CouldNotAssess(format!(
            "{path}: nothing was checked: there is no file that can be read{}",
            problems.concat()
        )));
    }
    Ok(if passes(report) { Outcome::Passed } else { Outcome::Failed })
}

/// Progress goes to standard error, only when a person is watching and it is worth the line.
fn progress(judging: &Judging) -> impl FnMut(Event) + use<> {
    let quiet = judging.quiet || !judging.verbose || !std::io::stderr().is_terminal();
    let terminal_output = judging.format.is_empty() || judging.format.contains(&OutputFormat::Terminal);
    move |event| {
        if quiet || !terminal_output {
            return;
        }
        let _ = match event {
            Event::Started { collector } => writeln!(std::io::stderr(), "{collector} …"),
            Event::Finished { coverage } => {
                writeln!(std::io::stderr(), "{}: {}", coverage.collector, coverage.detail)
            }
        };
    }
}
