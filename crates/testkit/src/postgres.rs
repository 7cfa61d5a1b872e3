//! A real PostgreSQL server of a test, on a Unix socket in a folder of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A server that ends with this value.
#[derive(Debug)]
pub struct Postgres {
    folder: TempDir,
    bin: PathBuf,
    /// Settings as `name=value`.
    settings: Vec<String>,
}

/// Runs a program as a user that PostgreSQL accepts: not as root.
fn unprivileged(program: &Path) -> Command {
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

impl Postgres {
    /// Starts the newest version that is installed.
    ///
    /// # Panics
    /// When none is (Debian package `postgresql`), or it does not start.
    pub fn start() -> Postgres {
        Postgres::start_in(tempfile::tempdir().expect("a scratch folder"), &[])
    }

    /// The same in a folder under another one, whose owner ends what is in it.
    ///
    /// # Panics
    /// As [`Postgres::start`].
    pub fn start_under(folder: &Path) -> Postgres {
        Postgres::start_with(folder, &[])
    }

    /// The same with settings, each as `name=value`.
    ///
    /// # Panics
    /// As [`Postgres::start`].
    pub fn start_with(folder: &Path, settings: &[&str]) -> Postgres {
        Postgres::start_in(tempfile::tempdir_in(folder).expect("a scratch folder"), settings)
    }

    fn start_in(folder: TempDir, settings: &[&str]) -> Postgres {
        let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
            .expect("PostgreSQL is installed (Debian package postgresql)")
            .flatten()
            .map(|version| version.path().join("bin"))
            .filter(|bin| bin.join("initdb").is_file())
            .collect();
        versions.sort();
        let bin = versions.pop().expect("PostgreSQL's server is installed (Debian package postgresql)");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).expect("open to its user");
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let server = Postgres { folder, bin, settings };
        let mut initdb = unprivileged(&server.bin.join("initdb"));
        initdb.args(["--no-sync", "-A", "trust", "-U", "postgres", "-D"]).arg(server.data());
        check(&initdb.current_dir("/").output().expect("initdb starts"));
        server.go();
        server
    }

    /// Another server with a copy of the whole cluster, as managed databases are restored from their snapshots.
    ///
    /// # Panics
    /// When it cannot be copied, or does not start.
    pub fn copy(&self) -> Postgres {
        let folder = tempfile::tempdir().expect("a scratch folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).expect("open to its user");
        let copy = Postgres { folder, bin: self.bin.clone(), settings: self.settings.clone() };
        let mut base = unprivileged(&self.bin.join("pg_basebackup"));
        base.env("PGHOST", self.socket()).args(["-U", "postgres", "--checkpoint=fast", "--no-sync", "-D"]);
        check(&base.arg(copy.data()).current_dir("/").output().expect("pg_basebackup starts"));
        copy.go();
        copy
    }

    fn go(&self) {
        let mut options = format!("-k {} -c listen_addresses= -c fsync=off", self.folder.path().display());
        for setting in &self.settings {
            options.push_str(" -c ");
            options.push_str(setting);
        }
        let mut start = unprivileged(&self.bin.join("pg_ctl"));
        start
            .arg("-D")
            .arg(self.data())
            .args(["-w", "-o", &options, "-l"])
            .arg(self.folder.path().join("log"));
        let status = start.arg("start").current_dir("/").stdout(std::process::Stdio::null()).status();
        assert!(status.is_ok_and(|status| status.success()), "the server starts");
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The folder of its socket.
    pub fn socket(&self) -> &Path {
        self.folder.path()
    }

    /// The address of a database.
    pub fn address(&self, database: &str) -> String {
        format!("postgresql://postgres@/{database}?host={}", self.socket().display())
    }

    /// A client program that talks to it.
    pub fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command.env("PGHOST", self.socket()).env("PGUSER", "postgres").env_remove("PGPORT");
        command
    }

    /// Runs SQL in a database.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, database: &str, sql: &str) -> String {
        let mut psql = self.client("psql");
        psql.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]);
        let output = psql.output().expect("psql starts");
        check(&output);
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Writes a backup with `pg_dump`.
    ///
    /// # Panics
    /// When it fails.
    pub fn dump(&self, database: &str, to: &Path, arguments: &[&str]) {
        let output = self.client("pg_dump").args(arguments).arg("-f").arg(to).arg(database).output();
        check(&output.expect("pg_dump starts"));
    }
}

fn check(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = unprivileged(&self.bin.join("pg_ctl"));
        let _ = stop.arg("-D").arg(self.data()).args(["-m", "immediate", "stop"]).current_dir("/").output();
    }
}
