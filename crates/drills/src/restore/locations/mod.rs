//! Where artefacts lie.

mod bucket;
mod folder;

use std::path::{Path, PathBuf};

use globset::{Glob, GlobMatcher};
use jiff::Timestamp;
use seaworthy_database::Manifest;
use serde::Serialize;

pub use bucket::Bucket;

use crate::restore::artefact::{Artefact, Seen, look_at};
use crate::restore::writing;
use crate::scratch::Scratch;
use crate::storage::{Address, Object, Reach};
use crate::{Progress, Stop};

/// Artefacts whose gaps are looked at.
pub const LOOKED_AT: usize = 30;

/// What lies beside artefacts, and is none.
const BESIDE: &[&str] = &[
    ".manifest.json",
    ".sha256",
    ".sha512",
    ".sha1",
    ".md5",
    ".asc",
    ".sig",
    ".minisig",
    ".log",
    ".txt",
    ".json",
];

/// Opens something.
pub type Opener = Box<dyn Fn() -> std::io::Result<Box<dyn std::io::Read + Send>>>;

/// Where backups are.
#[derive(Debug, Clone)]
pub enum Place {
    /// A folder of this machine, or one artefact in it.
    Folder(PathBuf),
    /// Object storage.
    Bucket(Box<Bucket>),
}

impl Place {
    /// Reads a location, relative to the audited folder.
    ///
    /// # Errors
    /// When this version cannot look there, or has no keys for it.
    pub fn read(text: &str, base: &Path, reach: &Reach) -> Result<Place, Stop> {
        if let Some(address) = Address::read(text)? {
            return Ok(Place::Bucket(Box::new(Bucket::open(address, reach)?)));
        }
        let path = text.strip_prefix("file://").unwrap_or(text);
        if let Some((scheme, _)) = path.split_once("://") {
            return Err(Stop::Usage(format!(
                "{scheme}://: this version does not fetch from there; fetch the newest backup into a folder and name that, or name it \
                 as s3:// with --endpoint where the storage speaks S3"
            )));
        }
        let path = base.join(path);
        // People read it, in results and in the ledger.
        let winding = path.components().any(|part| part == std::path::Component::ParentDir);
        Ok(Place::Folder(if winding { path.canonicalize().unwrap_or(path) } else { path }))
    }

    /// As people read it.
    pub fn shown(&self) -> String {
        match self {
            Place::Folder(path) => path.display().to_string(),
            Place::Bucket(bucket) => bucket.shown(),
        }
    }

    /// What is there, newest first.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub fn list(&self, pattern: Option<&str>) -> Result<Listing, Stop> {
        match self {
            Place::Folder(path) => folder::list(path, pattern),
            Place::Bucket(bucket) => bucket.list(pattern),
        }
    }

    fn look_at(&self, entry: &Entry) -> Result<Seen, Stop> {
        match self {
            Place::Folder(_) => look_at(&entry.path),
            Place::Bucket(bucket) => bucket.look_at(entry),
        }
    }

    /// Gives the beginning of an artefact, again and again.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn beginning(&self, artefact: &Artefact) -> Result<Opener, Stop> {
        match self {
            Place::Folder(_) => {
                let path = artefact.path.clone();
                Ok(Box::new(move || Ok(Box::new(std::fs::File::open(&path)?))))
            }
            Place::Bucket(bucket) => bucket.beginning(artefact),
        }
    }

    /// Refuses a backup that somebody still writes.
    ///
    /// # Errors
    /// [`Stop::CouldNot`]: nothing is known of it yet.
    pub fn refuse_unfinished(&self, artefact: &Artefact) -> Result<(), Stop> {
        match self {
            Place::Folder(_) => writing::refuse(artefact),
            // An object is there when all of it is.
            Place::Bucket(_) => writing::refuse_by_name(artefact),
        }
    }

    /// The manifest beside a backup, where there is one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn manifest(&self, newest: &Newest) -> Result<Option<Manifest>, Stop> {
        match self {
            Place::Folder(_) => {
                let beside = Manifest::beside(&newest.artefact.path);
                if beside.exists() {
                    Manifest::read(&beside).map(Some).map_err(Stop::Usage)
                } else {
                    Ok(None)
                }
            }
            Place::Bucket(bucket) => bucket.manifest(newest),
        }
    }

    /// Brings a backup that is elsewhere into the scratch folder.
    ///
    /// # Errors
    /// When it does not arrive whole, or there is no room for it.
    pub fn fetch(
        &self,
        newest: &mut Newest,
        scratch: &mut Scratch,
        progress: &mut Progress,
    ) -> Result<(), Stop> {
        match self {
            Place::Folder(_) => Ok(()),
            Place::Bucket(bucket) => bucket.fetch(newest, scratch, progress),
        }
    }
}

