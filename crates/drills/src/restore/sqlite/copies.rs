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

fn names(connection: &Connection, kind: &str) -> Result<Vec<String>, Stop> {
    let mut statement = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = ? AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND coalesce(sql, '') NOT LIKE 'CREATE VIRTUAL%'")
        .map_err(|error| failed(&error))?;
    let names = statement.query_map([kind], |row| row.get(0)).map_err(|error| failed(&error))?;
    names.collect::<Result<Vec<String>, _>>().map_err(|error| failed(&error))
}
