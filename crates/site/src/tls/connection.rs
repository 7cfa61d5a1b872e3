//! One connection that ends at its deadline, whatever the other side does.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A connection over TCP. Reads and writes share one deadline, so that a server that sends a byte now and then gains
/// nothing, and what is read in all is bounded.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    deadline: Instant,
    left: usize,
}

impl Connection {
    /// Connects and lets at most `limit` pass until the last byte.
    ///
    /// # Errors
    /// When the other side refuses or does not answer in time.
    pub fn open(address: SocketAddr, limit: Duration) -> io::Result<Connection> {
        let deadline = Instant::now() + limit;
        let stream = TcpStream::connect_timeout(&address, limit.max(Duration::from_millis(1)))?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, deadline, left: 1 << 20 })
    }

    /// Lets at most `limit` pass from now on, where the deadline is not nearer.
    pub fn hurry(&mut self, limit: Duration) {
        self.deadline = self.deadline.min(Instant::now() + limit);
    }

    fn remaining(&self) -> io::Result<Duration> {
        let remaining = self.deadline.saturating_duration_since(Instant::now());
        if remaining < Duration::from_millis(1) { Err(ErrorKind::TimedOut.into()) } else { Ok(remaining) }
    }
}

/// The same name for a time that ran out on every system.
fn timed_out(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::WouldBlock { ErrorKind::TimedOut.into() } else { error }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("more data than a handshake needs"));
        }
        self.stream.set_read_timeout(Some(self.remaining()?))?;
        let room = buffer.len().min(self.left);
        let count = self.stream.read(&mut buffer[..room]).map_err(timed_out)?;
        self.left -= count;
        Ok(count)
    }
}

impl Write for Connection {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.remaining()?))?;
        self.stream.write(buffer).map_err(timed_out)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
