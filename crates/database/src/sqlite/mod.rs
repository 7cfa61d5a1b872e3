//! SQLite, read through its own library.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};

use crate::contents::{Contents, Table};
use crate::{Error, Identity};

/// Instructions of SQLite's machine between two looks at whether to go on.
const OPERATIONS: i32 = 10_000;

/// A database file, open for reading. Its pages are never written; SQLite may make its shared-memory file beside it.
pub struct File {
    connection: Connection,
}

fn failed(error: &rusqlite::Error) -> Error {
    match error {
        rusqlite::Error::SqliteFailure(code, _) if code.code == rusqlite::ErrorCode::OperationInterrupted => {
            Error::Interrupted
        }
        error => Error::Answered(error.to_string()),
    }
}

impl File {
    /// Opens a file. `go_on` is asked now and then whether to read further.
    ///
    /// # Errors
    /// When it is no database.
    pub fn open(path: &Path, mut go_on: impl FnMut() -> bool + Send + 'static) -> Result<File, Error> {
        let mut connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(|error| failed(&error))?;
        connection.progress_handler(OPERATIONS, Some(move || !go_on())).map_err(|error| failed(&error))?;
        connection
            .execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")
            .map_err(|error| failed(&error))?;
        Ok(File { connection })
    }

    /// What a pragma or a query gives.
    ///
    /// # Errors
    /// SQLite's.
    pub fn rows(&self, query: &str) -> Result<Vec<Vec<String>>, Error> {
        let mut statement = self.connection.prepare(query).map_err(|error| failed(&error))?;
        let width = statement.column_count();
        let mut rows = statement.query([]).map_err(|error| failed(&error))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(|error| failed(&error))? {
            let mut fields = Vec::with_capacity(width);
            for index in 0..width {
                fields.push(match row.get_ref(index).map_err(|error| failed(&error))? {
                    ValueRef::Null => String::new(),
                    ValueRef::Integer(number) => number.to_string(),
                    ValueRef::Real(number) => number.to_string(),
                    ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into_owned(),
                });
            }
            found.push(fields);
            if found.len() > 100_000 {
                break;
            }
        }
        Ok(found)
    }

    /// The version of the library.
    pub fn version() -> &'static str {
        rusqlite::version()
    }

    /// Everything that it holds, in one snapshot. `look` is told how far it is.
    ///
    /// # Errors
    /// SQLite's: a page that is destroyed is one.
    pub fn contents(&self, look: &mut dyn FnMut(&str, usize, usize)) -> Result<Contents, Error> {
        self.connection.execute_batch("BEGIN").map_err(|error| failed(&error))?;
        let contents = self.read(look);
        let _ = self.connection.execute_batch("ROLLBACK");
        contents
    }

    fn read(&self, look: &mut dyn FnMut(&str, usize, usize)) -> Result<Contents, Error> {
        let master = self.rows(
            "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name",
        )?;
        let tables: Vec<&Vec<String>> = master
            .iter()
            .filter(|row| {
                row[0] == "table" && !row[3].to_ascii_uppercase().starts_with("CREATE VIRTUAL TABLE")
            })
            .collect();
        let mut found = Vec::new();
        for (index, row) in tables.iter().enumerate() {
            let name = &row[1];
            look(name, index, tables.len());
            let (rows, checksum) = self.table(name)?;
            let mut definition = vec![row[3].clone()];
            definition.extend(
                master
                    .iter()
                    .filter(|other| other[0] == "index" && other[2] == *name)
                    .map(|other| other[3].clone()),
            );
            found.push(Table { name: name.clone(), rows, checksum, definition });
        }
        Ok(Contents { tables: found, ..Contents::default() })
    }

    fn table(&self, name: &str) -> Result<(u64, String), Error> {
        let mut statement = self
            .connection
            .prepare(&format!("SELECT * FROM \"{}\" NOT INDEXED", name.replace('"', "\"\"")))
            .map_err(|error| failed(&error))?;
        let width = statement.column_count();
        let mut rows = statement.query([]).map_err(|error| failed(&error))?;
        let mut count: u64 = 0;
        let mut sum: u64 = 0;
        while let Some(row) = rows.next().map_err(|error| failed(&error))? {
            let mut hash = Sha256::new();
            for index in 0..width {
                match row.get_ref(index).map_err(|error| failed(&error))? {
                    ValueRef::Null => hash.update([0]),
                    ValueRef::Integer(number) => {
                        hash.update([1]);
                        hash.update(number.to_le_bytes());
                    }
                    ValueRef::Real(number) => {
                        hash.update([2]);
                        hash.update(number.to_bits().to_le_bytes());
                    }
                    ValueRef::Text(text) => {
                        hash.update([3]);
                        hash.update((text.len() as u64).to_le_bytes());
                        hash.update(text);
                    }
                    ValueRef::Blob(blob) => {
                        hash.update([4]);
                        hash.update((blob.len() as u64).to_le_bytes());
                        hash.update(blob);
                    }
                }
            }
            let digest = hash.finalize();
            let mut first = [0_u8; 8];
            first.copy_from_slice(&digest[..8]);
            sum = sum.wrapping_add(u64::from_le_bytes(first));
            count += 1;
        }
        Ok((count, format!("{sum:016x}")))
    }
}

/// Which file it is: its device and inode, whatever its name.
///
/// # Errors
/// When it cannot be looked at.
pub fn identity(path: &Path) -> std::io::Result<Identity> {
    let metadata = std::fs::metadata(path)?;
    Ok(Identity {
        id: Some(format!("{}:{}", metadata.dev(), metadata.ino())),
        data: std::fs::canonicalize(path).ok().map(|path| path.display().to_string()),
    })
}
