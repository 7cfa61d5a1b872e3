//! Litestream's replica of an SQLite database: it is put together by Litestream itself.

use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Inside, Repository, Snapshot, programs, shadow};
use crate::restore::reading::Damage;
use crate::restore::report::{Check, Control, ControlOutcome, Outcome};
use crate::scratch::{Death, Feed, Scratch, Who};
use crate::{Progress, Stop};

/// A larger replica is not copied for a control.
const COPIED_AT_MOST: u64 = 4 << 30;

/// Files of a replica that are looked at.
const MOST: usize = 1_000_000;

/// A replica.
#[derive(Debug)]
pub struct Litestream {
    program: PathBuf,
    version: String,
    path: PathBuf,
}

/// Whether a folder is one: of version 0.5 (`ltx/<level>/<transactions>.ltx`) or 0.3 (`generations/<name>/snapshots`).
pub fn is_one(path: &Path) -> bool {
    newest(path).is_some_and(|(file, ..)| {
        let mut magic = [0_u8; 4];
        let read = std::fs::File::open(&file).and_then(|mut file| file.read_exact(&mut magic));
        file.extension().is_some_and(|ending| ending == "lz4") || (read.is_ok() && magic == *b"LTX1")
    })
}

/// The file that was written last, when, and the size of the largest file with its path.
fn newest(path: &Path) -> Option<(PathBuf, Timestamp, (u64, PathBuf))> {
    let of_a_replica = |inner: &Path| {
        let parts: Vec<String> =
            inner.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["ltx", level, name] => level.bytes().all(|byte| byte.is_ascii_digit()) && name.ends_with(".ltx"),
            ["generations", _, "snapshots" | "wal", name] => name.ends_with(".lz4"),
            _ => false,
        }
    };
    let mut folders = vec![path.join("ltx"), path.join("generations")];
    let mut last: Option<(PathBuf, Timestamp)> = None;
    let mut largest = (0, PathBuf::new());
    let mut looked = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            looked += 1;
            let Ok(metadata) = entry.metadata() else { continue };
            let found = entry.path();
            let inner = found.strip_prefix(path).unwrap_or(&found);
            if metadata.is_dir() && inner.components().count() < 4 {
                folders.push(found);
            } else if looked < MOST
                && of_a_replica(inner)
                && let Some(at) = metadata.modified().ok().and_then(|at| Timestamp::try_from(at).ok())
            {
                if metadata.len() > largest.0 {
                    largest = (metadata.len(), found.clone());
                }
                if last.as_ref().is_none_or(|(_, before)| at > *before) {
                    last = Some((found, at));
                }
            }
        }
    }
    last.map(|(file, at)| (file, at, largest))
}

impl Litestream {
    pub fn open(path: PathBuf) -> Result<Litestream, Stop> {
        let program = programs::find(
            "litestream",
            &format!(
                "it comes from litestream.io, as a Debian package. Without it: `litestream restore -o app.db file://{}` on a machine \
                 that has it writes a file that this drill reads",
                path.display()
            ),
        )?;
        let version = format!("litestream {}", programs::version(&program, "version"));
        Ok(Litestream { program, version, path })
    }

    fn restore(
        &self,
        scratch: &mut Scratch,
        replica: &Path,
        target: &Path,
    ) -> Result<crate::scratch::Finished, Stop> {
        let mut command = scratch.command(&self.program, Who::Caller, Death::Kill);
        command.args(["restore", "-o"]).arg(target);
        let mut address = std::ffi::OsString::from("file://");
        address.push(replica);
        command.arg(address);
        scratch.run(command, Feed::Nothing, &mut |_| {})
    }
}

impl Repository for Litestream {
    fn tool(&self) -> String {
        self.version.clone()
    }

    fn steps(&self) -> Vec<String> {
        vec!["let litestream restore a copy of the replica with a changed byte, which must fail".to_owned()]
    }

    fn snapshots(&self, _: &mut Scratch) -> Result<Vec<Snapshot>, Stop> {
        let Some((file, at, _)) = newest(&self.path) else { return Ok(Vec::new()) };
        let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(vec![Snapshot { id: name.clone(), name, at, series: String::new() }])
    }

    fn files(&self, _: &mut Scratch, snapshot: &Snapshot) -> Result<Vec<Inside>, Stop> {
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let path = format!("{}.db", super::safe(&name));
        Ok(vec![Inside { path, size: shadow::size(&self.path), modified: snapshot.at }])
    }

    fn extract(
        &self,
        scratch: &mut Scratch,
        _: &Snapshot,
        _: &Inside,
        target: &Path,
        _: Option<u64>,
        _: &mut Progress,
    ) -> Result<(), Stop> {
        let finished = self.restore(scratch, &self.path, target)?;
        if finished.success {
            return Ok(());
        }
        let why = programs::failed(scratch, "litestream", &finished)?;
        Err(if why.contains("permission denied") { Stop::CouldNot(why) } else { Stop::Refused(why) })
    }

    fn extract_folder(&self, _: &mut Scratch, _: &Snapshot, _: &str, _: &Path) -> Result<(), Stop> {
        Err(Stop::could_not("a replica of Litestream holds no folders"))
    }

    fn verify(&self, _: &mut Scratch) -> Result<Check, Stop> {
        Ok(Check {
            name: "repository".to_owned(),
            outcome: Outcome::Holds,
            detail: "litestream put the replica together and compared its checksums".to_owned(),
        })
    }

    fn controls(
        &self,
        scratch: &mut Scratch,
        _: &Snapshot,
        _: &Inside,
        _: &mut Progress,
    ) -> Result<Vec<Control>, Stop> {
        let control =
            |outcome, detail: String| Ok(vec![Control { damage: Damage::Repository, outcome, detail }]);
        let Some((_, _, (size, file))) = newest(&self.path) else {
            return control(ControlOutcome::NotPossible, "the replica is gone".to_owned());
        };
        if shadow::size(&self.path) > COPIED_AT_MOST {
            return control(
                ControlOutcome::NotPossible,
                "the replica is larger than 4 GiB, and is not copied".to_owned(),
            );
        }
        let folder = scratch.subfolder("damaged")?;
        let copy = folder.join("replica");
        shadow::stand_for(&self.path, &copy, &|_| false)?;
        let inner = file.strip_prefix(&self.path).unwrap_or(&file);
        // The same change in every file of that size: the levels of a replica repeat each other.
        shadow::flip(&file, &copy.join(inner), size / 2)?;
        for level in std::fs::read_dir(copy.join("ltx")).into_iter().flatten().flatten() {
            let Some(name) = file.file_name() else { continue };
            let twin = level.path().join(name);
            let original = self.path.join("ltx").join(level.file_name()).join(name);
            if let Ok(metadata) = std::fs::metadata(&original) {
                shadow::flip(&original, &twin, metadata.len() / 2)?;
            }
        }
        let finished = self.restore(scratch, &copy, &folder.join("restored.db"))?;
        if finished.success {
            return control(
                ControlOutcome::Passed,
                "litestream restored it as if nothing were wrong".to_owned(),
            );
        }
        control(ControlOutcome::Refused, programs::failed(scratch, "litestream", &finished)?)
    }

    fn remarks(&self) -> Vec<String> {
        vec![
            "the age is that of the last change that was replicated: a database that nobody writes to has an old replica"
                .to_owned(),
        ]
    }
}
