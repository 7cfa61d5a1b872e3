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

/// Minutes, hours, days of the month, months and days of the week on which a job runs.
struct Times {
    minutes: Vec<u32>,
    hours: Vec<u32>,
    days: Vec<u32>,
    months: Vec<u32>,
    weekdays: Vec<u32>,
    /// Whether the day of month, and of week, is left open.
    any_day: bool,
    any_weekday: bool,
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Schedule {
    /// Reads five fields or a nickname; none when the text is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let source = text.trim();
        let five = match source.to_ascii_lowercase().as_str() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            "@reboot" => "",
            _ if source.starts_with('@') => return None,
            _ => source,
        };
        let fields: Vec<String> = five.split_whitespace().map(str::to_owned).collect();
        let schedule = Self { source: source.to_owned(), fields };
        (schedule.fields.is_empty() && source.starts_with('@') || schedule.times().is_some())
            .then_some(schedule)
    }

    fn times(&self) -> Option<Times> {
        let [minute, hour, day, month, weekday] = self.fields.as_slice() else { return None };
        let mut weekdays = values(weekday, 0, 7, &WEEKDAYS, 0)?;
        for weekday in &mut weekdays {
            *weekday %= 7;
        }
        Some(Times {
            minutes: values(minute, 0, 59, &[], 0)?,
            hours: values(hour, 0, 23, &[], 0)?,
            days: values(day, 1, 31, &[], 0)?,
            months: values(month, 1, 12, &MONTHS, 1)?,
            weekdays,
            any_day: day.starts_with(['*', '?']),
            any_weekday: weekday.starts_with(['*', '?']),
        })
    }

    /// The longest gap between two runs in hours; none when it never repeats.
    ///
    /// Runs are laid out over two years in a row, the second a leap year, without regard to
    /// changes of the clock.
    pub fn interval_hours(&self) -> Option<f64> {
        const MINUTES_PER_DAY: u32 = 24 * 60;
        let times = self.times()?;
        let mut minutes: Vec<u32> = Vec::new();
        for hour in &times.hours {
            minutes.extend(times.minutes.iter().map(|minute| hour * 60 + minute));
        }
        minutes.sort_unstable();
        minutes.dedup();
        let (first, last) = (*minutes.first()?, *minutes.last()?);
        let mut longest = minutes.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        let days = times.days_of_two_years();
        if days.len() < 2 {
            return None;
        }
        for pair in days.windows(2) {
            longest = longest.max((pair[1] - pair[0]) * MINUTES_PER_DAY + first - last);
        }
        Some(f64::from(longest) / 60.0)
    }
}

impl Times {
    /// The days on which the job runs, counted from the first of January of a common year that
    /// begins on a Sunday and has a leap year behind it.
    fn days_of_two_years(&self) -> Vec<u32> {
        const LENGTHS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let mut found = Vec::new();
        let mut day = 0;
        for leap in [0, 1] {
            for (month, length) in (1..).zip(LENGTHS) {
                let length = if month == 2 { length + leap } else { length };
                for of_month in 1..=length {
                    let on_day = self.days.contains(&of_month);
                    let on_weekday = self.weekdays.contains(&(day % 7));
                    // Where both are given, either is enough.
                    let runs = if self.any_day || self.any_weekday {
                        on_day && on_weekday
                    } else {
                        on_day || on_weekday
                    };
                    if runs && self.months.contains(&month) {
                        found.push(day);
                    }
                    day += 1;
                }
            }
        }
        found
    }
}

/// The values of one field: lists of ranges, names and steps.
fn values(field: &str, low: u32, high: u32, names: &[&str], first_name: u32) -> Option<Vec<u32>> {
    let number = |text: &str| {
        let named =
            names.iter().position(|name| text.len() >= 3 && text.to_ascii_lowercase().starts_with(name));
        match named {
            Some(at) => Some(at as u32 + first_name),
            None => text.parse::<u32>().ok(),
        }
        .filter(|value| (low..=high).contains(value))
    };
    let mut found = Vec::new();
    for part in field.split(',').take(100) {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<usize>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (start, end) = match range.split_once('-') {
            _ if matches!(range, "*" | "?") => (low, high),
            Some((start, end)) => (number(start)?, number(end)?),
            // `H` of Jenkins stands for a fixed value that it picks.
            None if range.starts_with('H') => (low, if step.is_some() { high } else { low }),
            None => {
                let start = number(range)?;
                (start, if step.is_some() { high } else { start })
            }
        };
        if start > end {
            found.extend((start..=high).chain(low..=end).step_by(step.unwrap_or(1)));
        } else {
            found.extend((start..=end).step_by(step.unwrap_or(1)));
        }
    }
    Some(found)
}

impl Job {
    /// The longest gap between two runs in hours; none when it never repeats.
    pub fn interval_hours(&self) -> Option<f64> {
        self.schedule.interval_hours()
    }
}

