//! Schedulers inside the application: whenever, sidekiq-cron, good_job, Solid Queue, Laravel, Celery.

use seaworthy_facts::{Destination, Location};
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, yaml};

use super::Found;
use crate::tree::File;

/// Reads every scheduler whose timetable stands in a known file.
pub fn read(found: &mut Found) {
    let files: Vec<&File> = found.tree.files().iter().filter(|file| super::can_ship(file)).collect();
    for file in files {
        let path = file.path.as_str();
        if path.ends_with("config/schedule.rb") {
            whenever(found, file);
        } else if [
            "config/recurring.yml",
            "config/sidekiq_cron.yml",
            "config/sidekiq_schedule.yml",
            "config/schedule.yml",
            "config/sidekiq.yml",
        ]
        .iter()
        .any(|name| path.ends_with(name))
        {
            yaml_table(found, file);
        } else if path.ends_with("routes/console.php")
            || path.ends_with("Console/Kernel.php")
            || path.ends_with("bootstrap/app.php")
        {
            laravel(found, file);
        }
    }
}

/// `every 1.day, at: '4:30 am' do … command "…" … end`
fn whenever(found: &mut Found, file: &File) {
    let Some(text) = found.tree.text(file) else { return };
    let mut open: Option<(String, Option<f64>, u32)> = None;
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        let number = number as u32 + 1;
        if let Some(rest) = trimmed.strip_prefix("every ").or_else(|| trimmed.strip_prefix("every(")) {
            let timetable = rest.split(" do").next().unwrap_or(rest).trim_end_matches(')').to_owned();
            open = Some((timetable.clone(), ruby_interval(&timetable), number));
            continue;
        }
        if trimmed.starts_with("end") && !line.starts_with(' ') {
            open = None;
            continue;
        }
        let Some((timetable, hours, at)) = open.clone() else { continue };
        for (starter, program) in
            [("command ", ""), ("rake ", "bundle exec rake "), ("script ", ""), ("runner ", "rails runner ")]
        {
            let Some(text) = trimmed.strip_prefix(starter).and_then(first_string) else { continue };
            let place = file.at_line(number);
            let folder = folder_above(file, "config/schedule.rb");
            let text = if program == "rails runner " {
                format!("rails runner '{}'", text.replace('\'', ""))
            } else {
                format!("{program}{text}")
            };
            let commands = found.follow(&text, &place, &folder);
            found.job("application scheduler", &file.at_line(at), &timetable, commands);
            if let Some(job) = found.schedules.jobs.last_mut() {
                job.interval_hours = hours;
            }
        }
    }
}

fn ruby_interval(timetable: &str) -> Option<f64> {
    let first = timetable.split(',').next()?.trim();
    if let Some(symbol) = first.strip_prefix(':') {
        return match symbol {
            "hour" => Some(1.0),
            "day" => Some(24.0),
            "week" | "sunday" | "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday" => {
                Some(168.0)
            }
            "month" => Some(744.0),
            "weekday" => Some(72.0),
            "weekend" => Some(144.0),
            _ => None,
        };
    }
    let quoted = first.trim_matches(['"', '\'']);
    if quoted != first {
        return super::interval(timetable.split(['"', '\'']).nth(1)?);
    }
    super::duration(&first.replace('.', " "))
}

fn first_string(text: &str) -> Option<String> {
    let text = text.trim_start_matches(['(', ' ']);
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let body = &text[1..];
    Some(body[..body.find(quote)?].to_owned())
}

fn folder_above(file: &File, known: &str) -> String {
    let folder = file.path.strip_suffix(known).unwrap_or_default().trim_end_matches('/');
    if folder.is_empty() { ".".to_owned() } else { folder.to_owned() }
}

/// Jobs by name, each with `cron:` or `schedule:`, perhaps under an environment or a key of its own.
fn yaml_table(found: &mut Found, file: &File) {
    let Some(text) = found.tree.text(file) else { return };
    for document in yaml::parse_template(&text, &Limits::default()).documents {
        let mut jobs: Vec<(String, Node, Node)> = Vec::new();
        document.walk(&mut |path, node| {
            let Some(timetable) =
                node.get("cron").or_else(|| node.get("schedule")).or_else(|| node.get("every"))
            else {
                return;
            };
            let development = path.iter().any(|part| matches!(*part, "development" | "test"));
            let runs = node.get("class").is_some()
                || node.get("command").is_some()
                || node.get("job_class").is_some();
            if timetable.scalar().is_some() && runs && !development && jobs.len() < 500 {
                jobs.push((
                    path.last().copied().unwrap_or_default().to_owned(),
                    timetable.clone(),
                    node.clone(),
                ));
            }
        });
        for (_, timetable, node) in jobs {
            let at = file.at_line(timetable.line);
            let command = node.get("command").and_then(Node::as_str);
            let class = node.get("class").or_else(|| node.get("job_class")).and_then(Node::as_str);
            let commands = match (command, class) {
                (Some(command), _) => {
                    found.follow(&format!("rails runner '{}'", command.replace('\'', "")), &at, ".")
                }
                (None, Some(class)) => {
                    let mut commands = found.follow(&format!("rails runner {class}.perform_now"), &at, ".");
                    commands.extend(super::code::of_class(found, class));
                    commands
                }
                _ => Vec::new(),
            };
            found.job("application scheduler", &at, &timetable.scalar().unwrap_or_default(), commands);
        }
    }
}

