//! A PostgreSQL server in the scratch folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use seaworthy_database::postgres::{Session, server};
use seaworthy_database::{Error, Identity};

use super::programs::Installation;
use super::quoted;
use crate::Stop;
use crate::scratch::{Death, Feed, Scratch, Who, disk, end, full};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(120);

/// The superuser of the scratch cluster: the usual name, since dumps name it.
pub const SUPERUSER: &str = "postgres";

/// Where the server writes its messages.
const LOG: &str = "server.log";

/// How a server is told of that ended before it answered.
pub const NOT_STARTED: &str = "the scratch server did not start";

/// A running server.
#[derive(Debug)]
pub struct Server {
    bin: PathBuf,
    data: PathBuf,
    socket: PathBuf,
    process: Child,
    /// Its cluster was made by somebody else.
    brought: bool,
}

impl Server {
    /// Makes a cluster and starts it.
    pub fn start(installation: &Installation, scratch: &mut Scratch) -> Result<Server, Stop> {
        let data = scratch.subfolder("data")?;
        let socket = scratch.subfolder("s")?;
        let mut initdb = scratch.server(&installation.bin.join("initdb"), Death::Kill, &[&data]);
        initdb.arg("--pgdata").arg(&data).args([
            "--username",
            SUPERUSER,
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--locale",
            "C.UTF-8",
            "--no-sync",
        ]);
        let finished = scratch.run(initdb, Feed::Nothing, &mut |_| {})?;
        if !finished.success {
            if finished.messages.contains("No space left") {
                return Err(Stop::CouldNot(full(scratch.folder())));
            }
            return Err(Stop::CouldNot(format!(
                "initdb failed ({}): {}",
                finished.status,
                last_lines(&finished.messages)
            )));
        }
        Server::run(installation, scratch, data, socket, &[], None, PATIENCE)
    }

    /// Starts a server on a cluster that somebody else made, with a configuration of the drill's own, and waits until it has
    /// recovered.
    pub fn open(
        installation: &Installation,
        scratch: &mut Scratch,
        data: &Path,
        configuration: &Path,
        tablespaces: Option<&Path>,
        patience: Duration,
    ) -> Result<Server, Stop> {
        let socket = scratch.folder().join("s");
        if !socket.is_dir() {
            scratch.subfolder("s")?;
        }
        // Of a server before this one.
        let _ = fs::remove_file(scratch.folder().join(LOG));
        let more = [format!("config_file={}", configuration.display())];
        Server::run(installation, scratch, data.to_owned(), socket, &more, tablespaces, patience)
    }

    fn run(
        installation: &Installation,
        scratch: &mut Scratch,
        data: PathBuf,
        socket: PathBuf,
        more: &[String],
        tablespaces: Option<&Path>,
        patience: Duration,
    ) -> Result<Server, Stop> {
        let log_path = scratch.folder().join(LOG);
        let log = fs::File::create_new(&log_path).map_err(|error| disk(&log_path, &error))?;
        let log_too = log.try_clone().map_err(|error| disk(&log_path, &error))?;
        let mut folders = vec![data.as_path(), &socket];
        folders.extend(tablespaces);
        let mut postgres = scratch.server(&installation.bin.join("postgres"), Death::Quit, &folders);
        postgres.arg("-D").arg(&data).arg("-k").arg(&socket).stdout(log).stderr(log_too);
        for setting in [
            "listen_addresses=",
            "unix_socket_permissions=0700",
            "fsync=off",
            "full_page_writes=off",
            "synchronous_commit=off",
            "max_wal_size=4GB",
            "checkpoint_timeout=1h",
            "archive_mode=off",
            "autovacuum=off",
            // Files of the folder, not of the machine: they go with it.
            "dynamic_shared_memory_type=mmap",
            "maintenance_work_mem=256MB",
            "logging_collector=off",
        ] {
            postgres.arg("-c").arg(setting);
        }
        // A cluster that was primary once recovers what it was told then.
        let small = ["wal_level=minimal".to_owned(), "max_wal_senders=0".to_owned()];
        for setting in if more.is_empty() { &small } else { more } {
            postgres.arg("-c").arg(setting);
        }
        let process = postgres
            .spawn()
            .map_err(|error| Stop::CouldNot(format!("the scratch server cannot be started: {error}")))?;
        let brought = !more.is_empty();
        let mut server = Server { bin: installation.bin.clone(), data, socket, process, brought };
        server.wait(scratch, &log_path, patience)?;
        Ok(server)
    }

