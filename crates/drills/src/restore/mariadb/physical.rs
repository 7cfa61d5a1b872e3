//! Copies of a data directory that mariadb-backup made: in a folder, or as its stream. A copy of the copy is prepared, and
//! the scratch server starts on it.
//!
//! A data directory says what a server loads and where its files lie. So nothing of its settings is obeyed but the shape of
//! InnoDB's files, files that lie elsewhere are refused, and there is no folder of plugins.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use seaworthy_database::mariadb::{databases, quoted};
use seaworthy_database::{Contents, Engine as Kind, Identity};

use super::programs::{Series, installed};
use super::server::{NOT_STARTED, Server, make, stop};
use super::{MariaDb, Origin};
use crate::restore::artefact::{Artefact, Format};
use crate::restore::reading::Damage;
use crate::restore::repositories::programs;
use crate::restore::{Copy, Engine, Restored, Verify};
use crate::scratch::{Account, Death, Finished, Scratch, Who, disk, full};
use crate::{Progress, Stop};

/// Files of a data directory that are copied, and how deep they lie.
const MOST: usize = 1_000_000;
const DEEPEST: usize = 4;

/// How long a preparation may take.
const PREPARES: Duration = Duration::from_secs(4 * 3600);

/// The shape of InnoDB's files.
const SHAPE: &[&str] = &[
    "innodb_checksum_algorithm",
    "innodb_data_file_path",
    "innodb_log_file_size",
    "innodb_page_size",
    "innodb_undo_tablespaces",
    "innodb_compression_level",
];

/// What says what a copy is: the newer name, and the one that it has had for long.
const INFO: &[&str] = &["mariadb_backup_info", "xtrabackup_info"];

/// A copy of a data directory.
#[derive(Debug)]
pub struct MariaBackup {
    inner: MariaDb,
    backup: PathBuf,
    stream: Option<PathBuf>,
    /// The data directories that were made.
    folders: Vec<PathBuf>,
}

impl MariaBackup {
    /// Chooses the programs.
    ///
    /// # Errors
    /// When they are missing, or are of another version than the copy.
    pub fn choose(artefact: &Artefact) -> Result<MariaBackup, Stop> {
        let package = "the Debian package is mariadb-backup";
        let installation = installed()?;
        let backup =
            programs::find("mariadb-backup", package).or_else(|_| programs::find("mariabackup", package))?;
        let streamed = artefact.format == Format::MariaBackupStream;
        let stream = if streamed { Some(programs::find("mbstream", package)?) } else { None };
        if let Some(version) = &artefact.versions.server {
            fits(installation.series, version, &artefact.name)?;
        }
        let inner =
            MariaDb { installation, origin: Origin::Unknown, remarks: Vec::new(), server: None, good: None };
        Ok(MariaBackup { inner, backup, stream, folders: Vec::new() })
    }

    /// Makes a copy that the drill may write to.
    fn fetch(
        &self,
        scratch: &mut Scratch,
        copy: &Copy,
        folder: &Path,
        progress: &mut Progress,
    ) -> Result<(), Stop> {
        let Some(stream) = &self.stream else {
            let mut reading = Reading { scratch, progress, done: 0, size: copy.artefact.size, files: 0 };
            return reading.folder(&copy.artefact.path, folder, 0);
        };
        let mut command = scratch.command(stream, Who::Scratch, Death::Kill);
        command.arg("--extract").arg("--directory").arg(folder);
        let finished = scratch.run(command, copy.feed()?, &mut |_| {})?;
        if let Err(why) = &finished.feed {
            return Err(Stop::Refused(format!("the artefact cannot be read to its end: {why}")));
        }
        succeeded(scratch, "mbstream", &finished)
    }