/// `$schedule->command('backup:run')->dailyAt('01:00')`, `Schedule::command(…)`, `->exec('…')`.
fn laravel(found: &mut Found, file: &File) {
    let Some(text) = found.tree.text(file) else { return };
    for (mark, prefix) in [
        ("schedule->command(", "php artisan "),
        ("Schedule::command(", "php artisan "),
        ("schedule->exec(", ""),
        ("Schedule::exec(", ""),
    ] {
        for (at, _) in text.match_indices(mark).take(200) {
            let line_start = text[..at].rfind('\n').map_or(0, |at| at + 1);
            let before = text[line_start..at].trim_start();
            if before.starts_with("//") || before.starts_with('*') || before.starts_with('#') {
                continue;
            }
            let rest = &text[at + mark.len()..];
            let statement = &rest[..rest.find(';').unwrap_or(rest.len())];
            let Some(command) = first_string(statement) else { continue };
            let line = text[..at].matches('\n').count() as u32 + 1;
            let place = Location::line(file.path.clone(), line);
            let (timetable, hours) = laravel_timetable(statement);
            let commands = found.follow(&format!("{prefix}{command}"), &place, ".");
            found.job("application scheduler", &place, &timetable, commands);
            let destination =
                if command.starts_with("backup:run") { spatie(found, file) } else { Destination::Unknown };
            if let Some(job) = found.schedules.jobs.last_mut() {
                job.interval_hours = hours;
                job.destination = destination;
            }
        }
    }
}

/// Where spatie/laravel-backup puts its archives: the disks of `config/backup.php`, `local` without that file.
fn spatie(found: &Found, file: &File) -> Destination {
    let root = ["routes/console.php", "app/Console/Kernel.php", "bootstrap/app.php"]
        .iter()
        .find_map(|known| file.path.strip_suffix(known))
        .unwrap_or_default();
    let Some(text) = found.tree.text_at(&format!("{root}config/backup.php")) else {
        return Destination::Local("the disk `local` of the application's server, the default".to_owned());
    };
    let disks = text
        .split_once("'destination'")
        .and_then(|(_, rest)| rest.split_once("'disks'"))
        .and_then(|(_, rest)| rest.split_once('['))
        .and_then(|(_, rest)| rest.split_once(']'))
        .map_or("", |(disks, _)| disks);
    if disks.contains("env(") || disks.contains("config(") {
        return Destination::Unknown;
    }
    let systems = found.tree.text_at(&format!("{root}config/filesystems.php")).unwrap_or_default();
    let mut destination = Destination::Unknown;
    for disk in
        disks.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| line.split(','))
    {
        let disk = disk.trim().trim_matches(['\'', '"']);
        if disk.is_empty() {
            continue;
        }
        let driver = systems
            .split_once(&format!("'{disk}' => ["))
            .and_then(|(_, rest)| rest.split_once("'driver' => '"))
            .and_then(|(_, rest)| rest.split_once('\''))
            .map(|(driver, _)| driver);
        match driver {
            Some("local") => {
                destination = Destination::Local(format!("the disk `{disk}` of the application's server"))
            }
            Some(driver) => return Destination::Apart(format!("the disk `{disk}` ({driver})")),
            None if disk == "local" => {
                destination = Destination::Local("the disk `local` of the application's server".to_owned());
            }
            None => {}
        }
    }
    destination
}

fn laravel_timetable(statement: &str) -> (String, Option<f64>) {
    if let Some((_, rest)) = statement.split_once("->cron(")
        && let Some(cron) = first_string(rest)
    {
        let hours = super::interval(&cron);
        return (cron, hours);
    }
    let known: &[(&str, f64)] = &[
        ("everyMinute", 1.0 / 60.0),
        ("everyFiveMinutes", 5.0 / 60.0),
        ("everyTenMinutes", 10.0 / 60.0),
        ("everyFifteenMinutes", 0.25),
        ("everyThirtyMinutes", 0.5),
        ("hourly", 1.0),
        ("everyTwoHours", 2.0),
        ("everyThreeHours", 3.0),
        ("everyFourHours", 4.0),
        ("everySixHours", 6.0),
        ("daily", 24.0),
        ("twiceDaily", 12.0),
        ("weekly", 168.0),
        ("twiceMonthly", 384.0),
        ("monthly", 744.0),
        ("quarterly", 2_208.0),
        ("yearly", 8_784.0),
    ];
    for (name, hours) in known.iter().rev() {
        if let Some(at) = statement.find(&format!("->{name}")) {
            let called: String =
                statement[at + 2..].chars().take_while(|c| *c != '\n' && *c != ')').collect();
            return (format!("{called})"), Some(*hours));
        }
    }
    (String::new(), None)
}
