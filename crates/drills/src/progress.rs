//! What is going on, told on standard error.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// A line on a terminal is written again at most this often.
const PAUSE: Duration = Duration::from_millis(200);

/// Tells how far a drill is.
#[derive(Debug)]
pub struct Progress {
    quiet: bool,
    terminal: bool,
    step: String,
    began: Instant,
    told: Option<Instant>,
}

impl Progress {
    /// On standard error: a line that moves where a person is watching, a line for each step elsewhere.
    pub fn new(quiet: bool) -> Progress {
        let terminal = std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        Progress { quiet, terminal, step: String::new(), began: Instant::now(), told: None }
    }

    /// The next step begins.
    pub fn step(&mut self, what: impl Into<String>) {
        self.finish();
        self.step = what.into();
        self.began = Instant::now();
        if !self.quiet {
            let _ = if self.terminal {
                write!(std::io::stderr(), "\r\u{1b}[K{} …", self.step)
            } else {
                writeln!(std::io::stderr(), "{} …", self.step)
            };
        }
    }

    /// So much of the step is done.
    pub fn advance(&mut self, done: u64, total: u64) {
        if self.quiet || !self.terminal || total == 0 || self.told.is_some_and(|told| told.elapsed() < PAUSE)
        {
            return;
        }
        self.told = Some(Instant::now());
        let done = done.min(total);
        let share = done as f64 / total as f64;
        let left = match self.began.elapsed().as_secs_f64() {
            passed if share > 0.02 && passed > 1.0 => format!(", {} left", in_words(passed / share - passed)),
            _ => String::new(),
        };
        let _ = write!(std::io::stderr(), "\r\u{1b}[K{} … {:.0} %{left}", self.step, share * 100.0);
    }

    /// The last step is over.
    pub fn finish(&mut self) {
        if !self.quiet && self.terminal && !self.step.is_empty() {
            let _ = writeln!(
                std::io::stderr(),
                "\r\u{1b}[K{} ({})",
                self.step,
                in_words(self.began.elapsed().as_secs_f64())
            );
        }
        self.step.clear();
        self.told = None;
    }
}

/// A length of time for people.
pub fn in_words(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    if seconds < 10.0 {
        format!("{seconds:.1} s")
    } else if seconds < 120.0 {
        format!("{seconds:.0} s")
    } else if seconds < 7200.0 {
        format!("{:.0} min", seconds / 60.0)
    } else if seconds < 172_800.0 {
        format!("{:.1} h", seconds / 3600.0)
    } else {
        format!("{:.1} d", seconds / 86_400.0)
    }
}

/// A number of things, for people.
pub fn counted(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// A size, for people.
pub fn sized(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss)]
    let of = |unit: u64| bytes as f64 / unit as f64;
    match bytes {
        0..10_000 => counted(bytes, "byte"),
        10_000..10_240_000 => format!("{:.0} KiB", of(1 << 10)),
        10_240_000..10_737_418_240 => format!("{:.0} MiB", of(1 << 20)),
        _ => format!("{:.1} GiB", of(1 << 30)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sizes_for_people() {
        assert_eq!(counted(1, "table"), "1 table");
        assert_eq!(counted(0, "row"), "0 rows");
        let shown = [202, 349_402, 20 << 20, 3 << 40].map(sized);
        assert_eq!(shown, ["202 bytes", "341 KiB", "20 MiB", "3072.0 GiB"]);
    }
}
