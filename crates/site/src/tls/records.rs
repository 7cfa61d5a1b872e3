//! What a server sends back: records, handshake messages, alerts. Every byte of it is hostile.

use seaworthy_facts::TlsVersion;

use super::hello;

/// Bytes that are read of one connection at most.
const BYTES: usize = 256 * 1024;
/// Records that are read of one connection at most, since each may be empty.
const RECORDS: usize = 1000;
/// Certificates that are kept of a chain.
pub const CERTIFICATES: usize = 16;
/// The longest record: 2^14 bytes and what encryption may add.
const RECORD: usize = (1 << 14) + 2048;
/// The random bytes by which a ServerHello says that it is a HelloRetryRequest (RFC 8446, 4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// A server's choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHello {
    /// The version that was chosen, by its number where it is none that is known.
    pub version: Result<TlsVersion, u16>,
    /// The cipher suite that was chosen.
    pub suite: u16,
    /// It asks for another hello, with another key share.
    pub retry: bool,
    /// The protocol that was chosen by ALPN.
    pub alpn: Option<String>,
    /// Signed certificate timestamps.
    pub timestamps: u32,
}

/// An alert in the clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert {
    /// It ends the connection.
    pub fatal: bool,
    /// Its number.
    pub description: u8,
}

impl Alert {
    /// As the registry names it.
    pub fn name(self) -> String {
        let name = match self.description {
            0 => "close_notify",
            10 => "unexpected_message",
            20 => "bad_record_mac",
            22 => "record_overflow",
            40 => "handshake_failure",
            42 => "bad_certificate",
            47 => "illegal_parameter",
            50 => "decode_error",
            51 => "decrypt_error",
            70 => "protocol_version",
            71 => "insufficient_security",
            80 => "internal_error",
            86 => "inappropriate_fallback",
            90 => "user_canceled",
            109 => "missing_extension",
            110 => "unsupported_extension",
            112 => "unrecognized_name",
            116 => "certificate_required",
            120 => "no_application_protocol",
            other => return format!("number {other}"),
        };
        name.to_owned()
    }
}

/// Why reading ended before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It speaks HTTP without TLS.
    PlainHttp,
    /// It speaks something else.
    NotTls,
    /// More than is read.
    TooMuch,
    /// A message that breaks the rules, and which.
    Malformed(&'static str),
}

impl Fault {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Fault::PlainHttp => "plain HTTP instead of TLS".to_owned(),
            Fault::NotTls => "something other than TLS".to_owned(),
            Fault::TooMuch => "more data than a handshake needs".to_owned(),
            Fault::Malformed(what) => format!("a malformed {what}"),
        }
    }
}

/// Everything that was read of one connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flight {
    /// The choice.
    pub hello: Option<ServerHello>,
    /// The chain in DER, leaf first, where it was sent in the clear.
    pub chain: Vec<Vec<u8>>,
    /// The stapled OCSP answer.
    pub staple: Option<Vec<u8>>,
    /// The alerts, at most the first few.
    pub alerts: Vec<Alert>,
}

impl Flight {
    /// The alert that ended the handshake.
    pub fn refusal(&self) -> Option<Alert> {
        self.alerts.iter().copied().find(|alert| alert.fatal)
    }
}

/// How much is wanted of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Its choice.
    Hello,
    /// Its choice and its certificates, where they come in the clear.
    Certificates,
}

/// Takes bytes as they come.
#[derive(Debug)]
pub struct Reader {
    wanted: Wanted,
    pending: Vec<u8>,
    messages: Vec<u8>,
    taken: usize,
    records: usize,
    done: bool,
    flight: Flight,
}

impl Reader {
    /// A reader that is done when it has what is wanted.
    pub fn new(wanted: Wanted) -> Self {
        Reader {
            wanted,
            pending: Vec::new(),
            messages: Vec::new(),
            taken: 0,
            records: 0,
            done: false,
            flight: Flight::default(),
        }
    }

