//! A script of SQL in pieces: its lines, and longer ones in several, so that no line is too long for the memory.

use std::io::{self, BufRead, BufReader, Read};

/// What a line is read in, in bytes; longer ones come in pieces.
const PIECE: u64 = 1 << 20;

/// Gives a script piece by piece.
pub struct Pieces {
    input: BufReader<Box<dyn Read + Send>>,
    /// In the middle of a long line.
    within: bool,
}

impl Pieces {
    /// Of a script.
    pub fn of(script: Box<dyn Read + Send>) -> Pieces {
        Pieces { input: BufReader::with_capacity(256 << 10, script), within: false }
    }

    /// The next piece, and whether a line begins with it; none at the end.
    ///
    /// # Errors
    /// When the script cannot be read further.
    pub fn next(&mut self) -> io::Result<Option<(Vec<u8>, bool)>> {
        let mut piece = Vec::new();
        if self.input.by_ref().take(PIECE).read_until(b'\n', &mut piece)? == 0 {
            return Ok(None);
        }
        let begins = !self.within;
        self.within = piece.last() != Some(&b'\n');
        Ok(Some((piece, begins)))
    }
}

/// Hands out what is ready, as far as it fits.
pub fn hand_out(ready: &[u8], at: &mut usize, buffer: &mut [u8]) -> usize {
    let length = buffer.len().min(ready.len() - *at);
    buffer[..length].copy_from_slice(&ready[*at..*at + length]);
    *at += length;
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_come_in_several_pieces() {
        let mut script = vec![b'a'; PIECE as usize + 3];
        script.extend(b"\nb\nc");
        let mut pieces = Pieces::of(Box::new(io::Cursor::new(script)));
        let mut seen = Vec::new();
        while let Ok(Some((piece, begins))) = pieces.next() {
            seen.push((piece.len(), begins));
        }
        assert_eq!(seen, [(PIECE as usize, true), (4, false), (2, true), (1, true)]);
    }
}
