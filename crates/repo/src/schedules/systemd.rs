//! Timers of systemd with the services that they start.

use seaworthy_syntax::{Limits, ini};

use super::Found;
use crate::tree::File;

/// Reads every timer.
pub fn read(found: &mut Found) {
    let limits = Limits::default();
    let timers: Vec<&File> = found
        .tree
        .files()
        .iter()
        .filter(|file| super::can_ship(file))
        .filter(|file| file.path.ends_with(".timer") || file.path.ends_with(".timer.j2"))
        .collect();
    for file in timers {
        let Some(text) = found.tree.text(file) else { continue };
        let timer = ini::parse(&text, &limits);
        let Some(section) = timer.section("Timer") else { continue };
        let calendar = section.get("OnCalendar");
        let active = section.get("OnUnitActiveSec").or_else(|| section.get("OnUnitInactiveSec"));
        let Some(timetable) = calendar.or(active) else { continue };
        let line = section
            .entries
            .iter()
            .find(|entry| entry.value.as_deref() == Some(timetable))
            .map_or(1, |e| e.line);
        let unit = section.get("Unit").map(str::to_owned).unwrap_or_else(|| {
            let name = file.name().trim_end_matches(".j2");
            format!("{}.service", name.trim_end_matches(".timer"))
        });
        let service = found
            .tree
            .resolve(file.folder(), &unit)
            .or_else(|| found.tree.resolve(file.folder(), &format!("{unit}.j2")))
            .or_else(|| found.tree.named(&unit).next());
        let mut commands = Vec::new();
        if let Some(service) = service
            && let Some(text) = found.tree.text(service)
        {
            for section in ini::parse(&text, &limits).sections.iter().filter(|s| s.name == "Service") {
                for entry in section.all("ExecStart") {
                    let line = entry
                        .value
                        .as_deref()
                        .unwrap_or_default()
                        .trim_start_matches(['-', '@', '+', '!', ':']);
                    commands.extend(found.follow(line, &service.at_line(entry.line), "."));
                }
            }
        }
        let at = file.at_line(line);
        let hours = calendar.map_or_else(|| active.and_then(super::duration), calendar_hours);
        found.job("systemd timer", &at, timetable, commands);
        if let Some(job) = found.schedules.jobs.last_mut() {
            job.interval_hours = hours;
        }
    }
}

/// The longest gap of an `OnCalendar` expression in hours, for its common forms.
fn calendar_hours(text: &str) -> Option<f64> {
    let text = text.trim();
    match text.to_ascii_lowercase().as_str() {
        "minutely" => return Some(1.0 / 60.0),
        "hourly" => return Some(1.0),
        "daily" => return Some(24.0),
        "weekly" => return Some(168.0),
        "monthly" => return Some(744.0),
        "quarterly" => return Some(2_208.0),
        "yearly" | "annually" => return Some(8_784.0),
        _ => {}
    }
    // `[weekday] [date] time`, each part as a list, range or step.
    let parts: Vec<&str> = text.split_whitespace().filter(|part| !part.eq_ignore_ascii_case("utc")).collect();
    let time = parts.iter().find(|part| part.contains(':')).copied().unwrap_or("00:00");
    let date =
        parts.iter().find(|part| part.contains('-') && !part.contains(':')).copied().unwrap_or("*-*-*");
    let weekday = parts
        .iter()
        .find(|part| part.starts_with(|c: char| c.is_ascii_alphabetic()))
        .map_or("*".to_owned(), |days| days.to_ascii_lowercase().replace("..", "-"));
    let mut fields = time.split(':');
    let hour = fields.next()?;
    let minute = fields.next().unwrap_or("0");
    let day = date.rsplit('-').next().unwrap_or("*");
    // Cron writes steps with a star.
    let cron = |field: &str| match field.split_once('/') {
        Some((start, step)) if start != "*" => {
            format!("{}-59/{step}", start.trim_start_matches('0').trim().parse::<u32>().unwrap_or(0))
        }
        _ => field.replace("..", "-"),
    };
    let hour = match hour.split_once('/') {
        Some((_, step)) => format!("*/{step}"),
        None => hour.replace("..", "-"),
    };
    super::interval(&format!("{} {hour} {} * {weekday}", cron(minute), cron(day)))
}
