//! Repositories of backup tools that hold files: a database backup is taken out of the newest snapshot by the tool itself,
//! and then goes the way of every other artefact.
//!
//! A repository is only read. What a tool wants to write (locks, caches, keys of trust) it writes into a scratch folder.
//! The folder belongs to whoever started the drill, since repositories are often readable by nobody else.

mod borg;
mod litestream;
pub mod programs;
mod restic;
pub mod shadow;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use globset::Glob;
use jiff::Timestamp;
use seaworthy_database::Manifest;
use seaworthy_database::manifest::ENDING;

pub use self::shadow::size;
use super::artefact::{Artefact, Format, Seen, look_at, of_contents};
use super::locations::{LOOKED_AT, Newest, series};
use super::report::{Check, Control};
use super::{Order, Place, decrypted};
use crate::scratch::{Account, Scratch, disk};
use crate::{Interrupt, Progress, Stop};

/// What of a file is looked at to know what it is, in bytes.
const HEAD: u64 = 128 << 10;

/// Files of a snapshot whose content is looked at.
const LOOKED_INTO: usize = 60;

/// Folders of `pg_dump` in a snapshot that are told from other folders.
const FOLDERS: usize = 200;

/// Groups of snapshots that are looked at.
const GROUPS: usize = 20;

/// How long a verification of the whole repository may take.
pub const VERIFIES: Duration = Duration::from_secs(900);

/// A backup tool's repository.
pub trait Repository {
    /// The tool and its version.
    fn tool(&self) -> String;
    /// What the drill does with it, one line each.
    fn steps(&self) -> Vec<String>;
    /// Its snapshots, newest first.
    ///
    /// # Errors
    /// Where it cannot be opened or read.
    fn snapshots(&self, scratch: &mut Scratch) -> Result<Vec<Snapshot>, Stop>;
    /// The files of a snapshot.
    ///
    /// # Errors
    /// Where they cannot be listed.
    fn files(&self, scratch: &mut Scratch, snapshot: &Snapshot) -> Result<Vec<Inside>, Stop>;
    /// Writes a file of a snapshot, or its beginning only.
    ///
    /// # Errors
    /// [`Stop::Refused`] where the repository does not give it.
    fn extract(
        &self,
        scratch: &mut Scratch,
        snapshot: &Snapshot,
        file: &Inside,
        target: &Path,
        most: Option<u64>,
        progress: &mut Progress,
    ) -> Result<(), Stop>;
    /// Writes a folder of a snapshot below `target`, which is empty, under its whole path.
    ///
    /// # Errors
    /// [`Stop::Refused`] where the repository does not give it.
    fn extract_folder(
        &self,
        scratch: &mut Scratch,
        snapshot: &Snapshot,
        folder: &str,
        target: &Path,
    ) -> Result<(), Stop>;
    /// The tool's own check of everything that it stores.
    ///
    /// # Errors
    /// An interrupt, or this machine in the way.
    fn verify(&self, scratch: &mut Scratch) -> Result<Check, Stop>;
    /// Damaged copies and wrong passwords, which must be refused.
    ///
    /// # Errors
    /// An interrupt, or this machine in the way.
    fn controls(
        &self,
        scratch: &mut Scratch,
        snapshot: &Snapshot,
        file: &Inside,
        progress: &mut Progress,
    ) -> Result<Vec<Control>, Stop>;
    /// What must be said of it.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A state of the files at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// How the tool calls it.
    pub id: String,
    /// How people call it.
    pub name: String,
    /// When it was taken.
    pub at: Timestamp,
    /// Snapshots of one job have the same.
    pub series: String,
}

/// A file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// Where it is in the snapshot.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written to.
    pub modified: Timestamp,
}

impl Inside {
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The folder of `pg_dump` whose table of contents it is.
    fn folder(&self) -> Option<&str> {
        self.path.strip_suffix("/toc.dat")
    }

