//! Takes the compression off a body, up to a cap.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// The largest window that a sender may ask for (RFC 8878, section 3.1.1.1.2, recommends to support 8 MiB).
const ZSTD_WINDOW: u64 = 8 * 1024 * 1024;
/// More layers of compression than anybody uses.
const LAYERS: usize = 4;

/// A body without its compression.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// What it is, up to the cap.
    pub bytes: Vec<u8>,
    /// It is longer than the cap.
    pub too_large: bool,
    /// The compression is broken or of a kind that is not known.
    pub broken: bool,
}

/// Undoes a `Content-Encoding`. What cannot be decoded further is handed out as far as it came.
pub fn decode(encoding: &str, body: Vec<u8>, cap: usize) -> Decoded {
    let layers: Vec<&str> = encoding
        .split(',')
        .map(str::trim)
        .filter(|layer| !layer.is_empty() && *layer != "identity")
        .collect();
    if layers.len() > LAYERS {
        return Decoded { bytes: Vec::new(), too_large: false, broken: true };
    }
    let mut decoded = Decoded { bytes: body, ..Decoded::default() };
    if layers.is_empty() && decoded.bytes.len() > cap {
        decoded.bytes.truncate(cap);
        decoded.too_large = true;
    }
    for layer in layers.iter().rev() {
        let input = std::mem::take(&mut decoded.bytes);
        let complete = match *layer {
            "gzip" | "x-gzip" => pour(MultiGzDecoder::new(input.as_slice()), cap, &mut decoded),
            // Some servers send the bare stream although the standard asks for zlib's wrapping (RFC 9110, 8.4.1.2).
            "deflate" if is_zlib(&input) => pour(ZlibDecoder::new(input.as_slice()), cap, &mut decoded),
            "deflate" => pour(DeflateDecoder::new(input.as_slice()), cap, &mut decoded),
            "br" => pour(brotli::Decompressor::new(input.as_slice(), 16 * 1024), cap, &mut decoded),
            "zstd" => match ruzstd::decoding::StreamingDecoder::new_with_max_window_size(
                input.as_slice(),
                ZSTD_WINDOW,
            ) {
                Ok(decoder) => pour(decoder, cap, &mut decoded),
                Err(_) => false,
            },
            _ => false,
        };
        if !complete {
            decoded.broken = !decoded.too_large;
            break;
        }
    }
    decoded
}

fn is_zlib(input: &[u8]) -> bool {
    matches!(input, [first, second, ..] if first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0)
}

/// Reads to the end or to the cap. False when it ended early.
fn pour(from: impl Read, cap: usize, into: &mut Decoded) -> bool {
    let outcome = from.take(cap as u64 + 1).read_to_end(&mut into.bytes);
    if into.bytes.len() > cap {
        into.bytes.truncate(cap);
        into.too_large = true;
    }
    outcome.is_ok() && !into.too_large
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn brotli(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        brotli::BrotliCompress(&mut &*text, &mut out, &brotli::enc::BrotliEncoderParams::default()).unwrap();
        out
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn undoes_what_browsers_know() {
        let text = b"hello hello hello hello".to_vec();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(&text).unwrap();
        let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        bare.write_all(&text).unwrap();
        for (encoding, body) in [
            ("gzip", gzip(&text)),
            ("br", brotli(&text)),
            ("zstd", zstd(&text)),
            ("deflate", zlib.finish().unwrap()),
            ("deflate", bare.finish().unwrap()),
            ("identity", text.clone()),
            ("gzip, br", brotli(&gzip(&text))),
        ] {
            let decoded = decode(encoding, body, 1000);
            assert_eq!(decoded, Decoded { bytes: text.clone(), ..Decoded::default() }, "{encoding}");
        }
    }

    #[test]
    fn a_bomb_stops_at_the_cap() {
        let zeros = vec![0; 20_000_000];
        for (encoding, body) in [("gzip", gzip(&zeros)), ("br", brotli(&zeros)), ("zstd", zstd(&zeros))] {
            assert!(body.len() < 100_000, "{encoding}: {}", body.len());
            let decoded = decode(encoding, body, 4096);
            assert_eq!(
                (decoded.bytes.len(), decoded.too_large, decoded.broken),
                (4096, true, false),
                "{encoding}"
            );
        }
    }

    #[test]
    fn broken_streams_give_what_came() {
        let mut half = gzip(b"hello hello hello");
        half.truncate(half.len() - 9);
        assert!(decode("gzip", half, 1000).broken);
        assert!(decode("br", vec![0xff; 50], 1000).broken);
        assert!(decode("zstd", vec![1, 2, 3], 1000).broken);
        assert!(decode("aes128gcm", vec![1], 1000).broken);
    }
}
