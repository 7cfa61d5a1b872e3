//! Which versions of PostgreSQL's programs are installed, and which of them fits an artefact.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::super::artefact::{Artefact, Format, major};
use crate::Stop;

/// The programs of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The folder that holds them.
    pub bin: PathBuf,
    /// Their major version.
    pub major: u32,
}

/// What a drill uses.
const NEEDED: &[&str] = &["initdb", "postgres", "psql", "pg_restore"];

/// Archive formats, and the version of PostgreSQL whose programs are the first to read them.
const ARCHIVES: &[((u8, u8), u32)] = &[((1, 14), 12), ((1, 15), 16), ((1, 16), 17)];

/// Every complete installation of this machine, oldest first.
pub fn installed() -> Vec<Installation> {
    let mut folders: Vec<PathBuf> = Vec::new();
    // Debian's place, and that of the packages of postgresql.org for other distributions.
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    if let Ok(entries) = fs::read_dir("/usr") {
        let named = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with("pgsql-");
        folders.extend(entries.flatten().filter(named).map(|entry| entry.path().join("bin")));
    }
    if let Some(path) = std::env::var_os("PATH") {
        folders.extend(std::env::split_paths(&path).filter(|folder| folder.is_absolute()));
    }
    let mut found: Vec<Installation> = Vec::new();
    for folder in folders {
        if !NEEDED.iter().all(|program| folder.join(program).is_file()) {
            continue;
        }
        let Some(major) = version_of(&folder.join("postgres")) else { continue };
        if !found.iter().any(|known| known.major == major) {
            found.push(Installation { bin: folder, major });
        }
    }
    found.sort_by_key(|installation| installation.major);
    found
}

fn version_of(postgres: &Path) -> Option<u32> {
    let output = Command::new(postgres).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    major(text.split(") ").nth(1)?.trim())
}

/// The installation that restores an artefact: of the same major version, else the next newer one.
pub fn choose(installed: &[Installation], artefact: &Artefact) -> Result<(Installation, Vec<String>), Stop> {
    let from = artefact.versions.server.as_deref().and_then(major);
    let wanted = from.map_or_else(|| "postgresql".to_owned(), |major| format!("postgresql-{major}"));
    let Some(newest) = installed.last() else {
        return Err(Stop::CouldNot(format!(
            "PostgreSQL's server programs (initdb, postgres, psql, pg_restore) are not installed: the Debian package is {wanted}"
        )));
    };
    let written_by = artefact.versions.program.as_deref();
    let needs = artefact
        .versions
        .archive
        .and_then(|version| ARCHIVES.iter().rev().find(|(archive, _)| version >= *archive))
        .map_or(0, |(_, major)| *major);
    let program = written_by.and_then(major).unwrap_or(0);
    // An archive of an unknown newer format cannot be read by a program that is older than its writer.
    let unknown = artefact.versions.archive.is_some_and(|version| version > (1, 16));
    if newest.major < needs || (unknown && newest.major < program) {
        let written = match written_by {
            Some(version) => format!("pg_dump {version}"),
            None => format!("a pg_dump of PostgreSQL {needs} or newer"),
        };
        return Err(Stop::CouldNot(format!(
            "{} was written by {written}, and the newest pg_restore here is of version {}: it cannot read the archive. Install the \
             Debian package postgresql-{} (apt.postgresql.org has every version)",
            artefact.name,
            newest.major,
            program.max(needs)
        )));
    }
    let Some(from) = from else {
        let remark = format!(
            "the dump does not say which version it was taken from; restored into version {}",
            newest.major
        );
        return Ok((newest.clone(), vec![remark]));
    };
    let fits = |installation: &&Installation| installation.major >= from && installation.major >= needs;
    match installed.iter().find(fits) {
        Some(installation) if installation.major == from => Ok((installation.clone(), Vec::new())),
        Some(installation) => Ok((
            installation.clone(),
            vec![format!(
                "taken from PostgreSQL {from}, restored into {}: the same version is not installed (Debian package postgresql-{from})",
                installation.major
            )],
        )),
        None => {
            let what = if artefact.format == Format::PostgresPlain { "its SQL" } else { "the archive" };
            Err(Stop::CouldNot(format!(
                "{} was taken from PostgreSQL {from}, and the newest server here is of version {}: {what} may ask for what that does \
                 not know. Install the Debian package postgresql-{from} (apt.postgresql.org has every version)",
                artefact.name, newest.major
            )))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::restore::artefact::Versions;

    fn artefact(server: &str, program: &str, archive: Option<(u8, u8)>) -> Artefact {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Artefact {
            path: PathBuf::from("a.dump"),
            name: "a.dump".to_owned(),
            size: 1,
            modified: Timestamp::UNIX_EPOCH,
            layers: Vec::new(),
            format: if archive.is_some() { Format::PostgresCustom } else { Format::PostgresPlain },
            versions: Versions { server: some(server), program: some(program), archive },
        }
    }

    fn installed(majors: &[u32]) -> Vec<Installation> {
        majors.iter().map(|major| Installation { bin: PathBuf::from("/x"), major: *major }).collect()
    }

    #[test]
    fn the_same_version_is_preferred_and_a_newer_one_is_said() {
        let of15 = artefact("15.4 (Debian)", "15.4", Some((1, 14)));
        let (chosen, remarks) = choose(&installed(&[13, 15, 16]), &of15).unwrap();
        assert_eq!((chosen.major, remarks.len()), (15, 0));
        let (chosen, remarks) = choose(&installed(&[13, 16, 17]), &of15).unwrap();
        assert_eq!(chosen.major, 16);
        assert!(remarks[0].contains("taken from PostgreSQL 15, restored into 16"), "{remarks:?}");
    }

    #[test]
    fn older_programs_are_refused_with_what_to_install() {
        let why = |artefact: &Artefact, majors: &[u32]| {
            choose(&installed(majors), artefact).unwrap_err().to_string()
        };
        let newer = why(&artefact("14.1", "17.2", Some((1, 16))), &[15]);
        assert!(newer.contains("written by pg_dump 17.2") && newer.contains("postgresql-17"), "{newer}");
        let newer = why(&artefact("", "", Some((1, 16))), &[15]);
        assert!(newer.contains("PostgreSQL 17 or newer"), "{newer}");
        let newer = why(&artefact("17.0", "17.0", None), &[15]);
        assert!(newer.contains("taken from PostgreSQL 17") && newer.contains("postgresql-17"), "{newer}");
        let none = why(&artefact("15.1", "15.1", None), &[]);
        assert!(none.contains("Debian package is postgresql-15"), "{none}");
    }
}
