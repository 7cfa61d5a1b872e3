//! SQLite: the artefact is copied into the scratch folder, and only the copy is opened.

mod copies;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use seaworthy_database::sqlite::{self, File as Database};
use seaworthy_database::{Contents, Engine as Kind, Error, Identity};

use crate::restore::reading::Damage;
use crate::restore::slice::{Slice, choose};
use crate::restore::{Artefact, Copy, Engine, Restored, Verify, checks};
use crate::scratch::{Account, Death, Scratch, Who, disk, full};
use crate::{Progress, Stop};

/// SQLite.
#[derive(Debug, Default)]
pub struct Sqlite {}

fn path(scratch: &Scratch, database: &str) -> PathBuf {
    scratch.folder().join(format!("{database}.sqlite"))
}

fn open(scratch: &Scratch, database: &str) -> Result<Database, Stop> {
    let interrupt = scratch.interrupt();
    Database::open(&path(scratch, database), move || interrupt.check().is_ok()).map_err(stop)
}

/// What SQLite says of a file is said of the artefact.
fn stop(error: Error) -> Stop {
    match error {
        Error::Interrupted => Stop::Interrupted,
        Error::Unusable(why) | Error::Answered(why) => Stop::Refused(format!("SQLite: {why}")),
    }
}

impl Engine for Sqlite {
    fn kind(&self) -> Kind {
        Kind::Sqlite
    }

    fn accounts(&self) -> &'static [&'static str] {
        &[]
    }

    fn describe(&self) -> String {
        format!("SQLite {}", Database::version())
    }

    fn version(&self) -> String {
        Database::version().to_owned()
    }

    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    fn steps(&self, _: &Artefact, _: Option<&Account>) -> Vec<String> {
        vec!["copy the database file into it; the original is not opened as a database".to_owned()]
    }

    fn start(&mut self, scratch: &mut Scratch) -> Result<Identity, Stop> {
        sqlite::identity(scratch.folder()).map_err(|error| disk(scratch.folder(), &error))
    }

    fn restore(
        &mut self,
        scratch: &mut Scratch,
        copy: &Copy,
        name: &str,
        progress: &mut Progress,
    ) -> Result<Restored, Stop> {
        let began = Instant::now();
        let target = path(scratch, name);
        let mut out = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&target)
            .map_err(|error| disk(&target, &error))?;
        let mut stream = copy.stream()?;
        let mut buffer = vec![0_u8; 1 << 20];
        let mut done = 0;
        loop {
            scratch.check()?;
            let length = stream
                .read(&mut buffer)
                .map_err(|error| Stop::Refused(format!("the artefact cannot be read to its end: {error}")))?;
            if length == 0 {
                break;
            }
            out.write_all(&buffer[..length]).map_err(|error| match error.kind() {
                io::ErrorKind::StorageFull => Stop::CouldNot(full(scratch.folder())),
                _ => disk(&target, &error),
            })?;
            done += length as u64;
            if copy.artefact.layers.is_empty() {
                progress.advance(done, copy.artefact.size);
            }
        }
        // What was committed after the last checkpoint lies beside the file.
        let log = beside(&copy.artefact.path, "-wal");
        if copy.damage != Damage::Truncated && copy.artefact.layers.is_empty() && log.exists() {
            let own = beside(&target, "-wal");
            fs::copy(&log, &own).map_err(|error| disk(&own, &error))?;
            // SQLite would have to recover it into the file.
            return recovered(scratch, &target, began, name, copy.damage);
        }
        drop(out);
        damaged(&target, copy.damage)?;
        opened(scratch, name, began)
    }

    fn slice(
        &mut self,
        scratch: &mut Scratch,
        artefact: &Artefact,
        tables: &[(String, u64)],
    ) -> Result<Option<Slice>, Stop> {
        let chosen = choose(tables, |_| true);
        let target = path(scratch, "part");
        copies::part(&path(scratch, "restored"), &target, &chosen)?;
        let size = fs::metadata(&target).map_err(|error| disk(&target, &error))?.len();
        let artefact = Artefact { path: target, size, layers: Vec::new(), ..artefact.clone() };
        Ok(Some(Slice { artefact, tables: chosen, entries: BTreeSet::new(), rows_at: None }))
    }

    fn contents(
        &mut self,
        scratch: &mut Scratch,
        database: &str,
        progress: &mut Progress,
    ) -> Result<Contents, Stop> {
        let file = open(scratch, database)?;
        file.contents(&mut |_, done, total| progress.advance(done as u64, total as u64)).map_err(stop)
    }

    fn rows(&mut self, scratch: &mut Scratch, database: &str, query: &str) -> Result<Vec<Vec<String>>, Stop> {
        open(scratch, database)?.rows(query).map_err(stop)
    }

    fn integrity(&mut self, scratch: &mut Scratch, database: &str) -> Result<Vec<String>, Stop> {
        let file = open(scratch, database)?;
        let mut faults = Vec::new();
        match file.rows("PRAGMA integrity_check(20)") {
            Ok(rows) => faults.extend(rows.into_iter().flatten().filter(|line| line != "ok")),
            Err(Error::Interrupted) => return Err(Stop::Interrupted),
            Err(error) => faults.push(error.to_string()),
        }
        match file.rows("PRAGMA foreign_key_check") {
            Ok(rows) => faults.extend(rows.into_iter().take(20).map(|row| {
                let of = |index: usize| row.get(index).map_or("", String::as_str);
                format!("row {} of {} points to no row of {}", of(1), of(0), of(2))
            })),
            Err(Error::Interrupted) => return Err(Stop::Interrupted),
            Err(error) => faults.push(error.to_string()),
        }
        Ok(faults)
    }

    fn verify(
        &mut self,
        scratch: &mut Scratch,
        database: &str,
        verify: &Verify,
    ) -> Result<Result<(), String>, Stop> {
        match verify {
            Verify::Query(query) => match open(scratch, database)?.rows(query) {
                Ok(rows) => Ok(checks::verify::holds(&rows)),
                Err(Error::Interrupted) => Err(Stop::Interrupted),
                Err(error) => Ok(Err(error.to_string())),
            },
            Verify::Command { text, folder } => {
                let mut command = scratch.command(Path::new("/bin/sh"), Who::Caller, Death::Kill);
                let file = path(scratch, database);
                command
                    .args(["-c", text])
                    .current_dir(folder)
                    .env("DATABASE_URL", format!("sqlite://{}", file.display()))
                    .env("DATABASE_FILE", file);
                checks::verify::command(scratch, command)
            }
        }
    }

    fn forget(&mut self, scratch: &mut Scratch, databases: &[String]) -> Result<(), Stop> {
        for database in databases {
            let _ = fs::remove_file(path(scratch, database));
        }
        Ok(())
    }

    fn stop(&mut self) {}
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn opened(scratch: &Scratch, name: &str, began: Instant) -> Result<Restored, Stop> {
    open(scratch, name)?.rows("SELECT count(*) FROM sqlite_schema").map_err(stop)?;
    Ok(Restored {
        databases: vec![name.to_owned()],
        seconds: began.elapsed().as_secs_f64(),
        ..Restored::default()
    })
}