    fn prepare(&self, scratch: &mut Scratch, folder: &Path) -> Result<(), Stop> {
        let mut command = scratch.command(&self.backup, Who::Scratch, Death::Kill);
        command
            .args(["--no-defaults", "--prepare", "--use-memory=256M"])
            .arg(format!("--target-dir={}", folder.display()));
        match programs::timed(scratch, command, PREPARES)? {
            Some(finished) => succeeded(scratch, "mariadb-backup --prepare", &finished),
            None => Err(Stop::Refused("mariadb-backup --prepare did not end".to_owned())),
        }
    }
}

fn succeeded(scratch: &Scratch, program: &str, finished: &Finished) -> Result<(), Stop> {
    if finished.success {
        return Ok(());
    }
    Err(Stop::Refused(programs::failed(scratch, program, finished)?))
}

/// A copy is started by a server of its own series, and by no other.
fn fits(here: Series, version: &str, name: &str) -> Result<(), Stop> {
    let maria = version.contains("MariaDB");
    match Series::of(version) {
        Some(from) if maria && from == here => Ok(()),
        Some(from) if maria => Err(Stop::CouldNot(format!(
            "{name} is a copy of the data directory of MariaDB {from}, and the server here is of version {here}: such a copy is \
             started by the same version only. Install mariadb-server and mariadb-backup {from} (mariadb.org has every version for Debian)"
        ))),
        _ => Err(Stop::CouldNot(format!(
            "{name} is a copy of the data directory of MySQL {version}, made with XtraBackup: this drill starts no server of MySQL"
        ))),
    }
}

/// What the copy says of itself: a value of its information.
pub fn said(folder: &Path, key: &str) -> Option<String> {
    INFO.iter().find_map(|name| value(&folder.join(name), key))
}

fn value(file: &Path, key: &str) -> Option<String> {
    let mut text = String::new();
    File::open(file).ok()?.take(64 << 10).read_to_string(&mut text).ok()?;
    text.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim().chars().filter(|c| !c.is_control()).take(80).collect())
    })
}

/// The file that is written at the end of a copy.
pub fn checkpoints(folder: &Path) -> Option<PathBuf> {
    ["mariadb_backup_checkpoints", "xtrabackup_checkpoints"]
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
}

/// The settings of the copy that count: the shape of its files, where they lie in it. Writes them back without the others.
fn shape(folder: &Path, name: &str) -> Result<Vec<(String, String)>, Stop> {
    let path = folder.join("backup-my.cnf");
    let mut text = String::new();
    File::open(&path)
        .and_then(|file| file.take(64 << 10).read_to_string(&mut text))
        .map_err(|_| Stop::Refused(format!("{name}: backup-my.cnf is missing or cannot be read")))?;
    let mut settings = Vec::new();
    for line in text.lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim().replace('-', "_"), value.trim().to_owned());
        if key.starts_with("plugin") || key.contains("encrypt") || key.contains("key_management") {
            return Err(Stop::CouldNot(format!(
                "{name}: its tables are encrypted ({key}), and the keys are not in it; this version does not start such a copy"
            )));
        }
        if !SHAPE.contains(&key.as_str()) {
            continue;
        }
        if !value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | ';' | '.' | '_')) {
            return Err(Stop::CouldNot(format!(
                "{name}: {key} is {value:?}: files that lie outside the copy are left alone"
            )));
        }
        settings.push((key, value));
    }
    let mut text = "[mysqld]\ninnodb_undo_directory=./\n".to_owned();
    for (key, value) in &settings {
        text.push_str(&format!("{key}={value}\n"));
    }
    fs::write(&path, text).map_err(|error| disk(&path, &error))?;
    Ok(settings)
}

impl Engine for MariaBackup {
    fn kind(&self) -> Kind {
        Kind::Mariadb
    }

