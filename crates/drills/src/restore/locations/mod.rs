//! Where artefacts lie.

mod folder;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use crate::Stop;
use crate::restore::artefact::{Artefact, Seen, look_at};

/// Artefacts whose gaps are looked at.
pub const LOOKED_AT: usize = 30;

/// Where backups are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder of this machine, or one artefact in it.
    Folder(PathBuf),
}

impl Place {
    /// Reads a location, relative to the audited folder.
    ///
    /// # Errors
    /// When this version cannot look there.
    pub fn read(text: &str, base: &Path) -> Result<Place, Stop> {
        let path = text.strip_prefix("file://").unwrap_or(text);
        if let Some((scheme, _)) = path.split_once("://") {
            return Err(Stop::Usage(format!(
                "{text}: this version does not fetch from {scheme}://; fetch the newest backup into a folder and name that"
            )));
        }
        Ok(Place::Folder(base.join(path)))
    }

    /// As people read it.
    pub fn shown(&self) -> String {
        match self {
            Place::Folder(path) => path.display().to_string(),
        }
    }

    /// What is there, newest first.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub fn list(&self, pattern: Option<&str>) -> Result<Listing, Stop> {
        match self {
            Place::Folder(path) => folder::list(path, pattern),
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
    let mut found: Option<Artefact> = None;
    for entry in listing.entries.iter().take(200) {
        let why = match look_at(&entry.path)? {
            Seen::Artefact(artefact) => {
                found = Some(artefact);
                break;
            }
            Seen::Empty => "it is empty",
            Seen::Unknown => "its content is that of no backup which is known here",
        };
        unfit.push((series(&entry.name), Unfit { name: entry.name.clone(), why: why.to_owned() }));
    }
    let Some(artefact) = found else {
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
    Ok(Newest { artefact, series: times, remarks })
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
