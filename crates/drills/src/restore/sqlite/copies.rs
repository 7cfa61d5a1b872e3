//! What is done to a copy of a database file: never to an artefact, and never to a file of the user's.

use std::path::Path;

use rusqlite::Connection;

use crate::Stop;

fn failed(error: &rusqlite::Error) -> Stop {
    Stop::Refused(format!("SQLite: {error}"))
}

/// Takes the write-ahead log into the file.
///
/// # Errors
/// SQLite's.
pub fn checkpoint(copy: &Path) -> Result<(), Stop> {
    let connection = Connection::open(copy).map_err(|error| failed(&error))?;
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .and_then(|()| connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())))
        .map_err(|error| failed(&error))
}

/// Removes every row.
///
/// # Errors
/// SQLite's.
pub fn empty(copy: &Path) -> Result<(), Stop> {
    let connection = Connection::open(copy).map_err(|error| failed(&error))?;
    connection.execute_batch("PRAGMA foreign_keys = OFF").map_err(|error| failed(&error))?;
    let triggers: Vec<String> = names(&connection, "trigger")?;
    for trigger in triggers {
        connection
            .execute_batch(&format!("DROP TRIGGER \"{}\"", trigger.replace('"', "\"\"")))
            .map_err(|error| failed(&error))?;
    }
    for table in names(&connection, "table")? {
        connection
            .execute_batch(&format!("DELETE FROM \"{}\"", table.replace('"', "\"\"")))
            .map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// Makes a file with the same tables and indexes, and the rows of some of them.
///
/// # Errors
/// SQLite's.
pub fn part(whole: &Path, target: &Path, tables: &[String]) -> Result<(), Stop> {
    let connection = Connection::open(target).map_err(|error| failed(&error))?;
    let make = || -> rusqlite::Result<()> {
        connection.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF")?;
        connection.execute("ATTACH ? AS whole", [whole.to_string_lossy()])?;
        let definitions = |kind: &str| -> rusqlite::Result<Vec<String>> {
            let mut statement = connection.prepare(
                "SELECT sql FROM whole.sqlite_schema WHERE type = ? AND sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
                 AND sql NOT LIKE 'CREATE VIRTUAL%'",
            )?;
            let texts = statement.query_map([kind], |row| row.get(0))?;
            texts.collect()
        };
        for definition in definitions("table")? {
            connection.execute_batch(&definition)?;
        }
        for table in tables {
            let name = format!("\"{}\"", table.replace('"', "\"\""));
            connection.execute_batch(&format!("INSERT INTO main.{name} SELECT * FROM whole.{name}"))?;
        }
        for definition in definitions("index")? {
            connection.execute_batch(&definition)?;
        }
        connection.execute_batch("DETACH whole")
    };
    make().map_err(|error| failed(&error))
}

fn names(connection: &Connection, kind: &str) -> Result<Vec<String>, Stop> {
    let mut statement = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = ? AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND coalesce(sql, '') NOT LIKE 'CREATE VIRTUAL%'")
        .map_err(|error| failed(&error))?;
    let names = statement.query_map([kind], |row| row.get(0)).map_err(|error| failed(&error))?;
    names.collect::<Result<Vec<String>, _>>().map_err(|error| failed(&error))
}
