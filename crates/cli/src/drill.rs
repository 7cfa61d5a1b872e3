//! `seaworthy drill restore`: plan, consent, run, record.

use std::io::{IsTerminal, Write};
use std::path::Path;

use seaworthy_drills::restore::{
    Objective, Order, Place, Plan, Report, Verdict, Verify, has_password, plan, record, run,
};
use seaworthy_drills::storage::Reach;
use seaworthy_drills::{Interrupt, Progress, Stop, scratch};
use seaworthy_ledger::{AllowedSigners, Signer, SigningContext, find_signer, write as write_record};
use seaworthy_subject::Config;

use crate::arguments::DrillRestore;
use crate::configuration::{Instant, Settings, settings};
use crate::failure::{Failure, Outcome};
use crate::output::to_stdout;

/// Hours that may be lost, and that a restore may take, where nothing is declared.
const ASSUMED_RPO: f64 = 24.0;
const ASSUMED_RTO: f64 = 1.0;

/// Runs `drill restore`.
pub fn restore(arguments: &DrillRestore) -> Result<Outcome, Failure> {
    let folder = &arguments.path;
    if !folder.is_dir() {
        return Err(Failure::Usage(format!("{}: no such folder", folder.display())));
    }
    let instant = Instant::read(None)?;
    let settings = settings(folder, arguments.config.as_deref(), None, None, instant)?;
    let order = order(arguments, &settings.config, instant)?;
    // A key that does not sign is told before anything is done.
    let signer = if arguments.no_record || arguments.plan { None } else { signer(arguments, &settings)? };
    let place = order.place.shown();
    if let Some(answer) = consent_to_look(&order, arguments)? {
        return Ok(answer);
    }
    let plan = match plan(order) {
        Ok(plan) => plan,
        // The newest backup is no good: nothing has to be restored to know that.
        Err(Stop::Refused(why)) => {
            to_stdout(format!("FAILED — {why}\n").as_bytes())?;
            return Ok(Outcome::Failed);
        }
        Err(stop) => return Err(failure(stop)),
    };
    if arguments.plan {
        return to_stdout(planned(&plan, &place).as_bytes());
    }
    consent(&plan, &place, arguments.yes)?;
    let interrupt = Interrupt::listen()
        .map_err(|error| Failure::CouldNotAssess(format!("signals cannot be listened to: {error}")))?;
    let mut progress = Progress::new(arguments.quiet);
    let report = run(plan, &interrupt, &mut progress).map_err(failure)?;
    let recorded =
        if arguments.no_record { Vec::new() } else { keep(&report, folder, &settings, signer.as_deref())? };
    if arguments.json {
        let mut text = serde_json::to_vec_pretty(&report)
            .map_err(|error| Failure::CouldNotAssess(format!("the result cannot be written: {error}")))?;
        text.push(b'\n');
        to_stdout(&text)?;
    } else {
        let mut text = report.text();
        for line in &recorded {
            text.push_str(line);
            text.push('\n');
        }
        to_stdout(text.as_bytes())?;
    }
    Ok(match report.verdict {
        Verdict::Passed => Outcome::Passed,
        Verdict::Failed => Outcome::Failed,
        Verdict::Broken => Outcome::NotAssessed,
    })
}

fn failure(stop: Stop) -> Failure {
    match stop {
        Stop::Usage(why) => Failure::Usage(why),
        stop => Failure::CouldNotAssess(stop.to_string()),
    }
}

fn order(arguments: &DrillRestore, config: &Config, instant: Instant) -> Result<Order, Failure> {
    let here = std::env::current_dir().unwrap_or_default();
    let (location, base, pattern) = match (&arguments.from, &config.backups.location) {
        (Some(from), _) => (from, here, arguments.pattern.clone()),
        (None, Some(location)) => (location, arguments.path.clone(), config.backups.pattern.clone()),
        (None, None) => {
            return Err(Failure::Usage(
                "where are the backups? Name their folder or s3://BUCKET/PREFIX with --from, or as `location` under [backups] in seaworthy.toml"
                    .to_owned(),
            ));
        }
    };
    // What is declared for the declared location says nothing about another one.
    let declared = |value: &Option<String>| value.clone().filter(|_| arguments.from.is_none());
    let reach = Reach {
        endpoint: arguments.endpoint.clone().or_else(|| declared(&config.backups.endpoint)),
        region: arguments.region.clone().or_else(|| declared(&config.backups.region)),
    };
    let folder = std::fs::canonicalize(&arguments.path).unwrap_or_else(|_| arguments.path.clone());
    let mut verify: Vec<Verify> = config.restore.queries.iter().cloned().map(Verify::Query).collect();
    verify.extend(
        config
            .restore
            .commands
            .iter()
            .map(|text| Verify::Command { text: text.clone(), folder: folder.clone() }),
    );
    Ok(Order {
        place: Place::read(location, &base, &reach).map_err(failure)?,
        pattern,
        password_command: config.restore.password_command.clone(),
        manifest: arguments.manifest.clone(),
        rpo: Objective::hours(config.objectives.rpo_hours, ASSUMED_RPO),
        rto: Objective::hours(config.objectives.rto_hours, ASSUMED_RTO),
        verify,
        scratch: arguments.scratch.clone().unwrap_or_else(scratch::default_base),
        now: instant.now,
    })
}