    /// What the backup is called: the folder, or the file.
    fn whole(&self) -> &str {
        self.folder().unwrap_or(&self.path)
    }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// Where the artefact comes from.
pub struct Source {
    repository: Box<dyn Repository>,
    snapshot: Snapshot,
    file: Inside,
    /// The write-ahead log of a database file, beside it.
    log: Option<Inside>,
    /// The files of a folder of `pg_dump`; none where the backup is one file.
    parts: Vec<Inside>,
}

/// What a look into a repository gives.
pub struct Found {
    /// The newest backup in it.
    pub newest: Newest,
    /// Where it comes from.
    pub source: Source,
    /// What it held when it was taken, where that lies beside it.
    pub manifest: Option<Manifest>,
}

/// An artefact that was taken out.
pub struct Extracted {
    /// Its folder, which goes with this value.
    pub scratch: Scratch,
    /// Where it is.
    pub path: PathBuf,
    /// How long that took, in seconds.
    pub seconds: f64,
}

/// Whether a location is a repository.
pub fn is_one(place: &Place) -> bool {
    kind(place).is_some()
}

/// Whether its tool asks for a password.
pub fn has_password(place: &Place) -> bool {
    matches!(kind(place), Some((_, Tool::Restic | Tool::Borg)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tool {
    Restic,
    Borg,
    Litestream,
}

/// Told by what is there: none of the tools has a file of its own name.
fn kind(place: &Place) -> Option<(&Path, Tool)> {
    let Place::Folder(path) = place else { return None };
    let tool = if restic::is_one(path) {
        Tool::Restic
    } else if borg::is_one(path) {
        Tool::Borg
    } else if litestream::is_one(path) {
        Tool::Litestream
    } else {
        return None;
    };
    Some((path, tool))
}

/// Looks into a repository, where the location is one: finds the newest snapshot, and the newest database backup in it.
///
/// # Errors
/// [`Stop::Refused`] where there is none, [`Stop::CouldNot`] where the tool or the password is missing.
pub fn look(order: &Order) -> Result<Option<Found>, Stop> {
    let Some((path, tool)) = kind(&order.place) else { return Ok(None) };
    let path = std::fs::canonicalize(path)
        .map_err(|error| Stop::CouldNot(format!("{}: {error}", path.display())))?;
    let command = order.password_command.clone();
    let repository: Box<dyn Repository> = match tool {
        Tool::Restic => Box::new(restic::Restic::open(path, command)?),
        Tool::Borg => Box::new(borg::Borg::open(path, command)?),
        Tool::Litestream => Box::new(litestream::Litestream::open(path)?),
    };
    let mut scratch = Scratch::create(&order.scratch, None, Interrupt::default())?;
    let found = find(order, repository, &mut scratch)?;
    scratch.close()?;
    Ok(Some(found))
}

fn find(order: &Order, repository: Box<dyn Repository>, scratch: &mut Scratch) -> Result<Found, Stop> {
    let shown = order.place.shown();
    let pattern = match &order.pattern {
        None => None,
        Some(pattern) => Some(
            Glob::new(pattern)
                .map_err(|error| Stop::Usage(format!("`match` under [backups]: {error}")))?
                .compile_matcher(),
        ),
    };
    let snapshots = repository.snapshots(scratch)?;
    if snapshots.is_empty() {
        return Err(Stop::Refused(format!("{shown}: there is no snapshot in the repository")));
    }
    let mut looked: Vec<&str> = Vec::new();
    let mut passed: Vec<String> = Vec::new();
    for snapshot in &snapshots {
        // Only the newest of a job counts: an older one that holds more is not what an emergency reaches for.
        if looked.contains(&snapshot.series.as_str()) {
            continue;
        }
        looked.push(&snapshot.series);
        if looked.len() > GROUPS {
            break;
        }
        let files = repository.files(scratch, snapshot)?;
        let folders: Vec<String> = files
            .iter()
            .filter_map(Inside::folder)
            .take(FOLDERS)
            .map(|folder| format!("{folder}/"))
            .collect();
        let wanted = |file: &Inside| {
            // Of a folder of pg_dump the table of contents stands for all.
            if file.folder().is_none() && folders.iter().any(|folder| file.path.starts_with(folder)) {
                return false;
            }
            let whole = file.whole();
            match &pattern {
                Some(pattern) => {
                    pattern.is_match(last(whole)) || pattern.is_match(whole.trim_start_matches('/'))
                }
                None => !is_beside(last(whole)),
            }
        };
        let mut candidates: Vec<&Inside> = files.iter().filter(|file| wanted(file)).collect();
        candidates.sort_by_key(|file| {
            (file.folder().is_none() && !looks_like_a_backup(file.name()), std::cmp::Reverse(file.modified))
        });
        for file in candidates.into_iter().take(LOOKED_INTO) {
            let parts = parts(&files, file);
            let Some(artefact) = recognise(order, repository.as_ref(), scratch, snapshot, file, &parts)?
            else {
                if pattern.is_some() {
                    return Err(Stop::Refused(format!(
                        "{} of snapshot {} in {shown}: {}",
                        file.whole(),
                        snapshot.name,
                        if file.size == 0 {
                            "it is empty"
                        } else {
                            "its content is that of no backup which is known here"
                        }
                    )));
                }
                continue;
            };
            let beside = |ending: &str| {
                let path = format!("{}{ending}", file.whole());
                files.iter().find(|other| other.path == path).cloned()
            };
            let manifest = match beside(ENDING) {
                Some(manifest) => {
                    let target = scratch.folder().join("manifest.json");
                    repository.extract(
                        scratch,
                        snapshot,
                        &manifest,
                        &target,
                        None,
                        &mut Progress::new(true),
                    )?;
                    Some(Manifest::read(&target).map_err(Stop::Usage)?)
                }
                None => None,
            };
            let mut series: Vec<Timestamp> = snapshots
                .iter()
                .filter(|other| other.series == snapshot.series)
                .map(|other| other.at)
                .take(LOOKED_AT)
                .collect();
            series.sort_unstable_by(|left, right| right.cmp(left));
            let mut remarks = vec![format!(
                "taken out of snapshot {} of {} with {}",
                snapshot.name,
                snapshot.at.strftime("%Y-%m-%d %H:%M UTC"),
                repository.tool()
            )];
            remarks.extend(repository.remarks());
            remarks.extend(passed.into_iter().take(5));
            let log = beside("-wal");
            let source = Source { file: file.clone(), log, parts, snapshot: snapshot.clone(), repository };
            return Ok(Found {
                newest: Newest { artefact, series, objects: Vec::new(), remarks },
                source,
                manifest,
            });
        }
        passed.push(format!("snapshot {} is passed over: no database backup was found in it", snapshot.name));
    }
    Err(Stop::Refused(format!(
        "{shown}: no database backup was found in snapshot {}{}",
        snapshots[0].name,
        if pattern.is_some() {
            " that `match` under [backups] names"
        } else {
            "; `match` under [backups] names it, such as '*.dump'"
        }
    )))
}

/// What lies beside artefacts, and is none.
fn is_beside(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [ENDING, ".sha256", ".sha512", ".md5", ".asc", ".sig", ".log", ".json", "-wal", "-shm", "-journal"]
        .iter()
        .any(|ending| lower.ends_with(ending))
}

/// A name only says what is looked at first: in a snapshot of a whole system the newest files are never the backups.
fn looks_like_a_backup(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [
        ".dump", ".sql", ".db", ".sqlite", ".sqlite3", ".pgdump", ".backup", ".bak", ".gz", ".zst", ".xz",
        ".tar", ".age", ".gpg", ".enc",
    ]
    .iter()
    .any(|ending| lower.ends_with(ending))
}

/// The files of the folder of `pg_dump` that a table of contents is of.
fn parts(files: &[Inside], contents: &Inside) -> Vec<Inside> {
    let Some(folder) = contents.folder() else { return Vec::new() };
    let direct = |path: &str| {
        let rest = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
        rest.is_some_and(|rest| !rest.contains('/'))
    };
    files.iter().filter(|file| direct(&file.path)).cloned().collect()
}

/// What a file of a snapshot is, by its beginning; `parts` are those of a folder of `pg_dump`.
fn recognise(
    order: &Order,
    repository: &dyn Repository,
    scratch: &mut Scratch,
    snapshot: &Snapshot,
    file: &Inside,
    parts: &[Inside],
) -> Result<Option<Artefact>, Stop> {
    if file.size == 0 {
        return Ok(None);
    }
    let head = scratch.folder().join("head");
    repository.extract(scratch, snapshot, file, &head, Some(HEAD), &mut Progress::new(true))?;
    let artefact =
        if parts.is_empty() { in_file(order, &head, file)? } else { in_folder(&head, file, parts)? };
    let _ = std::fs::remove_file(&head);
    Ok(artefact.map(|artefact| Artefact {
        // Data is as old as the file that holds it, not as the snapshot of that file.
        modified: artefact.modified.min(snapshot.at),
        ..artefact
    }))
}

fn in_file(order: &Order, head: &Path, file: &Inside) -> Result<Option<Artefact>, Stop> {
    let Seen::Artefact(artefact) = look_at(head)? else { return Ok(None) };
    let mut artefact =
        Artefact { name: file.name().to_owned(), size: file.size, modified: file.modified, ..artefact };
    if let Format::Encrypted(encryption) = artefact.format {
        decrypted(order, &mut artefact, encryption, &|_| {
            let head = head.to_owned();
            Ok(Box::new(move || Ok(Box::new(std::fs::File::open(&head)?))))
        })?;
    }
    Ok(Some(artefact))
}

fn in_folder(head: &Path, file: &Inside, parts: &[Inside]) -> Result<Option<Artefact>, Stop> {
    let content = std::fs::read(head).map_err(|error| disk(head, &error))?;
    Ok(of_contents(&content).map(|versions| Artefact {
        path: head.to_owned(),
        name: last(file.whole()).to_owned(),
        size: parts.iter().map(|part| part.size).sum(),
        modified: parts.iter().map(|part| part.modified).max().unwrap_or(file.modified),
        layers: Vec::new(),
        format: Format::PostgresDirectory,
        versions,
    }))
}

impl Source {
    /// What the drill does with the repository, one line each.
    pub fn steps(&self) -> Vec<String> {
        let mut steps = vec![format!(
            "take {} out of snapshot {} with {}, into a folder of its own that is removed as well; the repository is only read",
            self.file.whole(),
            self.snapshot.name,
            self.repository.tool()
        )];
        steps.extend(self.repository.steps());
        steps
    }

    /// Where the artefact is named while it is still in the repository.
    pub fn digest(&self) -> String {
        use sha2::{Digest, Sha256};
        let text = format!("{}\n{}", self.snapshot.id, self.file.path);
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Takes the artefact out. A folder is read by the restoring program itself, and belongs to its `account`.
    ///
    /// # Errors
    /// [`Stop::Refused`] where the repository does not give it.
    pub fn extract(
        &self,
        base: &Path,
        account: Option<&Account>,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<Extracted, Stop> {
        if let Some(folder) = self.file.folder() {
            let mut scratch = Scratch::create(base, account.cloned(), interrupt.clone())?;
            let began = Instant::now();
            let path = self.extract_parts(&mut scratch, folder)?;
            return Ok(Extracted { scratch, path, seconds: began.elapsed().as_secs_f64() });
        }
        let mut scratch = Scratch::create(base, None, interrupt.clone())?;
        let path = scratch.subfolder("artefact")?.join(safe(self.file.name()));
        let began = Instant::now();
        self.repository.extract(&mut scratch, &self.snapshot, &self.file, &path, None, progress)?;
        if let Some(log) = &self.log {
            let mut target = path.as_os_str().to_owned();
            target.push("-wal");
            self.repository.extract(&mut scratch, &self.snapshot, log, Path::new(&target), None, progress)?;
        }
        Ok(Extracted { scratch, path, seconds: began.elapsed().as_secs_f64() })
    }

    /// The files of a folder of `pg_dump`, and nothing else that the tool may have made.
    fn extract_parts(&self, scratch: &mut Scratch, folder: &str) -> Result<PathBuf, Stop> {
        let raw = scratch.subfolder("raw")?;
        self.repository.extract_folder(scratch, &self.snapshot, folder, &raw)?;
        let path = scratch.subfolder("artefact")?;
        for part in &self.parts {
            let (from, name) = (raw.join(part.path.trim_start_matches('/')), part.name());
            let whole = std::fs::symlink_metadata(&from)
                .is_ok_and(|metadata| metadata.is_file() && metadata.len() == part.size);
            if safe(name) != name || !whole {
                return Err(Stop::Refused(format!(
                    "{}: {} did not come out of it whole",
                    self.repository.tool(),
                    part.path
                )));
            }
            let target = path.join(name);
            std::fs::rename(&from, &target).map_err(|error| disk(&target, &error))?;
            scratch.give(&target)?;
        }
        let _ = std::fs::remove_dir_all(&raw);
        Ok(path)
    }

    /// The tool's own check.
    ///
    /// # Errors
    /// An interrupt, or this machine in the way.
    pub fn verify(&self, scratch: &mut Scratch) -> Result<Check, Stop> {
        self.repository.verify(scratch)
    }

    /// Damaged copies and wrong passwords.
    ///
    /// # Errors
    /// An interrupt, or this machine in the way.
    pub fn controls(&self, scratch: &mut Scratch, progress: &mut Progress) -> Result<Vec<Control>, Stop> {
        self.repository.controls(scratch, &self.snapshot, &self.file, progress)
    }
}

/// A name from elsewhere as the name of a file here.
fn safe(name: &str) -> String {
    let name: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        .take(100)
        .collect();
    match name.trim_start_matches('.') {
        "" => "artefact".to_owned(),
        name => name.to_owned(),
    }
}

/// A password that nobody has.
fn wrong_password(scratch: &Scratch) -> String {
    format!("not {}", scratch.folder().display())
}

/// Snapshots whose names differ in their numbers are of one job.
fn job(name: &str) -> String {
    series(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_elsewhere_stay_in_their_folder() {
        assert_eq!(safe("shop-1.dump"), "shop-1.dump");
        assert_eq!(safe(".."), "artefact");
        assert_eq!(safe("\u{1b}[2J"), "2J");
    }
}
