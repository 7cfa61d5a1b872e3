//! Reading a file of an untrusted tree: regular files only, inside the tree only, up to a size, text only.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
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

/// Reads a file. Links are followed only to regular files below `root`.
pub fn read(root: &Path, path: &Path, link: bool, limits: &Limits) -> Content {
    if link {
        match fs::canonicalize(path) {
            Ok(target) if target.starts_with(root) => {}
            Ok(_) => {
                return Content::Unreadable(
                    "a symbolic link that leads out of the audited folder; not followed".to_owned(),
                );
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Content::Absent,
            Err(error) => {
                return Content::Unreadable(format!("a symbolic link that cannot be followed: {error}"));
            }
        }
    }
    // Asked before opening: opening a FIFO would wait for a writer.
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Content::Absent,
        Ok(metadata) if metadata.len() > limits.file_bytes => {
            return if looks_binary(path) {
                Content::Binary
            } else {
                Content::Unreadable(format!(
                    "{} MB are more than the {} MB that are read of one file; not read",
                    metadata.len() / 1_000_000,
                    limits.file_bytes / 1_000_000
                ))
            };
        }
        Ok(metadata) => read_text(path, metadata.len(), limits),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Content::Absent,
        Err(error) => Content::Unreadable(format!("cannot be read: {error}")),
    }
}

fn read_text(path: &Path, size: u64, limits: &Limits) -> Content {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return Content::Unreadable(format!("cannot be opened: {error}")),
    };
    // The size is a hint: the file may grow while it is read, and is cut at the limit.
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(limits.file_bytes)).unwrap_or(0) + 1);
    let mut head = [0u8; 8192];
    let count = match file.read(&mut head) {
        Ok(count) => count,
        Err(error) => return Content::Unreadable(format!("cannot be read: {error}")),
    };
    if memchr::memchr(0, &head[..count]).is_some() {
        return Content::Binary;
    }
    bytes.extend_from_slice(&head[..count]);
    if let Err(error) = file.take(limits.file_bytes).read_to_end(&mut bytes) {
        return Content::Unreadable(format!("cannot be read: {error}"));
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    };
    Content::Text(Arc::from(text))
}

fn looks_binary(path: &Path) -> bool {
    let mut head = [0u8; 8192];
    File::open(path)
        .and_then(|mut file| file.read(&mut head))
        .is_ok_and(|count| memchr::memchr(0, &head[..count]).is_some())
}
