//! What a file or a folder is, told by its content.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::encryption::Encryption;
use super::mariadb::physical::{checkpoints, said};
use super::reading::{Layer, decode};
use super::repositories::size;
use crate::Stop;

/// Bytes of a file that are looked at.
const HEAD: usize = 16 << 10;

/// Layers of compression that are peeled off.
const MOST_LAYERS: usize = 3;

/// What an artefact is inside of all compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// `pg_dump --format=custom`.
    PostgresCustom,
    /// `pg_dump --format=directory`.
    PostgresDirectory,
    /// `pg_dump --format=tar`.
    PostgresTar,
    /// `pg_dump`, and `pg_dumpall`: SQL.
    PostgresPlain,
    /// A database file.
    Sqlite,
    /// `mysqldump`, `mariadb-dump`: SQL.
    MysqlPlain,
    /// A backup in a repository of pgBackRest.
    PgBackRest,
    /// `mariadb-backup`: a copy of a data directory.
    MariaBackup,
    /// `mariadb-backup --stream`: the same as a stream.
    MariaBackupStream,
    /// Encrypted, and not decrypted.
    Encrypted(Encryption),
}

impl Format {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Format::PostgresCustom => "pg_dump, custom format",
            Format::PostgresDirectory => "pg_dump, directory format",
            Format::PostgresTar => "pg_dump, tar format",
            Format::PostgresPlain => "pg_dump, plain SQL",
            Format::Sqlite => "SQLite database",
            Format::MysqlPlain => "mysqldump, SQL",
            Format::PgBackRest => "pgBackRest, copy of a cluster",
            Format::MariaBackup => "mariadb-backup, copy of a data directory",
            Format::MariaBackupStream => "mariadb-backup, stream",
            Format::Encrypted(encryption) => encryption.name(),
        }
    }
}

/// The versions that a dump names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Versions {
    /// Of the server that it was taken from.
    pub server: Option<String>,
    /// Of the program that wrote it.
    pub program: Option<String>,
    /// Of the archive's format: `1.14`.
    pub archive: Option<(u8, u8)>,
}

/// A major version: `15` of `15.4 (Debian 15.4-1)`, `96` of `9.6.2`.
pub fn major(version: &str) -> Option<u32> {
    version.split(['.', ' ', 'd', 'b', 'r']).next()?.parse().ok()
}

/// A backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artefact {
    /// Where it is.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
    /// Its size in bytes; of a folder, that of its files.
    pub size: u64,
    /// When it was last written to.
    pub modified: Timestamp,
    /// Compression around it, outermost first.
    pub layers: Vec<Layer>,
    /// What it is.
    pub format: Format,
    /// Its versions.
    pub versions: Versions,
}

impl Artefact {
    /// What it is, for people.
    pub fn describe(&self) -> String {
        let layers: Vec<&str> = self.layers.iter().rev().map(|layer| layer.name()).collect();
        match layers.as_slice() {
            [] => self.format.name().to_owned(),
            layers => format!("{}, in {}", self.format.name(), layers.join(" in ")),
        }
    }
}

/// What a look at a path gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A backup.
    Artefact(Artefact),
    /// A file without a byte.
    Empty,
    /// Something else, or a backup whose beginning is destroyed.
    Unknown,
}

/// Looks at a path.
///
/// # Errors
/// When it cannot be read.
pub fn look_at(path: &Path) -> Result<Seen, Stop> {
    let problem =
        |error: std::io::Error| Stop::CouldNot(format!("{}: cannot be read: {error}", path.display()));
    let metadata = fs::metadata(path).map_err(problem)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let modified = |metadata: &fs::Metadata| {
        metadata.modified().ok().and_then(|at| Timestamp::try_from(at).ok()).unwrap_or(Timestamp::UNIX_EPOCH)
    };
    if metadata.is_dir() {
        if let Some(last) = checkpoints(path) {
            let modified = fs::metadata(last).map(|metadata| modified(&metadata)).map_err(problem)?;
            let versions = Versions { server: said(path, "server_version"), ..Versions::default() };
            return Ok(Seen::Artefact(Artefact {
                path: path.to_owned(),
                name,
                size: size(path),
                modified,
                layers: Vec::new(),
                format: Format::MariaBackup,
                versions,
            }));
        }
        let Ok(toc) = File::open(path.join("toc.dat")) else { return Ok(Seen::Unknown) };
        let Some(versions) = head_of(Box::new(toc), &[]).ok().and_then(|head| of_contents(&head)) else {
            return Ok(Seen::Unknown);
        };
        let mut size = 0;
        let mut newest = modified(&metadata);
        for entry in fs::read_dir(path).map_err(problem)?.take(1_000_000) {
            let metadata = entry.and_then(|entry| entry.metadata()).map_err(problem)?;
            size += metadata.len();
            newest = newest.max(modified(&metadata));
        }
        return Ok(Seen::Artefact(Artefact {
            path: path.to_owned(),
            name,
            size,
            modified: newest,
            layers: Vec::new(),
            format: Format::PostgresDirectory,
            versions,
        }));
    }
    if !metadata.is_file() {
        return Ok(Seen::Unknown);
    }
    if metadata.len() == 0 {
        return Ok(Seen::Empty);
    }
    let open = || Ok(Box::new(File::open(path)?) as Box<dyn Read + Send>);
    match tell(&open) {
        Ok(Some((layers, format, versions))) => Ok(Seen::Artefact(Artefact {
            path: path.to_owned(),
            name,
            size: metadata.len(),
            modified: modified(&metadata),
            layers,
            format,
            versions,
        })),
        Ok(None) => Ok(Seen::Unknown),
        Err(error) => Err(problem(error)),
    }
}

