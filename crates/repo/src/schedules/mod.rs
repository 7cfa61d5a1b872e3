//! What is run at set times, and the backups that managed services make by themselves.
//!
//! One file for each kind of timetable; all give the same shapes.

mod application;
mod ci;
mod code;
mod compose;
mod cron;
mod infrastructure;
mod kubernetes;
mod managed;
mod operators;
mod platforms;
mod scripts;
mod systemd;

use seaworthy_facts::{Command, Destination, Infrastructure, Location, Pipelines, ScheduledJob, Schedules};
use seaworthy_syntax::crontab::Schedule;

use crate::commands::{Commands, Place};
use crate::scan::Scan;
use crate::tree::{Class, File, Tree};

pub use code::{Plan, plan};

/// What this room looks at.
#[derive(Clone, Copy)]
pub struct Seen<'a, 't> {
    /// The files.
    pub tree: &'t Tree,
    /// What the pass saw.
    pub scan: &'a Scan,
    /// The literals that were asked for.
    pub plan: &'a Plan,
    /// Follows commands.
    pub commands: &'a Commands<'t>,
    /// Infrastructure as code.
    pub infrastructure: &'a Infrastructure,
    /// Workflows of CI.
    pub pipelines: &'a Pipelines,
}

/// Every timetable.
pub fn collect(seen: &Seen) -> Schedules {
    let Seen { tree, commands, infrastructure, pipelines, .. } = *seen;
    let mut found = Found { tree, commands, schedules: Schedules::default() };
    cron::read(&mut found);
    systemd::read(&mut found);
    kubernetes::read(&mut found);
    compose::read(&mut found);
    application::read(&mut found);
    platforms::read(&mut found);
    infrastructure::read(&mut found, infrastructure);
    managed::read(&mut found, infrastructure);
    operators::read(&mut found, infrastructure);
    ci::read(&mut found, pipelines);
    code::read(&mut found, seen.scan, seen.plan);
    scripts::read(&mut found);
    found.schedules
}

/// What the readers share and add to.
struct Found<'a, 't> {
    tree: &'t Tree,
    commands: &'a Commands<'t>,
    schedules: Schedules,
}

impl Found<'_, '_> {
    /// Follows a command line that stands at a place.
    fn follow(&self, text: &str, at: &Location, folder: &str) -> Vec<Command> {
        let path = at.path().unwrap_or_default();
        self.commands.follow(text, &Place { path, line: at.line_number().unwrap_or(1), folder, via: &[] })
    }

    /// Adds a job.
    fn job(&mut self, kind: &str, at: &Location, timetable: &str, commands: Vec<Command>) {
        let interval_hours = interval(timetable);
        self.schedules.jobs.push(ScheduledJob {
            kind: kind.to_owned(),
            at: at.clone(),
            timetable: timetable.chars().take(200).collect(),
            interval_hours,
            commands,
            destination: Destination::Unknown,
        });
    }
}

/// The longest gap of a timetable in hours: cron fields (also the six that begin with seconds), nicknames, and
/// `@every 6h`.
fn interval(timetable: &str) -> Option<f64> {
    let text = timetable.trim().trim_matches(['"', '\'']);
    if let Some(every) = text.strip_prefix("@every ").or_else(|| text.strip_prefix("every ")) {
        return spoken(every);
    }
    let text = text.strip_prefix("TZ=").and_then(|rest| rest.split_once(' ')).map_or(text, |(_, rest)| rest);
    let text =
        text.strip_prefix("CRON_TZ=").and_then(|rest| rest.split_once(' ')).map_or(text, |(_, rest)| rest);
    let fields: Vec<&str> = text.split_whitespace().collect();
    let five = match fields.len() {
        6 => fields[1..].join(" "),
        _ => text.to_owned(),
    };
    Schedule::parse(&five).and_then(|schedule| schedule.interval_hours())
}

/// `day at 1 am`, `2 minutes`, `monday`: the words after "every".
fn spoken(text: &str) -> Option<f64> {
    let text = text.trim();
    let unit = [" at ", " on ", ", "]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min()
        .map_or(text, |end| &text[..end]);
    let lower = unit.trim().to_ascii_lowercase();
    let first = lower.split_whitespace().next()?;
    let day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].iter().any(|day| {
        first
            .strip_prefix(day)
            .is_some_and(|rest| rest.is_empty() || rest.trim_end_matches('s').ends_with("day"))
    });
    match first {
        "weekday" | "weekdays" => Some(72.0),
        "weekend" => Some(168.0),
        _ if day => Some(168.0),
        _ if first.starts_with(|c: char| c.is_ascii_alphabetic()) => duration(&format!("1 {lower}")),
        _ => duration(&lower),
    }
}

/// A duration such as `6h`, `1h30m`, `90 minutes`, `1 day` in hours.
fn duration(text: &str) -> Option<f64> {
    let mut hours = 0.0;
    let mut rest = text.trim();
    let mut seen = false;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let amount: f64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start_matches([' ', '.']);
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = &rest[..letters];
        rest = rest[letters..].trim_start();
        hours += amount
            * match unit {
                "s" | "sec" | "second" | "seconds" => 1.0 / 3600.0,
                "m" | "min" | "minute" | "minutes" => 1.0 / 60.0,
                "h" | "hr" | "hour" | "hours" => 1.0,
                "d" | "day" | "days" => 24.0,
                "w" | "week" | "weeks" => 168.0,
                "month" | "months" => 744.0,
                "year" | "years" => 8_784.0,
                _ => return None,
            };
        seen = true;
    }
    seen.then_some(hours)
}

/// Whether a file can say what runs in production: examples, tests, documentation and vendored files cannot.
fn can_ship(file: &File) -> bool {
    matches!(file.class, Class::Shipped | Class::Development)
}

#[cfg(test)]
mod tests;
