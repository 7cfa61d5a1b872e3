//! `seaworthy drill restore`: plan, consent, run, record.

use std::io::{IsTerminal, Write};
use std::path::Path;

use seaworthy_drills::restore::{
    Migrations, Objective, Online, Order, Place, Plan, Report, SCHEMA, Verdict, Verify, has_password,
    instance, plan, record, run,
};
use seaworthy_drills::storage::Reach;
use seaworthy_drills::{Interrupt, Progress, Stop, scratch, sized};
use seaworthy_engine::{CollectOptions, collect};
use seaworthy_ledger::{AllowedSigners, Signer, SigningContext, find_signer, write as write_record};
use seaworthy_subject::Config;

use crate::arguments::{Audited, DrillRestore};
use crate::backup::{from_variable, on_the_command_line};
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
    if let Some(restored) = &arguments.restored_url {
        return instance(arguments, restored, &settings, instant);
    }
    let order = order(arguments, &settings, instant)?;
    // A key that does not sign is told before anything is done.
    let signer = if arguments.no_record || arguments.plan { None } else { signer(arguments, &settings)? };
    let place = order.place.shown();
    if let Some(answer) = consent_to_look(&order, arguments)? {
        return Ok(answer);
    }
    let plan = match look(order, arguments)? {
        Ok(plan) => plan,
        Err(outcome) => return Ok(outcome),
    };
    if arguments.plan {
        return to_stdout(planned(&plan, &place).as_bytes());
    }
    agreed(&planned(&plan, &place), arguments.yes)?;
    let interrupt = listen()?;
    let mut progress = Progress::new(arguments.quiet);
    let report = run(plan, &interrupt, &mut progress).map_err(failure)?;
    told(&report, arguments, &settings, signer.as_deref())
}

/// Listens to signals.
pub fn listen() -> Result<Interrupt, Failure> {
    Interrupt::listen()
        .map_err(|error| Failure::CouldNotAssess(format!("signals cannot be listened to: {error}")))
}

/// A database that the user restored himself.
fn instance(
    arguments: &DrillRestore,
    restored: &str,
    settings: &Settings,
    instant: Instant,
) -> Result<Outcome, Failure> {
    let signer = if arguments.no_record || arguments.plan { None } else { signer(arguments, settings)? };
    let config = &settings.config;
    let order = instance::Order {
        restored: online("--restored-url", restored)?,
        source: source(arguments)?,
        manifest: arguments.manifest.clone(),
        rpo: Objective::hours(config.objectives.rpo_hours, ASSUMED_RPO),
        rto: Objective::hours(config.objectives.rto_hours, ASSUMED_RTO),
        verify: verify(arguments, config),
        migrations: migrations(arguments, settings, instant)?,
        scratch: arguments.scratch.clone().unwrap_or_else(scratch::default_base),
        now: instant.now,
        is_no_production: arguments.not_production,
    };
    let plan = instance::plan(order).map_err(failure)?;
    if arguments.plan {
        return to_stdout(plan.text().as_bytes());
    }
    agreed(&plan.text(), arguments.yes)?;
    let interrupt = listen()?;
    let mut progress = Progress::new(arguments.quiet);
    let report = instance::run(plan, &interrupt, &mut progress).map_err(failure)?;
    told(&report, arguments, settings, signer.as_deref())
}

