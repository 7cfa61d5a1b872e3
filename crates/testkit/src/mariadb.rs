//! A real MariaDB server of a test, on a Unix socket in a folder of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A server that ends with this value.
#[derive(Debug)]
pub struct MariaDb {
    folder: TempDir,
    process: Child,
}

/// Runs a program as a user that is not root.
fn unprivileged(program: &str) -> Command {
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=mysql", "--regid=mysql", "--clear-groups"]).arg(program);
    command
}

impl MariaDb {
    /// Starts the version that is installed.
    ///
    /// # Panics
    /// When none is (Debian package `mariadb-server`), or it does not start.
    pub fn start() -> MariaDb {
        MariaDb::start_in(tempfile::tempdir().expect("a scratch folder"))
    }

    /// The same in a folder under another one, whose owner ends what is in it.
    ///
    /// # Panics
    /// As [`MariaDb::start`].
    pub fn start_under(folder: &Path) -> MariaDb {
        MariaDb::start_in(tempfile::tempdir_in(folder).expect("a scratch folder"))
    }

    fn start_in(folder: TempDir) -> MariaDb {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).expect("open to its user");
        let data = format!("--datadir={}", folder.path().join("data").display());
        let install = unprivileged("mariadb-install-db")
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
            .arg(&data)
            .current_dir("/")
            .output();
        check(&install.expect("MariaDB is installed (Debian package mariadb-server)"));
        let socket = folder.path().join("my.sock");
        let process = unprivileged("/usr/sbin/mariadbd")
            .args(["--no-defaults", "--skip-networking", "--innodb-flush-log-at-trx-commit=0"])
            .arg(&data)
            .arg(format!("--socket={}", socket.display()))
            .current_dir("/")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mariadbd starts");
        let server = MariaDb { folder, process };
        let began = Instant::now();
        while !server
            .client("mariadb")
            .args(["-e", "SELECT 1"])
            .output()
            .is_ok_and(|said| said.status.success())
        {
            assert!(began.elapsed() < Duration::from_secs(60), "the server starts");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("my.sock")
    }

    /// The address of a database; of all with an empty name.
    pub fn address(&self, database: &str) -> String {
        format!("mysql://root@localhost/{database}?socket={}", self.socket().display())
    }

    /// A client program that talks to it.
    pub fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("--no-defaults").arg(format!("--socket={}", self.socket().display())).arg("--user=root");
        command
    }

    /// Runs SQL in a database; gives what it answers.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, database: &str, sql: &str) -> String {
        let mut client = self.client("mariadb");
        client.args(["--batch", "--skip-column-names", "--execute", sql]).arg(database);
        let output = client.output().expect("the mariadb client starts");
        check(&output);
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Writes a backup with `mariadb-dump`.
    ///
    /// # Panics
    /// When it fails.
    pub fn dump(&self, to: &Path, arguments: &[&str]) {
        let mut dump = self.client("mariadb-dump");
        dump.arg("--single-transaction").args(arguments).arg(format!("--result-file={}", to.display()));
        check(&dump.output().expect("mariadb-dump starts"));
    }
}

fn check(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        // Nothing of it is kept; setpriv became the server.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