/// Takes the write-ahead log into the file, as the application's next start would.
fn recovered(
    scratch: &Scratch,
    target: &Path,
    began: Instant,
    name: &str,
    damage: Damage,
) -> Result<Restored, Stop> {
    copies::checkpoint(target)?;
    damaged(target, damage)?;
    opened(scratch, name, began)
}

fn damaged(target: &Path, damage: Damage) -> Result<(), Stop> {
    match damage {
        Damage::SchemaOnly => copies::empty(target),
        Damage::Flipped => flip(target).map_err(|error| disk(target, &error)),
        _ => Ok(()),
    }
}

/// Changes bytes of a leaf page with rows: in the cell that lies highest in the page, a letter or digit of its end.
fn flip(target: &Path) -> io::Result<()> {
    let mut file = File::options().read(true).write(true).open(target)?;
    let size = file.metadata()?.len();
    let mut header = [0_u8; 100];
    file.read_exact(&mut header)?;
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        page => u64::from(page),
    };
    if page < 512 {
        return Ok(());
    }
    let pages = size / page;
    // Where no row holds text, the last byte of a row.
    let mut without_text = None;
    // From the middle on, and round: the first page holds the schema.
    for index in (pages / 2..pages).chain(1..pages / 2) {
        if index == 0 {
            continue;
        }
        let mut bytes = vec![0_u8; usize::try_from(page).unwrap_or(0)];
        file.seek(SeekFrom::Start(index * page))?;
        file.read_exact(&mut bytes)?;
        // 13: a leaf of a table.
        let cells = u16::from_be_bytes([bytes[3], bytes[4]]);
        if bytes[0] != 13 || cells == 0 {
            continue;
        }
        // The first cell that was written lies at the end of the page, and ends with the end of a row.
        let content = usize::from(u16::from_be_bytes([bytes[5], bytes[6]]));
        let region = &bytes[content.min(bytes.len())..];
        if let Some(offset) = region.iter().rposition(u8::is_ascii_alphanumeric) {
            file.seek(SeekFrom::Start(index * page + (content + offset) as u64))?;
            file.write_all(&[region[offset] ^ 1])?;
            return Ok(());
        }
        if let Some(last) = region.last() {
            without_text.get_or_insert(((index + 1) * page - 1, *last));
        }
    }
    if let Some((at, byte)) = without_text {
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&[byte ^ 1])?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn a_changed_byte_is_in_a_row_also_where_no_row_holds_text() {
        let folder = tempfile::tempdir().unwrap();
        for (number, row) in ["(1)", "(7)", "(300)", "(NULL)", "('a')"].into_iter().enumerate() {
            let path = folder.path().join(format!("{number}.db"));
            let connection = Connection::open(&path).unwrap();
            connection.execute_batch(&format!("CREATE TABLE t (a); INSERT INTO t VALUES {row}")).unwrap();
            let content = |connection: &Connection| -> rusqlite::Result<String> {
                connection.query_row("SELECT group_concat(quote(a)) FROM t", [], |row| row.get(0))
            };
            let before = content(&connection).unwrap();
            drop(connection);
            flip(&path).unwrap();
            let after = content(&Connection::open(&path).unwrap());
            assert!(after.as_ref().map_or(true, |after| *after != before), "{row}: {after:?}");
        }
    }
}
