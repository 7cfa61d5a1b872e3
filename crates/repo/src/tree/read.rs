//! The text of a file, within limits, and never from outside the audited folder.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is read at the most.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of one file; a larger one is named as a problem when it is text that would have been read.
    pub file_bytes: u64,
    /// Files listed.
    pub files: usize,
    /// Bytes of text that are kept in memory after the scan.
    pub kept_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { file_bytes: 8 * 1024 * 1024, files: 1_000_000, kept_bytes: 48 * 1024 * 1024 }
    }
}

/// What a file holds.
#[derive(Debug, Clone)]
pub enum Content {
    /// Text; bytes that are no UTF-8 are replaced.
    Text(Arc<str>),
    /// Text that was scanned and not kept.
    Released,
    /// Not text.
    Binary,
    /// Tracked, but not there on disk, or no regular file.
    Absent,
    /// Not readable: why.
    Unreadable(String),
}

/// An audited folder as a place to read from.
#[derive(Debug)]
pub struct Anchor {
    folder: PathBuf,
    #[cfg(target_os = "linux")]
    handle: Option<File>,
}

/// What a file turned out to hold, when it is no text.
#[derive(Debug)]
pub enum NoText {
    Binary,
    /// Not there, or no regular file.
    Absent,
    Unreadable(String),
}

impl From<NoText> for Content {
    fn from(other: NoText) -> Self {
        match other {
            NoText::Binary => Content::Binary,
            NoText::Absent => Content::Absent,
            NoText::Unreadable(why) => Content::Unreadable(why),
        }
    }
}

thread_local! {
    /// Most files are read, scanned and forgotten: their bytes all go through here.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Anchor {
    /// The folder must be resolved.
    pub fn new(folder: &Path) -> Self {
        Anchor {
            folder: folder.to_owned(),
            #[cfg(target_os = "linux")]
            handle: File::open(folder).ok(),
        }
    }

    /// Reads a file and hands its text over; bytes that are no UTF-8 are replaced. Links are followed only to regular
    /// files of this folder, wherever in the path they are.
    pub fn read<R>(
        &self,
        relative: &Path,
        limits: &Limits,
        take: impl FnOnce(&str) -> R,
    ) -> Result<R, NoText> {
        let mut file = self.open(relative)?;
        let unreadable = |error: io::Error| NoText::Unreadable(format!("cannot be read: {error}"));
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(NoText::Absent);
        }
        if metadata.len() > limits.file_bytes {
            let mut head = [0u8; HEAD];
            let count = file.read(&mut head).map_err(unreadable)?;
            return Err(if is_binary(&head[..count]) {
                NoText::Binary
            } else {
                NoText::Unreadable(format!(
                    "{} MB are more than the {} MB that are read of one file; not read",
                    metadata.len() / 1_000_000,
                    limits.file_bytes / 1_000_000
                ))
            });
        }
        let size = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        BUFFER.with_borrow_mut(|buffer| {
            if buffer.len() < size {
                buffer.resize(size, 0);
            }
            // Pictures, archives and films are large, and nothing of them is wanted but their beginning.
            let head = fill(&mut buffer[..size.min(HEAD)], &mut file).map_err(unreadable)?;
            if is_binary(&buffer[..head]) {
                return Err(NoText::Binary);
            }
            let rest = fill(&mut buffer[head..size], &mut file).map_err(unreadable)?;
            let bytes = &buffer[..head + rest];
            Ok(match std::str::from_utf8(bytes) {
                Ok(text) => take(text),
                Err(_) => take(&String::from_utf8_lossy(bytes)),
            })
        })
    }

    #[cfg(target_os = "linux")]
    fn open(&self, relative: &Path) -> Result<File, NoText> {
        use rustix::io::Errno;
        for path in [Some(relative.to_owned()), None] {
            // The kernel itself refuses whatever leads outside, also while somebody exchanges folders for links.
            let (Some(handle), Some(path)) = (&self.handle, path.or_else(|| self.resolve(relative).ok()))
            else {
                break;
            };
            match beneath(handle, &path) {
                Ok(file) => return Ok(file),
                Err(Errno::NOENT | Errno::NOTDIR | Errno::NXIO) => return Err(NoText::Absent),
                // An absolute link may still end inside.
                Err(Errno::XDEV) => {}
                Err(Errno::NOSYS | Errno::PERM | Errno::INVAL | Errno::AGAIN) => break,
                Err(Errno::LOOP) => return Err(link_problem(&io::Error::from(Errno::LOOP))),
                Err(error) => {
                    return Err(NoText::Unreadable(format!("cannot be opened: {}", io::Error::from(error))));
                }
            }
        }
        self.open_checked(relative)
    }

    #[cfg(not(target_os = "linux"))]
    fn open(&self, relative: &Path) -> Result<File, NoText> {
        self.open_checked(relative)
    }

    /// Without help of the kernel: resolved first, opened then.
    fn open_checked(&self, relative: &Path) -> Result<File, NoText> {
        let path = self.folder.join(self.resolve(relative)?);
        // Asked before opening: opening a FIFO would wait for a writer.
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => {
                File::open(&path).map_err(|error| NoText::Unreadable(format!("cannot be opened: {error}")))
            }
            Ok(_) => Err(NoText::Absent),
            Err(error) if is_absence(&error) => Err(NoText::Absent),
            Err(error) => Err(NoText::Unreadable(format!("cannot be read: {error}"))),
        }
    }

    /// The path without links, relative to the folder.
    fn resolve(&self, relative: &Path) -> Result<PathBuf, NoText> {
        let target = fs::canonicalize(self.folder.join(relative))
            .map_err(|error| if is_absence(&error) { NoText::Absent } else { link_problem(&error) })?;
        target.strip_prefix(&self.folder).map(Path::to_owned).map_err(|_| {
            NoText::Unreadable(
                "a symbolic link that leads out of the audited folder; not followed".to_owned(),
            )
        })
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn link_problem(error: &io::Error) -> NoText {
    NoText::Unreadable(format!("a symbolic link that cannot be followed: {error}"))
}

#[cfg(target_os = "linux")]
fn beneath(handle: &File, path: &Path) -> Result<File, rustix::io::Errno> {
    use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
    // NONBLOCK: a FIFO is opened without waiting for a writer, and then seen to be no file.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    openat2(handle, path, flags, Mode::empty(), resolve).map(File::from)
}

const HEAD: usize = 8192;

fn is_binary(head: &[u8]) -> bool {
    memchr::memchr(0, head).is_some()
}

/// Reads until the piece is full or the file ends: how many bytes that were. What the file grows by meanwhile is left out.
fn fill(piece: &mut [u8], file: &mut File) -> io::Result<usize> {
    let mut filled = 0;
    while filled < piece.len() {
        match file.read(&mut piece[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