fn planned(plan: &Plan, place: &str) -> String {
    let artefact = &plan.newest.artefact;
    let mut text = format!(
        "The newest backup in {place} is {} of {} ({}, {} bytes). It is only read. The drill will\n",
        artefact.name,
        artefact.modified.strftime("%Y-%m-%d %H:%M UTC"),
        artefact.describe(),
        artefact.size
    );
    for (index, step) in plan.steps().iter().enumerate() {
        text.push_str(&format!("  {}. {step}\n", index + 1));
    }
    text
}

/// A command of the configuration runs with consent only, also where it is needed to see what is there.
fn consent_to_look(order: &Order, arguments: &DrillRestore) -> Result<Option<Outcome>, Failure> {
    let Some(command) = &order.password_command else { return Ok(None) };
    if arguments.yes || !has_password(&order.place) {
        return Ok(None);
    }
    let text = format!(
        "{} is a repository with a password. To look into it, the drill runs the command that [drill.restore] names:\n  {command}\n",
        order.place.shown()
    );
    if arguments.plan {
        return to_stdout(
            format!("{text}--plan with --yes runs it, and shows the steps that follow.\n").as_bytes(),
        )
        .map(Some);
    }
    agreed(&text)?;
    Ok(None)
}

fn consent(plan: &Plan, place: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    agreed(&planned(plan, place))
}

fn agreed(text: &str) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::Usage(
            "a drill acts, and nobody is here to agree: --yes agrees, --plan shows what would be done"
                .to_owned(),
        ));
    }
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "{text}Go ahead? [y/N] ");
    let _ = stderr.flush();
    let mut answer = String::new();
    let _ = std::io::stdin().read_line(&mut answer);
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Failure::Usage("nothing was done".to_owned()))
}

/// The key of the record: one that is named must work, any other is used where it is at hand.
fn signer(arguments: &DrillRestore, settings: &Settings) -> Result<Option<Box<dyn Signer>>, Failure> {
    let ledger = settings.ledger(&arguments.path)?;
    let allowed = match &ledger.allowed_signers {
        Some((text, file)) => {
            Some(AllowedSigners::parse(text).map_err(|error| Failure::Usage(format!("{file}: {error}")))?)
        }
        None => None,
    };
    let ask = |path: &Path| crate::attest::passphrase(path).filter(|_| arguments.key.is_some());
    let context = SigningContext::from_environment(&ask, allowed.as_ref());
    match (find_signer(arguments.key.as_deref(), &context), &arguments.key) {
        (Ok(signer), _) => Ok(Some(signer)),
        (Err(error), Some(_)) => Err(Failure::Usage(error.to_string())),
        (Err(_), None) => Ok(None),
    }
}

/// Adds the records to the ledger.
fn keep(
    report: &Report,
    folder: &Path,
    settings: &Settings,
    signer: Option<&dyn Signer>,
) -> Result<Vec<String>, Failure> {
    let ledger = settings.ledger(folder)?;
    let commit = seaworthy_subject::resolve(folder, "HEAD").ok();
    let mut lines = Vec::new();
    for statement in record::statements(report, commit.as_deref(), env!("CARGO_PKG_VERSION")) {
        let path = write_record(&ledger.folder, &statement, signer).map_err(|error| {
            Failure::CouldNotAssess(format!("the drill ran, but its record cannot be kept: {error}"))
        })?;
        lines.push(format!("recorded for {}: {}", statement.predicate.item, path.display()));
    }
    if !lines.is_empty() {
        lines.push(match signer {
            Some(signer) => format!("signed with {} ({})", signer.description(), signer.fingerprint()),
            None => "unsigned: no SSH key is at hand".to_owned(),
        });
    }
    Ok(lines)
}
