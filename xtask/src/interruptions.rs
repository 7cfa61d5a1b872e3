//! Ends restore drills at random moments, and counts what is left of them.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use seaworthy_testkit::postgres::Postgres;

use crate::Outcome;
use crate::step::program;

/// After this time nothing may be left.
const PATIENCE: Duration = Duration::from_secs(5);

/// Interrupts `count` drills and prints how many left something.
pub fn run(root: &Path, count: &str) -> Outcome {
    let count: usize = count.parse().map_err(|_| format!("--count {count}: no number"))?;
    let program = program(root, false)?;
    let place = std::env::temp_dir().join(format!("interruptions-{}", std::process::id()));
    let outcome = all(&program, &place, count);
    let _ = fs::remove_dir_all(&place);
    outcome
}

fn all(program: &Path, place: &Path, count: usize) -> Outcome {
    let made = |error: std::io::Error| format!("{}: {error}", place.display());
    let scratch = place.join("scratch");
    fs::create_dir_all(&scratch).map_err(made)?;
    fs::create_dir_all(place.join("backups")).map_err(made)?;
    fs::set_permissions(place, fs::Permissions::from_mode(0o755)).map_err(made)?;
    fs::set_permissions(&scratch, fs::Permissions::from_mode(0o1777)).map_err(made)?;
    let server = Postgres::start();
    server.run("postgres", "CREATE DATABASE shop");
    server.run("shop", "CREATE TABLE t(id serial PRIMARY KEY, v text); INSERT INTO t(v) SELECT md5(g::text) FROM generate_series(1, 20000) g");
    let artefact = place.join("backups/shop.dump");
    server.dump("shop", &artefact, &["-Fc"]);
    let before = fs::read(&artefact).map_err(made)?;
    let drill = || {
        let mut drill = Command::new(program);
        drill
            .current_dir(place)
            .args([
                "drill",
                "restore",
                ".",
                "--yes",
                "--no-record",
                "--scratch",
                "scratch",
                "--from",
                "backups",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        drill
    };
    let began = Instant::now();
    let status = drill().status().map_err(|error| format!("the drill cannot be started: {error}"))?;
    if !status.success() {
        return Err(format!("a drill that nobody interrupts fails ({status})"));
    }
    let whole = began.elapsed();
    let mut survivors = 0;
    let mut longest = Duration::ZERO;
    let mut early = 0;
    for round in 0..count {
        let mut child = drill().spawn().map_err(|error| format!("the drill cannot be started: {error}"))?;
        std::thread::sleep(whole.mul_f64(random()?));
        let pid = child.id().to_string();
        // The drill, its supervisor, or both at once.
        let (signal, victims) = match round % 4 {
            0 | 1 => ("KILL", vec![pid]),
            2 => ("INT", vec![pid]),
            _ => ("KILL", children(&pid).into_iter().take(1).collect()),
        };
        if child.try_wait().is_ok_and(|status| status.is_some()) {
            early += 1;
        }
        let _ = Command::new("kill").arg("-s").arg(signal).args(&victims).stderr(Stdio::null()).status();
        let _ = child.wait();
        let ended = Instant::now();
        loop {
            let left = left(&scratch);
            if left.is_empty() {
                longest = longest.max(ended.elapsed());
                break;
            }
            if ended.elapsed() > PATIENCE {
                survivors += 1;
                println!("round {round} ({signal}): {}", left.join(", "));
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let touched = fs::read(&artefact).map_err(made)? != before
        || server.run("shop", "SELECT count(*) FROM t") != "20000";
    println!(
        "{count} interruptions at random moments of {:.1} s ({early} after the end), {survivors} survivors; the longest clean-up took \
         {:.2} s; the user's server and backup {}",
        whole.as_secs_f64(),
        longest.as_secs_f64(),
        if touched { "WERE TOUCHED" } else { "were not touched" }
    );
    if survivors > 0 || touched { Err("a drill left something behind".to_owned()) } else { Ok(()) }
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
