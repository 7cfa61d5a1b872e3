//! How a framework takes part: it finds its sets of migrations, puts them in order, and reads one.

use seaworthy_facts::{Engine, Location, WayBack};

use super::Seen;
use super::operations::Step;
use crate::tree::File;

/// A migration framework.
pub struct Framework {
    /// Its key, as in [`seaworthy_facts::MigrationSet::framework`].
    pub key: &'static str,
    /// It has a form for ways back at all.
    pub has_downs: bool,
    /// Every set of its migrations.
    pub find: for<'a> fn(&Seen<'a>) -> Vec<Found<'a>>,
    /// Reads one migration of a set that `find` gave. Only the newest of a set are read.
    pub read: for<'a> fn(&Seen<'a>, &Found<'a>, &Entry<'a>) -> Draft,
}

/// A set of migrations.
#[derive(Debug, Default)]
pub struct Found<'a> {
    /// Its folder or folders.
    pub folders: Vec<String>,
    /// Its migrations in the order in which the framework applies them: the oldest first.
    pub entries: Vec<Entry<'a>>,
    /// The engine, when the framework's own configuration names it.
    pub engine: Option<Engine>,
}

/// A migration before it is read.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Its name or version.
    pub name: String,
    /// The file that holds it.
    pub file: &'a File,
    /// The file that reverses it, in frameworks that keep one.
    pub down: Option<&'a File>,
    /// Which part of the file it is, in frameworks that keep several in one file; counted from 0.
    pub part: usize,
}

impl<'a> Entry<'a> {
    /// A migration that is a whole file.
    pub fn new(name: impl Into<String>, file: &'a File) -> Self {
        Entry { name: name.into(), file, down: None, part: 0 }
    }

    /// The same with the file that reverses it.
    pub fn with_down(mut self, down: Option<&'a File>) -> Self {
        self.down = down;
        self
    }
}

/// A migration that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Whether it can be reversed.
    pub way_back: WayBack,
    /// What it does on the way forward, in order.
    pub steps: Vec<Step>,
    /// The line on which it begins, when it is a part of its file.
    pub line: Option<u32>,
}

impl Draft {
    /// A migration that can be reversed.
    pub fn reversible(steps: Vec<Step>) -> Self {
        Draft { way_back: WayBack::Yes, steps, line: None }
    }

    /// One that cannot, and why.
    pub fn one_way(steps: Vec<Step>, why: impl Into<String>, at: Location) -> Self {
        Draft { way_back: WayBack::No { why: why.into(), at }, steps, line: None }
    }

    /// One of either kind.
    pub fn new(way_back: WayBack, steps: Vec<Step>) -> Self {
        Draft { way_back, steps, line: None }
    }

    /// One whose file could not be read: nothing is known of it, so nothing is claimed for it.
    pub fn unreadable(file: &File) -> Self {
        Draft::one_way(Vec::new(), UNREADABLE, file.at())
    }

    /// Whether its file could not be read.
    pub fn is_unreadable(&self) -> bool {
        matches!(&self.way_back, WayBack::No { why, .. } if why == UNREADABLE)
    }
}

const UNREADABLE: &str = "its file could not be read";

/// Files that can hold migrations of what ships: those in folders of tests, examples, documentation and vendored code
/// do not count. The file's own name says nothing here (`…_create_latest.php` is no test).
pub fn candidates<'a>(seen: &Seen<'a>) -> impl Iterator<Item = &'a File> + use<'a> {
    seen.tree.files().iter().filter(|file| file.folder_ships)
}

/// Files by folder, in the order of the listing.
pub fn by_folder<'a>(files: impl Iterator<Item = &'a File>) -> Vec<(&'a str, Vec<&'a File>)> {
    let mut folders: std::collections::BTreeMap<&str, Vec<&File>> = std::collections::BTreeMap::new();
    for file in files {
        folders.entry(file.folder()).or_default().push(file);
    }
    folders.into_iter().collect()
}

/// The name without what follows its last dot.
pub fn stem(file: &File) -> &str {
    file.name().rsplit_once('.').map_or(file.name(), |(stem, _)| stem)
}

/// The number that a name begins with (`20240101120000_x`, `0003_x`, `2024_01_01_000000_x`, `v1.2.0`): its parts, so that
/// versions compare as numbers. None when it does not begin with one.
pub fn version(name: &str) -> Option<Vec<u64>> {
    let name = name.strip_prefix(['v', 'V']).unwrap_or(name);
    let mut parts = Vec::new();
    let mut rest = name;
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            break;
        }
        // Longer numbers than fit are cut alike for all.
        parts.push(rest[..digits.min(19)].parse().ok()?);
        rest = &rest[digits..];
        match rest.strip_prefix(['_', '.', '-']) {
            Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => rest = next,
            _ => break,
        }
    }
    (!parts.is_empty()).then_some(parts)
}

/// Sorts by version, then by name. Names without a version come first, by name.
pub fn in_order(entries: &mut [Entry]) {
    entries.sort_by(|a, b| (version(&a.name), &a.name).cmp(&(version(&b.name), &b.name)));
}

/// Whether a manifest in this folder or in one above it mentions any of these texts.
pub fn manifest_mentions(seen: &Seen, folder: &str, manifests: &[&str], any_of: &[&str]) -> bool {
    let mut folder = folder;
    for _ in 0..32 {
        for manifest in manifests {
            let path = if folder == "." { (*manifest).to_owned() } else { format!("{folder}/{manifest}") };
            if let Some(text) = seen.tree.text_at(&path)
                && any_of.iter().any(|needle| text.contains(needle))
            {
                return true;
            }
        }
        if folder == "." {
            return false;
        }
        folder = folder.rsplit_once('/').map_or(".", |(above, _)| above);
    }
    false
}