    fn accounts(&self) -> &'static [&'static str] {
        self.inner.accounts()
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn version(&self) -> String {
        self.inner.version()
    }

    fn same_release(&self, version: &str) -> bool {
        self.inner.same_release(version)
    }

    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    fn steps(&self, _: &Artefact, account: Option<&Account>) -> Vec<String> {
        let user = account.map_or(String::new(), |account| format!(" as the user {}", account.name));
        let how = if self.stream.is_some() {
            "unpack the stream into it with mbstream"
        } else {
            "copy the backup into it"
        };
        vec![
            format!(
                "{how}, and prepare the copy with mariadb-backup; its settings are not obeyed, but for the shape of InnoDB's files"
            ),
            format!(
                "start MariaDB {} on the copy{user}: a Unix socket in the folder, no network, no plugins, no events; accounts of the drill \
                 are added to it",
                self.inner.version()
            ),
        ]
    }

    fn start(&mut self, scratch: &mut Scratch) -> Result<Identity, Stop> {
        // The server comes with the copy, and shows then that it is the one of this folder.
        Ok(Identity { id: None, data: Some(scratch.folder().display().to_string()) })
    }

    fn restore(
        &mut self,
        scratch: &mut Scratch,
        copy: &Copy,
        name: &str,
        progress: &mut Progress,
    ) -> Result<Restored, Stop> {
        self.inner.server = None;
        let began = Instant::now();
        let folder = scratch.subfolder(name)?;
        self.folders.push(folder.clone());
        self.fetch(scratch, copy, &folder, progress)?;
        let artefact = &copy.artefact.name;
        let kind = checkpoints(&folder).and_then(|file| value(&file, "backup_type"));
        match kind.as_deref() {
            Some("full-backuped" | "full-prepared" | "log-applied") => {}
            Some("incremental") => {
                return Err(Stop::CouldNot(format!(
                    "{artefact} is an incremental backup, which is restored onto its full one only; name the full one"
                )));
            }
            _ => {
                return Err(Stop::Refused(format!(
                    "{artefact}: its checkpoints are missing: it was not finished, or was cut off"
                )));
            }
        }
        if let Some(version) = said(&folder, "server_version") {
            fits(self.inner.installation.series, &version, artefact)?;
        }
        let settings = shape(&folder, artefact)?;
        self.prepare(scratch, &folder)?;
        // Afterwards: what is in the log is put into the files, and heals them.
        match copy.damage {
            Damage::Truncated if self.stream.is_none() => truncate(&folder)?,
            Damage::Flipped => flip(&folder)?,
            _ => {}
        }
        let server = match Server::open(&self.inner.installation, scratch, &folder, &settings) {
            // It is a good server: it starts on directories of its own.
            Err(Stop::CouldNot(why)) if why.contains(NOT_STARTED) => return Err(Stop::Refused(why)),
            other => other?,
        };
        server.identity(scratch)?;
        let mut session = server.session(scratch)?;
        let failed = |error| stop(error, scratch);
        let found = databases(&mut session).map_err(failed)?;
        for database in &found {
            make(&mut session, database).map_err(failed)?;
        }
        let plugins = session.rows("SELECT name FROM mysql.plugin").unwrap_or_default();
        let seconds = began.elapsed().as_secs_f64();
        if copy.damage == Damage::SchemaOnly {
            session.rows("SET foreign_key_checks = 0").map_err(failed)?;
            for database in &found {
                let tables = session
                    .rows(&format!(
                        "SELECT table_name FROM information_schema.tables WHERE table_schema = '{}' AND table_type = 'BASE TABLE'",
                        database.replace('\\', "\\\\").replace('\'', "''")
                    ))
                    .map_err(failed)?;
                for table in tables.iter().flatten() {
                    session
                        .rows(&format!("TRUNCATE TABLE {}.{}", quoted(database), quoted(table)))
                        .map_err(failed)?;
                }
            }
        }
        drop(session);
        self.inner.server = Some(server);
        let mut remarks = Vec::new();
        if said(&folder, "partial").is_some_and(|partial| partial == "Y") {
            remarks.push("the backup is partial: mariadb-backup was told to leave something out".to_owned());
        }
        Ok(Restored {
            databases: found,
            seconds,
            left_out: plugins.into_iter().flatten().map(|plugin| format!("plugin {plugin}")).collect(),
            remarks,
            ..Restored::default()
        })
    }

    fn contents(
        &mut self,
        scratch: &mut Scratch,
        database: &str,
        progress: &mut Progress,
    ) -> Result<Contents, Stop> {
        self.inner.contents(scratch, database, progress)
    }

    fn rows(&mut self, scratch: &mut Scratch, database: &str, query: &str) -> Result<Vec<Vec<String>>, Stop> {
        self.inner.rows(scratch, database, query)
    }

    fn integrity(&mut self, scratch: &mut Scratch, database: &str) -> Result<Vec<String>, Stop> {
        self.inner.integrity(scratch, database)
    }

    fn verify(
        &mut self,
        scratch: &mut Scratch,
        database: &str,
        verify: &Verify,
    ) -> Result<Result<(), String>, Stop> {
        self.inner.verify(scratch, database, verify)
    }

    fn forget(&mut self, _: &mut Scratch, _: &[String]) -> Result<(), Stop> {
        self.inner.server = None;
        for folder in self.folders.drain(..) {
            fs::remove_dir_all(&folder).map_err(|error| disk(&folder, &error))?;
        }
        Ok(())
    }

    fn stop(&mut self) {
        self.inner.server = None;
    }
}

