//! Tools of repositories as programs of a drill.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::Inside;
use crate::scratch::{Death, Feed, Finished, Scratch, Who, disk, full};
use crate::{Progress, Stop};

/// Lines of a listing that are read, and the longest.
const MOST_LINES: usize = 5_000_000;
const LONGEST_LINE: u64 = 1 << 20;

/// A program on the path.
///
/// # Errors
/// Where it is missing; `package` is what to install.
pub fn find(program: &str, package: &str) -> Result<PathBuf, Stop> {
    std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect::<Vec<_>>())
        .unwrap_or_default()
        .into_iter()
        .chain(["/usr/bin", "/usr/local/bin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
        .ok_or_else(|| Stop::CouldNot(format!("{program} is not installed: {package}")))
}

/// What a program says of its version: the first line.
pub fn version(program: &Path, argument: &str) -> String {
    let output = Command::new(program)
        .arg(argument)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::null())
        .output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(60).collect()
}

/// Variables of the caller that a tool is given.
pub fn inherit(command: &mut Command, names: &[&str]) {
    for name in names {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
}

/// A program whose output goes into a file; of that no more than `most` bytes.
pub fn into_file(
    scratch: &Scratch,
    program: &Path,
    arguments: &[OsString],
    target: &Path,
    most: Option<u64>,
) -> Command {
    let mut command = scratch.command(Path::new("/bin/sh"), Who::Caller, Death::Kill);
    // Nothing of the arguments is read by the shell.
    match most {
        None => command.args(["-c", "out=$1; shift; exec \"$@\" >\"$out\"", "sh"]).arg(target),
        Some(most) => command
            .args(["-c", "out=$1; most=$2; shift 2; \"$@\" | head -c \"$most\" >\"$out\"", "sh"])
            .arg(target)
            .arg(most.to_string()),
    };
    command.arg(program).args(arguments);
    command
}

/// Runs a program to its end, or to the end of its time: then nothing is given.
///
/// # Errors
/// An interrupt, or a program that does not start.
pub fn timed(scratch: &mut Scratch, command: Command, limit: Duration) -> Result<Option<Finished>, Stop> {
    let began = Instant::now();
    let mut late = false;
    let finished = scratch.run(command, Feed::Nothing, &mut |pid| {
        if !late && began.elapsed() > limit {
            late = true;
            if let Some(group) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                let _ = kill_process_group(group, Signal::KILL);
            }
        }
    })?;
    Ok((!late).then_some(finished))
}

/// Runs a program, telling how much of a file it has written.
///
/// # Errors
/// An interrupt, or a program that does not start.
pub fn watched(
    scratch: &mut Scratch,
    command: Command,
    target: &Path,
    size: u64,
    progress: &mut Progress,
) -> Result<Finished, Stop> {
    scratch.run(command, Feed::Nothing, &mut |_| {
        progress.advance(std::fs::metadata(target).map_or(0, |metadata| metadata.len()), size);
    })
}

/// Runs a program that writes a file of a snapshot, or its beginning only. What failed, or wrote less than it should, is given
/// back: the end of a pipe does not tell how its beginning ended.
///
/// # Errors
/// An interrupt, or a program that does not start.
pub fn extract(
    scratch: &mut Scratch,
    command: Command,
    target: &Path,
    (file, most): (&Inside, Option<u64>),
    progress: &mut Progress,
) -> Result<Result<(), Finished>, Stop> {
    let finished = watched(scratch, command, target, file.size, progress)?;
    let written = std::fs::metadata(target).map_or(0, |metadata| metadata.len());
    let whole = finished.success && written >= most.unwrap_or(u64::MAX).min(file.size);
    Ok(if whole { Ok(()) } else { Err(finished) })
}

/// Runs a program that lists a snapshot into a file, one JSON object a line, and reads and removes that file. A program that
/// failed is given back.
///
/// # Errors
/// An interrupt, a program that does not start, or a listing that cannot be read.
pub fn list(
    scratch: &mut Scratch,
    command: Command,
    listing: &Path,
    inside: fn(&serde_json::Value) -> Option<Inside>,
) -> Result<Result<Vec<Inside>, Finished>, Stop> {
    let finished = scratch.run(command, Feed::Nothing, &mut |_| {})?;
    if !finished.success {
        return Ok(Err(finished));
    }
    let mut files = Vec::new();
    lines(listing, &mut |line| files.extend(inside(line)))?;
    std::fs::remove_file(listing).map_err(|error| disk(listing, &error))?;
    Ok(Ok(files))
}

/// What a program that failed said, or the full disk that made it fail.
///
/// # Errors
/// The full disk.
pub fn failed(scratch: &Scratch, tool: &str, finished: &Finished) -> Result<String, Stop> {
    let said = format!("{}\n{}", finished.output.text(), finished.messages);
    if said.contains("No space left on device") {
        return Err(Stop::CouldNot(full(scratch.folder())));
    }
    Ok(format!("{tool}: {} ({})", told(&said), finished.status))
}

/// The lines that say most: the last two that are not the trace of a program.
fn told(said: &str) -> String {
    let lines: Vec<&str> = said
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && !line.starts_with(' ') && !line.starts_with("Traceback"))
        .filter(|line| {
            !["Platform:", "Linux:", "Borg:", "PID:", "sys.argv:", "SSH_ORIGINAL_COMMAND:"]
                .iter()
                .any(|start| line.starts_with(start))
        })
        .collect();
    let errors = lines.iter().filter(|line| {
        let lower = line.to_ascii_lowercase();
        ["error", "fatal", "failed", "wrong", "corrupt", "mismatch", "invalid"]
            .iter()
            .any(|sign| lower.contains(sign))
    });
    let chosen: Vec<&str> = match errors.take(2).copied().collect::<Vec<_>>() {
        errors if errors.is_empty() => lines[lines.len().saturating_sub(2)..].to_vec(),
        errors => errors,
    };
    chosen.join("; ").chars().filter(|c| !c.is_control()).take(300).collect()
}

/// Reads a listing of one JSON object a line.
///
/// # Errors
/// Where it cannot be read, or is too long.
pub fn lines(path: &Path, each: &mut dyn FnMut(&serde_json::Value)) -> Result<(), Stop> {
    let problem = |error: std::io::Error| Stop::CouldNot(format!("the listing cannot be read: {error}"));
    let mut reader = BufReader::new(File::open(path).map_err(problem)?);
    for _ in 0..MOST_LINES {
        let mut line = Vec::new();
        let length =
            std::io::Read::take(&mut reader, LONGEST_LINE).read_until(b'\n', &mut line).map_err(problem)?;
        if length == 0 {
            return Ok(());
        }
        if let Ok(value) = serde_json::from_slice(&line) {
            each(&value);
        }
    }
    Err(Stop::could_not(
        "the snapshot has more files than are listed; let the drill have one of the database backups alone",
    ))
}

/// Words as arguments.
pub fn words<S: AsRef<OsStr>>(words: &[S]) -> Vec<OsString> {
    words.iter().map(|word| word.as_ref().to_owned()).collect()
}
