//! restic. Every call is made without a lock and without a cache, so that nothing is written to the repository or to the
//! caller's folders.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;
use serde_json::Value;

use super::{Inside, Repository, Snapshot, VERIFIES, programs, shadow};
use crate::restore::reading::Damage;
use crate::restore::report::{Check, Control, ControlOutcome, Outcome};
use crate::scratch::{Death, Feed, Finished, Scratch, Who};
use crate::{Progress, Stop};

/// What a check reads of a repository, in gibibytes.
const READ_AT_MOST: u64 = 4;

/// Files of the index that are looked into for one block.
const INDEXES: usize = 200;

/// restic's own variables.
const VARIABLES: &[&str] =
    &["RESTIC_PASSWORD", "RESTIC_PASSWORD_FILE", "RESTIC_PASSWORD_COMMAND", "RESTIC_KEY_HINT", "HOME"];

/// A repository of restic.
#[derive(Debug)]
pub struct Restic {
    program: PathBuf,
    version: String,
    path: PathBuf,
    password_command: Option<String>,
}

/// Whether a folder is one.
pub fn is_one(path: &Path) -> bool {
    path.join("config").is_file()
        && ["keys", "snapshots", "index", "data"].iter().all(|name| path.join(name).is_dir())
}

impl Restic {
    pub fn open(path: PathBuf, password_command: Option<String>) -> Result<Restic, Stop> {
        let program = programs::find("restic", "the Debian package is restic")?;
        let said = programs::version(&program, "version");
        let version = said.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        let named = ["RESTIC_PASSWORD", "RESTIC_PASSWORD_FILE", "RESTIC_PASSWORD_COMMAND"]
            .iter()
            .any(|name| std::env::var_os(name).is_some());
        if !named && password_command.is_none() {
            return Err(Stop::CouldNot(format!(
                "{} is a repository of restic, and its password is missing: set RESTIC_PASSWORD or RESTIC_PASSWORD_FILE, or name \
                 `password-command` under [drill.restore]",
                path.display()
            )));
        }
        Ok(Restic { program, version, path, password_command })
    }

    fn arguments(&self, repository: &Path, words: &[&str]) -> Vec<OsString> {
        let mut all: Vec<OsString> = vec!["--repo".into(), repository.into()];
        all.extend(programs::words(&["--no-lock", "--no-cache"]));
        all.extend(programs::words(words));
        all
    }

    fn password(&self, command: &mut Command) {
        programs::inherit(command, VARIABLES);
        if let Some(text) = &self.password_command {
            command
                .env_remove("RESTIC_PASSWORD")
                .env_remove("RESTIC_PASSWORD_FILE")
                .env("RESTIC_PASSWORD_COMMAND", text);
        }
    }

    fn command(&self, scratch: &Scratch, repository: &Path, words: &[&str]) -> Command {
        let mut command = scratch.command(&self.program, Who::Caller, Death::Kill);
        command.args(self.arguments(repository, words));
        self.password(&mut command);
        command
    }

    /// One object that restic prints.
    fn object(&self, scratch: &mut Scratch, words: &[&str]) -> Result<Value, Stop> {
        let command = self.command(scratch, &self.path, words);
        let finished = scratch.run(command, Feed::Nothing, &mut |_| {})?;
        if !finished.success {
            return Err(self.refused(scratch, &finished)?);
        }
        serde_json::from_slice(&finished.output.bytes)
            .map_err(|_| Stop::could_not("restic prints something else than was expected of this version"))
    }

    fn refused(&self, scratch: &Scratch, finished: &Finished) -> Result<Stop, Stop> {
        let why = programs::failed(scratch, "restic", finished)?;
        let of_this_machine = ["wrong password", "no key found", "password", "permission denied"]
            .iter()
            .any(|sign| why.contains(sign));
        Ok(if of_this_machine {
            Stop::CouldNot(format!("{}: {why}", self.path.display()))
        } else {
            Stop::Refused(why)
        })
    }

