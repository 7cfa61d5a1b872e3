//! Object storage.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::PathBuf;

use jiff::Timestamp;
use seaworthy_database::Manifest;

use super::{Chosen, Entry, Listing, Newest, Opener};
use crate::restore::artefact::{Artefact, Format, Seen, of_contents, tell};
use crate::scratch::Scratch;
use crate::storage::{Address, Object, Reach, Store};
use crate::{Progress, Stop, sized};

/// Bytes of the beginning of an object, which are enough for the first block of every compressor.
const BEGINNING: u64 = 256 << 10;

/// A larger object is no manifest, in bytes.
const LARGEST_MANIFEST: u64 = 256 << 20;

/// What `pg_dump --format=directory` names its table of contents.
const CONTENTS: &str = "toc.dat";

/// Room that is left on the disk of the scratch folder, in bytes.
const ROOM: u64 = 64 << 20;

/// A bucket and a prefix in it.
#[derive(Debug, Clone)]
pub struct Bucket {
    address: Address,
    store: Store,
}

impl Bucket {
    /// Finds out how it is reached.
    ///
    /// # Errors
    /// When there are no keys for it.
    pub fn open(address: Address, reach: &Reach) -> Result<Bucket, Stop> {
        let store = Store::open(&address.bucket, reach)?;
        Ok(Bucket { address, store })
    }

    /// As people read it.
    pub fn shown(&self) -> String {
        self.address.shown()
    }

    /// The bucket itself.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Lists what begins with the prefix, newest first: first as a folder or one object, else as the beginning of names.
    pub fn list(&self, pattern: Option<&str>) -> Result<Listing, Stop> {
        let prefix = &self.address.prefix;
        let objects = self.store.list(prefix)?;
        let chosen = Chosen::of(pattern)?;
        let folder = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        if let Some(object) = objects.iter().find(|object| object.key == *prefix) {
            return Ok(Listing { entries: vec![one(object, last(prefix))] });
        }
        let contents = format!("{folder}{CONTENTS}");
        let inside: Vec<&Object> = objects.iter().filter(|object| object.key.starts_with(&folder)).collect();
        if inside.iter().any(|object| object.key == contents) {
            return Ok(Listing { entries: vec![several(&folder, last(prefix), &inside)] });
        }
        let (base, inside) = match inside.as_slice() {
            [] => (prefix.rsplit_once('/').map_or("", |(base, _)| base), objects.iter().collect()),
            _ => (prefix.as_str(), inside),
        };
        let mut entries = entries(base, &inside);
        entries.retain(|entry| chosen.is(&entry.name));
        entries.sort_by(|left, right| (right.modified, &right.name).cmp(&(left.modified, &left.name)));
        Ok(Listing { entries })
    }

    /// What an entry is.
    pub fn look_at(&self, entry: &Entry) -> Result<Seen, Stop> {
        let size: u64 = entry.objects.iter().map(|object| object.size).sum();
        let artefact = |layers, format, versions| {
            Seen::Artefact(Artefact {
                path: entry.path.clone(),
                name: entry.name.clone(),
                size,
                modified: entry.modified,
                layers,
                format,
                versions,
            })
        };
        if let Some(contents) = entry.objects.iter().find(|object| last(&object.key) == CONTENTS) {
            let head = self.store.beginning(&contents.key, BEGINNING)?;
            return Ok(match of_contents(&head) {
                Some(versions) => artefact(Vec::new(), Format::PostgresDirectory, versions),
                None => Seen::Unknown,
            });
        }
        let Some(object) = entry.objects.first().filter(|object| object.size > 0) else {
            return Ok(Seen::Empty);
        };
        let head = self.store.beginning(&object.key, BEGINNING)?;
        let open = || Ok(Box::new(Cursor::new(head.clone())) as Box<dyn Read + Send>);
        match tell(&open) {
            Ok(Some((layers, format, versions))) => Ok(artefact(layers, format, versions)),
            Ok(None) => Ok(Seen::Unknown),
            Err(error) => Err(Stop::CouldNot(format!("{}: cannot be read: {error}", object.key))),
        }
    }

    /// The beginning of a backup, to look into it.
    pub fn beginning(&self, artefact: &Artefact) -> Result<Opener, Stop> {
        let head = self.store.beginning(&artefact.path.to_string_lossy(), BEGINNING)?;
        Ok(Box::new(move || Ok(Box::new(Cursor::new(head.clone())))))
    }

