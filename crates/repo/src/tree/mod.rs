//! What files there are, what kind of file each is, and their text, read once and within limits.

mod class;
mod listing;
mod read;

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use seaworthy_facts::{Location, Problem, Unread};

pub use class::{Class, is_template, language_of};
pub use listing::ListError;
use read::Anchor;
pub use read::{Content, Limits};

/// A file of the audited folders.
#[derive(Debug)]
pub struct File {
    /// Path with `/` between its parts, relative to the audited folder; of an added folder's files, behind that folder's
    /// name as the user gave it. Bytes that are no UTF-8 are replaced.
    pub path: String,
    /// Its path relative to its root, where that is no UTF-8.
    raw: Option<Box<Path>>,
    /// Where its name begins in its path.
    name_at: u32,
    /// Where what follows the last dot of its name begins in its path; its end where there is no dot.
    extension_at: u32,
    /// What follows the last dot of its name in lower case, where the name has it in capitals.
    lowered: Option<Box<str>>,
    /// Its place among [`Tree::files`].
    pub index: usize,
    /// What kind of file it is, as far as its path tells.
    pub class: Class,
    /// A file of an ordinary name in its folder ships, although this one's own name may speak against it; never so
    /// among examples and vendored code.
    pub folder_ships: bool,
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
        self.path.get(self.name_at as usize..).unwrap_or(&self.path)
    }

    /// The folder, `.` for the root.
    pub fn folder(&self) -> &str {
        let end = (self.name_at as usize).checked_sub(1);
        end.and_then(|end| self.path.get(..end)).unwrap_or(".")
    }

    /// What follows the last dot of the name, in lower case.
    pub fn extension(&self) -> &str {
        match &self.lowered {
            Some(lowered) => lowered,
            None => self.path.get(self.extension_at as usize..).unwrap_or_default(),
        }
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

/// All files of the audited folders, as one room sees them.
#[derive(Debug)]
pub struct Tree {
    listed: Arc<Listed>,
    /// The place of the room among all.
    turn: u8,
}

/// What all rooms share.
#[derive(Debug)]
struct Listed {
    /// The audited folder first, then those added.
    roots: Vec<Root>,
    files: Vec<File>,
    /// Places in `files`, by path.
    by_path: Vec<u32>,
    /// Hashes of names and places in `files`, in this order.
    by_name: Vec<(u64, u32)>,
    anchors: Vec<Anchor>,
    limits: Limits,
    noted: Mutex<BTreeMap<u8, Vec<Noted>>>,
    /// Paths of files that do not follow their format, with the turn in which that was found.
    broken: Mutex<HashSet<(u8, String)>>,
    /// What was left out because there was too much of it, with the turn in which that happened.
    cut: Mutex<Vec<(u8, Unread)>>,
}

/// A problem, as a room noted it.
#[derive(Debug)]
struct Noted {
    problem: Problem,
    /// It is left out where something is known of its file already.
    only_first: bool,
}

/// How many problems are kept.
const PROBLEMS: usize = 1_000;

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
            files.extend(listing.entries.into_iter().map(|entry| {
                let class = Class::of_path(&entry.path[prefix.len()..]);
                let extension = extension_of(&entry.path);
                let capitals = extension.bytes().any(|byte| byte.is_ascii_uppercase());
                let lowered = capitals.then(|| extension.to_ascii_lowercase().into());
                let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                let name_at = place(entry.path.rfind('/').map_or(0, |slash| slash + 1));
                let extension_at = place(entry.path.len() - extension.len());
                File {
                    class,
                    folder_ships: class.folder_ships(&entry.path),
                    language: language_of(&entry.path),
                    path: entry.path,
                    raw: entry.raw,
                    name_at,
                    extension_at,
                    lowered,
                    index: 0,
                    link: entry.link,
                    root: number,
                    content: OnceLock::new(),
                }
            }));
        }
        for (index, file) in files.iter_mut().enumerate() {
            file.index = index;
        }
        // Listings are limited to far fewer files than fit into 32 bits.
        let mut by_path: Vec<u32> = (0..u32::try_from(files.len()).unwrap_or(u32::MAX)).collect();
        // Git's index is in this order already; sorting what is sorted costs one look at each.
        by_path.sort_by(|left, right| files[*left as usize].path.cmp(&files[*right as usize].path));
        let mut by_name: Vec<(u64, u32)> =
            (0u32..).zip(&files).map(|(index, file): (u32, &File)| (hash(file.name()), index)).collect();
        by_name.sort_unstable();
        let anchors = roots.iter().map(|root: &Root| Anchor::new(&root.folder)).collect();
        let noted = problems.into_iter().map(|problem| Noted { problem, only_first: false }).collect();
        let noted = Mutex::new(BTreeMap::from([(0, noted)]));
        let listed = Listed {
            roots,
            files,
            by_path,
            by_name,
            anchors,
            limits,
            noted,
            broken: Mutex::default(),
            cut: Mutex::default(),
        };
        Ok(Tree { listed: Arc::new(listed), turn: 0 })
    }

    /// The same files for a room with a turn of its own. Rooms work side by side; what they note is put together by
    /// their turns, so that it does not depend on which of them is faster.
    pub fn turn(&self, turn: u8) -> Tree {
        Tree { listed: self.listed.clone(), turn }
    }

    /// The audited folder first, then those added.
    pub fn roots(&self) -> &[Root] {
        &self.listed.roots
    }

    /// Every file, in the order of the listing (git's index order: sorted by path).
    pub fn files(&self) -> &[File] {
        &self.listed.files
    }

    /// The file at this path.
    pub fn file(&self, path: &str) -> Option<&File> {
        let path = path.strip_prefix("./").unwrap_or(path);
        let found = self
            .listed
            .by_path
            .binary_search_by(|index| self.listed.files[*index as usize].path.as_str().cmp(path));
        found.ok().map(|place| &self.listed.files[self.listed.by_path[place] as usize])
    }

    /// The file at a path relative to a folder; `..` and `.` are resolved, and nothing outside is found.
    pub fn resolve(&self, folder: &str, path: &str) -> Option<&File> {
        self.file(&join(folder, path)?)
    }

    /// Files with exactly this name, wherever they are.
    pub fn named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a File> {
        let wanted = hash(name);
        let first = self.listed.by_name.partition_point(|(hash, _)| *hash < wanted);
        let count = self.listed.by_name[first..].iter().take_while(|(hash, _)| *hash == wanted).count();
        let name: Box<str> = name.into();
        self.listed.by_name[first..first + count]
            .iter()
            .map(|(_, index)| &self.listed.files[*index as usize])
            .filter(move |file| *file.name() == *name)
    }

    /// Files in a folder or below it (`.` for all).
    pub fn under<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a File> {
        let folder = folder.strip_suffix('/').unwrap_or(folder);
        let (all, below) = if folder == "." {
            (self.listed.files.as_slice(), &[][..])
        } else {
            // Paths that share a beginning stand together.
            let begins = |path: &str| match path.as_bytes().get(..folder.len()) {
                Some(head) => head.cmp(folder.as_bytes()).then_with(|| {
                    path.as_bytes().get(folder.len()).map_or(std::cmp::Ordering::Less, |byte| byte.cmp(&b'/'))
                }),
                None => path.as_bytes().cmp(folder.as_bytes()),
            };
            let path = |index: &u32| self.listed.files[*index as usize].path.as_str();
            let first = self.listed.by_path.partition_point(|index| begins(path(index)).is_lt());
            let count = self.listed.by_path[first..].partition_point(|index| begins(path(index)).is_eq());
            (&[][..], &self.listed.by_path[first..first + count])
        };
        all.iter().chain(below.iter().map(|index| &self.listed.files[*index as usize]))
    }

    /// Whether there is a file in this folder or below it.
    pub fn has_folder(&self, folder: &str) -> bool {
        self.under(folder).next().is_some()
    }

    /// A file that exists on disk although git does not track it: nothing is read, only whether it is there.
    pub fn exists_untracked(&self, path: &str) -> bool {
        let Some(path) = join(".", path) else { return false };
        let Some(root) = self.listed.roots.first() else { return false };
        self.file(&path).is_none() && root.folder.join(&path).is_file()
    }

    /// The size of a file in bytes, from its metadata alone; links are not followed.
    pub fn size(&self, file: &File) -> Option<u64> {
        let root = self.listed.roots.get(file.root)?;
        let metadata = root.folder.join(self.relative(file)).symlink_metadata().ok()?;
        metadata.is_file().then_some(metadata.len())
    }

    /// The text of a file that the build may have made, tracked or not, with the time at which it was last written; none
    /// when it is larger than `most`, not there, or no text.
    pub fn made_text(&self, path: &str, most: u64) -> Option<(String, Option<std::time::SystemTime>)> {
        let path = join(".", path)?;
        let (root, anchor) = (self.listed.roots.first()?, self.listed.anchors.first()?);
        let limits = Limits { file_bytes: most, ..self.listed.limits.clone() };
        let text = anchor.read(Path::new(&path), &limits, str::to_owned).ok()?;
        let at = std::fs::metadata(root.folder.join(&path)).and_then(|metadata| metadata.modified()).ok();
        Some((text, at))
    }

    /// The text of a file, read at most once; none when it is too large, binary, no regular file or not readable (noted
    /// as a problem where that is one).
    pub fn text(&self, file: &File) -> Option<Arc<str>> {
        match self.content(file) {
            Content::Text(text) => Some(text.clone()),
            // Its text was not kept after the scan; it is small enough to read again.
            Content::Released => match self.read(file) {
                Content::Text(text) => Some(text),
                _ => None,
            },
            Content::Binary | Content::Absent | Content::Unreadable(_) => None,
        }
    }

    /// Whether the file is there but cannot be read: too large, or without permission.
    pub fn is_unreadable(&self, file: &File) -> bool {
        matches!(self.content(file), Content::Unreadable(_))
    }

    /// The text of the file at this path.
    pub fn text_at(&self, path: &str) -> Option<Arc<str>> {
        self.file(path).and_then(|file| self.text(file))
    }

    pub(crate) fn content<'a>(&self, file: &'a File) -> &'a Content {
        file.content.get_or_init(|| self.noted(file, self.read(file)))
    }

    fn read(&self, file: &File) -> Content {
        self.listed.anchors[file.root]
            .read(self.relative(file), &self.listed.limits, |text| Content::Text(Arc::from(text)))
            .unwrap_or_else(Content::from)
    }

    fn noted(&self, file: &File, content: Content) -> Content {
        if let Content::Unreadable(why) = &content {
            self.problem(file.at(), why.clone());
        }
        content
    }

    fn relative<'a>(&self, file: &'a File) -> &'a Path {
        match &file.raw {
            Some(raw) => raw,
            None => Path::new(&file.path[self.listed.roots[file.root].prefix.len()..]),
        }
    }

    /// Reads a file for the scan: a text that was kept before is used, one that is read now is kept only when `keep`.
    pub(crate) fn scan_text<R>(&self, file: &File, keep: bool, look: impl FnOnce(&str) -> R) -> Option<R> {
        if let Some(content) = file.content.get() {
            return match content {
                Content::Text(text) => Some(look(text)),
                _ => None,
            };
        }
        if is_media(file.extension()) {
            let _ = file.content.set(Content::Binary);
            return None;
        }
        let read = self.listed.anchors[file.root].read(self.relative(file), &self.listed.limits, |text| {
            let content = if keep { Content::Text(Arc::from(text)) } else { Content::Released };
            (content, look(text))
        });
        let (content, seen) = match read {
            Ok((content, seen)) => (content, Some(seen)),
            Err(other) => (self.noted(file, other.into()), None),
        };
        let _ = file.content.set(content);
        seen
    }

    /// Notes something that could not be read or understood. Each is reported once.
    pub fn problem(&self, at: Location, what: impl Into<String>) {
        let problem = Problem { at, what: what.into() };
        self.note(Noted { problem, only_first: false });
    }

    /// The first so many of these files. Where that cuts some off, the first that is left out is named.
    pub fn first<'t>(&self, files: impl Iterator<Item = &'t File>, most: usize, what: &str) -> Vec<&'t File> {
        let mut files: Vec<&File> = files.take(most.saturating_add(1)).collect();
        if files.len() > most
            && let Some(cut) = files.pop()
        {
            self.cut(
                cut.at(),
                format!("more than {most} {what}; this one and those after it were not looked at"),
            );
        }
        files
    }

    /// The first so many of what a file lists. Where that cuts some off, the file is named.
    pub fn some<'l, T>(&self, at: Location, list: &'l [T], most: usize, what: &str) -> &'l [T] {
        if list.len() > most {
            let count = list.len();
            self.cut(at, format!("{count} {what}; those after the first {most} were not looked at"));
        }
        &list[..list.len().min(most)]
    }

    /// The first so many lines of a file. Where that cuts some off, the first that is left out is named.
    pub fn lines<'l>(
        &self,
        file: &File,
        text: &'l str,
        most: u32,
    ) -> impl Iterator<Item = (usize, &'l str)> + use<'l> {
        self.lines_of(file, text, most);
        text.lines().enumerate().take(most as usize)
    }

    /// Names the first line that a reader of this file's text, which reads so many, leaves out.
    pub fn lines_of(&self, file: &File, text: &str, most: u32) {
        let most_lines = most as usize;
        if text.len() > most_lines && text.lines().nth(most_lines).is_some() {
            let at = file.at_line(most.saturating_add(1));
            self.cut(at, format!("more than {most} lines; this one and those after it were not looked at"));
        }
    }

    /// Notes what was left out because there is more than is looked at: it is a problem, and nothing can be concluded
    /// from its absence.
    pub fn cut(&self, at: Location, what: impl Into<String>) {
        let unread = Unread { what: what.into(), at };
        self.problem(unread.at.clone(), unread.what.clone());
        if let Ok(mut cut) = self.listed.cut.lock() {
            let new = (self.turn, unread);
            if cut.len() < PROBLEMS && !cut.contains(&new) {
                cut.push(new);
            }
        }
    }

    /// What this room left out, by place.
    pub fn cuts(&self) -> Vec<Unread> {
        let own = |cut: &[(u8, Unread)]| {
            cut.iter().filter(|(turn, _)| *turn == self.turn).map(|(_, unread)| unread.clone()).collect()
        };
        let mut cuts: Vec<Unread> = self.listed.cut.lock().map(|cut| own(&cut)).unwrap_or_default();
        cuts.sort_by(|left, right| left.at.cmp(&right.at));
        cuts
    }

    /// What every room left out, with the rooms' turns.
    pub fn all_cuts(&self) -> Vec<(u8, Unread)> {
        let mut cuts = self.listed.cut.lock().map(|cut| cut.clone()).unwrap_or_default();
        cuts.sort_by(|left, right| (left.0, &left.1.at).cmp(&(right.0, &right.1.at)));
        cuts
    }

    /// Notes a file that does not follow its format. Each file is named once, whoever reads it.
    pub fn broken(&self, path: &str, error: &seaworthy_syntax::ParseError) {
        if let Ok(mut broken) = self.listed.broken.lock() {
            broken.insert((self.turn, path.to_owned()));
        }
        // A template of a project, whose folders are named by placeholders, is no project yet.
        if !path.contains("{{") {
            let at = error.line.map_or_else(|| Location::file(path), |line| Location::line(path, line));
            self.note(Noted { problem: Problem { at, what: error.message.clone() }, only_first: true });
        }
    }

    /// Whether this room, or a reader before all rooms, found that this file does not follow its format. What the rooms
    /// beside it found does not count: they may be earlier or later.
    pub fn is_broken(&self, path: &str) -> bool {
        let found = |turn: u8| {
            self.listed.broken.lock().is_ok_and(|broken| broken.contains(&(turn, path.to_owned())))
        };
        found(0) || found(self.turn)
    }

    fn note(&self, new: Noted) {
        if let Ok(mut noted) = self.listed.noted.lock() {
            let noted = noted.entry(self.turn).or_default();
            let known = noted.iter().any(|known| {
                known.problem == new.problem
                    || new.only_first && known.problem.at.path() == new.problem.at.path()
            });
            if !known && noted.len() < PROBLEMS {
                noted.push(new);
            }
        }
    }

    /// What could not be read so far, by place.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = Vec::new();
        let mut paths = HashSet::new();
        if let Ok(noted) = self.listed.noted.lock() {
            for Noted { problem, only_first } in noted.values().flatten() {
                let path = problem.at.path().map(str::to_owned);
                if problems.len() < PROBLEMS
                    && !(*only_first && paths.contains(&path))
                    && !problems.contains(problem)
                {
                    paths.insert(path);
                    problems.push(problem.clone());
                }
            }
        }
        problems.sort_by(|left, right| left.at.cmp(&right.at));
        problems
    }
}

/// Pictures, sounds, films, fonts and archives: nothing in them is read, so they are not opened.
fn is_media(extension: &str) -> bool {
    matches!(
        extension,
        "png"
            | "jpg"
            | "jpeg"
            | "gif"
            | "webp"
            | "avif"
            | "ico"
            | "bmp"
            | "tiff"
            | "mp3"
            | "mp4"
            | "webm"
            | "mov"
            | "ogg"
            | "wav"
            | "woff"
            | "woff2"
            | "ttf"
            | "otf"
            | "eot"
            | "pdf"
            | "zip"
            | "gz"
            | "tgz"
            | "7z"
            | "jar"
    )
}

fn extension_of(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(name.as_bytes());
    hasher.finish()
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

#[cfg(test)]
mod tests;