/// Reads a file; lines that make no sense are passed over. A text beyond the limits gives none.
pub fn parse(text: &str, layout: Layout, limits: &Limits) -> Crontab {
    let mut crontab = Crontab::default();
    if limits.check_size(text).is_err() {
        return crontab;
    }
    for (at, line) in text.split('\n').enumerate().take(limits.max_nodes) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if let Some(job) = read_job(line, layout, at as u32 + 1) {
            crontab.jobs.push(job);
        } else if let Some((name, value)) = trimmed.split_once('=') {
            let name = name.trim().trim_matches(['"', '\'']);
            if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                let value = value.trim().trim_matches(['"', '\'']);
                crontab.environment.push((name.to_owned(), value.to_owned()));
            }
        }
    }
    crontab
}

fn read_job(line: &str, layout: Layout, number: u32) -> Option<Job> {
    let fields = if line.trim_start().starts_with('@') { 1 } else { 5 };
    let (schedule, rest) = split_words(line, fields)?;
    let schedule = Schedule::parse(schedule)?;
    let (user, rest) = match layout {
        Layout::User => (None, rest),
        Layout::System => {
            let (user, rest) = split_words(rest, 1)?;
            (Some(user.to_owned()), rest)
        }
    };
    let command = rest.trim();
    if command.is_empty() {
        return None;
    }
    let start = line.len() - rest.trim_start().len();
    let column = line[..start].chars().count() as u32 + 1;
    Some(Job { schedule, user, command: command.to_owned(), line: number, column })
}

/// Splits off some words, and the blanks before them.
fn split_words(text: &str, count: usize) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let mut end = 0;
    for _ in 0..count {
        let rest = &text[end..];
        let begin = rest.len() - rest.trim_start().len();
        let length = rest[begin..].find(char::is_whitespace)?;
        end += begin + length;
    }
    Some(text.split_at(end))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_support::{assert_inside, hostile_text};
    use proptest::prelude::*;

    fn hours(schedule: &str) -> Option<f64> {
        Schedule::parse(schedule).unwrap().interval_hours()
    }

    #[test]
    fn knows_the_longest_gap() {
        assert_eq!(hours("* * * * *"), Some(1.0 / 60.0));
        assert_eq!(hours("*/15 * * * *"), Some(0.25));
        assert_eq!(hours("0 3 * * *"), Some(24.0));
        assert_eq!(hours("0 2,14 * * *"), Some(12.0));
        assert_eq!(hours("0 9-17 * * *"), Some(16.0));
        assert_eq!(hours("0 0 * * 1-5"), Some(72.0));
        assert_eq!(hours("0 0 * * SUN,7"), Some(168.0));
        assert_eq!(hours("30 1 1 * *"), Some(31.0 * 24.0));
        assert_eq!(hours("0 0 1 jan *"), Some(365.0 * 24.0));
        assert_eq!(hours("0 0 1,15 * 1"), Some(168.0));
        assert_eq!(hours("@daily"), Some(24.0));
        assert_eq!(hours("@reboot"), None);
        assert_eq!(hours("0 0 31 2 *"), None);
        assert_eq!(hours("0 0 29 2 *"), None);
        for wrong in ["", "* * * *", "60 * * * *", "a b c d e", "*/0 * * * *", "@never", "0 0 0 * *"] {
            assert_eq!(Schedule::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn reads_both_layouts() {
        let text = "SHELL=/bin/sh\n# c\n0 3 * * * pg_dump x | gzip > y\n@daily  ./run\nbroken\n";
        let user = parse(text, Layout::User, &Limits::default());
        assert_eq!(user.environment, [("SHELL".into(), "/bin/sh".into())]);
        assert_eq!(user.jobs[0].command, "pg_dump x | gzip > y");
        assert_eq!((user.jobs[0].line, user.jobs[0].column), (3, 11));
        assert_eq!(user.jobs[1].interval_hours(), Some(24.0));
        let system =
            parse("17 *\t* * *\troot  cd / && run\n@reboot app x\n", Layout::System, &Limits::default());
        assert_eq!(system.jobs[0].user.as_deref(), Some("root"));
        assert_eq!(system.jobs[0].command, "cd / && run");
        assert_eq!(system.jobs[1].user.as_deref(), Some("app"));
        assert!(parse(&"* ".repeat(3_000_000), Layout::User, &Limits::default()).jobs.is_empty());
    }

    proptest! {
        #[test]
        fn survives_anything(text in hostile_text("[*0-9,/@ \n\t=aé-]")) {
            for layout in [Layout::User, Layout::System] {
                for job in parse(&text, layout, &Limits::default()).jobs {
                    assert_inside(job.line, job.column, &text);
                    prop_assert!(job.interval_hours().is_none_or(|hours| hours > 0.0));
                }
            }
        }

        #[test]
        fn schedules_of_numbers_have_gaps(minute in 0..60u32, hour in 0..24u32, step in 1..24u32) {
            let gap = hours(&format!("{minute} {hour}/{step} * * *")).unwrap();
            prop_assert!(gap > 0.0 && gap <= 24.0);
        }
    }
}
