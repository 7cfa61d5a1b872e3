//! Age, gaps and duration against what is allowed.

use jiff::Timestamp;
use serde::Serialize;

use crate::progress::in_words;

/// How much time something may take or lose.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Objective {
    /// In seconds.
    pub seconds: f64,
    /// Declared by the owners; else assumed.
    pub declared: bool,
}

impl Objective {
    /// What is declared, else what is assumed.
    pub fn hours(declared: Option<f64>, assumed: f64) -> Objective {
        Objective { seconds: declared.unwrap_or(assumed) * 3600.0, declared: declared.is_some() }
    }

    /// For people.
    pub fn shown(&self) -> String {
        format!("{} ({})", in_words(self.seconds), if self.declared { "declared" } else { "assumed" })
    }
}

/// The age of the newest backup and the gaps before it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gaps {
    /// Backups that were looked at.
    pub backups: usize,
    /// Age of the newest, in seconds.
    pub age: f64,
    /// The longest gap between two that follow each other, in seconds.
    pub longest: Option<f64>,
}

impl Gaps {
    /// From the times of a series, newest first.
    pub fn of(series: &[Timestamp], newest: Timestamp, now: Timestamp) -> Gaps {
        let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64();
        let longest = series.windows(2).map(|pair| seconds(pair[1], pair[0])).reduce(f64::max);
        Gaps { backups: series.len(), age: seconds(newest, now).max(0.0), longest }
    }

    /// Of a database that does not say when its backup was taken.
    pub fn unknown() -> Gaps {
        Gaps { backups: 0, age: 0.0, longest: None }
    }

    /// Whether an age is known at all.
    pub fn are_known(&self) -> bool {
        self.backups > 0
    }

    /// The longest time that would have been lost.
    pub fn worst(&self) -> f64 {
        self.longest.map_or(self.age, |longest| longest.max(self.age))
    }

    /// For people.
    pub fn shown(&self) -> String {
        let age = format!("the newest is {} old", in_words(self.age));
        match self.longest {
            Some(longest) => {
                format!("{age}, the longest gap among the last {} is {}", self.backups, in_words(longest))
            }
            None => format!("{age}, and there is no earlier one"),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    #[test]
    fn the_longest_gap_counts_as_much_as_the_age() {
        let now = Timestamp::UNIX_EPOCH + 1000.hours();
        let series: Vec<Timestamp> = [2, 26, 80].iter().map(|hours| now - hours.hours()).collect();
        let gaps = Gaps::of(&series, series[0], now);
        assert_eq!((gaps.age, gaps.longest), (7200.0, Some(54.0 * 3600.0)));
        assert_eq!(gaps.worst(), 54.0 * 3600.0);
        assert_eq!(Gaps::of(&series[..1], series[0], now).worst(), 7200.0);
    }
}
