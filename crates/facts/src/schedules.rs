use serde::{Deserialize, Serialize};

use crate::*;

/// What is run at set times, outside CI (CI schedules are triggers of workflows; those that make or restore backups are
/// repeated here).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Schedules {
    /// Each scheduled job.
    pub jobs: Vec<ScheduledJob>,
    /// Backups that a managed service or operator makes, as infrastructure code sets them.
    pub managed_backups: Vec<ManagedBackup>,
    /// Scripts that would make a backup, wherever they are.
    pub backup_scripts: Vec<Observed<String>>,
    /// Jobs of CI workflows that make or restore backups at set times.
    #[serde(default)]
    pub ci: Vec<ScheduledJob>,
}

/// A job with a timetable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduledJob {
    /// `cron file`, `systemd timer`, `Kubernetes CronJob`, `Compose service`, `application scheduler`, …
    pub kind: String,
    /// Where its timetable is.
    pub at: Location,
    /// The timetable as written.
    pub timetable: String,
    /// Longest gap between two runs, in hours, when it can be told.
    pub interval_hours: Option<f64>,
    /// Its commands, followed.
    pub commands: Vec<Command>,
    /// Where its backups go, when something besides its commands tells.
    #[serde(default)]
    pub destination: Destination,
}

/// Where backups are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Destination {
    /// Nothing tells.
    #[default]
    Unknown,
    /// Apart from the disk and the host of the data: where, in a few words.
    Apart(String),
    /// On the machine that makes them, which may be that of the data: where, in a few words.
    Local(String),
    /// On the host or in the volume of the data: where, in a few words.
    Beside(String),
}

/// Backups of a managed database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManagedBackup {
    /// The resource (`aws_db_instance.main`).
    pub resource: String,
    /// On, or explicitly off.
    pub enabled: bool,
    /// Days kept, when told.
    pub retention_days: Option<u32>,
    /// Longest gap between backups in hours (point-in-time recovery: its archive interval), when told.
    pub interval_hours: Option<f64>,
    /// Where they are kept.
    #[serde(default)]
    pub destination: Destination,
    /// Where.
    pub at: Location,
}
