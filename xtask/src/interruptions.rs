//! Ends restore drills at random moments, and counts what is left of them.
//!
//! Everything lies in one folder, which a supervisor of the program itself watches: when this task is ended, however, the
//! supervisor stops its server and its drills and removes the folder.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use seaworthy_testkit::postgres::Postgres;

use crate::Outcome;
use crate::step::program;

/// After this time nothing may be left.
const PATIENCE: Duration = Duration::from_secs(5);

/// Drills at the same time: they must not be in each other's way, either.
const AT_ONCE: usize = 2;

/// Interrupts `count` drills and prints how many left something.
pub fn run(root: &Path, count: &str) -> Outcome {
    let count: usize = count.parse().map_err(|_| format!("--count {count}: no number"))?;
    let program = program(root, false)?;
    let place = std::env::temp_dir().join(format!("seaworthy-drill-x{}", std::process::id()));
    let mut supervisor = supervised(&program, &place)?;
    let outcome = all(&program, &place, count);
    // It ends what is there when the pipe closes.
    drop(supervisor.stdin.take());
    let _ = supervisor.wait();
    outcome
}

/// Starts a supervisor, which makes the folder, and empties and removes it when its standard input closes.
pub fn supervised(program: &Path, place: &Path) -> Result<Child, String> {
    let failed = |error: std::io::Error| format!("the supervisor does not start: {error}");
    let mut supervisor = Command::new(program)
        .args(["__scratch", "supervise"])
        .arg(place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut line = String::new();
    if let Some(stdout) = supervisor.stdout.take() {
        BufReader::new(stdout).read_line(&mut line).map_err(failed)?;
    }
    if line.trim() == "ready" { Ok(supervisor) } else { Err(format!("the supervisor says {line}")) }
}

/// What the interruptions came to.
#[derive(Default)]
struct Tally {
    survivors: usize,
    late: usize,
    longest: Duration,
}

fn all(program: &Path, place: &Path, count: usize) -> Outcome {
    let made = |error: std::io::Error| format!("{}: {error}", place.display());
    let open = |path: &Path, mode: u32| {
        fs::create_dir_all(path).and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(mode)))
    };
    open(place, 0o755).map_err(made)?;
    fs::create_dir_all(place.join("backups")).map_err(made)?;
    let server = Postgres::start_under(place);
    server.run("postgres", "CREATE DATABASE shop");
    server.run("shop", "CREATE TABLE t(id serial PRIMARY KEY, v text); INSERT INTO t(v) SELECT md5(g::text) FROM generate_series(1, 20000) g");
    let artefact = place.join("backups/shop.dump");
    server.dump("shop", &artefact, &["-Fc"]);
    let before = fs::read(&artefact).map_err(made)?;
    let drill = |scratch: &Path| {
        let mut drill = Command::new(program);
        drill
            .current_dir(place)
            .args(["drill", "restore", "backups", "--yes", "--no-record", "--from", "backups", "--scratch"])
            .arg(scratch)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        drill
    };
    let scratches: Vec<PathBuf> = (0..AT_ONCE).map(|worker| place.join(format!("s{worker}"))).collect();
    for scratch in &scratches {
        open(scratch, 0o1777).map_err(made)?;
    }
    let began = Instant::now();
    let status =
        drill(&scratches[0]).status().map_err(|error| format!("the drill cannot be started: {error}"))?;
    if !status.success() {
        return Err(format!("a drill that nobody interrupts fails ({status})"));
    }
    let whole = began.elapsed();
    let began = Instant::now();
    let next = AtomicUsize::new(0);
    let tally = Mutex::new(Tally::default());
    let worker = |scratch: &Path| -> Outcome {
        loop {
            let round = next.fetch_add(1, Ordering::Relaxed);
            if round >= count {
                return Ok(());
            }
            let found = interrupted(drill(scratch), scratch, whole, round)?;
            let mut tally = tally.lock().map_err(|_| "a worker was lost".to_owned())?;
            tally.survivors += found.survivors;
            tally.late += found.late;
            tally.longest = tally.longest.max(found.longest);
            if (round + 1).is_multiple_of(10) {
                println!(
                    "{} of {count}, {} survivors, {:.0} s",
                    round + 1,
                    tally.survivors,
                    began.elapsed().as_secs_f64()
                );
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = scratches.iter().map(|scratch| scope.spawn(|| worker(scratch))).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| "a worker was lost".to_owned())?)
    })?;
    let tally = tally.into_inner().map_err(|_| "a worker was lost".to_owned())?;
    let touched = fs::read(&artefact).map_err(made)? != before
        || server.run("shop", "SELECT count(*) FROM t") != "20000";
    println!(
        "{count} interruptions in {:.0} s, at random moments of drills of {:.1} s ({} after the end), {} survivors; the longest clean-up \
         took {:.2} s; the user's server and backup {}",
        began.elapsed().as_secs_f64(),
        whole.as_secs_f64(),
        tally.late,
        tally.survivors,
        tally.longest.as_secs_f64(),
        if touched { "WERE TOUCHED" } else { "were not touched" }
    );
    if tally.survivors > 0 || touched { Err("a drill left something behind".to_owned()) } else { Ok(()) }
}

