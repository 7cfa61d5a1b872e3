//! A folder that stands for another: small files are copies, large ones are links. A tool may write into it, and what it
//! stands for stays as it is.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::Stop;
use crate::scratch::disk;

/// Entries of a repository that are stood for.
const MOST: usize = 1_000_000;

/// Copies every file, or links to it where `linked` says so. Links in the repository itself are followed.
///
/// # Errors
/// Where the repository cannot be read, or the disk is full.
pub fn stand_for(original: &Path, shadow: &Path, linked: &dyn Fn(&Path) -> bool) -> Result<(), Stop> {
    let mut left = MOST;
    folder(original, shadow, Path::new(""), linked, 8, &mut left)
}

fn folder(
    original: &Path,
    shadow: &Path,
    inner: &Path,
    linked: &dyn Fn(&Path) -> bool,
    depth: usize,
    left: &mut usize,
) -> Result<(), Stop> {
    let from = original.join(inner);
    let unreadable =
        |error: std::io::Error| Stop::CouldNot(format!("{}: cannot be read: {error}", from.display()));
    let to = shadow.join(inner);
    fs::create_dir(&to).map_err(|error| disk(&to, &error))?;
    for entry in fs::read_dir(&from).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        *left = left
            .checked_sub(1)
            .ok_or_else(|| Stop::could_not("the repository has more files than are looked at"))?;
        let inner = inner.join(entry.file_name());
        let Ok(metadata) = fs::metadata(entry.path()) else { continue };
        let target = shadow.join(&inner);
        if linked(&inner) {
            std::os::unix::fs::symlink(entry.path(), &target).map_err(|error| disk(&target, &error))?;
        } else if metadata.is_dir() {
            if depth > 0 {
                folder(original, shadow, &inner, linked, depth - 1, left)?;
            }
        } else if metadata.is_file() {
            copy(&entry.path(), &target)?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Stop> {
    let mut source = File::open(from)
        .map_err(|error| Stop::CouldNot(format!("{}: cannot be read: {error}", from.display())))?;
    let mut target =
        File::options().write(true).create_new(true).open(to).map_err(|error| disk(to, &error))?;
    std::io::copy(&mut source, &mut target).map(|_| ()).map_err(|error| disk(to, &error))
}

/// Puts a real copy with a changed byte in the place of a link or a copy.
///
/// # Errors
/// Where the original cannot be read, or the disk is full.
pub fn flip(original: &Path, shadow: &Path, at: u64) -> Result<(), Stop> {
    let _ = fs::remove_file(shadow);
    copy(original, shadow)?;
    let problem = |error: std::io::Error| disk(shadow, &error);
    let mut file = File::options().read(true).write(true).open(shadow).map_err(problem)?;
    let mut byte = [0_u8; 1];
    file.seek(SeekFrom::Start(at)).map_err(problem)?;
    file.read_exact(&mut byte).map_err(problem)?;
    file.seek(SeekFrom::Start(at)).map_err(problem)?;
    file.write_all(&[byte[0] ^ 0x10]).map_err(problem)
}

/// The size of everything in a folder, as far as it is looked at.
pub fn size(folder: &Path) -> u64 {
    let mut folders = vec![folder.to_owned()];
    let (mut size, mut looked) = (0, 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            looked += 1;
            if looked > MOST {
                return size;
            }
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) => size += metadata.len(),
                Err(_) => {}
            }
        }
    }
    size
}
