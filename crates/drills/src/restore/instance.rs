//! A database that the user restored himself: managed snapshots cannot be downloaded. It is only read.

use std::path::PathBuf;

use jiff::Timestamp;
use seaworthy_database::live::Same;
use seaworthy_database::{Address, Manifest, compare};
use sha2::{Digest, Sha256};

use super::checks::{self, migrations};
use super::objectives::{Gaps, Objective};
use super::report::{Against, Check, Outcome, Report};
use super::source::{Compared, Moment, Online};
use super::{Verify, providers, run::conclude};
use crate::scratch::{Death, Scratch, Who};
use crate::{Interrupt, Progress, Stop};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Order {
    /// The restored database.
    pub restored: Online,
    /// The database that was backed up.
    pub source: Option<Online>,
    /// What it held when the backup was taken.
    pub manifest: Option<PathBuf>,
    /// How much may be lost.
    pub rpo: Objective,
    /// How long a restore may take.
    pub rto: Objective,
    /// What the user wants to hold of the restored database.
    pub verify: Vec<Verify>,
    /// Migrations of the repository.
    pub migrations: Vec<migrations::Sequence>,
    /// Where the scratch folder is made.
    pub scratch: PathBuf,
    /// The moment of the drill.
    pub now: Timestamp,
    /// The user says that it is not what customers use, whatever its name.
    pub is_no_production: bool,
}

/// A request that makes sense.
pub struct Plan {
    order: Order,
    manifest: Option<Manifest>,
}

/// Looks at what is asked for. Connects to nothing.
///
/// # Errors
/// [`Stop::Usage`] where it makes no sense, or where the restored database looks like what customers use.
pub fn plan(order: Order) -> Result<Plan, Stop> {
    let restored = &order.restored.address;
    if let Some(source) = &order.source {
        if source.address == *restored {
            return Err(Stop::Usage(
                "the restored database has the address of the source: the drill is about a copy that was restored elsewhere".to_owned(),
            ));
        }
        if source.address.engine() != restored.engine() {
            return Err(Stop::Usage(format!(
                "the restored database is one of {}, and the source one of {}",
                restored.engine().name(),
                source.address.engine().name()
            )));
        }
    }
    if let Some(word) = restored.looks_like_production().filter(|_| !order.is_no_production) {
        return Err(Stop::Usage(format!(
            "{} looks like what customers use (\"{word}\"), and not like a copy that was restored for a drill; where it is one, say so \
             with --not-production. The source's own server is refused in any case",
            restored.shown()
        )));
    }
    let manifest = order.manifest.as_deref().map(Manifest::read).transpose().map_err(Stop::Usage)?;
    if let Some(manifest) = &manifest
        && manifest.engine != restored.engine()
    {
        return Err(Stop::Usage(format!(
            "the manifest is of a {} database, and {} is one of {}",
            manifest.engine.name(),
            restored.shown(),
            restored.engine().name()
        )));
    }
    Ok(Plan { order, manifest })
}

impl Plan {
    /// Every step, in words.
    pub fn text(&self) -> String {
        let order = &self.order;
        let mut text = format!(
            "{} was restored by you, and is only read. How its provider restores one into a new instance:\n",
            order.restored.address.shown()
        );
        let of = order.source.as_ref().map_or(&order.restored.address, |source| &source.address);
        for command in providers::commands(of) {
            text.push_str(&format!("  {command}\n"));
        }
        let mut steps = Vec::new();
        match &order.source {
            Some(source) => {
                steps.push(format!(
                    "connect to both, and refuse to go on where the restored one is the server of {}, or a replica of it",
                    source.address.shown()
                ));
            }
            None => steps.push("connect to it".to_owned()),
        }
        steps.push(
            "count its rows in one read-only snapshot, look at its sequences and migrations".to_owned(),
        );
        match &self.manifest {
            Some(manifest) => {
                steps.push(format!("compare every table with the manifest of {}", manifest.taken_at));
            }
            None if order.source.is_none() => {
                steps.push("verify no contents: there is neither a manifest nor a source".to_owned());
            }
            None => {}
        }
        if order.source.is_some() {
            steps.push("read every table of the source in one read-only snapshot, and compare".to_owned());
        }
        for verify in &order.verify {
            steps.push(match verify {
                Verify::Query(query) => format!("ask the restored database: {query}"),
                Verify::Command { text, folder } => {
                    format!("run in {}, with its address: {text}", folder.display())
                }
            });
        }
        steps.push("no damaged copies: they cannot be made of what somebody else restores".to_owned());
        text.push_str("The drill will\n");
        for (index, step) in steps.iter().enumerate() {
            text.push_str(&format!("  {}. {step}\n", index + 1));
        }
        text
    }
}