/// Copies a data directory.
struct Reading<'a> {
    scratch: &'a mut Scratch,
    progress: &'a mut Progress,
    done: u64,
    size: u64,
    files: usize,
}

impl Reading<'_> {
    fn folder(&mut self, from: &Path, to: &Path, depth: usize) -> Result<(), Stop> {
        let unreadable =
            |error: std::io::Error| Stop::CouldNot(format!("{}: cannot be read: {error}", from.display()));
        for entry in fs::read_dir(from).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            self.files += 1;
            let kind = entry.file_type().map_err(unreadable)?;
            let (path, target) = (entry.path(), to.join(entry.file_name()));
            let elsewhere = path.extension().is_some_and(|ending| ending == "isl");
            if kind.is_symlink() || elsewhere {
                return Err(Stop::CouldNot(format!(
                    "{}: it stands for a file that lies elsewhere, and such a copy is not started: the server would write there",
                    path.display()
                )));
            }
            if path.extension().is_some_and(|ending| ending == "qp") {
                return Err(Stop::CouldNot(format!(
                    "{}: it was made with --compress; unpack it with `mariadb-backup --decompress` first",
                    path.display()
                )));
            }
            if self.files > MOST || depth > DEEPEST {
                return Err(Stop::could_not("the backup has more files than are copied"));
            }
            if kind.is_dir() {
                fs::create_dir(&target).map_err(|error| disk(&target, &error))?;
                self.scratch.give(&target)?;
                self.folder(&path, &target, depth + 1)?;
            } else if kind.is_file() {
                self.file(&path, &target)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, from: &Path, to: &Path) -> Result<(), Stop> {
        self.scratch.check()?;
        let problem = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::StorageFull => Stop::CouldNot(full(to)),
            _ => Stop::CouldNot(format!("{}: cannot be copied: {error}", from.display())),
        };
        let mut source = File::open(from).map_err(problem)?;
        let mut target = File::options().write(true).create_new(true).open(to).map_err(problem)?;
        loop {
            self.scratch.check()?;
            let copied =
                std::io::copy(&mut Read::by_ref(&mut source).take(64 << 20), &mut target).map_err(problem)?;
            if copied == 0 {
                break;
            }
            self.done += copied;
            self.progress.advance(self.done, self.size);
        }
        self.scratch.give(to)
    }
}

