//! The first message of a handshake, as a client of each version would send it.

use seaworthy_facts::TlsVersion;

/// A signalling value instead of the extension of the same meaning (RFC 5746).
const RENEGOTIATION: u16 = 0x00ff;

/// What is offered to a server.
#[derive(Debug, Clone, Copy)]
pub struct Hello<'a> {
    /// The newest version that the client speaks; TLS 1.3 is offered alone.
    pub version: TlsVersion,
    /// Cipher suites, best first.
    pub suites: &'a [u16],
    /// The name to ask for; none for an address.
    pub host: Option<&'a str>,
}

/// The number of a version on the wire.
pub fn number(version: TlsVersion) -> u16 {
    match version {
        TlsVersion::Ssl3 => 0x0300,
        TlsVersion::Tls10 => 0x0301,
        TlsVersion::Tls11 => 0x0302,
        TlsVersion::Tls12 => 0x0303,
        TlsVersion::Tls13 => 0x0304,
    }
}

/// The version of a number.
pub fn version(number: u16) -> Option<TlsVersion> {
    TlsVersion::ALL.into_iter().find(|version| self::number(*version) == number)
}

impl Hello<'_> {
    /// The record that holds the message.
    pub fn record(&self) -> Vec<u8> {
        let mut message = self.message();
        let padding = if self.version == TlsVersion::Ssl3 { 0 } else { padding(message.len()) };
        if padding > 0 {
            message = self.padded(padding);
        }
        // Old servers refuse a record whose version they do not know; the field means nothing to new ones.
        let outer = number(self.version).min(0x0301);
        let mut record = vec![22];
        record.extend(outer.to_be_bytes());
        vector16(&mut record, |record| record.extend(message));
        record
    }

    fn message(&self) -> Vec<u8> {
        self.padded(0)
    }

    fn padded(&self, padding: usize) -> Vec<u8> {
        let mut body = Vec::new();
        body.extend(number(self.version).min(0x0303).to_be_bytes());
        body.extend(filler(1));
        let session: &[u8] = if self.version == TlsVersion::Tls13 { &filler(2) } else { &[] };
        vector8(&mut body, |body| body.extend(session));
        vector16(&mut body, |body| {
            for suite in self.suites.iter().filter(|suite| **suite != RENEGOTIATION) {
                body.extend(suite.to_be_bytes());
            }
            if self.version == TlsVersion::Ssl3 {
                body.extend(RENEGOTIATION.to_be_bytes());
            }
        });
        body.extend([1, 0]);
        if self.version != TlsVersion::Ssl3 {
            vector16(&mut body, |body| {
                self.extensions(body);
                if padding > 0 {
                    extension(body, 21, |body| body.extend(std::iter::repeat_n(0, padding - 4)));
                }
            });
        }
        let mut message = vec![1];
        vector24(&mut message, |message| message.extend(body));
        message
    }

    fn extensions(&self, body: &mut Vec<u8>) {
        if let Some(host) = self.host {
            extension(body, 0, |body| {
                vector16(body, |body| {
                    body.push(0);
                    vector16(body, |body| body.extend(host.as_bytes()));
                });
            });
        }
        // OCSP stapling.
        extension(body, 5, |body| body.extend([1, 0, 0, 0, 0]));
        extension(body, 10, |body| {
            // X25519MLKEM768, x25519, P-256, x448, P-521, P-384, ffdhe2048 and ffdhe3072; older curves for old servers.
            let groups: &[u16] = &[0x11ec, 29, 23, 30, 25, 24, 256, 257, 28, 27, 26, 22, 14, 13, 21, 19];
            vector16(body, |body| groups.iter().for_each(|group| body.extend(group.to_be_bytes())));
        });
        extension(body, 11, |body| body.extend([1, 0]));
        if self.version >= TlsVersion::Tls12 {
            extension(body, 13, |body| {
                let schemes: &[u16] = &[
                    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b,
                    0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0302, 0x0402, 0x0502, 0x0602, 0x0203, 0x0201,
                    0x0202, 0x0101,
                ];
                vector16(body, |body| schemes.iter().for_each(|scheme| body.extend(scheme.to_be_bytes())));
            });
        }
        extension(body, 16, |body| vector16(body, |body| vector8(body, |body| body.extend(b"http/1.1"))));
        // Signed certificate timestamps, extended master secret, session ticket, renegotiation.
        extension(body, 18, |_| {});
        if self.version < TlsVersion::Tls13 {
            extension(body, 23, |_| {});
            extension(body, 35, |_| {});
            extension(body, 0xff01, |body| body.push(0));
        } else {
            extension(body, 43, |body| vector8(body, |body| body.extend(number(self.version).to_be_bytes())));
            extension(body, 45, |body| body.extend([1, 1]));
            extension(body, 51, |body| {
                vector16(body, |body| {
                    body.extend(29_u16.to_be_bytes());
                    vector16(body, |body| body.extend(filler(3)));
                });
            });
        }
    }
}