/// Reads, compares, and writes nothing.
///
/// # Errors
/// An interrupt, a database that cannot be read, or a restored one that is the source.
pub fn run(plan: Plan, interrupt: &Interrupt, progress: &mut Progress) -> Result<Report, Stop> {
    let Plan { order, manifest } = plan;
    progress.step("making a scratch folder");
    let mut scratch = Scratch::create(&order.scratch, None, interrupt.clone())?;
    progress.step("connecting");
    let mut live = order.restored.open(&scratch)?;
    let mut remarks = Vec::new();
    let source = match &order.source {
        Some(online) => {
            let mut source = online.open(&scratch)?;
            remarks.extend(apart(&mut live, &mut source, online)?);
            Some((online, source))
        }
        None => None,
    };
    progress.step("counting rows");
    let restored = order.restored.read(live, progress)?;
    let source = match source {
        Some((online, source)) => {
            progress.step("reading the source");
            Some((online, online.read(source, progress)?))
        }
        None => None,
    };
    progress.step("checking");
    let mut report = begun(&order, &restored, manifest.as_ref());
    report.remarks = remarks;
    checked(&order, &mut scratch, restored, source.as_ref(), manifest.as_ref(), &mut report)?;
    progress.step("cleaning up");
    scratch.close()?;
    progress.finish();
    conclude(&mut report);
    Ok(report)
}

/// Refuses a restored database that is the source; gives what cannot be told.
fn apart(
    restored: &mut seaworthy_database::Live,
    source: &mut seaworthy_database::Live,
    online: &Online,
) -> Result<Option<String>, Stop> {
    match restored.same_as(source).map_err(|error| online.stop(error))? {
        Same::No => Ok(None),
        Same::Yes => Err(Stop::Usage(format!(
            "the restored database is on the very server of {}: nothing was restored elsewhere",
            online.address.shown()
        ))),
        Same::Replica => Err(Stop::Usage(format!(
            "the restored database is a replica of {}, and follows it: that is no backup that was restored",
            online.address.shown()
        ))),
        Same::Unknown => Ok(Some(
            "neither server says who it is to these users: that the restored one is not the source is your word".to_owned(),
        )),
    }
}

fn begun(order: &Order, restored: &Moment, manifest: Option<&Manifest>) -> Report {
    let contents = &restored.contents;
    // What it held is what was drilled; there is no artefact.
    let digest = serde_json::to_vec(contents).map(|bytes| Sha256::digest(&bytes)).unwrap_or_default();
    let gaps = match manifest {
        Some(manifest) => Gaps::of(&[manifest.taken_at], manifest.taken_at, order.now),
        None => Gaps::unknown(),
    };
    Report {
        location: order.restored.address.shown(),
        artefact: restored.live.server.database.clone(),
        format: "restored by its owner".to_owned(),
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        modified: manifest.map_or(order.now, |manifest| manifest.taken_at),
        engine_version: restored.live.server.version.clone(),
        by_hand: true,
        gaps,
        tables: contents.tables.len(),
        rows: contents.rows(),
        ..Report::empty(order.restored.address.engine(), order.now, order.rto, order.rpo)
    }
}

fn checked(
    order: &Order,
    scratch: &mut Scratch,
    restored: Moment,
    source: Option<&(&Online, Moment)>,
    manifest: Option<&Manifest>,
    report: &mut Report,
) -> Result<(), Stop> {
    let Moment { mut live, contents, loose, .. } = restored;
    if !loose.is_empty() {
        report
            .remarks
            .push(format!("these tables are not of one moment with the others: {}", loose.join(", ")));
    }
    let expected = source.map(|(_, moment)| &moment.contents);
    report.checks.extend(checks::emptiness::check(&contents, manifest.is_some(), expected));
    report.checks.extend(checks::sequences::check(&contents));
    let mut ask = |query: &str| live.rows(query).map_err(|error| order.restored.stop(error));
    report.checks.extend(migrations::check(&order.migrations, &contents, &mut ask)?);
    for wanted in &order.verify {
        report.checks.push(verified(order, scratch, wanted)?);
    }
    report.checks.push(Check {
        name: "integrity".to_owned(),
        outcome: Outcome::NotDone,
        detail: "the instance is only read, and checks of its structures would have to be installed there"
            .to_owned(),
    });
    if let Some(manifest) = manifest {
        report.differences = compare(&manifest.contents, &contents);
        if report.differences.is_empty() {
            report.verified(Against::Manifest);
        }
    }
    if let Some((online, moment)) = source {
        let compared = Compared::of(online, moment, &contents, true, &[]);
        if compared.is_same() && manifest.is_none() {
            report.verified(Against::Source);
        }
        report.source = Some(compared);
    }
    Ok(())
}

/// What the user wants to hold, asked by a client that may only read.
fn verified(order: &Order, scratch: &mut Scratch, wanted: &Verify) -> Result<Check, Stop> {
    let address = &order.restored.address;
    match wanted {
        Verify::Query(query) => {
            let mut live = order.restored.open(scratch)?;
            let held = match live.rows(query) {
                Ok(rows) => checks::verify::holds(&rows),
                Err(seaworthy_database::Error::Answered(why)) => Err(why),
                Err(error) => return Err(order.restored.stop(error)),
            };
            Ok(checks::verify::told(wanted, held))
        }
        Verify::Command { text, folder } => {
            let mut command = scratch.command(std::path::Path::new("/bin/sh"), Who::Caller, Death::Kill);
            command.args(["-c", text]).current_dir(folder);
            if let Ok(value) = std::env::var(&order.restored.variable) {
                command.env("DATABASE_URL", value);
            }
            match address {
                Address::Postgresql(address) => address.put_into(&mut command),
                Address::Sqlite(path) => {
                    command.env("DATABASE_FILE", path);
                }
                Address::Mariadb(_) => {}
            }
            Ok(checks::verify::told(wanted, checks::verify::command(scratch, command)?))
        }
    }
}
