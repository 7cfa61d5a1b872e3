//! The collector of a running site: asks politely over HTTP, shakes hands over TLS, looks with a browser.
//!
//! It reads only: GET, HEAD and OPTIONS, and a bounded set of malformed requests where the user asked for them. It gives
//! facts and no verdict. Everything that a site answers is hostile: sizes, times, redirects and counts are bounded, and a
//! part that fails is an absence with a cause.

mod assets;
pub mod browser;
mod budget;
mod collect;
mod crawl;
mod dns;
mod exchanges;
pub mod http;
pub mod leaks;
mod minify;
mod plain;
mod probe;
mod record;
mod redact;
mod target;
mod timing;
pub mod tls;

use std::path::PathBuf;
use std::time::Duration;

pub use budget::Budget;
pub use collect::collect;
pub use crawl::{html, legal, robots};
pub use target::{Target, TargetError, environment};

/// What the collector needs.
#[derive(Debug, Clone)]
pub struct Input {
    /// The addresses, in the order in which the user named them.
    pub targets: Vec<Target>,
    /// Send the malformed requests also to what is not staging.
    pub probe_errors: bool,
    /// Certificates of private certification authorities, PEM.
    pub ca_file: Option<PathBuf>,
    /// Requests and handshakes that may be sent to each address.
    pub requests: u32,
    /// The longest time for one answer.
    pub timeout: Duration,
    /// Look with a browser where one is installed.
    pub browser: bool,
    /// Further arguments of the browser.
    pub browser_arguments: Vec<String>,
}
