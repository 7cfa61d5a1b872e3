//! Services of Compose files that work at set times: backup images, schedulers, and cron in a command.

use seaworthy_facts::{Command, Role};
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, yaml};

use super::Found;
use super::kubernetes::image_command;
use crate::commands::roles_of_image;
use crate::launches::is_development;
use crate::tree::File;

/// Variables by which backup images are told their timetable.
pub const TIMETABLES: &[&str] = &[
    "SCHEDULE",
    "BACKUP_CRON_EXPRESSION",
    "CRON_TIME",
    "CRON_SCHEDULE",
    "BACKUP_CRON",
    "BACKUP_SCHEDULE",
    "BACKUP_CRON_SCHEDULE",
    "CRON",
    "DB_DUMP_CRON",
    "RESTIC_BACKUP_SCHEDULE",
    "BORGMATIC_CRON",
    "DEFAULT_BACKUP_INTERVAL",
    "DB_BACKUP_INTERVAL",
    "DB01_BACKUP_INTERVAL",
    "DB_DUMP_FREQUENCY",
    "DB_DUMP_FREQ",
];

/// Reads every Compose file that is not for development.
pub fn read(found: &mut Found) {
    let files: Vec<&File> = found
        .tree
        .files()
        .iter()
        .filter(|file| super::can_ship(file) && is_compose(file.name()) && !is_development(&file.path))
        .collect();
    for file in files {
        let Some(text) = found.tree.text(file) else { continue };
        for document in yaml::parse_template(&text, &Limits::default()).documents {
            for (_, service) in document.get("services").map_or(&[][..], Node::map) {
                one(found, file, service);
            }
        }
    }
}

fn is_compose(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    (lower.ends_with(".yml") || lower.ends_with(".yaml"))
        && (lower.contains("compose") || lower.starts_with("stack") || lower.ends_with("-stack.yml"))
}

fn one(found: &mut Found, file: &File, service: &Node) {
    ofelia(found, file, service);
    let image = service.get("image").and_then(Node::scalar).unwrap_or_default();
    let variables = environment(service);
    let timetable = TIMETABLES.iter().find_map(|name| variables.iter().find(|(key, ..)| key == name));
    let command_at = service.get("command").or_else(|| service.get("entrypoint"));
    let text = [service.get("entrypoint"), service.get("command")]
        .into_iter()
        .flatten()
        .map(|node| match node.as_str() {
            Some(text) => text.to_owned(),
            None => node
                .list()
                .iter()
                .filter_map(Node::scalar)
                .map(|word| {
                    if word.contains([' ', '\n']) {
                        format!("'{}'", word.replace('\'', "'\\''"))
                    } else {
                        word
                    }
                })
                .collect::<Vec<_>>()
                .join(" "),
        })
        .collect::<Vec<_>>()
        .join(" ");
    let at = file.at_line(command_at.map_or(service.line, |node| node.line));
    let commands: Vec<Command> =
        if text.is_empty() { Vec::new() } else { found.follow(&text.replace("$$", "$"), &at, file.folder()) };
    let backs_up = commands.iter().any(|command| command.roles.contains(&Role::Backup));
    let image_backs_up = roles_of_image(&image).contains(&Role::Backup);
    // A loop that sleeps is a timetable of its own.
    let pause = text.split_once("sleep ").and_then(|(_, rest)| {
        let amount = rest.split(|c: char| c.is_whitespace() || matches!(c, ';' | '\'' | '"' | ')')).next()?;
        let amount = amount.trim_end_matches(['}', '`']);
        if amount.chars().all(|c| c.is_ascii_digit()) {
            super::duration(&format!("{amount}s"))
        } else {
            super::duration(amount)
        }
    });
    if backs_up && (text.contains("while") || text.contains("until")) {
        let place = at.clone();
        found.job("Compose service", &place, "a loop", commands);
        if let Some(job) = found.schedules.jobs.last_mut() {
            job.interval_hours = pause;
        }
        return;
    }
    if !image_backs_up {
        return;
    }
    let image_line = service.get("image").map_or(service.line, |node| node.line);
    // Litestream, replicating all the time, and images with a documented default.
    let (written, line) = match timetable {
        Some((_, value, line)) => (value.clone(), *line),
        None if image.contains("litestream") => ("continuous".to_owned(), image_line),
        None if image.contains("offen/docker-volume-backup") || image.contains("postgres-backup-local") => {
            ("@daily".to_owned(), image_line)
        }
        None if image.contains("tiredofit/db-backup") || image.contains("databack") => {
            ("@daily".to_owned(), image_line)
        }
        None => (String::new(), image_line),
    };
    // Without a timetable the image may run once and end.
    if written.is_empty() {
        return;
    }
    let mut commands = commands;
    if !backs_up {
        commands.push(image_command(&image, vec![Role::Backup], file.at_line(image_line)));
    }
    found.job("Compose service", &file.at_line(line), &written, commands);
    if let Some(job) = found.schedules.jobs.last_mut() {
        // A bare number is minutes between two dumps for the images that take one.
        let minutes = written.trim().parse::<f64>().ok().filter(|_| !written.contains(' '));
        job.interval_hours = match written.as_str() {
            "continuous" => Some(0.0),
            _ => job.interval_hours.or(minutes.map(|minutes| minutes / 60.0)),
        };
    }
}

/// The variables of a service with their lines, from either form.
fn environment(service: &Node) -> Vec<(String, String, u32)> {
    let Some(environment) = service.get("environment") else { return Vec::new() };
    let default = |value: &str| {
        // `${NAME:-default}`
        value
            .strip_prefix("${")
            .and_then(|rest| rest.split_once(":-"))
            .map_or(value.to_owned(), |(_, default)| default.trim_end_matches('}').to_owned())
    };
    let mut found: Vec<(String, String, u32)> = environment
        .map()
        .iter()
        .map(|(key, value)| (key.text.clone(), default(&value.scalar().unwrap_or_default()), value.line))
        .collect();
    found.extend(environment.list().iter().filter_map(|entry| {
        let text = entry.scalar()?;
        let (name, value) = text.split_once('=')?;
        Some((name.to_owned(), default(value), entry.line))
    }));
    found
}

/// Labels of the ofelia scheduler: `ofelia.job-exec.NAME.schedule` and `.command`.
fn ofelia(found: &mut Found, file: &File, service: &Node) {
    let Some(labels) = service.get("labels") else { return };
    let mut entries: Vec<(String, String, u32)> = labels
        .map()
        .iter()
        .map(|(key, value)| (key.text.clone(), value.scalar().unwrap_or_default(), value.line))
        .collect();
    entries.extend(labels.list().iter().filter_map(|entry| {
        let text = entry.scalar()?;
        let (name, value) = text.split_once('=')?;
        Some((name.to_owned(), value.to_owned(), entry.line))
    }));
    for (name, schedule, line) in &entries {
        let Some(job) = name.strip_prefix("ofelia.").and_then(|name| name.strip_suffix(".schedule")) else {
            continue;
        };
        let command = entries.iter().find(|(name, ..)| *name == format!("ofelia.{job}.command"));
        let commands = command.map_or_else(Vec::new, |(_, text, line)| {
            found.follow(text.trim_matches('"'), &file.at_line(*line), file.folder())
        });
        found.job("Compose service", &file.at_line(*line), schedule.trim_matches('"'), commands);
    }
}
