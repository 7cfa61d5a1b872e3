//! A MariaDB server in the scratch folder.
//!
//! A dump is SQL of somebody else, and SQL of the server's root can read and write files, load libraries and call other
//! servers. So root goes; the drill has an account whose name nobody can guess, and a dump is run by one that has rights on
//! the databases of the dump and no other. The server itself reads and writes files in one empty folder only.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use seaworthy_database::mariadb::{Session, quoted, server};
use seaworthy_database::{Error, Identity};

use super::programs::Installation;
use crate::Stop;
use crate::scratch::{Death, Feed, Scratch, Who, disk, end, full};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(120);

/// The account that a dump is run by.
pub const RESTORER: &str = "restorer";

/// How a server is told of that ended before it answered.
pub const NOT_STARTED: &str = "the scratch server did not start";

/// A running server.
#[derive(Debug)]
pub struct Server {
    client: PathBuf,
    sandbox: bool,
    data: PathBuf,
    socket: PathBuf,
    log: PathBuf,
    administrator: String,
    process: Child,
}

impl Server {
    /// Makes a data directory and starts the server.
    pub fn start(installation: &Installation, scratch: &mut Scratch) -> Result<Server, Stop> {
        let data = scratch.subfolder("data")?;
        let files = scratch.subfolder("files")?;
        let temporary = scratch.subfolder("tmp")?;
        let mut install = scratch.server(&installation.installer, Death::Kill, &[&temporary, &data]);
        install
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
            .args(["--skip-name-resolve", "--innodb-doublewrite=0"])
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--tmpdir={}", temporary.display()));
        let finished = scratch.run(install, Feed::Nothing, &mut |_| {})?;
        if !finished.success {
            let said = format!("{}\n{}", finished.output.text(), finished.messages);
            if is_full(&said) {
                return Err(Stop::CouldNot(full(scratch.folder())));
            }
            let errors: Vec<&str> = said.lines().filter(|line| line.contains("ERROR")).take(3).collect();
            return Err(Stop::CouldNot(format!(
                "mariadb-install-db failed ({}): {}",
                finished.status,
                errors.join("; ")
            )));
        }
        let root = "root".to_owned();
        let (mut server, session) =
            Server::run(installation, scratch, data, [&temporary, &files], &[], root)?;
        server.take_over(session, scratch)?;
        Ok(server)
    }

    /// Starts a server on a data directory that somebody else made. None of its plugins is loaded, and its accounts stay.
    pub fn open(
        installation: &Installation,
        scratch: &mut Scratch,
        data: &Path,
        settings: &[(String, String)],
    ) -> Result<Server, Stop> {
        let name = data.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let folder = |kind: &str| scratch.subfolder(&format!("{name}-{kind}"));
        let (files, temporary, plugins) = (folder("files")?, folder("tmp")?, folder("plugins")?);
        let administrator =
            format!("drill{}", random().map_err(|error| disk(Path::new("/dev/urandom"), &error))?);
        let accounts = format!(
            "CREATE OR REPLACE USER '{administrator}'@'localhost';\n\
             GRANT ALL PRIVILEGES ON *.* TO '{administrator}'@'localhost' WITH GRANT OPTION;\n\
             CREATE OR REPLACE USER '{RESTORER}'@'localhost';\n"
        );
        let accounts = scratch.file(&format!("{name}-accounts.sql"), accounts.as_bytes())?;
        // What the server may read.
        let inside = files.join("accounts.sql");
        fs::rename(&accounts, &inside).map_err(|error| disk(&inside, &error))?;
        let mut more = vec![
            format!("--init-file={}", inside.display()),
            format!("--plugin-dir={}", plugins.display()),
            "--skip-slave-start".to_owned(),
        ];
        more.extend(settings.iter().map(|(key, value)| format!("--{}={value}", key.replace('_', "-"))));
        let data = data.to_owned();
        Server::run(installation, scratch, data, [&temporary, &files], &more, administrator)
            .map(|(server, _)| server)
    }

