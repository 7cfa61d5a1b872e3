//! Crontabs and the schedules that other formats borrow from them.

use crate::Limits;

/// Whether lines carry the name of a user (`/etc/crontab`, `/etc/cron.d`) or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// `m h dom mon dow command`
    User,
    /// `m h dom mon dow user command`
    System,
}

/// A whole file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Crontab {
    /// The jobs in source order.
    pub jobs: Vec<Job>,
    /// Environment lines.
    pub environment: Vec<(String, String)>,
}

/// One job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// When it runs.
    pub schedule: Schedule,
    /// As whom, in the system layout.
    pub user: Option<String>,
    /// What it runs.
    pub command: String,
    /// 1-based line.
    pub line: u32,
    /// 1-based column of the command.
    pub column: u32,
}

/// A schedule of five fields or a nickname such as `@daily`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The schedule as written.
    pub source: String,
    /// Minute, hour, day of month, month, day of week; empty for `@reboot`.
    pub fields: Vec<String>,
}

impl Schedule {
    /// Reads five fields or a nickname; none when the text is neither.
    pub fn parse(_text: &str) -> Option<Self> {
        None
    }

    /// The longest gap between two runs in hours; none when it never repeats.
    pub fn interval_hours(&self) -> Option<f64> {
        None
    }
}

impl Job {
    /// The longest gap between two runs in hours; none when it never repeats.
    pub fn interval_hours(&self) -> Option<f64> {
        self.schedule.interval_hours()
    }
}

/// Reads a file; lines that make no sense are passed over.
pub fn parse(_text: &str, _layout: Layout, _limits: &Limits) -> Crontab {
    Crontab::default()
}
