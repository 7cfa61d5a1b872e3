//! Borg. It locks, and keeps a cache; so it works on a folder of the drill's own, in which the segments are links to those
//! of the repository, and with a base folder of the drill's own.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::{Inside, Repository, Snapshot, VERIFIES, programs, shadow};
use crate::restore::reading::Damage;
use crate::restore::report::{Check, Control, ControlOutcome, Outcome};
use crate::scratch::{Death, Feed, Finished, Scratch, Who};
use crate::{Progress, Stop};

/// Of a larger repository the check and the control of a changed byte read nothing twice.
const READ_AT_MOST: u64 = 4 << 30;

const VARIABLES: &[&str] = &["BORG_PASSPHRASE", "BORG_PASSCOMMAND", "BORG_KEY_FILE", "HOME"];

/// A repository of Borg.
#[derive(Debug)]
pub struct Borg {
    program: PathBuf,
    version: String,
    path: PathBuf,
    password_command: Option<String>,
}

/// Whether a folder is one.
pub fn is_one(path: &Path) -> bool {
    let mut head = Vec::new();
    let config =
        std::fs::File::open(path.join("config")).and_then(|file| file.take(4096).read_to_end(&mut head));
    config.is_ok() && head.trim_ascii_start().starts_with(b"[repository]") && path.join("data").is_dir()
}

impl Borg {
    pub fn open(path: PathBuf, password_command: Option<String>) -> Result<Borg, Stop> {
        let program = programs::find("borg", "the Debian package is borgbackup")?;
        let version = programs::version(&program, "--version");
        if version.strip_prefix("borg ").is_some_and(|version| version.starts_with('2')) {
            return Err(Stop::could_not(
                "the borg here is of version 2, whose commands and repositories are others; install Borg 1 (the Debian package \
                 borgbackup)",
            ));
        }
        Ok(Borg { program, version, path, password_command })
    }

    /// The stand-in for the repository, made where it is not there yet.
    fn stand_in(&self, scratch: &Scratch) -> Result<PathBuf, Stop> {
        let folder = scratch.folder().join("borg");
        let copy = folder.join("repository");
        if !copy.exists() {
            scratch.subfolder("borg")?;
            self.shadow(&copy)?;
        }
        Ok(copy)
    }

    fn shadow(&self, copy: &Path) -> Result<(), Stop> {
        shadow::stand_for(&self.path, copy, &|path| {
            path.starts_with("data") && path.components().count() == 3
        })?;
        // Locks of others say nothing about the stand-in.
        let _ = std::fs::remove_dir_all(copy.join("lock.exclusive"));
        let _ = std::fs::remove_file(copy.join("lock.roster"));
        Ok(())
    }

    fn environment(&self, scratch: &Scratch, command: &mut Command) {
        programs::inherit(command, VARIABLES);
        // Keys that are files lie with the caller's settings.
        if let Some(keys) = keys() {
            command.env("BORG_KEYS_DIR", keys);
        }
        if let Some(text) = &self.password_command {
            command.env_remove("BORG_PASSPHRASE").env("BORG_PASSCOMMAND", text);
        }
        command
            .env("BORG_BASE_DIR", scratch.folder().join("borg"))
            .env("BORG_RELOCATED_REPO_ACCESS_IS_OK", "yes")
            .env("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes")
            .env("BORG_DISPLAY_PASSPHRASE", "no");
    }

    fn command(&self, scratch: &Scratch, words: &[OsString]) -> Command {
        let mut command = scratch.command(&self.program, Who::Caller, Death::Kill);
        command.args(words);
        self.environment(scratch, &mut command);
        command
    }

    fn refused(&self, scratch: &Scratch, finished: &Finished) -> Result<Stop, Stop> {
        let why = programs::failed(scratch, "borg", finished)?;
        let lower = why.to_ascii_lowercase();
        let of_this_machine =
            ["passphrase", "no key file", "key file", "permission denied", "acquire the lock"]
                .iter()
                .any(|sign| lower.contains(sign));
        Ok(if of_this_machine {
            Stop::CouldNot(format!(
                "{}: {why}. The passphrase comes from BORG_PASSPHRASE, BORG_PASSCOMMAND, or `password-command` under [drill.restore]",
                self.path.display()
            ))
        } else {
            Stop::Refused(why)
        })
    }

