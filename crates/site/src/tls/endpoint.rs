//! One address under probe: its handshakes, counted and bounded.

use std::cell::Cell;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::hello::Hello;
use super::records::{Fault, Flight, Reader, Wanted};
use crate::Budget;

/// Connections without an answer in time after which an address is left alone.
const STRIKES: u32 = 3;

/// An address under probe.
#[derive(Debug)]
pub struct Endpoint<'a> {
    /// The host as in the address that the user named, for rustls.
    pub host: String,
    /// The name to ask for; none where the host is an address.
    pub name: Option<String>,
    /// What to connect to.
    pub address: SocketAddr,
    /// The longest time for one connection.
    pub timeout: Duration,
    /// The longest time for all of them.
    pub until: Instant,
    /// What may be sent.
    pub budget: &'a Budget,
    /// Handshakes that were begun.
    pub begun: Cell<u32>,
    /// Connections without an answer in time.
    pub strikes: Cell<u32>,
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Everything that was wanted is there, or an alert refused it.
    Done,
    /// The other side closed.
    Closed,
    /// The other side reset.
    Reset,
    /// Nothing in time.
    TimedOut,
    /// No connection came about, and why.
    Unconnected(String),
    /// What came is no handshake.
    Fault(Fault),
    /// It was not tried: no more may be sent, or the address does not answer.
    Untried(&'static str),
}

impl End {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            End::Done => "answered".to_owned(),
            End::Closed => "closed the connection".to_owned(),
            End::Reset => "reset the connection".to_owned(),
            End::TimedOut => "no answer in time".to_owned(),
            End::Unconnected(why) => why.clone(),
            End::Fault(fault) => fault.words(),
            End::Untried(why) => format!("not tried: {why}"),
        }
    }
}

/// What one hello brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shaken {
    /// What came.
    pub flight: Flight,
    /// How it ended.
    pub end: End,
}

impl Shaken {
    fn failed(end: End) -> Self {
        Shaken { flight: Flight::default(), end }
    }

    /// The server said no, and did not merely fall silent.
    pub fn is_refused(&self) -> bool {
        self.flight.hello.is_none()
            && (self.flight.refusal().is_some() || matches!(self.end, End::Closed | End::Reset))
    }

    /// What the server did, in words.
    pub fn words(&self) -> String {
        match self.flight.refusal() {
            Some(alert) if self.flight.hello.is_none() => format!("alert {}", alert.name()),
            _ => self.end.words(),
        }
    }
}

impl Endpoint<'_> {
    /// Opens a connection within the bounds.
    ///
    /// # Errors
    /// How it ended, when none came about.
    pub fn connect(&self) -> Result<Connection, End> {
        let left = self.until.saturating_duration_since(Instant::now());
        if self.strikes.get() >= STRIKES {
            return Err(End::Untried("the address did not answer three times"));
        }
        if left.is_zero() {
            return Err(End::Untried("the time for this address is used up"));
        }
        if !self.budget.take() {
            return Err(End::Untried("the budget of requests is used up"));
        }
        self.begun.set(self.begun.get() + 1);
        Connection::open(self.address, self.timeout.min(left)).map_err(|error| self.ended(&error, true))
    }

    /// Sends a hello and reads what comes.
    pub fn shake(&self, hello: &Hello<'_>, wanted: Wanted) -> Shaken {
        let mut connection = match self.connect() {
            Ok(connection) => connection,
            Err(end) => return Shaken::failed(end),
        };
        if let Err(error) = connection.write_all(&hello.record()) {
            return Shaken::failed(self.ended(&error, false));
        }
        let mut reader = Reader::new(wanted);
        let mut buffer = [0; 8192];
        let end = loop {
            match connection.read(&mut buffer) {
                Ok(0) => break End::Closed,
                Ok(count) => match reader.take(&buffer[..count]) {
                    Ok(true) => break End::Done,
                    Ok(false) => {}
                    Err(fault) => break End::Fault(fault),
                },
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break self.ended(&error, false),
            }
        };
        Shaken { flight: reader.flight(), end }
    }

    fn ended(&self, error: &std::io::Error, connecting: bool) -> End {
        match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => {
                self.strikes.set(self.strikes.get() + 1);
                End::TimedOut
            }
            ErrorKind::ConnectionRefused if connecting => End::Unconnected("connection refused".to_owned()),
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe
                if !connecting =>
            {
                End::Reset
            }
            _ => End::Unconnected(error.to_string()),
        }
    }
}
