//! Bounds of programs that read an artefact: what is in it was written by somebody else, and some programs wait or turn in
//! circles for ever when they read it. (`pg_restore` does, at the early end of a tar archive that it reads from a pipe.)

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::reading::Damage;
use crate::Stop;
use crate::scratch::{Feed, Finished, Scratch};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(250);

/// A server that works takes at least that much of a processor, or moves that many bytes; one that idles does not.
const WORK: f64 = 0.5;
const BYTES: u64 = 1 << 20;

/// How long a program may go on without getting anywhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Of a processor, in seconds, without a byte read or written.
    spinning: f64,
    /// Without anything at all.
    idle: Duration,
    /// Altogether.
    whole: Option<Duration>,
}

impl Bounds {
    /// For a copy. `good` is how long the undamaged artefact took, in seconds, once that is known: a damaged copy has no
    /// reason to take much longer.
    pub fn of(damage: Damage, good: Option<f64>) -> Bounds {
        match good {
            Some(good) if damage != Damage::None => Bounds {
                spinning: good.clamp(3.0, 30.0),
                idle: Duration::from_secs(20),
                whole: Some(Duration::from_secs_f64(60.0 + 10.0 * good)),
            },
            _ => Bounds { spinning: 30.0, idle: Duration::from_secs(60), whole: None },
        }
    }
}

/// How long a check may take, and a command of the user's.
pub const CHECK: Duration = Duration::from_secs(15 * 60);

/// Runs a program that may wait and work as it likes, for so long at the most. Says why it was ended, where it was.
///
/// # Errors
/// What stops every program of a drill.
pub fn at_most(
    scratch: &mut Scratch,
    command: Command,
    limit: Duration,
) -> Result<Result<Finished, String>, Stop> {
    let bounds = Bounds { spinning: f64::INFINITY, idle: Duration::MAX, whole: Some(limit) };
    match run(scratch, command, Feed::Nothing, bounds, &mut |_| {}) {
        Ok(finished) => Ok(Ok(finished)),
        Err(Stop::Refused(why)) => Ok(Err(why)),
        Err(stop) => Err(stop),
    }
}

/// Runs a program within bounds.
///
/// # Errors
/// [`Stop::Refused`] where it had to be ended because of what it read, and what stops every program of a drill.
pub fn run(
    scratch: &mut Scratch,
    command: Command,
    feed: Feed,
    bounds: Bounds,
    watch: &mut dyn FnMut(u32),
) -> Result<Finished, Stop> {
    let name = command
        .get_args()
        .filter_map(|word| Path::new(word).file_name())
        .find(|name| is_client(&name.to_string_lossy()))
        .map_or_else(|| "the program".to_owned(), |name| name.to_string_lossy().into_owned());
    let over = Arc::new(AtomicBool::new(true));
    let length = match &feed {
        Feed::File(file) => file.metadata().ok().map(|metadata| metadata.len()),
        Feed::Nothing | Feed::Stream(_) => None,
    };
    let feed = match feed {
        Feed::Stream(stream) => {
            over.store(false, Ordering::Relaxed);
            Feed::Stream(Box::new(Told { stream, over: Arc::clone(&over) }))
        }
        other => other,
    };
    let mut look = Look::new(scratch.folder(), bounds);
    let finished = scratch.run(command, feed, &mut |pid| {
        watch(pid);
        look.at(pid);
    })?;
    let Some((_, why)) = look.ended else { return Ok(finished) };
    let read_to_its_end = over.load(Ordering::Relaxed)
        && length.is_none_or(|length| look.position.is_none_or(|at| at >= length));
    if let Err(unread) = &finished.feed {
        return Err(Stop::Refused(format!("the artefact cannot be read to its end: {unread}")));
    }
    match why {
        Why::Idle if !read_to_its_end => Err(Stop::CouldNot(format!(
            "{name} did nothing for {} s, and neither did the server; it was ended",
            bounds.idle.as_secs()
        ))),
        Why::Idle => Err(Stop::Refused(format!(
            "{name} had read everything, and waited for ever; it was ended after {} s",
            bounds.idle.as_secs()
        ))),
        Why::Spinning => Err(Stop::Refused(format!(
            "{name} turned in circles: it read nothing more, and did not end; it was ended after {:.0} s",
            bounds.spinning
        ))),
        Why::Whole => Err(Stop::Refused(format!(
            "{name} took far longer than it should; it was ended after {} s",
            bounds.whole.map_or(0, |whole| whole.as_secs())
        ))),
    }
}

fn is_client(name: &str) -> bool {
    ["pg_restore", "psql", "mariadb", "mysql"].contains(&name)
}

/// A stream that tells when it is over.
struct Told {
    stream: Box<dyn Read + Send>,
    over: Arc<AtomicBool>,
}

impl Read for Told {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer);
        if !matches!(read, Ok(1..)) {
            self.over.store(true, Ordering::Relaxed);
        }
        read
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Spinning,
    Idle,
    Whole,
}