    /// Takes more bytes. True when nothing more is wanted.
    ///
    /// # Errors
    /// When what came is no handshake of TLS.
    pub fn take(&mut self, bytes: &[u8]) -> Result<bool, Fault> {
        self.taken = self.taken.saturating_add(bytes.len());
        if self.taken > BYTES {
            return Err(Fault::TooMuch);
        }
        self.pending.extend(bytes);
        while !self.done {
            let Some(length) = self.record_length()? else { break };
            self.records += 1;
            if self.records > RECORDS {
                return Err(Fault::TooMuch);
            }
            let record: Vec<u8> = self.pending.drain(..5 + length).collect();
            self.record(record[0], &record[5..])?;
        }
        Ok(self.done)
    }

    /// What was read so far.
    pub fn flight(self) -> Flight {
        self.flight
    }

    /// The length of the first record when all of it is there.
    fn record_length(&self) -> Result<Option<usize>, Fault> {
        let Some(first) = self.pending.first() else { return Ok(None) };
        if !matches!(first, 20..=24) || self.pending.get(1).is_some_and(|major| *major != 3) {
            let is_http = [&b"HTTP/"[..], b"<!", b"<h"].iter().any(|start| self.pending.starts_with(start));
            // Four bytes are too few to tell; the rest comes with the next read or not at all.
            let may_be_http = b"HTTP/".starts_with(&self.pending[..self.pending.len().min(5)]);
            return match (is_http, may_be_http && self.pending.len() < 5) {
                (true, _) => Err(Fault::PlainHttp),
                (false, true) => Ok(None),
                (false, false) => Err(Fault::NotTls),
            };
        }
        let Some(head) = self.pending.first_chunk::<5>() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
        if length > RECORD {
            return Err(Fault::Malformed("record"));
        }
        Ok((self.pending.len() >= 5 + length).then_some(length))
    }

    fn record(&mut self, kind: u8, body: &[u8]) -> Result<(), Fault> {
        match kind {
            21 => self.alert(body),
            22 => {
                self.messages.extend(body);
                while !self.done {
                    let Some(head) = self.messages.first_chunk::<4>() else { break };
                    let length =
                        usize::from(head[1]) << 16 | usize::from(head[2]) << 8 | usize::from(head[3]);
                    if length > BYTES {
                        return Err(Fault::TooMuch);
                    }
                    if self.messages.len() < 4 + length {
                        break;
                    }
                    let message: Vec<u8> = self.messages.drain(..4 + length).collect();
                    self.message(message[0], &message[4..])?;
                }
                Ok(())
            }
            // Nothing else comes in the clear before the server's part is over.
            _ if self.flight.hello.is_some() => {
                self.done = true;
                Ok(())
            }
            _ => Err(Fault::Malformed("record before the ServerHello")),
        }
    }

    fn alert(&mut self, body: &[u8]) -> Result<(), Fault> {
        let [level, description] = *body else { return Err(Fault::Malformed("alert")) };
        let alert = Alert { fatal: level != 1 || description == 0, description };
        if self.flight.alerts.len() < 8 {
            self.flight.alerts.push(alert);
        }
        self.done |= alert.fatal;
        Ok(())
    }

    fn message(&mut self, kind: u8, body: &[u8]) -> Result<(), Fault> {
        match kind {
            2 if self.flight.hello.is_none() => {
                let hello = server_hello(body).ok_or(Fault::Malformed("ServerHello"))?;
                self.done =
                    self.wanted == Wanted::Hello || hello.version.is_ok_and(|it| it == TlsVersion::Tls13);
                self.flight.hello = Some(hello);
            }
            _ if self.flight.hello.is_none() => {
                return Err(Fault::Malformed("message before the ServerHello"));
            }
            11 if self.flight.chain.is_empty() => {
                self.flight.chain = certificates(body).ok_or(Fault::Malformed("Certificate"))?;
            }
            22 => self.flight.staple = status(body),
            14 => self.done = true,
            _ => {}
        }
        Ok(())
    }
}

