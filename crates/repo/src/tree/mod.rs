//! What files there are, what kind of file each is, and their text, read once and within limits.

mod class;
mod listing;
mod read;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use seaworthy_facts::{Location, Problem};

pub use class::{Class, language_of};
pub use listing::ListError;
pub use read::{Content, Limits};

/// A file of the audited folders.
#[derive(Debug)]
pub struct File {
    /// Path with `/` between its parts, relative to the audited folder; of an added folder's files, behind that folder's
    /// name as the user gave it. Bytes that are no UTF-8 are replaced.
    pub path: String,
    /// Where it is on disk.
    real: PathBuf,
    /// Its place among [`Tree::files`].
    pub index: usize,
    /// What kind of file it is, as far as its path tells.
    pub class: Class,
    /// Programming language by its name, where it has one.
    pub language: Option<&'static str>,
    /// It is a symbolic link; its text is that of the target, when the target is a file inside the same folder.
    pub link: bool,
    /// Index into [`Tree::roots`].
    pub root: usize,
    content: OnceLock<Content>,
}

impl File {
    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The folder, `.` for the root.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or(".", |(folder, _)| folder)
    }

    /// What follows the last dot of the name, in lower case.
    pub fn extension(&self) -> String {
        self.name().rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default()
    }

    /// The file as a location.
    pub fn at(&self) -> Location {
        Location::file(self.path.clone())
    }

    /// A line of the file as a location.
    pub fn at_line(&self, line: u32) -> Location {
        Location::line(self.path.clone(), line)
    }
}

/// An audited folder.
#[derive(Debug, Clone)]
pub struct Root {
    /// Where it is on disk, resolved.
    pub folder: PathBuf,
    /// What is put before the paths of its files: empty for the first, the name as given and a slash for the others.
    pub prefix: String,
    /// Its files are those that git tracks.
    pub tracked: bool,
    /// The commit that is checked out.
    pub commit: Option<String>,
    /// Tracked files differ from the commit, as far as sizes tell.
    pub dirty: Option<bool>,
    /// The name of the default branch, when a remote tells it (`origin/HEAD`).
    pub default_branch: Option<String>,
}

/// All files of the audited folders.
#[derive(Debug)]
pub struct Tree {
    /// The audited folder first, then those added.
    pub roots: Vec<Root>,
    files: Vec<File>,
    by_path: HashMap<String, usize>,
    by_name: HashMap<String, Vec<usize>>,
    limits: Limits,
    problems: Mutex<Vec<Problem>>,
}

