//! What the two client programs have in common: lines that arrive while the other side still works, and rows.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, sync_channel};

use crate::Error;

/// An answer larger than this is not read, in bytes.
pub(crate) const LARGEST: usize = 256 << 20;

/// Reads lines in a thread of its own, so that the one who waits for them can also stop waiting. It ends with the stream.
pub(crate) fn lines(stream: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (send, lines) = sync_channel(1024);
    std::thread::spawn(move || {
        let mut reader = BufReader::with_capacity(64 << 10, stream);
        loop {
            let mut line = Vec::new();
            match reader.by_ref().take(LARGEST as u64).read_until(b'\n', &mut line) {
                Ok(1..) => {}
                _ => return,
            }
            if send.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// The first field of the first row.
pub(crate) fn first(rows: Vec<Vec<String>>) -> Result<String, Error> {
    rows.into_iter()
        .next()
        .and_then(|row| row.into_iter().next())
        .ok_or_else(|| Error::Answered("the server answered without a row".to_owned()))
}
