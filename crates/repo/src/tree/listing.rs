//! Which files there are: from git's index where there is one, else from a walk that honours ignore files.

use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;
use gix::index::entry::Mode;
use seaworthy_facts::{Location, Problem};

use super::{Limits, Root};

/// Why a folder could not be listed at all.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// There is no such path.
    #[error("{0}: no such folder")]
    Missing(PathBuf),
    /// It is a file.
    #[error("{0}: a file, not a folder; name the folder of the repository")]
    NotAFolder(PathBuf),
    /// It cannot be read.
    #[error("{path}: cannot be read: {why}")]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

pub struct Listing {
    pub root: Root,
    pub entries: Vec<Entry>,
    pub problems: Vec<Problem>,
}

pub struct Entry {
    pub path: String,
    /// The path relative to the root, where it is no UTF-8.
    pub raw: Option<Box<Path>>,
    pub link: bool,
}

/// Lists a folder.
pub fn list(folder: &Path, prefix: &str, limits: &Limits) -> Result<Listing, ListError> {
    let metadata = std::fs::metadata(folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => ListError::Missing(folder.to_owned()),
        _ => ListError::Unreadable { path: folder.to_owned(), why: error.to_string() },
    })?;
    if !metadata.is_dir() {
        return Err(ListError::NotAFolder(folder.to_owned()));
    }
    let unreadable =
        |error: std::io::Error| ListError::Unreadable { path: folder.to_owned(), why: error.to_string() };
    let real = std::fs::canonicalize(folder).map_err(unreadable)?;
    std::fs::read_dir(&real).map_err(unreadable)?;
    let mut listing = Listing {
        root: Root {
            folder: real.clone(),
            prefix: prefix.to_owned(),
            tracked: false,
            commit: None,
            dirty: None,
            default_branch: None,
        },
        entries: Vec::new(),
        problems: Vec::new(),
    };
    if let Err(why) = from_index(&real, prefix, limits, &mut listing) {
        listing.problems.push(Problem { at: Location::file(format!("{prefix}.git")), what: why });
    }
    if !listing.root.tracked {
        walk(&real, prefix, limits, &mut listing);
    }
    Ok(listing)
}

/// Fills the listing from the index of the repository that `folder` is in. A plain folder is no error.
fn from_index(folder: &Path, prefix: &str, limits: &Limits, listing: &mut Listing) -> Result<(), String> {
    // Isolated: no configuration outside the repository and none of its programs is consulted.
    let Ok((path, _trust)) = gix::discover::upwards(folder) else { return Ok(()) };
    let (git_dir, work_dir) = path.into_repository_and_work_tree_directories();
    let Some(work_dir) = work_dir.and_then(|dir| std::fs::canonicalize(dir).ok()) else { return Ok(()) };
    let Ok(inner) = folder.strip_prefix(&work_dir) else { return Ok(()) };
    let repository =
        gix::open_opts(&git_dir, gix::open::Options::isolated().strict_config(false)).map_err(|error| {
            format!("the git repository cannot be opened: {error}; all files are read instead")
        })?;
    let index = match repository.open_index() {
        Ok(index) => index,
        // A repository without an index has nothing tracked yet.
        Err(_) => return Ok(()),
    };
    if index.entries().is_empty() {
        return Ok(());
    }
    let inner = inner.to_string_lossy().replace('\\', "/");
    let mut dirty = false;
    let mut last: Option<&[u8]> = None;
    for entry in index.entries() {
        let bytes = entry.path(&index);
        if last == Some(bytes.as_ref() as &[u8]) {
            // Stages of a merge conflict share their path.
            dirty = true;
            continue;
        }
        last = Some(bytes.as_ref());
        let full = bytes.to_str_lossy();
        let relative = if inner.is_empty() {
            full.as_ref()
        } else {
            match full.strip_prefix(inner.as_str()).and_then(|rest| rest.strip_prefix('/')) {
                Some(relative) => relative,
                None => continue,
            }
        };
        if entry.mode == Mode::COMMIT || entry.mode == Mode::DIR {
            continue;
        }
        if listing.entries.len() >= limits.files {
            listing.problems.push(too_many(prefix, limits));
            break;
        }
        let raw = if bytes.to_str().is_ok() {
            None
        } else {
            let Ok(real) = gix::path::from_bstr(bytes) else {
                listing.problems.push(Problem {
                    at: Location::file(format!("{prefix}{relative}")),
                    what: "the name is not possible on this system; not read".to_owned(),
                });
                continue;
            };
            Some(real.strip_prefix(&inner).map_or_else(|_| real.as_ref().into(), Into::into))
        };
        listing.entries.push(Entry {
            path: format!("{prefix}{relative}"),
            raw,
            link: entry.mode == Mode::SYMLINK,
        });
    }
    if listing.entries.is_empty() {
        // A folder that git ignores or knows nothing of, below a repository.
        return Ok(());
    }
    let head_tree = repository.head_tree_id().ok().map(gix::Id::detach);
    if let (Some(head), Some(cached)) = (head_tree, index.tree())
        && cached.num_entries.is_some()
        && cached.id != head
    {
        dirty = true;
    }
    listing.root.tracked = true;
    listing.root.dirty = Some(dirty);
    listing.root.commit = repository.head_id().ok().map(|id| id.to_string());
    listing.root.default_branch =
        repository.find_reference("refs/remotes/origin/HEAD").ok().and_then(|reference| {
            reference.target().try_name().and_then(|name| {
                name.as_bstr().to_str().ok().and_then(|n| n.rsplit('/').next().map(str::to_owned))
            })
        });
    Ok(())
}

fn walk(folder: &Path, prefix: &str, limits: &Limits, listing: &mut Listing) {
    let walker = ignore::WalkBuilder::new(folder)
        .hidden(false)
        .require_git(false)
        .git_global(false)
        .parents(false)
        .follow_links(false)
        .sort_by_file_path(|a, b| a.cmp(b))
        .filter_entry(|entry| entry.file_name() != ".git" && entry.file_name() != "node_modules")
        .build();
    for entry in walker {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let at = error_path(&error)
                    .and_then(|path| path.strip_prefix(folder).ok().map(|p| p.to_string_lossy().into_owned()))
                    .unwrap_or_default();
                listing.problems.push(Problem {
                    at: Location::file(format!("{prefix}{at}")),
                    what: format!("cannot be listed: {}", reason(&error)),
                });
                continue;
            }
        };
        let Some(kind) = entry.file_type() else { continue };
        if kind.is_dir() || !(kind.is_file() || kind.is_symlink()) {
            continue;
        }
        if listing.entries.len() >= limits.files {
            listing.problems.push(too_many(prefix, limits));
            break;
        }
        let Ok(relative) = entry.path().strip_prefix(folder) else { continue };
        listing.entries.push(Entry {
            path: format!("{prefix}{}", relative.to_string_lossy()),
            raw: relative.to_str().is_none().then(|| relative.into()),
            link: kind.is_symlink(),
        });
    }
}

fn too_many(prefix: &str, limits: &Limits) -> Problem {
    Problem {
        at: Location::file(format!("{prefix}.")),
        what: format!("more than {} files; the rest was not looked at", limits.files),
    }
}

fn error_path(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => error_path(err),
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}

fn reason(error: &ignore::Error) -> String {
    match error {
        ignore::Error::WithPath { err, .. }
        | ignore::Error::WithDepth { err, .. }
        | ignore::Error::WithLineNumber { err, .. } => reason(err),
        other => other.to_string(),
    }
}
