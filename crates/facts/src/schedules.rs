use serde::{Deserialize, Serialize};

use crate::*;

/// What is run at set times, outside CI (CI schedules are triggers of workflows).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Schedules {
    /// Each scheduled job.
    pub jobs: Vec<ScheduledJob>,
    /// Backups that a managed service or operator makes, as infrastructure code sets them.
    pub managed_backups: Vec<ManagedBackup>,
    /// Scripts that would make a backup, wherever they are.
    pub backup_scripts: Vec<Observed<String>>,
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
    /// Where.
    pub at: Location,
}
