//! A client for HTTP/1.1 that sends exactly what it is told and keeps what it gets, within bounds.
//!
//! A common client corrects requests, follows redirects, joins headers and waits for as long as a server likes. Here a
//! request is bytes, an answer is what came, and each exchange ends at its deadline and at its caps.

mod answer;
mod client;
mod connect;
mod decode;
mod failure;
mod request;

pub use answer::{Answer, Cut, read_answer};
pub use client::Client;
pub use connect::Names;
pub use decode::{Decoded, decode};
pub use failure::Failure;
pub use request::{Request, USER_AGENT};

use std::time::Duration;

/// Bounds of one exchange.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the first step to the last byte.
    pub time: Duration,
    /// Bytes of the head of an answer (status line and headers).
    pub head: usize,
    /// Headers that are kept.
    pub headers: usize,
    /// Bytes of the body as they come over the wire.
    pub wire: usize,
    /// Bytes of the body after decompression.
    pub plain: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            time: Duration::from_secs(10),
            head: 256 * 1024,
            headers: 500,
            wire: 5 * 1024 * 1024,
            plain: 10 * 1024 * 1024,
        }
    }
}
