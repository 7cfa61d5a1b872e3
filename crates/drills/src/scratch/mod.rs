//! The scratch folder: everything that a drill starts and writes is in it, and goes with it.
//!
//! Three things keep the promise that nothing is left behind:
//!
//! 1. A **supervisor**: the program started again, in a session of its own, with a pipe to the drill. It makes the folder
//!    and holds a lock on its owner file. When the pipe closes, for whatever reason, SIGKILL of the drill included, it
//!    ends every process that works in the folder and removes the folder.
//! 2. A **death signal**: every program of the drill is started through a small launcher that asks the kernel for a signal
//!    when the drill dies. Servers therefore go even when drill and supervisor are killed together.
//! 3. A **sweep** at the start of the next drill, for what a power cut left: folders with the prefix whose owner file can
//!    be locked, and which belong to the same account.
//!
//! What programs reach is bounded as well: see `confinement`.
//!
//! Names are generated, never taken from the user. When run as root, all of it belongs to an account without privileges.

mod account;
mod confinement;
pub mod helper;
mod reap;
mod run;

use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

pub use account::Account;
pub use confinement::{Held, Reach};
pub use run::{Captured, Feed, Finished, end};

use crate::{Interrupt, Stop};

/// What the name of every scratch folder starts with.
pub const PREFIX: &str = "seaworthy-drill-";

/// The variable that tells the scratch folder to every program of the drill; the supervisor knows them by it.
pub const MARK: &str = "SEAWORTHY_SCRATCH";

/// The hidden subcommand of the program.
pub const SUBCOMMAND: &str = "__scratch";

/// The program itself, also where its path cannot be reached by another account.
const SELF: &str = "/proc/self/exe";

/// How long the supervisor may take to clean up, and to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// The longest path of the folder: the path of a socket in it may have 107 bytes.
const LONGEST: usize = 70;

/// As whom a program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The account without privileges, where the drill has some; confined.
    Scratch,
    /// Whoever started the drill, unconfined: what the user wants to be run.
    Caller,
}

/// A folder that goes, with every process in it, when this value does or the process dies.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    account: Option<Account>,
    supervisor: Child,
    pipe: Option<ChildStdin>,
    interrupt: Interrupt,
    held: Held,
    readable: Vec<PathBuf>,
}

/// Where scratch folders are made when nothing else is said: on a disk, for databases are large.
pub fn default_base() -> PathBuf {
    match std::env::var_os("TMPDIR").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from("/var/tmp"),
    }
}