    fn run(
        installation: &Installation,
        scratch: &mut Scratch,
        data: PathBuf,
        [temporary, files]: [&Path; 2],
        more: &[String],
        administrator: String,
    ) -> Result<(Server, Session), Stop> {
        let log = scratch.folder().join("server.log");
        // Nobody else can reach the socket while the accounts are still those of the installer.
        let sockets = scratch.folder().join("s");
        if !sockets.is_dir() {
            scratch.subfolder("s")?;
        }
        let socket = sockets.join("my.sock");
        // Of a server before this one.
        let _ = fs::remove_file(&socket);
        let _ = fs::remove_file(&log);
        let file = fs::File::create_new(&log).map_err(|error| disk(&log, &error))?;
        let too = file.try_clone().map_err(|error| disk(&log, &error))?;
        let folders = [temporary, &data, files, &sockets];
        let mut mariadbd = scratch.server(&installation.server, Death::Kill, &folders);
        mariadbd
            .arg("--no-defaults")
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", socket.display()))
            .arg(format!("--tmpdir={}", temporary.display()))
            .arg(format!("--secure-file-priv={}", files.display()))
            .args(["--skip-networking", "--skip-name-resolve", "--skip-log-bin", "--skip-symbolic-links"])
            .args(["--local-infile=0", "--event-scheduler=OFF", "--performance-schema=0"])
            .args(["--max-allowed-packet=1G", "--character-set-server=utf8mb4", "--skip-ssl"])
            .args([
                "--innodb-flush-log-at-trx-commit=0",
                "--innodb-doublewrite=0",
                "--innodb-fast-shutdown=2",
            ])
            .args(["--innodb-buffer-pool-size=256M", "--innodb-log-file-size=256M", "--sync-frm=0"])
            .args(more)
            .stdout(file)
            .stderr(too);
        let process = mariadbd
            .spawn()
            .map_err(|error| Stop::CouldNot(format!("the scratch server cannot be started: {error}")))?;
        let mut server = Server {
            client: installation.client.clone(),
            sandbox: installation.sandbox,
            data,
            socket,
            log,
            administrator,
            process,
        };
        let session = server.wait(scratch)?;
        Ok((server, session))
    }