    /// Where the first block of a file lies: the pack, and the middle of the block in it.
    fn first_block(
        &self,
        scratch: &mut Scratch,
        snapshot: &Snapshot,
        file: &Inside,
    ) -> Result<Option<(String, u64)>, Stop> {
        let found = self.object(scratch, &["cat", "snapshot", &snapshot.id])?;
        let Some(mut tree) = id(&found["tree"]) else { return Ok(None) };
        let mut block = None;
        for name in file.path.split('/').filter(|name| !name.is_empty()).take(64) {
            let found = self.object(scratch, &["cat", "blob", &tree])?;
            let Some(node) = found["nodes"]
                .as_array()
                .and_then(|nodes| nodes.iter().find(|node| node["name"].as_str() == Some(name)))
            else {
                return Ok(None);
            };
            match id(&node["subtree"]) {
                Some(subtree) => tree = subtree,
                None => block = id(&node["content"][0]),
            }
        }
        let Some(block) = block else { return Ok(None) };
        let indexes = std::fs::read_dir(self.path.join("index"))
            .map_err(|error| Stop::CouldNot(format!("{}: {error}", self.path.display())))?;
        for index in indexes.flatten().take(INDEXES) {
            let name = index.file_name().to_string_lossy().into_owned();
            if !is_id(&name) {
                continue;
            }
            let found = self.object(scratch, &["cat", "index", &name])?;
            for pack in found["packs"].as_array().into_iter().flatten() {
                let blobs = pack["blobs"].as_array().into_iter().flatten();
                let here = blobs.into_iter().find(|blob| blob["id"].as_str() == Some(&block));
                if let (Some(pack), Some(blob)) = (id(&pack["id"]), here)
                    && let (Some(offset), Some(length)) = (blob["offset"].as_u64(), blob["length"].as_u64())
                {
                    return Ok(Some((pack, offset + length / 2)));
                }
            }
        }
        Ok(None)
    }

    fn damaged(
        &self,
        scratch: &mut Scratch,
        snapshot: &Snapshot,
        file: &Inside,
        progress: &mut Progress,
    ) -> Result<Control, Stop> {
        let control = |outcome, detail: String| Ok(Control { damage: Damage::Repository, outcome, detail });
        let Some((pack, at)) = self.first_block(scratch, snapshot, file)? else {
            return control(
                ControlOutcome::NotPossible,
                format!("no block of {} was found in the index", file.path),
            );
        };
        let copy = scratch.subfolder("damaged")?.join("repository");
        let inner = Path::new("data").join(&pack[..2]);
        // Of the data only the folder of the one block is a copy of the drill's own; the others are links to what is there.
        shadow::stand_for(&self.path, &copy, &|path| {
            path.starts_with("locks")
                || (path.components().count() == 2 && path.starts_with("data") && path != inner)
                || (path.starts_with(&inner) && path.components().count() == 3)
        })?;
        let inner = inner.join(&pack);
        shadow::flip(&self.path.join(&inner), &copy.join(&inner), at)?;
        let target = copy.with_file_name("file");
        let arguments = self.arguments(&copy, &["dump", &snapshot.id, &file.path]);
        let mut command = programs::into_file(scratch, &self.program, &arguments, &target, None);
        self.password(&mut command);
        let finished = programs::watched(scratch, command, &target, file.size, progress)?;
        let _ = std::fs::remove_file(&target);
        if finished.success {
            return control(
                ControlOutcome::Passed,
                "restic gave the file as if nothing were wrong".to_owned(),
            );
        }
        control(ControlOutcome::Refused, programs::failed(scratch, "restic", &finished)?)
    }
}

/// A file, by its line of a listing.
fn inside(line: &serde_json::Value) -> Option<Inside> {
    if line["type"].as_str() != Some("file") {
        return None;
    }
    Some(Inside {
        path: line["path"].as_str()?.to_owned(),
        size: line["size"].as_u64().unwrap_or(0),
        modified: time(&line["mtime"])?,
    })
}

impl Repository for Restic {
    fn tool(&self) -> String {
        self.version.clone()
    }

    fn steps(&self) -> Vec<String> {
        vec![format!(
            "run `restic check --no-lock` on the repository, reading its data{}; open it with a wrong password, and take the file out of a copy with a changed byte, both of which must fail",
            if shadow::size(&self.path) > READ_AT_MOST << 30 {
                format!(" (a random part of {READ_AT_MOST} GiB)")
            } else {
                String::new()
            }
        )]
    }

