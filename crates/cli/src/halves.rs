//! `seaworthy collect` and `seaworthy judge`: the street, cut in the middle.

use std::io::Read;
use std::time::Instant as Clock;

use seaworthy_engine::{Collected, assemble};

use crate::arguments::{Collect, Judge, Judging};
use crate::check::{Wanted, collect_path, outcome};
use crate::configuration::{Instant, settings};
use crate::failure::{Failure, Outcome};
use crate::output::{Outputs, to_file, to_stdout};

/// Facts files larger than this are not read, in bytes.
const LARGEST: u64 = 512 * 1024 * 1024;

/// Runs `collect`.
pub fn collect(arguments: &Collect) -> Result<Outcome, Failure> {
    let quiet = Judging {
        only: Vec::new(),
        at: None,
        policy: None,
        baseline: None,
        strict: false,
        format: Vec::new(),
        output: Vec::new(),
        verbose: false,
        quiet: true,
    };
    let instant = Instant::read(None)?;
    let here = (!arguments.probing.is_asked()).then_some(std::path::Path::new("."));
    let (_, collected) = collect_path(&Wanted {
        path: arguments.path.as_deref().or(here),
        audited: &arguments.audited,
        probing: &arguments.probing,
        policy: None,
        change: arguments.change.asked().as_ref(),
        instant,
        judging: &quiet,
    })?;
    let mut text = serde_json::to_vec(&collected)
        .map_err(|error| Failure::CouldNotAssess(format!("the facts cannot be written: {error}")))?;
    text.push(b'\n');
    match &arguments.output {
        Some(path) => to_file(path, &text),
        None => to_stdout(&text),
    }
}

/// Runs `judge`.
pub fn judge(arguments: &Judge) -> Result<Outcome, Failure> {
    let clock = Clock::now();
    let shown = arguments.facts.display().to_string();
    let problem = |why: String| Failure::Usage(format!("{shown}: {why}"));
    let mut text = String::new();
    if shown == "-" {
        std::io::stdin()
            .take(LARGEST)
            .read_to_string(&mut text)
            .map_err(|error| problem(format!("cannot be read: {error}")))?;
    } else {
        std::fs::File::open(&arguments.facts)
            .and_then(|file| file.take(LARGEST).read_to_string(&mut text))
            .map_err(|error| problem(format!("cannot be read: {error}")))?;
    }
    let mut collected: Collected = serde_json::from_str(&text).map_err(|error| {
        problem(format!("no facts of this tool: {error}; write them with `seaworthy collect -o FILE`"))
    })?;
    if collected.schema != Collected::SCHEMA {
        return Err(problem(format!(
            "the format is {}, and this version reads {}",
            collected.schema,
            Collected::SCHEMA
        )));
    }
    let instant = match &arguments.judging.at {
        Some(at) => Instant::read(Some(at))?,
        None => Instant { now: collected.started_at, as_of: false },
    };
    if let seaworthy_facts::Collected::Found(declared) = &mut collected.facts.declared {
        declared.as_of = instant.day().to_string();
    }
    let outputs = Outputs::read(&arguments.judging)?;
    // The configuration of the place where it was collected is in the facts; the gate's can be given here.
    let nowhere = std::path::Path::new("/nonexistent");
    let settings =
        settings(nowhere, arguments.config.as_deref(), arguments.judging.policy.as_deref(), None, instant)?;
    let judging = settings.judging(&arguments.judging, instant)?;
    let elapsed = u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX);
    let report = assemble(&collected, &judging, elapsed);
    let outcome = outcome(&collected, &report)?;
    outputs.write(&[report])?;
    Ok(outcome)
}