    fn wait(&mut self, scratch: &mut Scratch) -> Result<Session, Stop> {
        let began = Instant::now();
        loop {
            scratch.check()?;
            if self.socket.exists()
                && let Ok(session) = self.session(scratch)
            {
                return Ok(session);
            }
            if matches!(self.process.try_wait(), Ok(Some(_)) | Err(_)) || began.elapsed() > PATIENCE {
                let said = fs::read_to_string(&self.log).unwrap_or_default();
                if is_full(&said) {
                    return Err(Stop::CouldNot(full(scratch.folder())));
                }
                let errors: Vec<&str> =
                    said.lines().filter(|line| line.contains("[ERROR]")).take(3).collect();
                return Err(Stop::CouldNot(format!("{NOT_STARTED}: {}", errors.join("; "))));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Replaces the accounts of the installer.
    fn take_over(&mut self, mut session: Session, scratch: &Scratch) -> Result<(), Stop> {
        let failed = |error| stop(error, scratch);
        let name = format!("drill{}", random().map_err(|error| disk(Path::new("/dev/urandom"), &error))?);
        session.rows(&format!("CREATE USER '{name}'@'localhost'")).map_err(failed)?;
        session
            .rows(&format!("GRANT ALL PRIVILEGES ON *.* TO '{name}'@'localhost' WITH GRANT OPTION"))
            .map_err(failed)?;
        session.rows(&format!("CREATE USER '{RESTORER}'@'localhost'")).map_err(failed)?;
        drop(session);
        self.administrator = name;
        let mut session = self.session(scratch)?;
        let others = session
            .rows("SELECT user, host FROM mysql.user WHERE user NOT LIKE 'drill%' AND user NOT IN ('restorer', 'mariadb.sys')")
            .map_err(failed)?;
        for row in others {
            let [user, host] = row.as_slice() else { continue };
            let text = |value: &str| format!("'{}'", value.replace('\'', "''"));
            session.rows(&format!("DROP USER {}@{}", text(user), text(host))).map_err(failed)?;
        }
        Ok(())
    }

    /// Who the server is; refused where it is not the one that was just started.
    pub fn identity(&self, scratch: &Scratch) -> Result<Identity, Stop> {
        let mut session = self.session(scratch)?;
        let found = server(&mut session).map_err(|error| stop(error, scratch))?;
        let data = session.value("SELECT @@datadir").map_err(|error| stop(error, scratch))?;
        let own = fs::canonicalize(&self.data).ok();
        if own.is_none() || own != fs::canonicalize(data).ok() {
            return Err(Stop::could_not(
                "the server that answers in the scratch folder is not the one that was started there; nothing was written",
            ));
        }
        Ok(found.identity)
    }

    /// Its socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The client, as the account that may do everything.
    fn client(&self, scratch: &Scratch, user: &str) -> Command {
        let mut command = scratch.command(&self.client, Who::Scratch, Death::Kill);
        command
            .arg("--no-defaults")
            .arg(format!("--socket={}", self.socket.display()))
            .arg(format!("--user={user}"))
            .env("HOME", scratch.folder());
        command
    }

    /// The client for a dump: as the account that may do little, and deaf to commands of its own.
    pub fn restorer(&self, scratch: &Scratch, database: &str) -> Command {
        let mut command = self.client(scratch, RESTORER);
        command.args(["--batch", "--binary-mode", "--local-infile=0", "--max-allowed-packet=1G"]).args([
            "--default-character-set=utf8mb4",
            "--skip-auto-rehash",
            "--connect-timeout=20",
        ]);
        if self.sandbox {
            command.arg("--sandbox");
        }
        command.arg(format!("--database={database}"));
        command
    }

    /// A command for a conversation as the account that may do everything.
    pub fn conversation(&self, scratch: &Scratch) -> Command {
        self.client(scratch, &self.administrator)
    }

    /// A conversation as the account that may do everything.
    pub fn session(&self, scratch: &Scratch) -> Result<Session, Stop> {
        let interrupt = scratch.interrupt();
        Session::start(self.conversation(scratch), Box::new(move || interrupt.check().is_ok()))
            .map_err(|error| stop(error, scratch))
    }

    /// Whether what a program says is about this machine rather than about the artefact: a full disk, a server that is gone.
    pub fn still_well(&mut self, scratch: &Scratch, messages: &str) -> Result<(), Stop> {
        let mut log = String::new();
        let _ = fs::File::open(&self.log).map(|file| file.take(1 << 20).read_to_string(&mut log));
        if is_full(messages) || is_full(&log) {
            return Err(Stop::CouldNot(full(scratch.folder())));
        }
        let gone = ["ERROR 2006", "ERROR 2013", "ERROR 2002", "ERROR 1053"];
        let gone = gone.iter().find_map(|sign| messages.lines().find(|line| line.starts_with(sign)));
        if let Some(said) = gone {
            return Err(Stop::CouldNot(format!(
                "the scratch server was ended from outside, or by a lack of memory; this says nothing about the backup: {said}"
            )));
        }
        Ok(())
    }
}

/// Twelve hexadecimal digits that nobody can foresee.
fn random() -> std::io::Result<String> {
    let mut bytes = [0_u8; 6];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn is_full(said: &str) -> bool {
    [
        "No space left",
        "Disk is full",
        "Disk full",
        "Errcode: 28",
        "errno: 28",
        "error 28",
        "ERROR 1114 ",
        "ERROR 1021 ",
    ]
    .iter()
    .any(|sign| said.contains(sign))
}

/// Makes a database, and lets dumps write to it.
pub fn make(session: &mut Session, name: &str) -> Result<(), Error> {
    session.rows(&format!("CREATE DATABASE IF NOT EXISTS {}", quoted(name)))?;
    // In a grant, both stand for any character.
    let pattern = name.replace('\\', "\\\\").replace('_', "\\_").replace('%', "\\%");
    session.rows(&format!("GRANT ALL PRIVILEGES ON {}.* TO '{RESTORER}'@'localhost'", quoted(&pattern)))?;
    Ok(())
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing of it is kept.
        end(&mut self.process);
    }
}

/// An error of the reading side as the end of a drill.
pub fn stop(error: Error, scratch: &Scratch) -> Stop {
    match error {
        Error::Interrupted => Stop::Interrupted,
        Error::Unusable(why) | Error::Answered(why) if is_full(&why) => {
            Stop::CouldNot(full(scratch.folder()))
        }
        Error::Unusable(why) => Stop::CouldNot(format!("the scratch server: {why}")),
        Error::Answered(why) => Stop::CouldNot(format!("the scratch server answered: {why}")),
    }
}
