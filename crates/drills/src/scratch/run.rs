//! Running a program of the drill: its input fed, its output bounded, its end awaited without being deaf to an interrupt.

use std::fs::File;
use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::Scratch;
use crate::Stop;

/// Standard output that is kept at the most.
const MOST_OUTPUT: usize = 64 << 20;

/// Of the messages, that much of the beginning and of the end is kept.
const MOST_MESSAGES: usize = 256 << 10;

/// What a program reads.
pub enum Feed {
    /// Nothing.
    Nothing,
    /// A file, at its own speed.
    File(File),
    /// What this gives.
    Stream(Box<dyn Read + Send>),
}

/// How a program ended.
#[derive(Debug)]
pub struct Finished {
    /// With success.
    pub success: bool,
    /// How, for people.
    pub status: String,
    /// Its output, where it is not too long.
    pub output: Captured,
    /// Its messages.
    pub messages: String,
    /// What it was fed with could not be read to its end.
    pub feed: Result<u64, String>,
}

/// What a program wrote.
#[derive(Debug, Default)]
pub struct Captured {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// There was more.
    pub cut: bool,
}

impl Captured {
    /// As text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl Scratch {
    /// Runs a program to its end. `watch` is called now and then.
    ///
    /// # Errors
    /// An interrupt, or a program that does not start.
    pub fn run(
        &mut self,
        mut command: Command,
        feed: Feed,
        watch: &mut dyn FnMut(u32),
    ) -> Result<Finished, Stop> {
        self.check()?;
        let stream = match feed {
            Feed::Nothing => None,
            Feed::File(file) => {
                command.stdin(Stdio::from(file));
                None
            }
            Feed::Stream(stream) => {
                command.stdin(Stdio::piped());
                Some(stream)
            }
        };
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|error| {
                Stop::CouldNot(format!("a program of the drill cannot be started: {error}"))
            })?;
        let feeding = stream.and_then(|stream| Some(feed_in(stream, child.stdin.take()?)));
        let output = child.stdout.take().map(|pipe| std::thread::spawn(move || capture(pipe)));
        let messages = child.stderr.take().map(|pipe| std::thread::spawn(move || both_ends(pipe)));
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) => {}
                Err(error) => {
                    return Err(Stop::CouldNot(format!("a program of the drill was lost: {error}")));
                }
            }
            if let Err(stop) = self.check() {
                end(&mut child);
                return Err(stop);
            }
            watch(child.id());
            std::thread::sleep(Duration::from_millis(10));
        };
        // What it left behind may hold the pipes open for ever.
        if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        Ok(Finished {
            success: status.success(),
            status: status.to_string(),
            output: output.and_then(|thread| thread.join().ok()).unwrap_or_default(),
            messages: messages.and_then(|thread| thread.join().ok()).unwrap_or_default(),
            feed: feeding
                .map_or(Ok(0), |thread| thread.join().unwrap_or_else(|_| Err("it was lost".to_owned()))),
        })
    }
}

/// Ends a program and those that it started.
pub fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Gives bytes to a program. That it reads no further is no fault of what is fed.
fn feed_in(
    mut stream: Box<dyn Read + Send>,
    mut pipe: impl Write + Send + 'static,
) -> JoinHandle<Result<u64, String>> {
    std::thread::spawn(move || {
        let mut buffer = vec![0_u8; 128 << 10];
        let mut fed = 0;
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => return Ok(fed),
                Ok(length) => {
                    if pipe.write_all(&buffer[..length]).is_err() {
                        return Ok(fed);
                    }
                    fed += length as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    })
}

fn capture(mut pipe: impl Read) -> Captured {
    let mut bytes = Vec::new();
    let _ = pipe.by_ref().take(MOST_OUTPUT as u64).read_to_end(&mut bytes);
    // The program must not stand still because nobody reads.
    let cut = io::copy(&mut pipe, &mut io::sink()).is_ok_and(|more| more > 0);
    Captured { bytes, cut }
}

fn both_ends(mut pipe: impl Read) -> String {
    let mut head = Vec::new();
    let _ = pipe.by_ref().take(MOST_MESSAGES as u64).read_to_end(&mut head);
    let mut tail: Vec<u8> = Vec::new();
    let mut buffer = [0_u8; 16 << 10];
    while let Ok(length @ 1..) = pipe.read(&mut buffer) {
        tail.extend(&buffer[..length]);
        if tail.len() > 2 * MOST_MESSAGES {
            tail.drain(..tail.len() - MOST_MESSAGES);
        }
    }
    head.extend(tail);
    String::from_utf8_lossy(&head).into_owned()
}