/// What moved, and when.
struct Look {
    folder: PathBuf,
    bounds: Bounds,
    began: Instant,
    looked: Option<Instant>,
    /// The last time that something moved, and where everything was then.
    moved: Instant,
    mark: Option<State>,
    position: Option<u64>,
    ended: Option<(u32, Why)>,
}

/// How much was done.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    bytes: u64,
    processor: f64,
    server_bytes: u64,
    server_processor: f64,
}

impl Look {
    fn new(folder: &Path, bounds: Bounds) -> Look {
        let now = Instant::now();
        Look {
            folder: folder.to_owned(),
            bounds,
            began: now,
            looked: None,
            moved: now,
            mark: None,
            position: None,
            ended: None,
        }
    }

    fn at(&mut self, pid: u32) {
        if self.looked.is_some_and(|looked| looked.elapsed() < PAUSE) || self.ended.is_some() {
            return;
        }
        self.looked = Some(Instant::now());
        self.position = position(pid).or(self.position);
        let (Some(bytes), Some(processor)) = (bytes(pid), processor(pid)) else { return };
        let (server_bytes, server_processor) = self.servers(pid);
        let now = State { bytes, processor, server_bytes, server_processor };
        let why = match self.mark {
            Some(mark)
                if now.bytes == mark.bytes
                    && now.server_processor - mark.server_processor < WORK
                    && now.server_bytes.saturating_sub(mark.server_bytes) < BYTES =>
            {
                if now.processor - mark.processor > self.bounds.spinning {
                    Some(Why::Spinning)
                } else if self.moved.elapsed() > self.bounds.idle && now.processor - mark.processor < WORK {
                    Some(Why::Idle)
                } else {
                    None
                }
            }
            _ => {
                self.moved = Instant::now();
                self.mark = Some(now);
                None
            }
        };
        let late = self.bounds.whole.is_some_and(|whole| self.began.elapsed() > whole);
        if let Some(why) = why.or(late.then_some(Why::Whole)) {
            self.ended = Some((pid, why));
            if let Some(group) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                let _ = kill_process_group(group, Signal::KILL);
            }
        }
    }

    /// What the other processes of the scratch folder did: those of its server.
    fn servers(&self, child: u32) -> (u64, f64) {
        let Ok(entries) = fs::read_dir("/proc") else { return (0, 0.0) };
        entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
            .filter(|pid| *pid != child)
            .filter(|pid| {
                fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(&self.folder))
            })
            .fold((0, 0.0), |(all, seconds), pid| {
                (all + bytes(pid).unwrap_or(0), seconds + processor(pid).unwrap_or(0.0))
            })
    }
}

/// Bytes that a process read and wrote.
fn bytes(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
    let of = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    Some(of("rchar:")? + of("wchar:")?)
}

/// Seconds of a processor that a process and its former children took.
fn processor(pid: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// Where a program is in the file that it reads.
pub fn position(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/fdinfo/0")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("pos:"))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt as _;
    use std::process::Stdio;

    use super::*;

    /// What ends a script, and with which signal it went.
    fn ended(script: &str, bounds: Bounds) -> (Why, Option<i32>) {
        use std::os::unix::process::ExitStatusExt as _;
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let mut child = Command::new("sh")
            .args(["-c", script])
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{error}"));
        let mut look = Look::new(folder.path(), bounds);
        let why = loop {
            look.at(child.id());
            if let Some((_, why)) = look.ended {
                break why;
            }
            if let Ok(Some(status)) = child.try_wait() {
                panic!("`{script}` ended by itself: {status}");
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let status = child.wait().unwrap_or_else(|error| panic!("{error}"));
        (why, status.signal())
    }

    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn what_turns_in_circles_is_ended() {
        let bounds = Bounds { spinning: 0.3, idle: LONG, whole: None };
        assert_eq!(ended("while :; do :; done", bounds), (Why::Spinning, Some(9)));
    }

    #[test]
    fn what_waits_for_ever_is_ended() {
        let bounds = Bounds { spinning: 600.0, idle: Duration::from_millis(300), whole: None };
        assert_eq!(ended("exec sleep 600", bounds), (Why::Idle, Some(9)));
    }

    #[test]
    fn what_goes_on_and_on_is_ended_although_it_moves() {
        let bounds = Bounds { spinning: 600.0, idle: LONG, whole: Some(Duration::from_millis(600)) };
        assert_eq!(ended("exec cat /dev/zero", bounds), (Why::Whole, Some(9)));
    }

    #[test]
    fn only_damaged_copies_are_held_against_the_good_restore() {
        assert_eq!(Bounds::of(Damage::None, Some(1.0)).whole, None);
        assert_eq!(Bounds::of(Damage::SchemaOnly, Some(1.0)).whole, Some(Duration::from_secs(70)));
    }
}
