//! Which MariaDB is installed, and whether it fits a dump.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::super::artefact::Artefact;
use crate::Stop;

/// The programs of the installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    pub server: PathBuf,
    pub installer: PathBuf,
    pub client: PathBuf,
    pub series: Series,
    /// The client knows `--sandbox`.
    pub sandbox: bool,
}

/// A release series: `10.11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series(pub u32, pub u32);

impl std::fmt::Display for Series {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl Series {
    /// Of a version: `10.11.19-MariaDB-0+deb12u1`, `5.5.5-10.11.19-MariaDB` as old clients see it.
    pub fn of(version: &str) -> Option<Series> {
        let version = version.trim().strip_prefix("5.5.5-").unwrap_or(version.trim());
        let mut numbers = version.split(|c: char| !c.is_ascii_digit());
        Some(Series(numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    }
}

/// What a dump says of the server that it was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    MariaDb(Series),
    MySql(Series),
    Unknown,
}

/// Where a dump comes from.
pub fn origin(version: Option<&str>) -> Origin {
    match version.and_then(|version| Some((version, Series::of(version)?))) {
        Some((version, series)) if version.contains("MariaDB") || series.0 >= 10 => Origin::MariaDb(series),
        Some((_, series)) => Origin::MySql(series),
        None => Origin::Unknown,
    }
}

/// The installation, and what must be said of it for this dump.
///
/// # Errors
/// [`Stop::CouldNot`] where none is there, or it is too old.
pub fn choose(artefact: &Artefact) -> Result<(Installation, Vec<String>), Stop> {
    let installation = installed()?;
    let remarks = fits(installation.series, artefact)?;
    Ok((installation, remarks))
}

fn fits(here: Series, artefact: &Artefact) -> Result<Vec<String>, Stop> {
    Ok(match origin(artefact.versions.server.as_deref()) {
        Origin::MariaDb(from) if from > here => {
            return Err(Stop::CouldNot(format!(
                "{} was taken from MariaDB {from}, and the server here is of version {here}: its SQL may ask for what that does not \
                 know. Install mariadb-server {from} (mariadb.org has every version for Debian)",
                artefact.name
            )));
        }
        Origin::MariaDb(from) if from < here => {
            vec![format!(
                "taken from MariaDB {from}, restored into {here}: the same version is not installed"
            )]
        }
        Origin::MariaDb(_) => Vec::new(),
        Origin::MySql(from) => vec![format!(
            "taken from MySQL {from}, restored into MariaDB {here}: this drill starts no server of MySQL, and the two differ in details"
        )],
        Origin::Unknown => vec![format!(
            "the dump does not say which version it was taken from; restored into MariaDB {here}"
        )],
    })
}

/// The installation of this machine.
///
/// # Errors
/// [`Stop::CouldNot`] where none is there.
pub fn installed() -> Result<Installation, Stop> {
    let missing = |program: &str| {
        Stop::CouldNot(format!(
            "MariaDB's {program} is not installed: the Debian package is mariadb-server (its service need not run)"
        ))
    };
    let server = find(&["mariadbd", "mysqld"]).ok_or_else(|| missing("server, mariadbd,"))?;
    let installer =
        find(&["mariadb-install-db", "mysql_install_db"]).ok_or_else(|| missing("mariadb-install-db"))?;
    let client = find(&["mariadb", "mysql"]).ok_or_else(|| missing("client, mariadb,"))?;
    let version = said(&server, "--version");
    // `mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)`
    let series = version.split("Ver ").nth(1).and_then(Series::of);
    let Some(series) = series.filter(|_| version.contains("MariaDB")) else {
        return Err(Stop::CouldNot(format!(
            "{} is no server of MariaDB, and this version starts no other: the Debian package is mariadb-server",
            server.display()
        )));
    };
    let help = said(&client, "--help");
    // Commands of the client in a dump start programs and read files.
    if !help.contains("--binary-mode") {
        return Err(Stop::CouldNot(format!(
            "{} cannot be told to leave commands of its own in a dump alone (--binary-mode); install a newer mariadb-client",
            client.display()
        )));
    }
    Ok(Installation { server, installer, client, series, sandbox: help.contains("--sandbox") })
}

fn said(program: &Path, argument: &str) -> String {
    let output = Command::new(program).args(["--no-defaults", argument]).stdin(Stdio::null()).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

fn find(names: &[&str]) -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect())
        .unwrap_or_default();
    // Servers are often off the path of people.
    folders
        .extend(["/usr/sbin", "/usr/libexec", "/usr/local/sbin", "/usr/local/mysql/bin"].map(PathBuf::from));
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::restore::artefact::{Format, Versions};

    #[test]
    fn versions_of_dumps() {
        assert_eq!(origin(Some("10.11.19-MariaDB-0+deb12u1")), Origin::MariaDb(Series(10, 11)));
        assert_eq!(origin(Some("5.5.5-10.6.7-MariaDB")), Origin::MariaDb(Series(10, 6)));
        assert_eq!(origin(Some("8.0.36-0ubuntu0.22.04.1")), Origin::MySql(Series(8, 0)));
        assert_eq!(origin(Some("5.5.68-MariaDB")), Origin::MariaDb(Series(5, 5)));
        assert_eq!(origin(None), Origin::Unknown);
    }

    #[test]
    fn a_dump_of_a_newer_server_is_refused_and_an_older_one_is_said() {
        let fits = |version: &str| {
            let artefact = Artefact {
                path: PathBuf::from("a.sql"),
                name: "a.sql".to_owned(),
                size: 1,
                modified: Timestamp::UNIX_EPOCH,
                layers: Vec::new(),
                format: Format::MysqlPlain,
                versions: Versions { server: Some(version.to_owned()), ..Versions::default() },
            };
            super::fits(Series(10, 11), &artefact)
        };
        assert_eq!(fits("10.11.2-MariaDB").unwrap(), Vec::<String>::new());
        assert!(fits("10.6.2-MariaDB").unwrap()[0].contains("MariaDB 10.6, restored into 10.11"));
        assert!(fits("8.0.36").unwrap()[0].contains("MySQL 8.0"));
        let why = fits("11.4.1-MariaDB").unwrap_err().to_string();
        assert!(why.contains("MariaDB 11.4") && why.contains("10.11"), "{why}");
    }
}