    /// The manifest beside a backup.
    pub fn manifest(&self, newest: &Newest) -> Result<Option<Manifest>, Stop> {
        let key = Manifest::beside(&newest.artefact.path).to_string_lossy().into_owned();
        let Some(bytes) = self.store.get(&key, None, LARGEST_MANIFEST)? else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes);
        Manifest::parse(&text).map(Some).map_err(|why| Stop::Usage(format!("{key}: {why}")))
    }

    /// Downloads a backup; its path is then that of the copy.
    pub fn fetch(
        &self,
        newest: &mut Newest,
        scratch: &mut Scratch,
        progress: &mut Progress,
    ) -> Result<(), Stop> {
        let total = newest.artefact.size;
        progress.step(format!(
            "downloading {} ({}) from {}",
            newest.artefact.name,
            sized(total),
            self.store.host()
        ));
        room(scratch, total)?;
        let folder = scratch.subfolder("fetched")?;
        let directory = newest.artefact.format == Format::PostgresDirectory;
        let mut before = 0;
        for object in &newest.objects {
            let name = if directory { last(&object.key) } else { "artefact" };
            let path = folder.join(name);
            self.store.download(object, &path, scratch, progress, (before, total))?;
            scratch.give(&path)?;
            before += object.size;
        }
        newest.artefact.path = if directory { folder } else { folder.join("artefact") };
        if directory {
            self.unchanged(newest)?;
        }
        Ok(())
    }

    /// Refuses a folder that somebody wrote to while it was read: each object was whole, and together they may not be.
    fn unchanged(&self, newest: &Newest) -> Result<(), Stop> {
        let Some(first) = newest.objects.first() else { return Ok(()) };
        let folder = first.key.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let objects = self.store.list(&folder)?;
        let now = several(&folder, "", &objects.iter().collect::<Vec<_>>());
        if now.objects == newest.objects {
            return Ok(());
        }
        Err(Stop::CouldNot(format!(
            "{} was written to while it was read; run the drill when the backup job is done",
            newest.artefact.name
        )))
    }
}

/// Refuses what does not fit into the scratch folder.
fn room(scratch: &Scratch, size: u64) -> Result<(), Stop> {
    let Ok(disk) = rustix::fs::statvfs(scratch.folder()) else { return Ok(()) };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if size.saturating_add(ROOM) <= free {
        return Ok(());
    }
    Err(Stop::CouldNot(format!(
        "the backup has {}, and the disk of the scratch folder ({}) has {} left; the restored database needs room there, too. Name \
         another place with --scratch",
        sized(size),
        scratch.folder().display(),
        sized(free)
    )))
}

/// The last part of a key.
fn last(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, last)| last)
}

fn one(object: &Object, name: &str) -> Entry {
    Entry {
        path: PathBuf::from(&object.key),
        name: name.to_owned(),
        modified: object.modified,
        objects: vec![object.clone()],
    }
}

/// A folder of `pg_dump`: the objects directly in it.
fn several(folder: &str, name: &str, objects: &[&Object]) -> Entry {
    let direct =
        |key: &str| key.strip_prefix(folder).is_some_and(|rest| !rest.is_empty() && !rest.contains('/'));
    let mut objects: Vec<Object> =
        objects.iter().filter(|object| direct(&object.key)).map(|object| (*object).clone()).collect();
    objects.sort_by(|left, right| left.key.cmp(&right.key));
    Entry {
        path: PathBuf::from(folder.trim_end_matches('/')),
        name: name.to_owned(),
        modified: objects.iter().map(|object| object.modified).max().unwrap_or(Timestamp::UNIX_EPOCH),
        objects,
    }
}

/// Objects, and folders of `pg_dump` as one entry each. Names are relative to `base`.
fn entries(base: &str, objects: &[&Object]) -> Vec<Entry> {
    let relative = |key: &str| key.strip_prefix(base).unwrap_or(key).trim_matches('/').to_owned();
    let mut folders: BTreeMap<&str, Vec<&Object>> = objects
        .iter()
        .filter_map(|object| Some((object.key.strip_suffix(CONTENTS)?, Vec::new())))
        .filter(|(folder, _)| folder.ends_with('/'))
        .collect();
    let mut entries = Vec::new();
    for object in objects {
        let mut parents = object.key.match_indices('/').map(|(at, _)| &object.key[..=at]);
        match parents.rfind(|folder| folders.contains_key(folder)) {
            Some(folder) => {
                if let Some(inside) = folders.get_mut(folder) {
                    inside.push(object);
                }
            }
            // What a console makes to show a folder has no bytes, and a name that ends in a slash.
            None if object.key.ends_with('/') => {}
            None => entries.push(one(object, &relative(&object.key))),
        }
    }
    entries.extend(folders.iter().map(|(folder, inside)| several(folder, &relative(folder), inside)));
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(key: &str, size: u64) -> Object {
        Object { key: key.to_owned(), size, etag: String::new(), modified: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn folders_of_pg_dump_are_one_entry_each() {
        let objects = [
            object("db/", 0),
            object("db/2026/11/a.dump", 5),
            object("db/2026/11/b/3.dat.gz", 7),
            object("db/2026/11/b/toc.dat", 2),
        ];
        let found = entries("db", &objects.iter().collect::<Vec<_>>());
        let shown: Vec<(&str, usize)> =
            found.iter().map(|entry| (entry.name.as_str(), entry.objects.len())).collect();
        assert_eq!(shown, [("2026/11/a.dump", 1), ("2026/11/b", 2)]);
    }
}
