//! A slice of a large artefact: the same schema, and the rows of a few small tables. Damaged copies are made of it, for
//! restoring all of a large backup three times more proves no more than restoring a part.
//!
//! A slice must first arrive undamaged, and hold what the whole holds in those tables: else what is refused later would
//! prove nothing, and the damaged copies are made of the whole.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Cursor, Read};

use seaworthy_database::{Contents, compare};

use super::reading::{Copy, Damage};
use super::{Artefact, Engine, checks};
use crate::scratch::Scratch;
use crate::{Progress, Stop};

/// From this size on, or from so many rows, an artefact is large.
const LARGE: u64 = 16 << 20;
const MANY_ROWS: u64 = 1_000_000;

/// A slice has enough with so many rows.
const ENOUGH_ROWS: u64 = 1000;
const MOST_TABLES: usize = 5;
/// A table with more is taken only if it is the only one.
const MOST_ROWS: u64 = 200_000;

/// A slice.
#[derive(Debug, Clone)]
pub struct Slice {
    /// It, as an artefact in the scratch folder.
    pub artefact: Artefact,
    /// The tables whose rows are in it.
    pub tables: Vec<String>,
    /// Numbers of the entries of an archive that hold their rows.
    pub entries: BTreeSet<String>,
    /// Where rows lie in it, in bytes: the beginning and the length. It is then read as a stream only.
    pub rows_at: Option<(u64, u64)>,
}

impl Slice {
    /// Reads it with its damage, where that is a matter of the bytes that hold rows.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn stream(&self, damage: Damage, (start, length): (u64, u64)) -> io::Result<Box<dyn Read + Send>> {
        let mut bytes = fs::read(&self.artefact.path)?;
        let at = |offset: u64| usize::try_from(start + offset).unwrap_or(usize::MAX);
        match damage {
            Damage::Truncated => bytes.truncate(at(length / 2)),
            Damage::Flipped => {
                for part in [2, 3, 4] {
                    let (from, end) = (at(length / part), at(length).min(bytes.len()));
                    let Some(window) = bytes.get_mut(from..end) else { continue };
                    // A digit becomes another one, so that what is not compressed can still be read.
                    let digit = window.iter().take(4096).position(u8::is_ascii_digit).unwrap_or(0);
                    if let Some(byte) = window.get_mut(digit) {
                        *byte ^= 1;
                    }
                }
            }
            _ => {}
        }
        Ok(Box::new(Cursor::new(bytes)))
    }

    /// What it is, for people.
    pub fn shown(&self, real: &Contents) -> String {
        let rows: u64 =
            real.tables.iter().filter(|table| self.has(&table.name)).map(|table| table.rows).sum();
        format!(
            "damaged copies were made of a slice: the rows of {} ({rows} of {}), and the schema; undamaged, the slice is what it \
             should be; --full-controls makes them of everything",
            self.tables.join(", "),
            real.rows()
        )
    }

    fn has(&self, table: &str) -> bool {
        self.tables.iter().any(|name| name == table)
    }

    /// What of a database is in the slice. How tables are built is not: keys to tables without rows are left out.
    pub fn of(&self, contents: &Contents) -> Contents {
        let tables = contents.tables.iter().filter(|table| self.has(&table.name)).cloned();
        Contents {
            tables: tables
                .map(|mut table| {
                    table.definition.clear();
                    table
                })
                .collect(),
            ..Contents::default()
        }
    }
}

/// Cuts a slice, where the artefact is large and its engine can; `real` is what was restored of it.
///
/// # Errors
/// An interrupt, or this machine in the way.
pub fn cut(
    engine: &mut dyn Engine,
    scratch: &mut Scratch,
    artefact: &Artefact,
    real: &Contents,
    progress: &mut Progress,
) -> Result<Option<Slice>, Stop> {
    if artefact.size < LARGE && real.rows() < MANY_ROWS {
        return Ok(None);
    }
    let mut tables: Vec<(String, u64)> = real
        .tables
        .iter()
        .filter(|table| table.rows > 0)
        .map(|table| (table.name.clone(), table.rows))
        .collect();
    tables.sort_by_key(|(_, rows)| *rows);
    // Where nearly everything is in one table, a slice saves nothing.
    if tables.first().is_none_or(|(_, rows)| rows * 2 > real.rows()) {
        return Ok(None);
    }
    progress.step("cutting a slice for damaged copies");
    match engine.slice(scratch, artefact, &tables) {
        // What is wrong with the artefact would have been told by its restore.
        Err(Stop::Refused(_)) => Ok(None),
        other => other,
    }
}

/// The smallest of the tables that are there to be had, sorted by their rows.
pub fn choose(tables: &[(String, u64)], there: impl Fn(&str) -> bool) -> Vec<String> {
    let mut chosen = Vec::new();
    let mut sum = 0;
    for (name, rows) in tables.iter().filter(|(name, _)| there(name)) {
        if !chosen.is_empty() && (sum >= ENOUGH_ROWS || sum + rows > MOST_ROWS || chosen.len() == MOST_TABLES)
        {
            break;
        }
        sum += rows;
        chosen.push(name.clone());
    }
    chosen
}

/// Whether an undamaged slice arrives, and is what it should be.
///
/// # Errors
/// An interrupt, or this machine in the way.
pub fn arrives(
    engine: &mut dyn Engine,
    scratch: &mut Scratch,
    slice: &Slice,
    real: &Contents,
    progress: &mut Progress,
) -> Result<bool, Stop> {
    let copy = Copy { artefact: &slice.artefact, damage: Damage::None, slice: Some(slice) };
    let restored = match engine.restore(scratch, &copy, "slice", progress) {
        Ok(restored) => restored,
        Err(Stop::Refused(_)) => return Ok(false),
        Err(stop) => return Err(stop),
    };
    let mut found = Vec::new();
    for database in &restored.databases {
        match engine.contents(scratch, database, progress) {
            Ok(contents) => found.push(contents),
            Err(Stop::Refused(_)) => return Ok(false),
            Err(stop) => return Err(stop),
        }
    }
    engine.forget(scratch, &restored.databases)?;
    Ok(compare(&slice.of(real), &slice.of(&checks::chosen(&found))).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_tables_that_are_there_are_chosen() {
        let tables: Vec<(String, u64)> = [("a", 7), ("b", 70), ("c", 2000), ("d", 9_000_000)]
            .map(|(name, rows)| (name.to_owned(), rows))
            .into();
        assert_eq!(choose(&tables, |_| true), ["a", "b", "c"]);
        assert_eq!(choose(&tables, |name| name == "d"), ["d"]);
        assert_eq!(choose(&tables, |name| name != "c"), ["a", "b"]);
    }
}
