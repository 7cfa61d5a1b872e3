//! What a database held when a backup was taken: written by the backup job, read by the restore drill.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Contents, Identity};

/// The name and version of the format.
pub const SCHEMA: &str = "seaworthy.backup-manifest/1";

/// What is added to the artefact's name.
pub const ENDING: &str = ".manifest.json";

/// A larger file is no manifest, in bytes.
const LARGEST: u64 = 256 << 20;

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// PostgreSQL.
    Postgresql,
    /// MariaDB and MySQL.
    Mariadb,
    /// SQLite.
    Sqlite,
}

impl Engine {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Postgresql => "PostgreSQL",
            Engine::Mariadb => "MariaDB",
            Engine::Sqlite => "SQLite",
        }
    }
}

/// What a database held at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// The engine.
    pub engine: Engine,
    /// Its version, as it says it.
    pub server_version: String,
    /// The name of the database, where it has one.
    pub database: String,
    /// Which server it is.
    #[serde(default)]
    pub identity: Identity,
    /// When the snapshot was taken.
    pub taken_at: Timestamp,
    /// The version of the program that wrote it.
    pub tool_version: String,
    /// What it held.
    #[serde(flatten)]
    pub contents: Contents,
}

impl Manifest {
    /// Where the manifest of an artefact is.
    pub fn beside(artefact: &Path) -> PathBuf {
        let mut name = artefact.as_os_str().to_owned();
        name.push(ENDING);
        PathBuf::from(name)
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// What is wrong with the file, in a sentence that names it.
    pub fn read(path: &Path) -> Result<Manifest, String> {
        let problem = |why: String| format!("{}: {why}", path.display());
        let mut text = String::new();
        let file = File::open(path).map_err(|error| problem(format!("cannot be read: {error}")))?;
        let length = file
            .take(LARGEST + 1)
            .read_to_string(&mut text)
            .map_err(|error| problem(format!("cannot be read: {error}")))?;
        if length as u64 > LARGEST {
            return Err(problem("too large for a manifest".to_owned()));
        }
        Manifest::parse(&text).map_err(problem)
    }

    /// Reads the text of a manifest.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Manifest, String> {
        let manifest: Manifest = serde_json::from_str(text).map_err(|error| {
            format!("no manifest of a backup: {error}; write one with `seaworthy backup manifest`")
        })?;
        if manifest.schema != SCHEMA {
            return Err(format!("the format is {}, and this version reads {SCHEMA}", manifest.schema));
        }
        Ok(manifest)
    }
}
