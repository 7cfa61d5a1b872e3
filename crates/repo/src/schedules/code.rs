//! Programs that make a backup, started from code: by a scheduler in the same file, or by a job that one runs.

use seaworthy_facts::{Command, Location, Role};

use super::Found;
use super::kubernetes::image_command;
use crate::commands::Place;
use crate::scan::{NeedleId, Needles, Scan};
use crate::tree::File;

/// Programs that make a backup and nothing else.
const PROGRAMS: &[&str] = &[
    "pg_dump",
    "pg_dumpall",
    "pg_basebackup",
    "mysqldump",
    "mariadb-dump",
    "mongodump",
    "restic",
    "wal-g",
    "pgbackrest",
];

/// How code says that something is to be done at set times.
const SCHEDULERS: &[&str] = &[
    "cron.schedule(",
    "@Cron(",
    "new CronJob(",
    "new Cron(",
    "scheduleJob(",
    "@Interval(",
    "@Scheduled(",
    "add_job(",
    "scheduled_job(",
    "schedule.every(",
    "beat_schedule",
    "periodic_task(",
    "RecurringJob.AddOrUpdate",
    "cron.New(",
    ".AddFunc(",
    "gocron.",
    "tokio_cron_scheduler",
    "Job::new_async(",
    "Rufus::Scheduler",
    "Quantum",
    "setInterval(",
];

/// Most places.
const MOST: usize = 50;

/// The literals that were asked for.
#[derive(Debug)]
pub struct Plan {
    programs: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    Plan { programs: PROGRAMS.iter().map(|program| needles.word(*program)).collect() }
}

/// Reads the files in which a program is named.
pub fn read(found: &mut Found, scan: &Scan, plan: &Plan) {
    let mut seen: Vec<(usize, u32, &str)> = Vec::new();
    for (needle, program) in plan.programs.iter().zip(PROGRAMS) {
        for hit in scan.hits(*needle) {
            let file = &found.tree.files()[hit.file];
            let code = file.language.is_some_and(|language| {
                matches!(
                    language,
                    "javascript"
                        | "typescript"
                        | "python"
                        | "ruby"
                        | "go"
                        | "java"
                        | "kotlin"
                        | "csharp"
                        | "rust"
                        | "elixir"
                )
            });
            // Started with words in quotes; restic and its like restore as well.
            let started = hit.text.contains(['"', '\'', '`'])
                && (hit.text.contains("backup") || !matches!(*program, "restic" | "wal-g" | "pgbackrest"));
            // One job for each file.
            if code
                && started
                && !hit.comment
                && scan.ships(file)
                && seen.iter().all(|(known, ..)| *known != hit.file)
            {
                seen.push((hit.file, hit.line, program));
            }
        }
    }
    seen.sort_unstable();
    if let Some((file, line, _)) = seen.get(MOST) {
        let what = format!(
            "more than {MOST} files that start backups; this one and those after it were not looked at"
        );
        found.tree.cut(found.tree.files()[*file].at_line(*line), what);
    }
    for (file, line, program) in seen.into_iter().take(MOST) {
        let file = &found.tree.files()[file];
        let Some(text) = found.tree.text(file) else { continue };
        let scheduler = text.lines().zip(1..).find_map(|(written, line)| {
            let comment = written.trim_start().starts_with(['#', '/', '*']);
            let sign = SCHEDULERS.iter().find(|sign| written.contains(**sign) && !comment)?;
            Some((*sign, written, line))
        });
        let Some((sign, written, at)) = scheduler else { continue };
        let cron = written[written.find(sign).unwrap_or(0)..]
            .split(['"', '\'', '`'])
            .find(|text| {
                text.split_whitespace().count() >= 5
                    && text.chars().all(|c| c.is_ascii_digit() || "*/,- ?".contains(c))
            })
            .unwrap_or_default();
        let command = image_command(program, vec![Role::Backup], file.at_line(line));
        found.job("application scheduler", &file.at_line(at), cron, vec![command]);
    }
}

/// What a job's class of a Ruby application starts.
pub fn of_class(found: &Found, class: &str) -> Vec<Command> {
    let last = class.rsplit("::").next().unwrap_or(class);
    let mut name = String::new();
    for (place, letter) in last.chars().enumerate() {
        if letter.is_ascii_uppercase() && place > 0 {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name.push_str(".rb");
    let Some(file) = found.tree.named(&name).find(|file| super::can_ship(file)) else { return Vec::new() };
    let Some(text) = found.tree.text(file).filter(|text| text.len() < 100_000) else { return Vec::new() };
    started(found, file, &text)
}

/// The commands that Ruby code starts: `system(…)`, backquotes, `%x(…)`, `Open3`.
fn started(found: &Found, file: &File, text: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    for mark in [
        "system(",
        "system ",
        "%x(",
        "Open3.capture3(",
        "Open3.capture2e(",
        "Open3.popen3(",
        "spawn(",
        "exec(",
        "sh(",
        "`",
    ] {
        for (at, _) in text.match_indices(mark).take(20) {
            let line_start = text[..at].rfind('\n').map_or(0, |at| at + 1);
            if text[line_start..at].trim_start().starts_with('#')
                || text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
            {
                continue;
            }
            let line = text[..at].matches('\n').count() as u32 + 1;
            let rest = &text[at + mark.len()..];
            let rest = &rest[..rest.floor_char_boundary(1_000)];
            let words = match mark {
                "`" => rest.split_once('`').map(|(inner, _)| vec![inner.to_owned()]).unwrap_or_default(),
                "%x(" => rest.split_once(')').map(|(inner, _)| vec![inner.to_owned()]).unwrap_or_default(),
                "system " => literals(rest.lines().next().unwrap_or_default()),
                _ => literals(&rest[..closing(rest)]),
            };
            let words: Vec<String> = words.iter().map(|word| without_interpolation(word)).collect();
            let location = Location::line(file.path.clone(), line);
            match words.as_slice() {
                [] => {}
                [only] => commands.extend(found.follow(only, &location, ".")),
                _ => {
                    let place = Place { path: &file.path, line, folder: ".", via: &[] };
                    commands.extend(found.commands.follow_words(&words, &place));
                }
            }
        }
    }
    commands
}

/// Where the parenthesis that is open at the beginning is closed.
fn closing(text: &str) -> usize {
    let (mut depth, mut quote) = (1usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// The texts in quotes.
fn literals(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<(char, usize)> = None;
    for (at, c) in text.char_indices() {
        match open {
            Some((quote, from)) if c == quote => {
                found.push(text[from..at].to_owned());
                open = None;
            }
            Some(_) => {}
            None if matches!(c, '"' | '\'') => open = Some((c, at + 1)),
            None => {}
        }
        if found.len() >= 20 {
            break;
        }
    }
    found
}

/// `#{…}` as a variable of the shell.
fn without_interpolation(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("#{") {
        let Some(length) = rest[start..].find('}') else { break };
        result.push_str(&rest[..start]);
        result.push_str("$VALUE");
        rest = &rest[start + length + 1..];
    }
    result.push_str(rest);
    result
}