/// Prints and keeps what was found.
fn told(
    report: &Report,
    arguments: &DrillRestore,
    settings: &Settings,
    signer: Option<&dyn Signer>,
) -> Result<Outcome, Failure> {
    let recorded =
        if arguments.no_record { Vec::new() } else { keep(report, &arguments.path, settings, signer)? };
    if arguments.json {
        let mut text = serde_json::to_vec_pretty(report)
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

/// Looks at the location. A command of the configuration that must run for that runs with consent.
fn look(mut order: Order, arguments: &DrillRestore) -> Result<Result<Plan, Outcome>, Failure> {
    loop {
        match plan(order.clone()) {
            Ok(plan) => return Ok(Ok(plan)),
            // The newest backup is no good: nothing has to be restored to know that.
            Err(Stop::Refused(why)) => {
                let text = if arguments.json {
                    let refused = serde_json::json!({
                        "schema": SCHEMA,
                        "verdict": Verdict::Failed,
                        "reason": why,
                        "location": order.place.shown(),
                        "at": order.now,
                    });
                    format!("{refused:#}\n")
                } else {
                    format!("FAILED — {why}\n")
                };
                to_stdout(text.as_bytes())?;
                return Ok(Err(Outcome::Failed));
            }
            Err(Stop::Asks(text)) if arguments.plan => {
                let text = format!("{text}--plan with --yes runs it, and shows the steps that follow.\n");
                return to_stdout(text.as_bytes()).map(Err);
            }
            Err(Stop::Asks(text)) => {
                agreed(&text, false)?;
                order.agreed = true;
            }
            Err(stop) => return Err(failure(stop)),
        }
    }
}

/// How the command line says why a drill ended.
pub fn failure(stop: Stop) -> Failure {
    match stop {
        Stop::Usage(why) => Failure::Usage(why),
        stop => Failure::CouldNotAssess(stop.to_string()),
    }
}

/// A database behind a variable.
fn online(option: &str, value: &str) -> Result<Online, Failure> {
    let Some(variable) = value.strip_prefix("env:") else { return Err(on_the_command_line(option)) };
    Ok(Online { variable: variable.to_owned(), address: from_variable(option, variable)? })
}

fn source(arguments: &DrillRestore) -> Result<Option<Online>, Failure> {
    arguments.source.as_deref().map(|value| online("--source", value)).transpose()
}

fn verify(arguments: &DrillRestore, config: &Config) -> Vec<Verify> {
    let folder = std::fs::canonicalize(&arguments.path).unwrap_or_else(|_| arguments.path.clone());
    let queries = config.restore.queries.iter().cloned().map(Verify::Query);
    let commands = config
        .restore
        .commands
        .iter()
        .map(|text| Verify::Command { text: text.clone(), folder: folder.clone() });
    queries.chain(commands).collect()
}

/// The migrations that the repository has.
fn migrations(
    arguments: &DrillRestore,
    settings: &Settings,
    instant: Instant,
) -> Result<Vec<Migrations>, Failure> {
    let audited = Audited { with: Vec::new(), deploy: Vec::new(), config: None, offline: true };
    let options = CollectOptions {
        folder: Some(arguments.path.clone()),
        site: None,
        with: Vec::new(),
        declared: settings.declared(&audited, instant)?,
        change: None,
        ledger: None,
        now: instant.now,
    };
    let facts = collect(&options, instant.now, &mut |_| {}).facts;
    // A folder without a repository's files has none.
    let Ok(found) = facts.migrations.get() else { return Ok(Vec::new()) };
    Ok(found
        .sets
        .iter()
        .map(|set| Migrations {
            framework: set.framework.clone(),
            count: usize::try_from(set.count).unwrap_or(usize::MAX),
            newest: set.newest.iter().map(|migration| migration.name.clone()).collect(),
        })
        .collect())
}

fn order(arguments: &DrillRestore, settings: &Settings, instant: Instant) -> Result<Order, Failure> {
    let config = &settings.config;
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
    Ok(Order {
        place: Place::read(location, &base, &reach).map_err(failure)?,
        declared: arguments.from.is_none(),
        pattern,
        stanza: config.backups.stanza.clone(),
        password_command: config.restore.password_command.clone(),
        decrypt_command: config.restore.decrypt_command.clone(),
        folder: std::fs::canonicalize(&arguments.path).unwrap_or_else(|_| arguments.path.clone()),
        agreed: arguments.yes,
        manifest: arguments.manifest.clone(),
        rpo: Objective::hours(config.objectives.rpo_hours, ASSUMED_RPO),
        rto: Objective::hours(config.objectives.rto_hours, ASSUMED_RTO),
        verify: verify(arguments, config),
        source: source(arguments)?,
        migrations: migrations(arguments, settings, instant)?,
        scratch: arguments.scratch.clone().unwrap_or_else(scratch::default_base),
        full_controls: arguments.full_controls,
        now: instant.now,
    })
}

fn planned(plan: &Plan, place: &str) -> String {
    let artefact = &plan.newest.artefact;
    let mut text = format!(
        "The newest backup in {place} is {} of {} ({}, {}). It is only read. The drill will\n",
        artefact.name,
        artefact.modified.strftime("%Y-%m-%d %H:%M UTC"),
        artefact.describe(),
        sized(artefact.size)
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
    agreed(&text, false)?;
    Ok(None)
}

/// Asks a person.
pub fn agreed(text: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
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

fn signer(arguments: &DrillRestore, settings: &Settings) -> Result<Option<Box<dyn Signer>>, Failure> {
    signer_for(&arguments.path, arguments.key.as_deref(), settings)
}

/// The key of the record: one that is named must work, any other is used where it is at hand.
pub fn signer_for(
    folder: &Path,
    key: Option<&Path>,
    settings: &Settings,
) -> Result<Option<Box<dyn Signer>>, Failure> {
    let ledger = settings.ledger(folder)?;
    let allowed = match &ledger.allowed_signers {
        Some((text, file)) => {
            Some(AllowedSigners::parse(text).map_err(|error| Failure::Usage(format!("{file}: {error}")))?)
        }
        None => None,
    };
    let ask = |path: &Path| crate::attest::passphrase(path).filter(|_| key.is_some());
    let context = SigningContext::from_environment(&ask, allowed.as_ref());
    match (find_signer(key, &context), key) {
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
