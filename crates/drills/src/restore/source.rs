//! The live database that a backup was taken from: only read, in one snapshot, and held against what was restored.
//!
//! A source moves on. Where it is the same as the restored copy, every row was in the backup; where it is not, nobody can
//! tell rows that were written since from rows that the backup lost, and that is said instead of a verdict.

use std::path::Path;

use jiff::Timestamp;
use seaworthy_database::{Address, Contents, Difference, Error, Live, compare};
use serde::Serialize;

use crate::scratch::{Death, Scratch, Who};
use crate::{Progress, Stop};

/// A database of the user's, behind a variable that holds its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Online {
    /// The variable.
    pub variable: String,
    /// What it holds.
    pub address: Address,
}

/// What a live database held at a moment.
pub struct Moment {
    /// The open connection.
    pub live: Live,
    /// When.
    pub at: Timestamp,
    /// What it held.
    pub contents: Contents,
    /// Tables that are not of the same moment as the others.
    pub loose: Vec<String>,
}

/// How a restored copy stands to its source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// The source, without a password.
    pub source: String,
    /// When it was read.
    pub at: Timestamp,
    /// Tables that are the same.
    pub same: usize,
    /// Tables of the source.
    pub tables: usize,
    /// How the restored copy differs from it.
    pub differences: Vec<Difference>,
}

impl Online {
    /// Connects. The client ends with the drill.
    ///
    /// # Errors
    /// When it is not reached.
    pub fn open(&self, scratch: &Scratch) -> Result<Live, Stop> {
        let interrupt = scratch.interrupt();
        let program = |client: &str| {
            let mut command = scratch.command(Path::new(client), Who::Caller, Death::Kill);
            // Passwords and certificates lie there.
            if let Some(home) = std::env::var_os("HOME") {
                command.env("HOME", home);
            }
            command
        };
        Live::open(&self.address, &program, Box::new(move || interrupt.check().is_ok()))
            .map_err(|error| self.stop(error))
    }

    /// Reads everything that it holds, in one snapshot.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, mut live: Live, progress: &mut Progress) -> Result<Moment, Stop> {
        let at = Timestamp::now();
        let mut look = |_: &str, done: usize, total: usize| progress.advance(done as u64, total as u64);
        let read = live.snapshot(None).and_then(|()| live.contents(&mut look));
        let contents = read.map_err(|error| self.stop(error))?;
        let loose = live.without_transactions().map_err(|error| self.stop(error))?;
        Ok(Moment { live, at, contents, loose })
    }

    /// Why it cannot be read.
    pub fn stop(&self, error: Error) -> Stop {
        match error {
            Error::Interrupted => Stop::Interrupted,
            Error::Unusable(why) | Error::Answered(why) => Stop::CouldNot(format!(
                "{} (env:{}) cannot be read: {why}",
                self.address.shown(),
                self.variable
            )),
        }
    }
}

impl Compared {
    /// Holds a restored copy against its source. `written_alike` is false where their versions write definitions
    /// differently; `left_out` are things that the scratch server lacks.
    pub fn of(
        online: &Online,
        moment: &Moment,
        restored: &Contents,
        written_alike: bool,
        left_out: &[String],
    ) -> Compared {
        let mut differences = compare(&moment.contents, restored);
        differences.retain(|difference| match difference {
            Difference::Definition { .. } => written_alike,
            Difference::Extension { name } => !left_out.contains(&format!("extension {name}")),
            _ => true,
        });
        let differs = |name: &str| differences.iter().any(|difference| difference.table() == Some(name));
        let tables = moment.contents.tables.len();
        let same = moment.contents.tables.iter().filter(|table| !differs(&table.name)).count();
        Compared { source: online.address.shown(), at: moment.at, same, tables, differences }
    }

    /// Nothing was written to the source since the backup, and the backup has all of it.
    pub fn is_same(&self) -> bool {
        self.differences.is_empty()
    }

    /// For people: a sentence, and what differs.
    pub fn lines(&self) -> Vec<String> {
        if self.is_same() {
            return vec![match self.tables {
                1 => format!("source: its one table is that of {}", self.source),
                tables => format!("source: all {tables} tables are those of {}", self.source),
            }];
        }
        let mut lines = vec![format!(
            "source: {} of {} tables are those of {}. The others differ: it was written to since the backup, or the backup lacks \
             something; nobody can tell the two apart without a manifest",
            self.same, self.tables, self.source
        )];
        lines.extend(
            self.differences.iter().take(10).map(|difference| format!("source: {}", said(difference))),
        );
        if self.differences.len() > 10 {
            lines.push(format!("source: and {} more differences", self.differences.len() - 10));
        }
        lines
    }
}

/// A difference of which nobody knows which side is right.
fn said(difference: &Difference) -> String {
    match difference {
        Difference::Missing { table, rows } => format!("{table} is not in the backup ({rows} rows)"),
        Difference::Added { table } => format!("{table} is in the backup only"),
        Difference::Rows { table, expected, found: 0 } => {
            format!("{table} is EMPTY in the backup, and has {expected} rows now")
        }
        Difference::Rows { table, expected, found } => {
            format!("{table} has {found} rows in the backup, and {expected} now")
        }
        Difference::Extension { name } => format!("the extension {name} is not in the backup"),
        Difference::Content { .. } | Difference::Definition { .. } => difference.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moved_on_is_told_from_both_sides() {
        let rows = |found| Difference::Rows { table: "orders".to_owned(), expected: 12, found };
        assert_eq!(said(&rows(10)), "orders has 10 rows in the backup, and 12 now");
        assert_eq!(said(&rows(0)), "orders is EMPTY in the backup, and has 12 rows now");
        let added = Difference::Added { table: "old".to_owned() };
        assert_eq!(said(&added), "old is in the backup only");
    }
}
