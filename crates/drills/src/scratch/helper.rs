//! What the program does under its hidden subcommand: launch, supervise, sweep, clear.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use rustix::process::{Resource, Rlimit, Signal, getppid, setrlimit, setsid};

use super::confinement::{Rooms, confine};
use super::{PREFIX, Reach, reap};

/// The file in a scratch folder that tells by its lock whether somebody still owns the folder.
const OWNER: &str = "owner";

/// A program that may reach whatever its user may.
pub const UNCONFINED: &str = "anything";

/// Before a path that a confined program may read.
pub const READ: &str = "--read";

/// Before a folder that a confined program may do everything in.
pub const WRITE: &str = "--write";

/// After this time a folder without an owner file was given up between two steps.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// Runs the hidden subcommand.
pub fn main(arguments: &[OsString]) -> ExitCode {
    let words: Vec<&str> = arguments.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    let outcome = match words.as_slice() {
        ["run", death, parent, reach, _, ..] => launch(death, parent, reach, &arguments[4..]),
        ["confinement", folder] => {
            let rooms = Rooms { write: vec![PathBuf::from(folder)], ..Rooms::default() };
            confine(Reach::Nothing, Path::new("/bin/true"), &rooms)
                .map(|held| writeln!(std::io::stdout(), "{}", held.word()).unwrap_or_default())
        }
        ["supervise", folder] => supervise(Path::new(folder)),
        ["sweep", base] => {
            sweep(Path::new(base));
            Ok(())
        }
        ["clear", folder] => {
            reap::clear(Path::new(folder));
            Ok(())
        }
        _ => Err("this subcommand is for the program itself".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "seaworthy: {why}");
            ExitCode::from(127)
        }
    }
}

/// Becomes the program, which gets a signal when its parent dies.
fn launch(death: &str, parent: &str, reach: &str, words: &[OsString]) -> Result<(), String> {
    let mut words = words;
    let mut rooms = Rooms::default();
    while let [flag, path, rest @ ..] = words {
        match flag.to_str() {
            Some(READ) => rooms.read.push(PathBuf::from(path)),
            Some(WRITE) => rooms.write.push(PathBuf::from(path)),
            _ => break,
        }
        words = rest;
    }
    let [program, arguments @ ..] = words else { return Err("there is no program to start".to_owned()) };
    let signal = if death == "quit" { Signal::QUIT } else { Signal::KILL };
    // SIGQUIT would leave cores behind.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(signal)).map_err(|error| error.to_string())?;
    // The parent may have died before the kernel knew.
    if getppid().map(|pid| pid.as_raw_nonzero().to_string()).as_deref() != Some(parent) {
        return Err("the drill is gone".to_owned());
    }
    if reach != UNCONFINED {
        let reach = Reach::of(reach).ok_or_else(|| format!("{reach}: no reach of a program"))?;
        confine(reach, Path::new(program), &rooms)
            .map_err(|why| format!("{} cannot be confined, and is not started: {why}", program.display()))?;
    }
    let error = Command::new(program).args(arguments).exec();
    Err(format!("{} cannot be started: {error}", program.display()))
}

/// Makes the folder, waits for the end of the drill, and removes all of it.
fn supervise(folder: &Path) -> Result<(), String> {
    // A session of its own: what the terminal sends to the drill does not end this.
    let _ = setsid();
    let ignored = Arc::new(AtomicBool::new(false));
    for signal in [
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGINT,
        signal_hook::consts::SIGHUP,
        signal_hook::consts::SIGQUIT,
        signal_hook::consts::SIGPIPE,
    ] {
        let _ = signal_hook::flag::register(signal, Arc::clone(&ignored));
    }
    let owner = match own(folder) {
        Ok(owner) => owner,
        Err(error) => {
            let _ = writeln!(std::io::stdout(), "{error}");
            return Err(error);
        }
    };
    let mut stdout = std::io::stdout();
    let heard = writeln!(stdout, "ready").and_then(|()| stdout.flush());
    if heard.is_ok() {
        let mut byte = [0_u8; 1];
        loop {
            match std::io::stdin().read(&mut byte) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Ok(1..) => {}
                _ => break,
            }
        }
    }
    reap::clear(folder);
    drop(owner);
    Ok(())
}

/// Makes the folder and the file whose lock says that it is in use.
fn own(folder: &Path) -> Result<File, String> {
    fs::DirBuilder::new().mode(0o700).create(folder).map_err(|error| error.to_string())?;
    let unlocked = folder.join("owner.new");
    let owner = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unlocked)
        .map_err(|error| error.to_string())?;
    owner.lock().map_err(|error| error.to_string())?;
    // It gets its name once it is locked, so that a sweep never sees it unlocked.
    fs::rename(&unlocked, folder.join(OWNER)).map_err(|error| error.to_string())?;
    Ok(owner)
}

/// Removes what drills left whose supervisor is gone as well.
fn sweep(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else { return };
    let own_uid = rustix::process::geteuid().as_raw();
    for entry in entries.flatten() {
        if !entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        let path = entry.path();
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        if !metadata.is_dir() || metadata.uid() != own_uid {
            continue;
        }
        let owner = File::options()
            .write(true)
            .custom_flags(i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0))
            .open(path.join(OWNER));
        match owner {
            Ok(owner) => {
                if owner.try_lock().is_ok() {
                    reap::clear(&path);
                }
            }
            Err(_) => {
                let old = metadata
                    .modified()
                    .ok()
                    .and_then(|at| SystemTime::now().duration_since(at).ok())
                    .is_some_and(|age| age > FORGOTTEN);
                if old {
                    let _ = fs::remove_file(path.join("owner.new"));
                    // Only where it is empty.
                    let _ = fs::remove_dir(&path);
                }
            }
        }
    }
}
