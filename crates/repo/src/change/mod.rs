//! What one change (`BASE..HEAD`) adds: files with their hunks, new dependencies, complexity, duplication, and which of the
//! added lines tests run. The base is the commit that both sides have in common.

mod complexity;
mod coverage;
mod duplicates;
mod git;
mod sensitive;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use seaworthy_facts::{
    Absent, Change, ChangedFile, ChangedKind, Collected, Hunk, Location, Observed, Packages, Unread,
};
use seaworthy_model::Cause;

pub use git::same_code;

use crate::scan::Scan;
use crate::tree::{Class, File, Tree};

/// Most files of which more than hunks is looked at.
const LOOKED: usize = 500;
/// Most complex functions that are named.
const COMPLEX: usize = 50;

/// Which change, and which reports there are besides those that are found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// The base as the user named it.
    pub since: String,
    /// Coverage reports that the user named.
    pub coverage: Vec<PathBuf>,
}

/// What this room reads.
pub struct Seen<'a> {
    /// The files.
    pub tree: &'a Tree,
    /// The hits.
    pub scan: &'a Scan,
    /// Third-party packages.
    pub packages: &'a Packages,
    /// Which change.
    pub asked: Option<&'a Asked>,
}

/// A changed file with its text.
struct Looked<'a> {
    path: &'a str,
    file: Option<&'a File>,
    before: &'a str,
    after: &'a str,
    hunks: &'a [Hunk],
}

impl Looked<'_> {
    fn adds(&self, line: u32) -> bool {
        self.hunks.iter().any(|hunk| hunk.line <= line && line < hunk.line.saturating_add(hunk.added))
    }
}

/// Compares what is checked out with its base, where a change was named.
pub fn collect(seen: &Seen) -> Collected<Change> {
    let Some(asked) = seen.asked else {
        return Collected::Absent(Absent::new(Cause::NotPermitted, "no change was named"));
    };
    let Some(root) = seen.tree.roots().first() else { return Collected::default() };
    match compare(seen, asked, &root.folder) {
        Ok(change) => change.into(),
        Err(why) => Collected::Absent(Absent::new(Cause::CouldNotRun, why)),
    }
}

fn compare(seen: &Seen, asked: &Asked, folder: &Path) -> Result<Change, String> {
    let compared = git::compare(folder, &asked.since)?;
    let mut change = Change {
        since: asked.since.clone(),
        base: compared.base,
        head: compared.head,
        commits: compared.commits,
        ..Change::default()
    };
    if compared.cut {
        change.unread.push(Unread {
            what: "the change touches more files than are looked into".to_owned(),
            at: Location::file("."),
        });
    }
    let mut looked = Vec::new();
    for differing in &compared.files {
        let file = seen.tree.file(&differing.path);
        let kind = kind(seen.scan, file, &differing.path, differing.hunks.is_none());
        let hunks = differing.hunks.as_deref().unwrap_or_default();
        let edited_since = match (file, &differing.after) {
            (Some(file), Some(after)) if !differing.gone => {
                seen.tree.text(file).is_some_and(|text| *text != **after)
            }
            _ => false,
        };
        change.files.push(ChangedFile {
            path: differing.path.clone(),
            kind,
            new: differing.new,
            gone: differing.gone,
            added: hunks.iter().map(|hunk| hunk.added).sum(),
            removed: hunks.iter().map(|hunk| hunk.removed).sum(),
            hunks: hunks.to_vec(),
            churn: compared.churn.get(&differing.path).copied().unwrap_or(0),
            sensitive: sensitive::why(&differing.path).map(str::to_owned),
            edited_since,
        });
        if edited_since {
            change.unread.push(Unread {
                what: "what is on disk is not what was committed, so that places in it cannot be told"
                    .to_owned(),
                at: Location::file(differing.path.clone()),
            });
        }
        if !differing.gone && kind == ChangedKind::Shipped && looked.len() < LOOKED {
            looked.push(Looked {
                path: &differing.path,
                file,
                before: differing.before.as_deref().unwrap_or_default(),
                after: differing.after.as_deref().unwrap_or_default(),
                hunks,
            });
        }
    }
    for looked in &looked {
        change.complex.extend(complexity::grown(looked.path, looked.before, looked.after, looked.hunks));
    }
    change.complex.sort_by(|left, right| right.after.cmp(&left.after).then_with(|| left.at.cmp(&right.at)));
    change.complex.truncate(COMPLEX);
    let code: Vec<Looked> =
        looked.into_iter().filter(|looked| looked.file.is_some_and(|file| file.language.is_some())).collect();
    change.duplicates = duplicates::find(seen.tree, seen.scan, &code);
    let mut folders: Vec<String> = vec![".".to_owned()];
    folders.extend(seen.packages.manifests.iter().map(|manifest| manifest.folder.clone()));
    folders.sort();
    folders.dedup();
    let (reports, unread) =
        coverage::collect(seen.tree, &asked.coverage, &folders, compared.head_time, &code);
    change.coverage = reports;
    change.unread.extend(unread);
    change.new_dependencies = new_dependencies(seen.packages, &change, &compared.files);
    Ok(change)
}

fn kind(scan: &Scan, file: Option<&File>, path: &str, opaque: bool) -> ChangedKind {
    if opaque || file.is_some_and(|file| scan.generated.get(file.index).copied().unwrap_or(false)) {
        return ChangedKind::Opaque;
    }
    match file.map_or_else(|| Class::of_path(path), |file| file.class) {
        Class::Shipped => ChangedKind::Shipped,
        Class::Test => ChangedKind::Test,
        Class::Generated | Class::Vendored => ChangedKind::Opaque,
        Class::Documentation | Class::Example | Class::Development => ChangedKind::Other,
    }
}

/// Direct dependencies on lines that the change adds, whose names the base's manifest does not hold.
fn new_dependencies(packages: &Packages, change: &Change, files: &[git::Differing]) -> Vec<Observed<String>> {
    let mut found = Vec::new();
    for manifest in &packages.manifests {
        for dependency in &manifest.dependencies {
            let Some(path) = dependency.at.path() else { continue };
            let Ok(place) = files.binary_search_by(|file| file.path.as_str().cmp(path)) else { continue };
            let before = files[place].before.as_deref().unwrap_or_default();
            if change.adds(&dependency.at) && !has_word(before, &dependency.name) {
                found.push(Observed::new(
                    format!("{} ({})", dependency.name, manifest.ecosystem.name()),
                    dependency.at.clone(),
                ));
            }
        }
    }
    found
}

/// Whether a text holds a name that does not go on at either side.
fn has_word(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '@' | '.');
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}