impl Tree {
    /// Lists `folder` and the folders that belong to the same system.
    ///
    /// # Errors
    /// When a folder does not exist, is no folder, or cannot be listed at all.
    pub fn open(folder: &Path, with: &[PathBuf], limits: Limits) -> Result<Tree, ListError> {
        let mut roots = Vec::new();
        let mut files = Vec::new();
        let mut problems = Vec::new();
        for (number, folder) in std::iter::once(folder).chain(with.iter().map(PathBuf::as_path)).enumerate() {
            let prefix = if number == 0 {
                String::new()
            } else {
                format!("{}/", folder.to_string_lossy().trim_end_matches('/'))
            };
            let listing = listing::list(folder, &prefix, &limits)?;
            problems.extend(listing.problems);
            roots.push(listing.root);
            files.extend(listing.entries.into_iter().map(|entry| File {
                class: Class::of_path(&entry.path[prefix.len()..]),
                language: language_of(&entry.path),
                path: entry.path,
                real: entry.real,
                index: 0,
                link: entry.link,
                root: number,
                content: OnceLock::new(),
            }));
        }
        let mut by_path = HashMap::with_capacity(files.len());
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, file) in files.iter_mut().enumerate() {
            file.index = index;
            by_path.insert(file.path.clone(), index);
            by_name.entry(file.name().to_owned()).or_default().push(index);
        }
        Ok(Tree { roots, files, by_path, by_name, limits, problems: Mutex::new(problems) })
    }

    /// Every file, in the order of the listing (git's index order: sorted by path).
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The file at this path.
    pub fn file(&self, path: &str) -> Option<&File> {
        let path = path.strip_prefix("./").unwrap_or(path);
        self.by_path.get(path).map(|index| &self.files[*index])
    }

    /// The file at a path relative to a folder; `..` and `.` are resolved, and nothing outside is found.
    pub fn resolve(&self, folder: &str, path: &str) -> Option<&File> {
        self.file(&join(folder, path)?)
    }

    /// Files with exactly this name, wherever they are.
    pub fn named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a File> {
        self.by_name.get(name).into_iter().flatten().map(|index| &self.files[*index])
    }

    /// Files in a folder or below it (`.` for all).
    pub fn under<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| {
            folder == "."
                || file
                    .path
                    .strip_prefix(folder)
                    .is_some_and(|rest| rest.starts_with('/') || folder.ends_with('/'))
        })
    }

    /// Whether there is a file in this folder or below it.
    pub fn has_folder(&self, folder: &str) -> bool {
        self.under(folder).next().is_some()
    }

    /// A file that exists on disk although git does not track it: nothing is read, only whether it is there.
    pub fn exists_untracked(&self, path: &str) -> bool {
        let Some(path) = join(".", path) else { return false };
        let Some(root) = self.roots.first() else { return false };
        self.file(&path).is_none() && root.folder.join(&path).is_file()
    }

    /// The text of a file, read at most once; none when it is too large, binary, no regular file or not readable (noted
    /// as a problem where that is one).
    pub fn text(&self, file: &File) -> Option<Arc<str>> {
        match self.content(file) {
            Content::Text(text) => Some(text.clone()),
            // Its text was not kept after the scan; it is small enough to read again.
            Content::Released => {
                match read::read(&self.roots[file.root].folder, &file.real, file.link, &self.limits) {
                    Content::Text(text) => Some(text),
                    _ => None,
                }
            }
            Content::Binary | Content::Absent => None,
            Content::Unreadable(_) => None,
        }
    }

    /// The text of the file at this path.
    pub fn text_at(&self, path: &str) -> Option<Arc<str>> {
        self.file(path).and_then(|file| self.text(file))
    }

    pub(crate) fn content<'a>(&self, file: &'a File) -> &'a Content {
        file.content.get_or_init(|| {
            let content = read::read(&self.roots[file.root].folder, &file.real, file.link, &self.limits);
            if let Content::Unreadable(why) = &content {
                self.problem(file.at(), why.clone());
            }
            content
        })
    }

    /// Reads a file for the scan: a text that was kept before is used, one that is read now is kept only when `keep`.
    pub(crate) fn scan_text(&self, file: &File, keep: bool) -> Option<Arc<str>> {
        if let Some(content) = file.content.get() {
            return match content {
                Content::Text(text) => Some(text.clone()),
                _ => None,
            };
        }
        let content = read::read(&self.roots[file.root].folder, &file.real, file.link, &self.limits);
        if let Content::Unreadable(why) = &content {
            self.problem(file.at(), why.clone());
        }
        let text = match &content {
            Content::Text(text) => Some(text.clone()),
            _ => None,
        };
        let stored = if text.is_some() && !keep { Content::Released } else { content };
        let _ = file.content.set(stored);
        text
    }

    /// Notes something that could not be read or understood. Each is reported once.
    pub fn problem(&self, at: Location, what: impl Into<String>) {
        let problem = Problem { at, what: what.into() };
        if let Ok(mut problems) = self.problems.lock()
            && !problems.contains(&problem)
            && problems.len() < 1_000
        {
            problems.push(problem);
        }
    }

    /// What could not be read so far, by place.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = self.problems.lock().map(|problems| problems.clone()).unwrap_or_default();
        problems.sort_by(|left, right| left.at.cmp(&right.at));
        problems
    }
}

/// Joins a path to a folder and resolves `.` and `..`; none when it leads outside.
pub fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    let from_root = path.starts_with('/');
    let folder = if folder == "." || from_root { "" } else { folder };
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}