impl Scratch {
    /// Sweeps what earlier drills left under `base`, then makes a folder there.
    ///
    /// # Errors
    /// When the folder cannot be made, or the supervisor does not start.
    pub fn create(base: &Path, account: Option<Account>, interrupt: Interrupt) -> Result<Scratch, Stop> {
        let base = fs::canonicalize(base)
            .map_err(|error| Stop::Usage(format!("{}: no scratch folder: {error}", base.display())))?;
        // What an earlier drill left must not keep this one from running.
        let _ = helper(account.as_ref(), &[OsStr::new("sweep"), base.as_os_str()]).status();
        let folder = base.join(format!("{PREFIX}{}", random().map_err(|error| started(&error))?));
        if folder.as_os_str().len() > LONGEST {
            return Err(Stop::Usage(format!(
                "{}: the path is too long for the socket of a server; name a shorter one with --scratch",
                base.display()
            )));
        }
        let mut supervisor = helper(account.as_ref(), &[OsStr::new("supervise"), folder.as_os_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| started(&error))?;
        let pipe = supervisor.stdin.take();
        let said = supervisor.stdout.take();
        let readable = Vec::new();
        let held = Held::NotAtAll;
        let mut scratch = Scratch { folder, account, supervisor, pipe, interrupt, held, readable };
        let mut line = String::new();
        if let Some(said) = said {
            let _ = BufReader::new(said.take(4096)).read_line(&mut line);
        }
        match line.trim_end() {
            "ready" => {
                let words = [OsStr::new("confinement"), scratch.folder.as_os_str()];
                scratch.held = confinement::probe(helper(scratch.account.as_ref(), &words))?;
                Ok(scratch)
            }
            why => {
                let user = scratch.account.as_ref().map_or(String::new(), |account| {
                    format!(" (the drill works there as the user {})", account.name)
                });
                Err(Stop::CouldNot(format!("{}: no scratch folder can be made{user}: {why}", base.display())))
            }
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The account that programs run as, where it is not the caller's.
    pub fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    /// How far this kernel holds the programs of the drill.
    pub fn held(&self) -> Held {
        self.held
    }

    /// Lets the programs of the drill read a file or a folder elsewhere, as far as their account may.
    pub fn may_read(&mut self, path: &Path) {
        self.readable.push(path.to_owned());
    }

    /// What asks to stop.
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// Whether somebody asked to stop, or the supervisor is gone.
    ///
    /// # Errors
    /// The reason to stop.
    pub fn check(&mut self) -> Result<(), Stop> {
        self.interrupt.check()?;
        match self.supervisor.try_wait() {
            Ok(None) => Ok(()),
            _ => Err(Stop::could_not("the supervisor of the drill was ended; the drill stops, too")),
        }
    }

    /// A program that ends with the drill: its folder is the scratch folder, its environment is clean, and signals of the
    /// terminal do not reach it. `death` is the signal that it gets when the drill dies. It may connect to Unix sockets,
    /// where it is not the caller's.
    pub fn command(&self, program: &Path, who: Who, death: Death) -> Command {
        match who {
            Who::Scratch => self.confined(program, death, Reach::Sockets, &[&self.folder]),
            Who::Caller => self.launch(None, death, &[OsStr::new(helper::UNCONFINED), program.as_os_str()]),
        }
    }

    /// The same for a server, and for what makes its files: it runs what is in a backup, connects to nothing, and writes to
    /// `folders` only.
    pub fn server(&self, program: &Path, death: Death, folders: &[&Path]) -> Command {
        self.confined(program, death, Reach::Nothing, folders)
    }

    fn confined(&self, program: &Path, death: Death, reach: Reach, folders: &[&Path]) -> Command {
        let mut words = vec![OsStr::new(reach.word())];
        for path in &self.readable {
            words.extend([OsStr::new(helper::READ), path.as_os_str()]);
        }
        for folder in folders {
            words.extend([OsStr::new(helper::WRITE), folder.as_os_str()]);
        }
        words.push(program.as_os_str());
        let mut command = self.launch(self.account.as_ref(), death, &words);
        if let Some(folder) = folders.first() {
            command.env("TMPDIR", folder);
        }
        command
    }

    fn launch(&self, account: Option<&Account>, death: Death, words: &[&OsStr]) -> Command {
        let pid = std::process::id().to_string();
        let words = [&["run", death.word(), &pid].map(OsStr::new), words].concat();
        let mut command = helper(account, &words);
        command.current_dir(&self.folder).env(MARK, &self.folder).process_group(0);
        command
    }

    /// Makes a folder inside, owned by the account.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn subfolder(&self, name: &str) -> Result<PathBuf, Stop> {
        let path = self.folder.join(name);
        let problem = |error: io::Error| disk(&path, &error);
        fs::create_dir(&path).map_err(problem)?;
        self.give(&path)?;
        Ok(path)
    }

    /// Gives a file of the folder to the account.
    ///
    /// # Errors
    /// When that is not possible.
    pub fn give(&self, path: &Path) -> Result<(), Stop> {
        if let Some(account) = &self.account {
            std::os::unix::fs::lchown(path, Some(account.uid), Some(account.gid))
                .map_err(|error| disk(path, &error))?;
        }
        Ok(())
    }

    /// Makes a file inside for a program to read. What is there already is not written to.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn file(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Stop> {
        let path = self.folder.join(name);
        fs::File::create_new(&path)
            .and_then(|mut file| file.write_all(bytes))
            .map_err(|error| disk(&path, &error))?;
        self.give(&path)?;
        Ok(path)
    }

    /// Removes everything now.
    ///
    /// # Errors
    /// What is left, where something is.
    pub fn close(mut self) -> Result<(), Stop> {
        self.clear();
        match fs::symlink_metadata(&self.folder) {
            Err(_) => Ok(()),
            Ok(_) => Err(Stop::CouldNot(format!(
                "{}: not everything could be removed; the next drill tries again",
                self.folder.display()
            ))),
        }
    }

    fn clear(&mut self) {
        drop(self.pipe.take());
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            match self.supervisor.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(10)),
                _ => break,
            }
        }
        if self.folder.exists() {
            // The supervisor was killed, or could not remove what the caller's own programs wrote.
            let _ = helper(self.account.as_ref(), &[OsStr::new("clear"), self.folder.as_os_str()]).status();
            if self.folder.exists() {
                reap::clear(&self.folder);
            }
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.pipe.is_some() || self.folder.exists() {
            self.clear();
        }
    }
}

/// The signal that a program gets when the drill dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// SIGKILL.
    Kill,
    /// SIGQUIT: PostgreSQL's immediate shutdown, which also gives its shared memory back.
    Quit,
}

impl Death {
    fn word(self) -> &'static str {
        match self {
            Death::Kill => "kill",
            Death::Quit => "quit",
        }
    }
}

/// A program of the caller's that ends with the drill, where there is no scratch folder yet. Of the environment it has
/// what every program of a drill has.
pub fn caller(program: &OsStr) -> Command {
    let pid = std::process::id().to_string();
    let words = ["run", Death::Kill.word(), &pid, helper::UNCONFINED].map(OsStr::new);
    let mut command = helper(None, &[&words[..], &[program]].concat());
    command.process_group(0);
    command
}

/// The program itself with the hidden subcommand, as an account.
fn helper(account: Option<&Account>, words: &[&OsStr]) -> Command {
    let mut command = Command::new(SELF);
    command
        .arg0("seaworthy")
        .arg(SUBCOMMAND)
        .args(words)
        .current_dir("/")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()))
        // Messages of programs are read.
        .env("LC_ALL", "C.UTF-8")
        .env("LANGUAGE", "C")
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Some(account) = account {
        // This also gives up the supplementary groups.
        command.uid(account.uid).gid(account.gid);
    }
    command
}

fn started(error: &io::Error) -> Stop {
    Stop::CouldNot(format!("the supervisor of the drill cannot be started: {error}"))
}

/// A problem with a file of the scratch folder.
pub fn disk(path: &Path, error: &io::Error) -> Stop {
    if error.kind() == io::ErrorKind::StorageFull {
        return Stop::CouldNot(full(path));
    }
    Stop::CouldNot(format!("{}: {error}", path.display()))
}

/// The disk of the scratch folder is full.
pub fn full(path: &Path) -> String {
    format!(
        "the disk of the scratch folder is full ({}); name another place with --scratch. This says nothing about the backup",
        path.display()
    )
}

/// Twelve hexadecimal digits that nobody can foresee.
pub fn random() -> io::Result<String> {
    let mut bytes = [0_u8; 6];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
