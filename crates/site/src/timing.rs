//! How long the home page takes, asked a few times with pauses.

use url::Url;

use crate::http::Request;
use crate::probe::Probe;

/// Times that it is asked.
const REPEATS: usize = 5;

/// Durations in milliseconds from the end of the request to the end of the answer: without resolving the name, connecting
/// and shaking hands.
pub fn repeats(probe: &mut Probe<'_>, home: &Url) -> Vec<f64> {
    let mut durations = Vec::new();
    for _ in 0..REPEATS {
        match probe.send(&Request::get(home)) {
            Ok(answer) if answer.cut.is_none() => {
                durations.push((answer.duration.as_secs_f64() * 1_000_000.0).round() / 1000.0);
            }
            Ok(_) => break,
            Err(failure) => {
                probe.failed("a repeat of the home page", &Request::get(home), &failure);
                break;
            }
        }
    }
    durations
}
