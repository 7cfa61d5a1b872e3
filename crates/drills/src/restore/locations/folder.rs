//! A folder of this machine.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use jiff::Timestamp;

use super::{Chosen, Entry, Listing};
use crate::Stop;
use crate::restore::artefact::{Seen, look_at};

/// Entries of a folder that are looked at.
const MOST: usize = 100_000;

/// Lists a folder, newest first. A path that is itself an artefact is listed alone.
pub fn list(path: &Path, pattern: Option<&str>) -> Result<Listing, Stop> {
    let problem = |error: std::io::Error| {
        Stop::CouldNot(match error.kind() {
            ErrorKind::NotFound => format!("{}: there is no such folder or file", path.display()),
            ErrorKind::PermissionDenied => format!("{}: it may not be read by this user", path.display()),
            _ => format!("{}: {error}", path.display()),
        })
    };
    let metadata = fs::metadata(path).map_err(problem)?;
    let entry = |path: &Path, metadata: &fs::Metadata| Entry {
        path: path.to_owned(),
        name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        modified: metadata
            .modified()
            .ok()
            .and_then(|at| Timestamp::try_from(at).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH),
        objects: Vec::new(),
    };
    if !metadata.is_dir() || matches!(look_at(path)?, Seen::Artefact(_)) {
        return Ok(Listing { entries: vec![entry(path, &metadata)] });
    }
    let chosen = Chosen::of(pattern)?;
    let mut entries = Vec::new();
    for found in fs::read_dir(path).map_err(problem)?.take(MOST) {
        let found = found.map_err(problem)?;
        // A link to the newest leads to it, and may be the only name that is there.
        let Ok(metadata) = fs::metadata(found.path()) else { continue };
        let entry = entry(&found.path(), &metadata);
        let link = found.file_type().is_ok_and(|kind| kind.is_symlink());
        if chosen.is(&entry.name) && !link {
            entries.push(entry);
        }
    }
    entries.sort_by(|left, right| (right.modified, &right.name).cmp(&(left.modified, &left.name)));
    Ok(Listing { entries })
}