/// What a file is inside of all compression, told by its beginning; nothing where it is no backup that is known here.
///
/// # Errors
/// When it cannot be read.
pub fn tell(
    open: &dyn Fn() -> std::io::Result<Box<dyn Read + Send>>,
) -> std::io::Result<Option<(Vec<Layer>, Format, Versions)>> {
    tell_inside(open, Vec::new())
}

/// The same, of what is inside of known layers.
///
/// # Errors
/// When it cannot be read, or the outer layers are not what they seem.
pub fn tell_inside(
    open: &dyn Fn() -> std::io::Result<Box<dyn Read + Send>>,
    known: Vec<Layer>,
) -> std::io::Result<Option<(Vec<Layer>, Format, Versions)>> {
    let outside = known.len();
    let mut layers = known;
    loop {
        let head = match head_of(open()?, &layers) {
            Ok(head) => head,
            // What begins like compressed data and is none is told when it is read.
            Err(_) if layers.len() > outside => return Ok(None),
            Err(error) => return Err(error),
        };
        if let Some(layer) = Layer::of(&head)
            && layers.len() < outside + MOST_LAYERS
        {
            layers.push(layer);
            continue;
        }
        return Ok(recognise(&head).map(|(format, versions)| (layers, format, versions)));
    }
}

fn head_of(bytes: Box<dyn Read + Send>, layers: &[Layer]) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    match decode(bytes, layers)?.take(HEAD as u64).read_to_end(&mut head) {
        // A damaged end of a short file does not hide what its beginning is.
        Err(error) if head.is_empty() => Err(error),
        _ => Ok(head),
    }
}

fn recognise(head: &[u8]) -> Option<(Format, Versions)> {
    if head.starts_with(b"PGDMP") {
        return Some((Format::PostgresCustom, archive_versions(head)));
    }
    if head.starts_with(b"XBSTCK01") {
        return Some((Format::MariaBackupStream, Versions::default()));
    }
    if head.starts_with(b"SQLite format 3\0") {
        return Some((Format::Sqlite, Versions::default()));
    }
    if head.get(257..262) == Some(b"ustar") && head.starts_with(b"toc.dat\0") {
        return Some((Format::PostgresTar, archive_versions(head.get(512..).unwrap_or_default())));
    }
    if let Some(encryption) = Encryption::of(head) {
        return Some((Format::Encrypted(encryption), Versions::default()));
    }
    let text = String::from_utf8_lossy(head);
    let after = |prefix: &str| {
        text.lines().find_map(|line| line.strip_prefix(prefix)).map(|version| version.trim().to_owned())
    };
    if text.contains("-- PostgreSQL database dump") || text.contains("-- PostgreSQL database cluster dump") {
        let versions = Versions {
            server: after("-- Dumped from database version "),
            program: after("-- Dumped by pg_dump version "),
            archive: None,
        };
        return Some((Format::PostgresPlain, versions));
    }
    // The second is there where comments are left out.
    let mysql = ["-- MySQL dump", "-- MariaDB dump", "SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT"];
    if mysql.iter().any(|sign| text.contains(sign)) {
        let server = after("-- Server version").map(|version| version.trim().to_owned());
        return Some((Format::MysqlPlain, Versions { server, ..Versions::default() }));
    }
    None
}

/// The versions in the table of contents of `pg_dump --format=directory`; nothing where it is none.
pub fn of_contents(head: &[u8]) -> Option<Versions> {
    head.starts_with(b"PGDMP").then(|| archive_versions(head))
}

/// The versions in the head of an archive of `pg_dump`.
fn archive_versions(head: &[u8]) -> Versions {
    let mut reader = Head { bytes: head, at: 5 };
    let archive = match (reader.byte(), reader.byte(), reader.byte()) {
        (Some(major), Some(minor), Some(_)) => Some((major, minor)),
        _ => None,
    };
    let texts = archive.and_then(|version| {
        let width = usize::from(reader.byte()?);
        let _offset_width = reader.byte()?;
        let _format = reader.byte()?;
        // The algorithm has a byte since 1.15; a level was there before.
        if version >= (1, 15) {
            reader.byte().map(i64::from)?
        } else {
            reader.number(width)?
        };
        for _ in 0..7 {
            reader.number(width)?;
        }
        let _database = reader.text(width)?;
        Some((reader.text(width)?, reader.text(width)?))
    });
    let (server, program) = texts.unwrap_or_default();
    let some = |text: String| (!text.is_empty()).then_some(text);
    Versions { server: some(server), program: some(program), archive }
}

struct Head<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Head<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.at += 1;
        byte
    }

    fn number(&mut self, width: usize) -> Option<i64> {
        let negative = self.byte()? != 0;
        let mut value: i64 = 0;
        for index in 0..width.min(7) {
            value |= i64::from(self.byte()?) << (8 * index);
        }
        Some(if negative { -value } else { value })
    }

    fn text(&mut self, width: usize) -> Option<String> {
        let length = self.number(width)?;
        let Ok(length) = usize::try_from(length) else { return Some(String::new()) };
        let text = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(String::from_utf8_lossy(text).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn major_versions() {
        assert_eq!(major("15.4 (Debian 15.4-1.pgdg120+1)"), Some(15));
        assert_eq!(major("18beta1"), Some(18));
        assert_eq!(major("x"), None);
    }

    #[test]
    fn heads_that_lie_do_no_harm() {
        for length in 0..40 {
            let mut head = b"PGDMP\x01\x0e\x00\x04\x08\x01".to_vec();
            head.extend(std::iter::repeat_n(0x7f, length));
            let _ = archive_versions(&head);
            let _ = recognise(&head[..length.min(head.len())]);
        }
    }
}