/// The largest file with rows of an application; where tables have no files of their own, that of all.
fn largest(folder: &Path) -> Option<(PathBuf, u64)> {
    let mut found: Option<(PathBuf, u64)> = None;
    for entry in fs::read_dir(folder).ok()?.flatten().filter(|entry| entry.path().is_dir()) {
        if ["mysql", "sys", "performance_schema"].iter().any(|system| entry.file_name() == *system) {
            continue;
        }
        for file in fs::read_dir(entry.path()).ok()?.flatten() {
            let path = file.path();
            let rows =
                path.extension().is_some_and(|ending| ending == "ibd" || ending == "MAD" || ending == "MYD");
            let size = file.metadata().ok()?.len();
            if rows && found.as_ref().is_none_or(|(_, largest)| size > *largest) {
                found = Some((path, size));
            }
        }
    }
    let shared = folder.join("ibdata1");
    found.filter(|(_, size)| *size > 0).or_else(|| Some((shared.clone(), fs::metadata(&shared).ok()?.len())))
}

/// The size of InnoDB's pages, where nothing else is set.
const PAGE: u64 = 16 << 10;

/// Whether a page holds rows or an index: FIL_PAGE_INDEX.
fn has_rows(file: &mut File, page: u64) -> bool {
    let mut header = [0_u8; 26];
    let read = file.seek(SeekFrom::Start(page * PAGE)).and_then(|_| file.read_exact(&mut header));
    read.is_ok() && header[24..26] == [0x45, 0xbf]
}

/// Cuts a file off before a page with rows: the end of a file is often empty.
fn truncate(folder: &Path) -> Result<(), Stop> {
    let Some((path, size)) = largest(folder) else { return Ok(()) };
    let problem = |error: std::io::Error| disk(&path, &error);
    let mut file = File::options().read(true).write(true).open(&path).map_err(problem)?;
    let middle = size / PAGE / 2;
    let at = (1..=middle).rev().take(100_000).find(|page| has_rows(&mut file, *page)).map(|page| page * PAGE);
    file.set_len(at.unwrap_or(size / 2)).map_err(problem)
}

/// Changes a byte among the rows of a page of an index; of other files, in the middle.
fn flip(folder: &Path) -> Result<(), Stop> {
    let Some((path, size)) = largest(folder) else { return Ok(()) };
    let problem = |error: std::io::Error| disk(&path, &error);
    let mut file = File::options().read(true).write(true).open(&path).map_err(problem)?;
    let middle = size / PAGE / 2;
    let page = (1..=middle).rev().take(100_000).find(|page| has_rows(&mut file, *page));
    // Rows begin after the two that every page has.
    let at = page.map_or(size / 2, |page| page * PAGE + 200);
    let mut byte = [0_u8; 1];
    file.seek(SeekFrom::Start(at)).map_err(problem)?;
    file.read_exact(&mut byte).map_err(problem)?;
    file.seek(SeekFrom::Start(at)).map_err(problem)?;
    file.write_all(&[byte[0] ^ 1]).map_err(problem)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_version_starts_a_copy() {
        let fits = |version: &str| fits(Series(10, 11), version, "copy").map_err(|stop| stop.to_string());
        assert!(fits("10.11.19-MariaDB-0+deb12u1-log").is_ok());
        assert!(fits("10.6.2-MariaDB-log").unwrap_err().contains("mariadb-server and mariadb-backup 10.6"));
        assert!(fits("8.0.36").unwrap_err().contains("XtraBackup"));
    }

    #[test]
    fn settings_of_a_copy_are_its_shape_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backup-my.cnf");
        let with = |line: &str| {
            fs::write(&path, format!("[mysqld]\ninnodb_page_size=16384\n{line}\n")).unwrap();
            shape(folder.path(), "copy").map_err(|stop| stop.to_string())
        };
        let page = ("innodb_page_size".to_owned(), "16384".to_owned());
        assert_eq!(with("init_file=/tmp/x.sql").unwrap(), vec![page]);
        assert!(!fs::read_to_string(&path).unwrap().contains("init_file"));
        assert!(
            with("innodb_data_file_path=/var/lib/mysql/ibdata1:12M")
                .unwrap_err()
                .contains("outside the copy")
        );
        assert!(with("plugin_load=file_key_management").unwrap_err().contains("encrypted"));
    }
}