    fn wait(&mut self, scratch: &mut Scratch, log: &Path, patience: Duration) -> Result<(), Stop> {
        let began = Instant::now();
        loop {
            scratch.check()?;
            let ready = fs::read_to_string(self.data.join("postmaster.pid"))
                .is_ok_and(|text| text.lines().nth(7).is_some_and(|line| line.trim() == "ready"));
            if ready {
                return Ok(());
            }
            if matches!(self.process.try_wait(), Ok(Some(_)) | Err(_)) || began.elapsed() > patience {
                let said = fs::read_to_string(log).unwrap_or_default();
                if said.contains("No space left") {
                    return Err(Stop::CouldNot(full(scratch.folder())));
                }
                return Err(Stop::CouldNot(format!("{NOT_STARTED}: {}", last_lines(&said))));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Who the server is; refused where it is not the one that was just made.
    pub fn identity(&self, scratch: &Scratch) -> Result<Identity, Stop> {
        let mut session = self.session(scratch, "template1")?;
        let found = server(&mut session).map_err(|error| stop(error, scratch))?;
        let own = fs::canonicalize(&self.data).ok();
        let said =
            found.identity.data.as_deref().map(PathBuf::from).and_then(|data| fs::canonicalize(data).ok());
        if own.is_none() || own != said {
            return Err(Stop::could_not(
                "the server that answers in the scratch folder is not the one that was started there; nothing was written",
            ));
        }
        Ok(found.identity)
    }

    /// The folder of the socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// A client program that talks to this server and to no other.
    pub fn client(&self, scratch: &Scratch, program: &str, database: &str) -> Command {
        let mut command = scratch.command(&self.bin.join(program), Who::Scratch, Death::Kill);
        self.tell(&mut command, database);
        command
    }

    /// Tells a program where the server is.
    pub fn tell(&self, command: &mut Command, database: &str) {
        command
            .env("PGHOST", &self.socket)
            .env("PGUSER", SUPERUSER)
            .env("PGDATABASE", database)
            .env("PGCLIENTENCODING", "UTF8")
            .env("PGPASSFILE", "/dev/null")
            .env("PGSYSCONFDIR", "/nonexistent")
            .env("PGAPPNAME", "seaworthy");
        if self.brought {
            // Settings of a role or a database are stronger than those of the server, and weaker than these.
            command.env("PGOPTIONS", "-c session_preload_libraries= -c local_preload_libraries=");
        }
    }

    /// A conversation with the server.
    pub fn session(&self, scratch: &Scratch, database: &str) -> Result<Session, Stop> {
        let command = self.client(scratch, "psql", database);
        let interrupt = scratch.interrupt();
        Session::start(command, Box::new(move || interrupt.check().is_ok()))
            .map_err(|error| stop(error, scratch))
    }

    /// Makes an empty database. The C collation goes with every encoding.
    pub fn create(&self, scratch: &Scratch, name: &str, encoding: &str) -> Result<(), Stop> {
        let mut session = self.session(scratch, "template1")?;
        session
            .rows(&format!(
                "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE 'C' LC_CTYPE 'C'",
                quoted(name),
                super::literal(encoding)
            ))
            .map_err(|error| stop(error, scratch))?;
        Ok(())
    }

    /// Whether what a program says is about this machine rather than about the artefact: a full disk, a server that is gone.
    pub fn still_well(&self, scratch: &Scratch, messages: &str) -> Result<(), Stop> {
        if messages.contains("No space left on device") || messages.contains("could not extend file") {
            return Err(Stop::CouldNot(full(scratch.folder())));
        }
        let gone = [
            "server closed the connection unexpectedly",
            "terminating connection",
            "the database system is",
            "connection to server",
            "no connection to the server",
        ];
        if gone.iter().any(|sign| messages.contains(sign)) {
            // A server whose log does not fit on the disk ends itself.
            if log_end(scratch).contains("No space left on device") {
                return Err(Stop::CouldNot(full(scratch.folder())));
            }
            return Err(Stop::CouldNot(format!(
                "the scratch server was ended from outside, or by a lack of memory; this says nothing about the backup: {}",
                last_lines(messages)
            )));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing of it is kept, so the quickest way that gives shared memory back is the right one.
        let pid = i32::try_from(self.process.id()).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
        }
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(5) {
            match self.process.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(5)),
                _ => return,
            }
        }
        end(&mut self.process);
    }
}

/// The last messages of the server.
fn log_end(scratch: &Scratch) -> String {
    use std::io::{Read, Seek, SeekFrom};
    let mut end = Vec::new();
    if let Ok(mut log) = fs::File::open(scratch.folder().join(LOG)) {
        let length = log.metadata().map_or(0, |metadata| metadata.len());
        let _ = log.seek(SeekFrom::Start(length.saturating_sub(64 << 10)));
        let _ = log.take(64 << 10).read_to_end(&mut end);
    }
    String::from_utf8_lossy(&end).into_owned()
}

/// An error of the reading side as the end of a drill.
pub fn stop(error: Error, scratch: &Scratch) -> Stop {
    match error {
        Error::Interrupted => Stop::Interrupted,
        Error::Unusable(why) | Error::Answered(why) if why.contains("No space left") => {
            Stop::CouldNot(full(scratch.folder()))
        }
        Error::Unusable(why) => Stop::CouldNot(format!("the scratch server: {why}")),
        Error::Answered(why) => Stop::CouldNot(format!("the scratch server answered: {why}")),
    }
}

/// The end of what a program said.
pub fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(3)..].join("; ")
}