/// Reads from the front of bytes.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, width: usize) -> Option<usize> {
        Some(self.take(width)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    fn short(&mut self) -> Option<u16> {
        self.number(2).and_then(|number| u16::try_from(number).ok())
    }

    /// Bytes with their length in `width` bytes before them.
    fn vector(&mut self, width: usize) -> Option<&'a [u8]> {
        let length = self.number(width)?;
        self.take(length)
    }
}

fn server_hello(body: &[u8]) -> Option<ServerHello> {
    let mut bytes = Bytes(body);
    let mut number = bytes.short()?;
    let random = bytes.take(32)?;
    if bytes.vector(1)?.len() > 32 {
        return None;
    }
    let suite = bytes.short()?;
    bytes.take(1)?;
    let (mut alpn, mut timestamps) = (None, 0);
    let mut extensions = if bytes.0.is_empty() { Bytes(&[]) } else { Bytes(bytes.vector(2)?) };
    while !extensions.0.is_empty() {
        let kind = extensions.short()?;
        let content = extensions.vector(2)?;
        match kind {
            16 => alpn = protocol(content),
            18 => timestamps = count(content),
            43 => number = Bytes(content).short()?,
            _ => {}
        }
    }
    let version = hello::version(number).ok_or(number);
    Some(ServerHello { version, suite, retry: random == RETRY, alpn, timestamps })
}

fn protocol(content: &[u8]) -> Option<String> {
    let mut list = Bytes(Bytes(content).vector(2)?);
    let name = std::str::from_utf8(list.vector(1)?).ok()?;
    name.chars().all(|letter| letter.is_ascii_graphic()).then(|| name.to_owned())
}

/// How many signed certificate timestamps a list holds.
fn count(list: &[u8]) -> u32 {
    let Some(list) = Bytes(list).vector(2) else { return 0 };
    let mut list = Bytes(list);
    let mut count = 0;
    while list.vector(2).is_some() {
        count += 1;
    }
    count
}

fn certificates(body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut list = Bytes(Bytes(body).vector(3)?);
    let mut chain = Vec::new();
    while !list.0.is_empty() && chain.len() < CERTIFICATES {
        chain.push(list.vector(3)?.to_vec());
    }
    Some(chain)
}