    fn extraction(repository: &Path, snapshot: &Snapshot, file: &Inside) -> Vec<OsString> {
        let mut archive = repository.as_os_str().to_owned();
        archive.push("::");
        archive.push(&snapshot.name);
        // The path itself: a style that is named is no pattern. (`pf:` warns that it never matched.)
        vec!["extract".into(), "--stdout".into(), archive, format!("pp:{}", file.path).into()]
    }

    fn wrong_password(&self, scratch: &mut Scratch) -> Result<Control, Stop> {
        let control = |outcome, detail: String| Ok(Control { damage: Damage::Password, outcome, detail });
        let repository = self.stand_in(scratch)?;
        let wrong = super::wrong_password(scratch);
        let mut opens = |passphrase: &str| {
            let mut command =
                self.command(scratch, &["list".into(), "--json".into(), repository.clone().into()]);
            command.env_remove("BORG_PASSCOMMAND").env("BORG_PASSPHRASE", passphrase);
            let finished = scratch.run(command, Feed::Nothing, &mut |_| {})?;
            let said = programs::failed(scratch, "borg", &finished)?;
            Ok::<_, Stop>((finished.success, said))
        };
        let (opened, said) = opens(&wrong)?;
        if !opened {
            return control(ControlOutcome::Refused, said);
        }
        if opens("")?.0 {
            return control(
                ControlOutcome::NotPossible,
                "it opens without a passphrase: it is not encrypted, or its key has none".to_owned(),
            );
        }
        control(ControlOutcome::Passed, "borg opened the repository".to_owned())
    }

    /// The check of a copy in which a byte of the largest segment is another.
    fn damaged(&self, scratch: &mut Scratch) -> Result<Control, Stop> {
        let control = |outcome, detail: String| Ok(Control { damage: Damage::Repository, outcome, detail });
        if shadow::size(&self.path) > READ_AT_MOST {
            return control(
                ControlOutcome::NotPossible,
                "the repository is larger than 4 GiB, and finding a changed byte reads all of it".to_owned(),
            );
        }
        let copy = scratch.subfolder("damaged")?.join("repository");
        self.shadow(&copy)?;
        let Some((segment, size)) = largest(&self.path.join("data")) else {
            return control(ControlOutcome::NotPossible, "it has no segment".to_owned());
        };
        let Ok(inner) = segment.strip_prefix(&self.path) else {
            return control(ControlOutcome::NotPossible, "it has no segment".to_owned());
        };
        shadow::flip(&segment, &copy.join(inner), size / 2)?;
        let command = self.command(scratch, &["check".into(), "--repository-only".into(), copy.into()]);
        let Some(finished) = programs::timed(scratch, command, VERIFIES)? else {
            return control(ControlOutcome::NotPossible, "borg check did not end in time".to_owned());
        };
        if finished.success {
            return control(ControlOutcome::Passed, "borg check found nothing".to_owned());
        }
        control(ControlOutcome::Refused, programs::failed(scratch, "borg check", &finished)?)
    }
}

/// A file, by its line of a listing.
fn inside(line: &serde_json::Value) -> Option<Inside> {
    if line["type"].as_str() != Some("-") {
        return None;
    }
    Some(Inside {
        path: line["path"].as_str()?.to_owned(),
        size: line["size"].as_u64().unwrap_or(0),
        modified: line["mtime"].as_str().and_then(time)?,
    })
}

impl Repository for Borg {
    fn tool(&self) -> String {
        self.version.clone()
    }

    fn steps(&self) -> Vec<String> {
        vec![
            "borg works on a folder of links to the repository's segments, so that it locks and caches nowhere else".to_owned(),
            "run `borg check --verify-data` on it; open it with a wrong passphrase, and check a copy with a changed byte, both of \
             which must fail"
                .to_owned(),
        ]
    }