/// Some load balancers hang on messages of 256 to 511 bytes (RFC 7685): lengthens those, with the extension's head.
fn padding(length: usize) -> usize {
    if (256..512).contains(&length) { (512 - length).max(4) } else { 0 }
}

/// Bytes where a client would have random ones. No handshake is brought to its end, so nothing depends on them.
fn filler(seed: u8) -> [u8; 32] {
    std::array::from_fn(|index| {
        seed.wrapping_mul(89).wrapping_add(u8::try_from(index).unwrap_or(0).wrapping_mul(37))
    })
}

fn extension(body: &mut Vec<u8>, kind: u16, fill: impl FnOnce(&mut Vec<u8>)) {
    body.extend(kind.to_be_bytes());
    vector16(body, fill);
}

fn vector8(body: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    vector(body, 1, fill);
}

fn vector16(body: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    vector(body, 2, fill);
}

fn vector24(body: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    vector(body, 3, fill);
}

/// What `fill` writes, with its length in `width` bytes before it.
fn vector(body: &mut Vec<u8>, width: usize, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut content = Vec::new();
    fill(&mut content);
    let length = content.len().to_be_bytes();
    body.extend(&length[length.len() - width..]);
    body.extend(content);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;
    use rustls::server::Acceptor;

    use super::*;

    fn read_by_rustls(record: &[u8]) -> (Option<String>, Vec<u16>) {
        let mut acceptor = Acceptor::default();
        acceptor.read_tls(&mut Cursor::new(record)).unwrap();
        let accepted = acceptor.accept().map_err(|(error, _)| error).unwrap().unwrap();
        let hello = accepted.client_hello();
        let alpn: Vec<&[u8]> = hello.alpn().unwrap().collect();
        assert_eq!(alpn, [b"http/1.1"]);
        let suites = hello.cipher_suites().iter().map(|suite| u16::from(*suite)).collect();
        (hello.server_name().map(str::to_owned), suites)
    }

    #[test]
    fn ssl_3_has_no_extensions() {
        let record = Hello { version: TlsVersion::Ssl3, suites: &[4, 5], host: Some("a.example") }.record();
        assert_eq!(&record[..11], [22, 3, 0, 0, 49, 1, 0, 0, 45, 3, 0]);
        assert_eq!(&record[43..], [0, 0, 6, 0, 4, 0, 5, 0, 255, 1, 0]);
    }

    #[test]
    fn lengths_that_hang_load_balancers_are_left_out() {
        for version in TlsVersion::ALL {
            for count in 1..300 {
                let suites: Vec<u16> = (1..=count).collect();
                let length = Hello { version, suites: &suites, host: Some("a.example") }.record().len() - 5;
                assert!(version == TlsVersion::Ssl3 || !(256..512).contains(&length), "{length}");
            }
        }
    }

    proptest! {
        #[test]
        fn another_implementation_reads_what_is_written(
            new in any::<bool>(),
            suites in proptest::collection::vec(0x1301..0x1306_u16, 1..200),
            host in "[a-z]{1,20}\\.example",
        ) {
            let version = if new { TlsVersion::Tls13 } else { TlsVersion::Tls12 };
            let record = Hello { version, suites: &suites, host: Some(&host) }.record();
            prop_assert_eq!(read_by_rustls(&record), (Some(host), suites));
        }
    }
}