    fn snapshots(&self, scratch: &mut Scratch) -> Result<Vec<Snapshot>, Stop> {
        let found = self.object(scratch, &["snapshots", "--json"])?;
        let mut snapshots: Vec<Snapshot> = found
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| {
                let id = id(&one["id"])?;
                Some(Snapshot {
                    name: id.chars().take(8).collect(),
                    id,
                    at: time(&one["time"])?,
                    series: format!("{}\n{}\n{}", one["hostname"], one["paths"], one["tags"]),
                })
            })
            .collect();
        snapshots.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.at));
        Ok(snapshots)
    }

    fn files(&self, scratch: &mut Scratch, snapshot: &Snapshot) -> Result<Vec<Inside>, Stop> {
        let listing = scratch.folder().join("listing");
        let arguments = self.arguments(&self.path, &["ls", "--json", &snapshot.id]);
        let mut command = programs::into_file(scratch, &self.program, &arguments, &listing, None);
        self.password(&mut command);
        match programs::list(scratch, command, &listing, inside)? {
            Ok(files) => Ok(files),
            Err(finished) => Err(self.refused(scratch, &finished)?),
        }
    }

    fn extract(
        &self,
        scratch: &mut Scratch,
        snapshot: &Snapshot,
        file: &Inside,
        target: &Path,
        most: Option<u64>,
        progress: &mut Progress,
    ) -> Result<(), Stop> {
        let arguments = self.arguments(&self.path, &["dump", &snapshot.id, &file.path]);
        let mut command = programs::into_file(scratch, &self.program, &arguments, target, most);
        self.password(&mut command);
        match programs::extract(scratch, command, target, (file, most), progress)? {
            Ok(()) => Ok(()),
            Err(finished) => Err(self.refused(scratch, &finished)?),
        }
    }

    fn extract_folder(
        &self,
        scratch: &mut Scratch,
        snapshot: &Snapshot,
        folder: &str,
        target: &Path,
    ) -> Result<(), Stop> {
        // What is left in and out is named by patterns.
        let pattern: String = folder
            .chars()
            .flat_map(|c| ['\\'].into_iter().filter(move |_| "*?[\\".contains(c)).chain([c]))
            .collect();
        let mut command =
            self.command(scratch, &self.path, &["restore", &snapshot.id, "--include", &pattern]);
        command.arg("--target").arg(target);
        let finished = scratch.run(command, Feed::Nothing, &mut |_| {})?;
        if finished.success { Ok(()) } else { Err(self.refused(scratch, &finished)?) }
    }

    fn verify(&self, scratch: &mut Scratch) -> Result<Check, Stop> {
        let check = |outcome, detail: String| Ok(Check { name: "repository".to_owned(), outcome, detail });
        let part = format!("--read-data-subset={READ_AT_MOST}G");
        let (words, read): (&[&str], String) = if shadow::size(&self.path) > READ_AT_MOST << 30 {
            (&["check", &part], format!("{READ_AT_MOST} GiB of its data, chosen at random, were read"))
        } else {
            (&["check", "--read-data"], "all of its data was read".to_owned())
        };
        let command = self.command(scratch, &self.path, words);
        let Some(finished) = programs::timed(scratch, command, VERIFIES)? else {
            return check(
                Outcome::NotDone,
                format!("restic check did not end within {} min", VERIFIES.as_secs() / 60),
            );
        };
        if finished.success {
            return check(Outcome::Holds, format!("restic check finds no errors; {read}"));
        }
        let why = programs::failed(scratch, "restic check", &finished)?;
        let busy = std::fs::read_dir(self.path.join("locks")).is_ok_and(|mut locks| locks.next().is_some());
        if busy {
            return check(
                Outcome::NotDone,
                format!("somebody has locked the repository, and its check does not count: {why}"),
            );
        }
        check(Outcome::Fails, why)
    }

    fn controls(
        &self,
        scratch: &mut Scratch,
        snapshot: &Snapshot,
        file: &Inside,
        progress: &mut Progress,
    ) -> Result<Vec<Control>, Stop> {
        let mut command = self.command(scratch, &self.path, &["snapshots", "--json"]);
        command
            .env_remove("RESTIC_PASSWORD_FILE")
            .env_remove("RESTIC_PASSWORD_COMMAND")
            .env("RESTIC_PASSWORD", super::wrong_password(scratch));
        let finished = scratch.run(command, Feed::Nothing, &mut |_| {})?;
        let wrong = Control {
            damage: Damage::Password,
            outcome: if finished.success { ControlOutcome::Passed } else { ControlOutcome::Refused },
            detail: if finished.success {
                "restic opened the repository".to_owned()
            } else {
                programs::failed(scratch, "restic", &finished)?
            },
        };
        Ok(vec![wrong, self.damaged(scratch, snapshot, file, progress)?])
    }
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// Something that restic names by a digest, and nothing else: it becomes an argument and a path.
fn id(value: &Value) -> Option<String> {
    value.as_str().filter(|text| is_id(text)).map(str::to_owned)
}

fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