/// Which entries of a location are meant.
struct Chosen {
    pattern: Option<GlobMatcher>,
}

impl Chosen {
    fn of(pattern: Option<&str>) -> Result<Chosen, Stop> {
        let compiled = pattern.map(Glob::new).transpose();
        let pattern = compiled.map_err(|error| Stop::Usage(format!("`match` under [backups]: {error}")))?;
        Ok(Chosen { pattern: pattern.map(|pattern| pattern.compile_matcher()) })
    }

    fn is(&self, name: &str) -> bool {
        let last = name.rsplit_once('/').map_or(name, |(_, last)| last);
        let lower = last.to_ascii_lowercase();
        match &self.pattern {
            Some(pattern) => {
                (pattern.is_match(name) || pattern.is_match(last)) && !lower.ends_with(".manifest.json")
            }
            None => !last.starts_with('.') && !BESIDE.iter().any(|ending| lower.ends_with(ending)),
        }
    }
}

/// One entry of a location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
    /// When it was last written to.
    pub modified: Timestamp,
    /// What it is made of, in object storage.
    pub objects: Vec<Object>,
}

/// What a location holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The entries that may be backups, newest first.
    pub entries: Vec<Entry>,
}

/// The newest backup, and the ages of those of its series.
#[derive(Debug, Clone, PartialEq)]
pub struct Newest {
    /// The newest.
    pub artefact: Artefact,
    /// When those of its series were written, newest first, itself included.
    pub series: Vec<Timestamp>,
    /// What it is made of, in object storage.
    pub objects: Vec<Object>,
    /// What else is said of the location.
    pub remarks: Vec<String>,
}

/// What the newest entry is, when it is no backup that can be restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unfit {
    /// Its name.
    pub name: String,
    /// What is wrong with it.
    pub why: String,
}

/// Finds the newest backup. A file that is newer and belongs to the same series, but is empty or destroyed, is the newest
/// backup, too: it is what an emergency would reach for.
///
/// # Errors
/// [`Stop::Refused`] where the newest is no good, [`Stop::CouldNot`] where nothing is there.
pub fn newest(place: &Place, listing: &Listing) -> Result<Newest, Stop> {
    let mut unfit: Vec<(String, Unfit)> = Vec::new();
    let mut found: Option<(Artefact, &Entry)> = None;
    for entry in listing.entries.iter().take(200) {
        let why = match place.look_at(entry)? {
            Seen::Artefact(artefact) => {
                found = Some((artefact, entry));
                break;
            }
            Seen::Empty => "it is empty",
            Seen::Unknown => "its content is that of no backup which is known here",
        };
        unfit.push((series(&entry.name), Unfit { name: entry.name.clone(), why: why.to_owned() }));
    }
    let Some((artefact, entry)) = found else {
        return Err(match unfit.into_iter().next() {
            Some((_, first)) => Stop::Refused(format!("{}/{}: {}", place.shown(), first.name, first.why)),
            None => Stop::Refused(format!("{}: there is no backup", place.shown())),
        });
    };
    let own = series(&artefact.name);
    if let Some((_, first)) = unfit.iter().find(|(series, _)| *series == own) {
        return Err(Stop::Refused(format!(
            "the newest backup, {}, cannot be restored: {}; the one before is {}",
            first.name, first.why, artefact.name
        )));
    }
    let mut remarks: Vec<String> =
        unfit.iter().map(|(_, other)| format!("{} is passed over: {}", other.name, other.why)).collect();
    remarks.truncate(5);
    let others = listing.entries.iter().filter(|entry| series(&entry.name) != own).count() - unfit.len();
    if others > 0 {
        remarks.push(format!(
            "{others} other files are there that do not belong to the series of {}; `match` under [backups] chooses",
            artefact.name
        ));
    }
    let mut times: Vec<Timestamp> = listing
        .entries
        .iter()
        .filter(|entry| series(&entry.name) == own)
        .map(|entry| if entry.path == artefact.path { artefact.modified } else { entry.modified })
        .take(LOOKED_AT)
        .collect();
    times.sort_unstable_by(|left, right| right.cmp(left));
    Ok(Newest { artefact, series: times, objects: entry.objects.clone(), remarks })
}

/// Backups of one job have names that differ in their dates and numbers.
pub fn series(name: &str) -> String {
    let mut key = String::new();
    for c in name.chars() {
        if !c.is_ascii_digit() {
            key.push(c);
        } else if !key.ends_with('#') {
            key.push('#');
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_differs_in_its_numbers() {
        assert_eq!(series("shop-2026-11-28T0300.dump"), series("shop-2025-01-02T1200.dump"));
        assert_ne!(series("shop-1.dump"), series("blog-1.dump"));
    }
}
