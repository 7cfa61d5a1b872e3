//! Ends the processes that work in a scratch folder, and removes it.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::MARK;

/// After this time servers that were asked to end are killed.
const GRACE: Duration = Duration::from_secs(2);

/// After this time it is left to the next sweep.
const PATIENCE: Duration = Duration::from_secs(15);

/// Ends every process whose working folder or mark is this folder, then removes the folder.
pub fn clear(folder: &Path) {
    let began = Instant::now();
    let memory = shared_memory(folder);
    while began.elapsed() < PATIENCE {
        let processes = processes_in(folder);
        if processes.is_empty() {
            break;
        }
        for pid in processes {
            // PostgreSQL gives its shared memory back when it may end by itself.
            let server = is_server(pid) && began.elapsed() < GRACE;
            let _ = kill_process(pid, if server { Signal::QUIT } else { Signal::KILL });
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    for (key, id) in memory {
        remove_memory(&key, &id);
    }
    while began.elapsed() < PATIENCE {
        match fs::remove_dir_all(folder) {
            Ok(()) => return,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// The processes of this account that work in the folder. Those of others cannot be seen, and are not the drill's.
fn processes_in(folder: &Path) -> Vec<Pid> {
    let own = std::process::id();
    let mark = [MARK.as_bytes(), b"=", folder.as_os_str().as_bytes(), b"\0"].concat();
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| u32::try_from(*pid) != Ok(own))
        .filter(|pid| {
            let inside = fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
            inside
                || fs::read(format!("/proc/{pid}/environ"))
                    .is_ok_and(|environ| environ.windows(mark.len()).any(|window| window == mark))
        })
        .filter_map(Pid::from_raw)
        .collect()
}

fn is_server(pid: Pid) -> bool {
    fs::read_to_string(format!("/proc/{}/comm", pid.as_raw_nonzero()))
        .is_ok_and(|name| name.trim() == "postgres")
}

/// The shared memory of the servers whose data directories are in the folder: key and id.
fn shared_memory(folder: &Path) -> Vec<(String, String)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path().join("postmaster.pid")).ok())
        .filter_map(|text| {
            let mut words = text.lines().nth(6)?.split_whitespace();
            Some((words.next()?.to_owned(), words.next()?.to_owned()))
        })
        .collect()
}

/// Removes a segment of shared memory that a killed server left, where it is still that one and nobody uses it.
fn remove_memory(key: &str, id: &str) {
    let Ok(segments) = fs::read_to_string("/proc/sysvipc/shm") else { return };
    let left = segments.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.first() == Some(&key) && fields.get(1) == Some(&id) && fields.get(6) == Some(&"0")
    });
    if left {
        let _ = Command::new("ipcrm").args(["-m", id]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}
