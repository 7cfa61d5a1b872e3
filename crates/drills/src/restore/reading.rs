//! Reading an artefact: compression is peeled off, and copies are damaged on purpose.

use std::fs::File;
use std::io::{self, BufReader, Read};

use serde::Serialize;

use super::artefact::Artefact;
use super::encryption::Decryption;
use super::slice::Slice;
use crate::Stop;
use crate::scratch::Feed;

/// Memory that one decompressor may take, in kibibytes.
const MOST_MEMORY: u32 = 1 << 20;

/// Compression or encryption around an artefact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// xz.
    Xz,
    /// Encrypted, and decrypted by the declared command.
    Encrypted(Box<Decryption>),
}

impl Layer {
    /// The layer that begins so.
    pub fn of(head: &[u8]) -> Option<Layer> {
        if head.starts_with(&[0x1f, 0x8b]) {
            Some(Layer::Gzip)
        } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Some(Layer::Zstd)
        } else if head.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
            Some(Layer::Xz)
        } else {
            None
        }
    }

    /// For people.
    pub fn name(&self) -> &'static str {
        match self {
            Layer::Gzip => "gzip",
            Layer::Zstd => "zstd",
            Layer::Xz => "xz",
            Layer::Encrypted(decryption) => decryption.encryption().name(),
        }
    }
}

/// How a copy is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Damage {
    /// Not at all.
    None,
    /// Its end is missing.
    Truncated,
    /// It has no rows.
    SchemaOnly,
    /// Bytes among its rows are other ones.
    Flipped,
    /// A byte in a copy of the repository that it comes from is another one.
    Repository,
    /// It is whole, and the password of its repository is not the right one.
    Password,
}

/// The artefact, or a damaged copy of it that never touches a disk.
#[derive(Debug, Clone, Copy)]
pub struct Copy<'a> {
    /// The artefact.
    pub artefact: &'a Artefact,
    /// How it is damaged.
    pub damage: Damage,
    /// It is a slice of a larger one.
    pub slice: Option<&'a Slice>,
}

/// A truncated copy has at most so many bytes, so that the control takes no longer than it must.
const LONGEST_TRUNCATED: u64 = 64 << 20;

impl Copy<'_> {
    /// Where a truncated copy ends.
    pub fn end(&self) -> u64 {
        (self.artefact.size / 2).clamp(1, LONGEST_TRUNCATED)
    }

    /// What is inside of all compression, as a program reads it. Where nothing is changed, that is the file itself.
    ///
    /// # Errors
    /// When the artefact cannot be read.
    pub fn feed(&self) -> Result<Feed, Stop> {
        let whole = self.damage != Damage::Truncated && !self.is_stream();
        if self.artefact.layers.is_empty() && whole {
            return Ok(Feed::File(self.open()?));
        }
        Ok(Feed::Stream(self.stream()?))
    }

    /// It must not be read as a file, in which programs look for what is no longer there.
    pub fn is_stream(&self) -> bool {
        self.slice.is_some_and(|slice| slice.rows_at.is_some())
    }

    /// The same as a stream, for who writes it elsewhere.
    ///
    /// # Errors
    /// When the artefact cannot be read.
    pub fn stream_of(&self) -> io::Result<Box<dyn Read + Send>> {
        decode(Box::new(File::open(&self.artefact.path)?), &self.artefact.layers)
    }

    /// The same as a stream.
    ///
    /// # Errors
    /// When the artefact cannot be read.
    pub fn stream(&self) -> Result<Box<dyn Read + Send>, Stop> {
        if let Some((slice, at)) = self.slice.and_then(|slice| Some((slice, slice.rows_at?))) {
            return slice
                .stream(self.damage, at)
                .map_err(|error| Stop::CouldNot(format!("{}: {error}", self.artefact.path.display())));
        }
        let file = self.open()?;
        let bytes: Box<dyn Read + Send> =
            if self.damage == Damage::Truncated { Box::new(file.take(self.end())) } else { Box::new(file) };
        decode(bytes, &self.artefact.layers)
            .map_err(|error| Stop::Refused(format!("{}: cannot be unpacked: {error}", self.artefact.name)))
    }

    /// The file.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(&self) -> Result<File, Stop> {
        File::open(&self.artefact.path).map_err(|error| {
            Stop::CouldNot(format!("{}: cannot be read: {error}", self.artefact.path.display()))
        })
    }
}

/// Peels layers off, outermost first.
///
/// # Errors
/// When a layer's beginning is not what it should be.
pub fn decode(bytes: Box<dyn Read + Send>, layers: &[Layer]) -> io::Result<Box<dyn Read + Send>> {
    let mut bytes = bytes;
    for layer in layers {
        let buffered = BufReader::with_capacity(256 << 10, bytes);
        bytes = match layer {
            Layer::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(buffered)),
            Layer::Zstd => Box::new(Zstd { input: Some(buffered), frame: None }),
            Layer::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(buffered, true, MOST_MEMORY)),
            Layer::Encrypted(decryption) => decryption.open(Box::new(buffered))?,
        };
    }
    Ok(bytes)
}

type Buffered = BufReader<Box<dyn Read + Send>>;
type Frame = ruzstd::decoding::StreamingDecoder<Buffered, ruzstd::decoding::FrameDecoder>;

/// Zstandard's frames, one after the other: parallel compressors write several.
struct Zstd {
    input: Option<Buffered>,
    frame: Option<Box<Frame>>,
}

// The decoder is moved to the thread that reads and used by no other.
impl Read for Zstd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                match frame.read(buffer)? {
                    0 => self.input = self.frame.take().map(|frame| frame.into_inner()),
                    length => return Ok(length),
                }
            }
            let Some(mut input) = self.input.take() else { return Ok(0) };
            if io::BufRead::fill_buf(&mut input)?.is_empty() {
                return Ok(0);
            }
            let frame = ruzstd::decoding::StreamingDecoder::new(input)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
            self.frame = Some(Box::new(frame));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn members_of_gzip_are_read_one_after_the_other_and_a_missing_end_is_an_error() {
        let mut bytes = Vec::new();
        for text in ["one ", "two"] {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            bytes.extend(encoder.finish().unwrap());
        }
        let read = |bytes: &[u8]| {
            let mut text = String::new();
            let bytes = Box::new(io::Cursor::new(bytes.to_vec()));
            decode(bytes, &[Layer::Gzip]).unwrap().read_to_string(&mut text).map(|_| text)
        };
        assert_eq!(read(&bytes).unwrap(), "one two");
        assert!(read(&bytes[..bytes.len() - 3]).is_err());
    }
}
