//! Sends a request and reads its answer.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;

use super::connect::{connect, tolerant};
use super::{Answer, Failure, Limits, Names, Request, read_answer};
use crate::Budget;

/// A client. Each exchange has a connection of its own.
#[derive(Debug)]
pub struct Client {
    names: Names,
    tls: Arc<ClientConfig>,
    limits: Limits,
    /// Hosts of private networks may be asked, because the user named one.
    private: bool,
}

impl Client {
    /// A client with these bounds. `private` is true where the user named a host of a private network.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(names: Names, limits: Limits, private: bool) -> Result<Self, Failure> {
        Ok(Client { names, tls: tolerant()?, limits, private })
    }

    /// What names stand for.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The bounds.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The moment at which an exchange that begins now must be over.
    pub fn until(&self) -> Instant {
        Instant::now() + self.limits.time
    }

    /// Sends a request when the budget allows it, and reads the answer.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn send(&self, request: &Request, budget: &Budget) -> Result<Answer, Failure> {
        self.send_within(request, budget, self.limits.time)
    }

    /// The same, in a time that may be shorter than the bounds.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn send_within(&self, request: &Request, budget: &Budget, time: Duration) -> Result<Answer, Failure> {
        if !budget.take() {
            return Err(Failure::Budget(budget.allowed()));
        }
        let limits = Limits { time: time.min(self.limits.time), ..self.limits };
        let until = Instant::now() + limits.time;
        let seconds = limits.time.as_secs();
        let host = request.url.host_str().unwrap_or_default();
        let addresses = self.names.addresses(&request.url, until)?;
        if !self.private && self.names.is_private(&request.url, until)? {
            return Err(Failure::PrivateAddress(host.to_owned()));
        }
        let mut stream = connect(&request.url, &addresses, until, seconds, &self.tls)?;
        let sent = Instant::now();
        // A server may answer before it has read everything (413, 414, 431): what it says is what counts.
        let written = stream.write_all(&request.bytes()).and_then(|()| stream.flush());
        match read_answer(&mut stream, &request.method, &limits) {
            Ok(mut answer) => {
                answer.duration = sent.elapsed();
                Ok(answer)
            }
            Err(failure) => match written {
                Err(error) if failure == Failure::CutOff => Err(Failure::of(&error, host, seconds)),
                _ => Err(failure),
            },
        }
    }
}
