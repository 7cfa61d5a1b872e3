//! What the facts say about backups, in one shape for all items of the section.

use seaworthy_facts::{
    Absent, Command, Destination, FactView, Infrastructure, Launches, ManagedBackup, Observed, Resource,
    Role, ScheduledJob, Schedules, Stage, Unread,
};
use seaworthy_model::Location;

use super::destination;
use crate::Findings;

/// Something that makes backups again and again.
#[derive(Debug, Clone)]
pub struct Backup {
    /// What it is, as the beginning of a sentence.
    pub what: String,
    /// Where it is set up.
    pub at: Location,
    /// Longest gap in hours, when it can be told; 0 where changes are copied all the time.
    pub hours: Option<f64>,
    /// Where its backups go.
    pub destination: Destination,
}

/// All that was found.
#[derive(Debug, Default)]
pub struct Found {
    /// What makes backups.
    pub backups: Vec<Backup>,
    /// Managed backups that are switched off.
    pub off: Vec<ManagedBackup>,
    /// Scripts that would make a backup.
    pub scripts: Vec<Observed<String>>,
    /// Infrastructure that nothing reads.
    pub unread: Vec<Unread>,
}

impl Found {
    /// Gathers from schedules, launches and infrastructure; the latter two only add.
    ///
    /// # Errors
    /// When there are no schedules.
    pub fn gather(view: &FactView) -> Result<Found, Absent> {
        let schedules = view.get::<Schedules>()?;
        let infrastructure = view.get::<Infrastructure>().ok();
        let mut found = Found { scripts: schedules.backup_scripts.clone(), ..Found::default() };
        for job in schedules.jobs.iter().chain(&schedules.ci) {
            if let Some(backup) = of_job(job, infrastructure) {
                found.backups.push(backup);
            }
        }
        for managed in &schedules.managed_backups {
            if managed.enabled {
                found.backups.push(of_managed(managed));
            } else {
                found.off.push(managed.clone());
            }
        }
        if let Ok(launches) = view.get::<Launches>() {
            for launch in
                launches.launches.iter().filter(|launch| !launch.development && launch.stage == Stage::Start)
            {
                if let Some(command) = launch.commands.iter().find(|command| replicates(command)) {
                    found.backups.push(Backup {
                        what: "Litestream copies every change at once".to_owned(),
                        at: command.at.clone(),
                        hours: Some(0.0),
                        destination: destination::of_litestream(infrastructure, &command.words),
                    });
                }
            }
        }
        if let Some(infrastructure) = infrastructure {
            found.unread = unread(infrastructure, DATABASES);
        }
        if let Ok(launches) = view.get::<Launches>() {
            found.unread.extend(launches.unread.iter().cloned());
        }
        Ok(found)
    }

    /// Says what was looked for.
    pub fn looked_for(findings: &mut Findings) {
        findings.looked_for(
            "scheduled jobs that make backups (cron, systemd timers, Kubernetes CronJobs, Compose and CI schedules, schedulers of the application), backups that managed databases and operators make as infrastructure code sets them, Litestream",
        );
    }
}

/// Words of modules that may make or back up a database.
const DATABASES: &[&str] =
    &["postgres", "mysql", "maria", "mongo", "rds", "sql", "database", "db", "aurora", "backup"];

/// What nothing reads and may decide: programs and templates as a whole, and modules whose address has one of these
/// words.
pub fn unread(infrastructure: &Infrastructure, words: &[&str]) -> Vec<Unread> {
    infrastructure
        .unread
        .iter()
        .filter(|unread| match unread.what.strip_prefix("the Terraform module ") {
            Some(address) => address.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| {
                let part = part.to_ascii_lowercase();
                words.iter().any(|word| part == *word || word.len() > 3 && part.contains(word))
            }),
            None => true,
        })
        .cloned()
        .collect()
}

/// Whether a command is Litestream at work.
fn replicates(command: &Command) -> bool {
    command.effective()
        && command.words.first().is_some_and(|program| program.rsplit('/').next() == Some("litestream"))
        && command.words.iter().any(|word| word == "replicate")
}

fn of_managed(managed: &ManagedBackup) -> Backup {
    let kept = managed.retention_days.filter(|days| *days > 0).map_or(String::new(), |days| match days {
        1 => ", kept for a day".to_owned(),
        days => format!(", kept for {days} days"),
    });
    Backup {
        what: format!("{} has backups switched on{kept}", managed.resource),
        at: managed.at.clone(),
        hours: managed.interval_hours,
        destination: managed.destination.clone(),
    }
}

/// A job whose commands make a backup.
fn of_job(job: &ScheduledJob, infrastructure: Option<&Infrastructure>) -> Option<Backup> {
    let command = job.commands.iter().find(|command| command.really(Role::Backup))?;
    let resource = infrastructure.and_then(|infrastructure| holder(job, infrastructure));
    if resource.is_some_and(|resource| !resource.ships()) {
        return None;
    }
    let program =
        command.words.first().map_or("a program", |program| program.rsplit('/').next().unwrap_or(program));
    let when = match job.timetable.as_str() {
        "" | "a loop" => String::new(),
        "continuous" => " all the time".to_owned(),
        timetable => format!(" ({timetable})"),
    };
    let destination = match &job.destination {
        Destination::Unknown => destination::of_job(job, resource, infrastructure),
        known => known.clone(),
    };
    Some(Backup {
        what: format!("{} {} runs {program}{when}", article(&job.kind), job.kind),
        at: job.at.clone(),
        hours: job.interval_hours,
        destination,
    })
}

fn article(kind: &str) -> &'static str {
    if kind.starts_with(['a', 'A', 'e', 'o']) { "an" } else { "a" }
}

/// The resource whose description holds a job: the last that begins before it in the same file.
fn holder<'i>(job: &ScheduledJob, infrastructure: &'i Infrastructure) -> Option<&'i Resource> {
    let (path, line) = (job.at.path()?, job.at.line_number()?);
    infrastructure
        .resources
        .iter()
        .filter(|resource| {
            matches!(resource.kind.as_str(), "service" | "CronJob" | "kamal:accessory" | "ansible:cron")
        })
        .filter(|resource| {
            resource.at.path() == Some(path) && resource.at.line_number().is_some_and(|at| at <= line)
        })
        .max_by_key(|resource| resource.at.line_number())
}

/// A number of hours in words.
pub fn in_words(hours: f64) -> String {
    let (amount, unit) = if hours < 1.0 {
        ((hours * 60.0).round(), "minute")
    } else if hours < 48.0 {
        ((hours * 10.0).round() / 10.0, "hour")
    } else {
        ((hours / 2.4).round() / 10.0, "day")
    };
    format!("{amount} {unit}{}", if (amount - 1.0).abs() < f64::EPSILON { "" } else { "s" })
}