/// Starts a drill, ends it, and looks for what it left.
fn interrupted(mut drill: Command, scratch: &Path, whole: Duration, round: usize) -> Result<Tally, String> {
    let mut child = drill.spawn().map_err(|error| format!("the drill cannot be started: {error}"))?;
    // Every moment is possible, and early ones, when the frame is being built, are the likelier ones.
    let part = random()?;
    std::thread::sleep(whole.mul_f64(1.3 * part * part));
    let pid = child.id().to_string();
    // The drill, or its supervisor.
    let (signal, victims) = match round % 4 {
        0 => ("KILL", vec![pid]),
        1 => ("TERM", vec![pid]),
        2 => ("INT", vec![pid]),
        _ => ("KILL", children(&pid).into_iter().take(1).collect()),
    };
    let mut tally = Tally::default();
    if child.try_wait().is_ok_and(|status| status.is_some()) {
        tally.late = 1;
    } else if !victims.is_empty() {
        let _ = Command::new("kill").arg("-s").arg(signal).args(&victims).stderr(Stdio::null()).status();
    }
    let _ = child.wait();
    let ended = Instant::now();
    loop {
        let left = left(scratch);
        if left.is_empty() {
            tally.longest = ended.elapsed();
            return Ok(tally);
        }
        if ended.elapsed() > PATIENCE {
            println!("round {round} ({signal} to {} processes): {}", victims.len(), left.join(", "));
            tally.survivors = 1;
            return Ok(tally);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A number from 0 to 1.
fn random() -> Result<f64, String> {
    let mut bytes = [0_u8; 4];
    fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(|error| format!("/dev/urandom: {error}"))?;
    Ok(f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX))
}

fn children(pid: &str) -> Vec<String> {
    fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))
        .map(|text| text.split_whitespace().map(str::to_owned).collect())
        .unwrap_or_default()
}

/// Folders, and processes that work in them or name them.
fn left(scratch: &Path) -> Vec<String> {
    let mut left: Vec<String> = fs::read_dir(scratch)
        .map(|entries| entries.flatten().map(|entry| entry.path().display().to_string()).collect())
        .unwrap_or_default();
    let processes: Vec<PathBuf> = fs::read_dir("/proc")
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    let prefix = format!("{}/seaworthy-drill-", scratch.display());
    for process in processes {
        let inside = fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(scratch));
        let named = fs::read(process.join("cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(prefix.as_str()));
        if inside || named {
            let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
            left.push(format!("{} {}", process.display(), name.trim()));
        }
    }
    left
}