fn status(body: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Bytes(body);
    (bytes.number(1)? == 1).then(|| bytes.vector(3).map(<[u8]>::to_vec))?
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A record with one ServerHello in it.
    pub(crate) fn server_hello(version: TlsVersion, suite: u16) -> Vec<u8> {
        let mut body = hello::number(version).min(0x0303).to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.push(0);
        body.extend(suite.to_be_bytes());
        body.push(0);
        if version == TlsVersion::Tls13 {
            body.extend([0, 6, 0, 43, 0, 2, 3, 4]);
        }
        record(22, hello::number(version), &message(2, &body))
    }

    /// A record with one fatal alert in it.
    pub(crate) fn alert(description: u8) -> Vec<u8> {
        record(21, 0x0301, &[2, description])
    }

    pub(crate) fn certificates(chain: &[Vec<u8>]) -> Vec<u8> {
        let mut list: Vec<u8> = Vec::new();
        for certificate in chain {
            list.extend(&certificate.len().to_be_bytes()[5..]);
            list.extend(certificate);
        }
        let mut body = list.len().to_be_bytes()[5..].to_vec();
        body.extend(list);
        record(22, 0x0303, &message(11, &body))
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut message = vec![kind];
        message.extend(&body.len().to_be_bytes()[5..]);
        message.extend(body);
        message
    }

    fn record(kind: u8, version: u16, body: &[u8]) -> Vec<u8> {
        let mut record = vec![kind];
        record.extend(version.to_be_bytes());
        record.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        record.extend(body);
        record
    }

    fn all(wanted: Wanted, bytes: &[u8]) -> Result<(bool, Flight), Fault> {
        let mut reader = Reader::new(wanted);
        let done = reader.take(bytes)?;
        Ok((done, reader.flight()))
    }

    #[test]
    fn a_choice_is_read_by_its_version() {
        for version in TlsVersion::ALL {
            let (done, flight) = all(Wanted::Hello, &server_hello(version, 0x0005)).unwrap();
            let hello = flight.hello.unwrap();
            assert_eq!((done, hello.version, hello.suite), (true, Ok(version), 5));
        }
    }

    #[test]
    fn alerts_end_it_or_warn() {
        let (done, flight) = all(Wanted::Hello, &alert(70)).unwrap();
        assert_eq!((done, flight.refusal().unwrap().name()), (true, "protocol_version".to_owned()));
        let warning = record(21, 0x0301, &[1, 112]);
        let (done, flight) = all(Wanted::Hello, &warning).unwrap();
        assert_eq!((done, flight.refusal(), flight.alerts.len()), (false, None, 1));
    }

    #[test]
    fn other_protocols_are_told_apart() {
        assert_eq!(all(Wanted::Hello, b"HTTP/1.1 400 Bad Request\r\n"), Err(Fault::PlainHttp));
        assert_eq!(all(Wanted::Hello, b"<html>"), Err(Fault::PlainHttp));
        assert_eq!(all(Wanted::Hello, b"SSH-2.0-OpenSSH_9.2\r\n"), Err(Fault::NotTls));
        assert_eq!(all(Wanted::Hello, b"220 mail.example ESMTP\r\n"), Err(Fault::NotTls));
        let mut slow = Reader::new(Wanted::Hello);
        assert_eq!(slow.take(b"HT"), Ok(false));
        assert_eq!(slow.take(b"TP/1.0 400"), Err(Fault::PlainHttp));
    }

    #[test]
    fn endless_data_ends() {
        let empty = record(22, 0x0303, &[]);
        assert_eq!(all(Wanted::Hello, &empty.repeat(2000)), Err(Fault::TooMuch));
        let warnings = record(21, 0x0303, &[1, 90]);
        assert_eq!(all(Wanted::Hello, &warnings.repeat(2000)), Err(Fault::TooMuch));
        let filled =
            [server_hello(TlsVersion::Tls12, 5), record(22, 0x0303, &message(12, &[0; 16000])).repeat(20)];
        assert_eq!(all(Wanted::Certificates, &filled.concat()), Err(Fault::TooMuch));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..6)) {
            let mut reader = Reader::new(Wanted::Certificates);
            for piece in pieces {
                if reader.take(&piece).is_err() {
                    break;
                }
            }
        }

        #[test]
        fn any_message_is_read_without_a_panic(kind in 0_u8..30, body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut bytes = server_hello(TlsVersion::Tls12, 5);
            bytes.extend(record(22, 0x0303, &message(kind, &body)));
            let _ = all(Wanted::Certificates, &bytes);
            let _ = all(Wanted::Certificates, &record(22, 0x0303, &message(2, &body)));
        }

        #[test]
        fn what_is_written_is_read_back_however_it_is_cut(
            suite in any::<u16>(),
            chain in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..900), 1..6),
            cut in 1_usize..400,
        ) {
            let bytes = [server_hello(TlsVersion::Tls11, suite), certificates(&chain), record(22, 0x0303, &message(14, &[]))].concat();
            let mut reader = Reader::new(Wanted::Certificates);
            let mut done = false;
            for piece in bytes.chunks(cut) {
                prop_assert!(!done);
                done = reader.take(piece).unwrap();
            }
            prop_assert!(done);
            let flight = reader.flight();
            prop_assert_eq!(flight.chain, chain);
            prop_assert_eq!(flight.hello.unwrap().suite, suite);
        }
    }
}
