//! Runs a program and keeps its output and its time.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::step::show;

/// What a program wrote, and how long it took.
pub struct Ran {
    /// Standard output.
    pub output: Vec<u8>,
    /// Wall time.
    pub took: Duration,
}

/// Runs it. Scanners end with codes that tell what they found, so only a program that cannot be run is a failure.
pub fn timed(command: &mut Command) -> Result<Ran, String> {
    let began = Instant::now();
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .map_err(|error| format!("`{}` could not be started: {error}", show(command)))?;
    Ok(Ran { output: output.stdout, took: began.elapsed() })
}

/// The middle of several.
pub fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// In seconds, with as many digits as mean something.
pub fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 10.0 { format!("{seconds:.2} s") } else { format!("{seconds:.0} s") }
}
