//! Facts about backups in few words.
#![allow(clippy::unwrap_used)]

use seaworthy_facts::{
    Command, Database, Declared, Destination, Engine, Facts, Infrastructure, InfrastructureTool, Launches,
    Location, ManagedBackup, Observed, Resource, Role, ScheduledJob, Schedules, System,
};

pub use crate::ci::test_support::report;

/// A system with PostgreSQL.
pub fn facts(schedules: Schedules) -> Facts {
    let database = Database {
        engine: Engine::Postgresql,
        at: Location::line("package.json", 9),
        shown_by: "pg in package.json".to_owned(),
        alternative: false,
    };
    Facts {
        system: System { databases: vec![database], ..System::default() }.into(),
        schedules: schedules.into(),
        launches: Launches::default().into(),
        infrastructure: Infrastructure::default().into(),
        declared: Declared::default().into(),
        ..Facts::default()
    }
}

/// A command given as one line.
pub fn command(line: &str) -> Command {
    Command {
        words: line.split(' ').map(str::to_owned).collect(),
        text: line.to_owned(),
        at: Location::line("crontab", 1),
        via: Vec::new(),
        roles: Vec::new(),
        ignored: None,
        missing: None,
        selects_nothing: None,
        condition: None,
    }
}

/// A job with one command that makes a backup.
pub fn job(kind: &str, timetable: &str, hours: Option<f64>, words: &[&str]) -> Schedules {
    let command = Command { roles: vec![Role::Backup], ..command(&words.join(" ")) };
    let job = ScheduledJob {
        kind: kind.to_owned(),
        at: Location::line("crontab", 1),
        timetable: timetable.to_owned(),
        interval_hours: hours,
        commands: vec![command],
        destination: Destination::Unknown,
    };
    Schedules { jobs: vec![job], ..Schedules::default() }
}

/// A managed database.
pub fn managed(enabled: bool, days: Option<u32>, hours: Option<f64>) -> Schedules {
    let backup = ManagedBackup {
        resource: "aws_db_instance.main".to_owned(),
        enabled,
        retention_days: days,
        interval_hours: hours,
        destination: if enabled { Destination::Apart("S3".to_owned()) } else { Destination::Unknown },
        at: Location::line("main.tf", 3),
    };
    Schedules { managed_backups: vec![backup], ..Schedules::default() }
}

/// A script that nothing schedules.
pub fn script(text: &str) -> Schedules {
    let script = Observed::new(text.to_owned(), Location::line("scripts/a.sh", 3));
    Schedules { backup_scripts: vec![script], ..Schedules::default() }
}

/// A resource that ships.
pub fn resource(kind: &str, name: &str, settings: &[(&str, &str)]) -> Resource {
    let at = Location::line("infra.yml", 3);
    seaworthy_testkit::infrastructure::resource(InfrastructureTool::Compose, kind, name, &at, settings)
}

/// A backup service of a Compose file and its schedule.
pub fn with_service(settings: &[(&str, &str)]) -> (Schedules, Infrastructure) {
    let mut schedules = job("Compose service", "@daily", Some(24.0), &["image"]);
    schedules.jobs[0].at = Location::line("infra.yml", 5);
    let infrastructure =
        Infrastructure { resources: vec![resource("service", "backup", settings)], unread: Vec::new() };
    (schedules, infrastructure)
}