    fn snapshots(&self, scratch: &mut Scratch) -> Result<Vec<Snapshot>, Stop> {
        let repository = self.stand_in(scratch)?;
        let command = self.command(scratch, &["list".into(), "--json".into(), repository.into()]);
        let finished = scratch.run(command, Feed::Nothing, &mut |_| {})?;
        if !finished.success {
            return Err(self.refused(scratch, &finished)?);
        }
        let found: Value = serde_json::from_slice(&finished.output.bytes)
            .map_err(|_| Stop::could_not("borg prints something else than was expected of this version"))?;
        let mut snapshots: Vec<Snapshot> = found["archives"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| {
                let name = one["name"].as_str()?.to_owned();
                let at = time(one["start"].as_str()?)?;
                Some(Snapshot { id: one["id"].as_str()?.to_owned(), at, series: super::job(&name), name })
            })
            // Archives that were cut off are none.
            .filter(|snapshot| !snapshot.name.ends_with(".checkpoint"))
            .collect();
        // Of two within one second the later in the list is the newer.
        snapshots.reverse();
        snapshots.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.at));
        Ok(snapshots)
    }

    fn files(&self, scratch: &mut Scratch, snapshot: &Snapshot) -> Result<Vec<Inside>, Stop> {
        let repository = self.stand_in(scratch)?;
        let listing = scratch.folder().join("listing");
        let mut archive = repository.into_os_string();
        archive.push("::");
        archive.push(&snapshot.name);
        let arguments = ["list".into(), "--json-lines".into(), archive];
        let mut command = programs::into_file(scratch, &self.program, &arguments, &listing, None);
        self.environment(scratch, &mut command);
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
        let repository = self.stand_in(scratch)?;
        let arguments = Borg::extraction(&repository, snapshot, file);
        let mut command = programs::into_file(scratch, &self.program, &arguments, target, most);
        self.environment(scratch, &mut command);
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
        let mut archive = self.stand_in(scratch)?.into_os_string();
        archive.push("::");
        archive.push(&snapshot.name);
        let words = [
            "extract".into(),
            "--noacls".into(),
            "--noxattrs".into(),
            archive,
            format!("pp:{folder}").into(),
        ];
        let mut command = self.command(scratch, &words);
        command.current_dir(target);
        let finished = scratch.run(command, Feed::Nothing, &mut |_| {})?;
        if finished.success { Ok(()) } else { Err(self.refused(scratch, &finished)?) }
    }

    fn verify(&self, scratch: &mut Scratch) -> Result<Check, Stop> {
        let check = |outcome, detail: String| Ok(Check { name: "repository".to_owned(), outcome, detail });
        let repository = self.stand_in(scratch)?;
        let small = shadow::size(&self.path) <= READ_AT_MOST;
        let words: Vec<OsString> = if small {
            vec!["check".into(), "--verify-data".into(), repository.into()]
        } else {
            vec!["check".into(), repository.into()]
        };
        let command = self.command(scratch, &words);
        let Some(finished) = programs::timed(scratch, command, VERIFIES)? else {
            return check(
                Outcome::NotDone,
                format!("borg check did not end within {} min", VERIFIES.as_secs() / 60),
            );
        };
        if finished.success {
            let how = if small {
                "all of its data was verified"
            } else {
                "checksums only: it is larger than 4 GiB"
            };
            return check(Outcome::Holds, format!("borg check finds no errors; {how}"));
        }
        let why = programs::failed(scratch, "borg check", &finished)?;
        if self.path.join("lock.exclusive").exists() {
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
        _: &Snapshot,
        _: &Inside,
        _: &mut Progress,
    ) -> Result<Vec<Control>, Stop> {
        Ok(vec![self.wrong_password(scratch)?, self.damaged(scratch)?])
    }
}

/// The folder of the caller's keys.
fn keys() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("BORG_KEYS_DIR")
        .or_else(|| Some(variable("BORG_CONFIG_DIR")?.join("keys")))
        .or_else(|| Some(variable("BORG_BASE_DIR")?.join(".config/borg/keys")))
        .or_else(|| Some(variable("XDG_CONFIG_HOME")?.join("borg/keys")))
        .or_else(|| Some(variable("HOME")?.join(".config/borg/keys")))
        .filter(|folder| folder.is_dir())
}

/// Borg tells times in the zone of its environment, which is UTC here, without naming it.
fn time(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

fn largest(data: &Path) -> Option<(PathBuf, u64)> {
    std::fs::read_dir(data)
        .ok()?
        .flatten()
        .flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten().flatten())
        .filter_map(|segment| Some((segment.path(), std::fs::metadata(segment.path()).ok()?.len())))
        .max_by_key(|(_, size)| *size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_without_a_zone_are_utc() {
        let shown = |text: &str| time(text).map(|at| at.to_string());
        assert_eq!(shown("2026-11-28T10:58:00.500000"), Some("2026-11-28T10:58:00.5Z".to_owned()));
        assert_eq!(shown("2026-11-28T10:58:00+01:00"), Some("2026-11-28T09:58:00Z".to_owned()));
        assert_eq!(shown("yesterday"), None);
    }
}
