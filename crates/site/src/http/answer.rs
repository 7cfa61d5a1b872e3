//! Reads an answer: its head, its body in any of the three framings, within bounds.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use httparse::{EMPTY_HEADER, ParserConfig, Status};

use super::{Failure, Limits, decode};

/// Interim answers (1xx) that are read over.
const INTERIM: usize = 8;
/// The line before a chunk: a length and extensions that nobody uses.
const CHUNK_LINE: usize = 4096;

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers in their order, names in lower case, repeated ones as often as they came.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Headers that were left out because there were more than are kept.
    pub left_out: usize,
    /// The body without its compression, up to the cap.
    pub body: Vec<u8>,
    /// Bytes of the body as they came over the wire.
    pub wire: usize,
    /// The answer was not read to its end, and why.
    pub cut: Option<Cut>,
    /// The compression of the body is broken or of a kind that is not known.
    pub broken: bool,
    /// From the end of the request to the end of the answer.
    pub duration: Duration,
}

/// Why an answer was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Cut {
    /// The head has no end within the cap; there is no body.
    #[error("the headers are longer than {0} bytes; the rest was not read")]
    Head(usize),
    /// The body is longer than the cap.
    #[error("the body is longer than {0} bytes; the rest was not read")]
    Wire(usize),
    /// The body unpacks to more than the cap.
    #[error("the body unpacks to more than {0} bytes; the rest was not unpacked")]
    Plain(usize),
    /// The deadline came.
    #[error("the answer was not complete within {0} s")]
    Time(u64),
    /// The connection ended early.
    #[error("the connection was cut off in the middle of the answer")]
    Connection,
    /// The framing of the body is broken.
    #[error("the length of the body is told in a broken way")]
    Framing,
}

impl Answer {
    /// The values of a header as text, in their order.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        self.headers
            .iter()
            .filter(move |(header, _)| header == name)
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    /// The media type without its parameters, in lower case.
    pub fn media_type(&self) -> String {
        let value = self.header("content-type").next().unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The answer is a page for people.
    pub fn is_html(&self) -> bool {
        matches!(self.media_type().as_str(), "text/html" | "application/xhtml+xml")
    }

    /// `Content-Encoding` in lower case; none where there is none.
    pub fn encoding(&self) -> Option<String> {
        let all: Vec<String> = self.header("content-encoding").collect();
        let all = all.join(", ").trim().to_ascii_lowercase();
        (!all.is_empty() && all != "identity").then_some(all)
    }

    /// The body as text.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

/// Reads the answer to a request with this method.
///
/// # Errors
/// When what comes is no answer of HTTP/1, or nothing comes.
pub fn read_answer(from: &mut dyn Read, method: &str, limits: &Limits) -> Result<Answer, Failure> {
    let mut source = Source { from, buffer: Vec::new(), at: 0, taken: 0 };
    for _ in 0..INTERIM {
        let (head, complete) = source.head(limits)?;
        let mut answer = parse_head(&head, complete, limits)?;
        if (100..200).contains(&answer.status) && answer.status != 101 && complete {
            continue;
        }
        if !complete {
            answer.cut = Some(Cut::Head(limits.head));
            return Ok(answer);
        }
        let bodiless = method == "HEAD" || matches!(answer.status, 101 | 204 | 304);
        if !bodiless {
            let raw = body(&mut source, &mut answer, limits);
            answer.wire = raw.len();
            let decoded = decode(answer.encoding().as_deref().unwrap_or_default(), raw, limits.plain);
            answer.body = decoded.bytes;
            if decoded.too_large {
                answer.cut = answer.cut.or(Some(Cut::Plain(limits.plain)));
            }
            // What was cut cannot be unpacked to its end; that is no fault of the compression.
            answer.broken = decoded.broken && answer.cut.is_none();
        }
        return Ok(answer);
    }
    Err(Failure::Garbage("interim answers without end".to_owned()))
}

/// Bytes from a stream, with what was read ahead.
struct Source<'a> {
    from: &'a mut dyn Read,
    buffer: Vec<u8>,
    at: usize,
    /// Bytes of the body that were taken so far.
    taken: usize,
}

enum End {
    Time,
    Broken,
}

impl Source<'_> {
    fn ahead(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    /// Reads more. False at the end of the stream.
    fn fill(&mut self) -> Result<bool, End> {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        let mut chunk = [0; 16 * 1024];
        loop {
            match self.from.read(&mut chunk) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.buffer.extend_from_slice(&chunk[..count]);
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(match error.kind() {
                        ErrorKind::TimedOut | ErrorKind::WouldBlock => End::Time,
                        _ => End::Broken,
                    });
                }
            }
        }
    }

    /// The head up to its empty line; or, when it has no end within the cap, what is in whole lines.
    fn head(&mut self, limits: &Limits) -> Result<(Vec<u8>, bool), Failure> {
        let mut searched = 0;
        loop {
            if let Some(end) = end_of_head(self.ahead(), searched) {
                let head = self.ahead()[..end].to_vec();
                self.at += end;
                return Ok((head, true));
            }
            searched = self.ahead().len().saturating_sub(3);
            if self.ahead().len() >= limits.head {
                return match self.ahead()[..limits.head].iter().rposition(|byte| *byte == b'\n') {
                    Some(last) => Ok((self.ahead()[..=last].to_vec(), false)),
                    None => Err(Failure::HeadTooLarge(limits.head)),
                };
            }
            // What cannot become an answer is not waited for.
            let begin = self.ahead();
            let known = begin.len().min(5);
            if begin[..known] != b"HTTP/"[..known] {
                return Err(Failure::Garbage(describe(begin)));
            }
            match self.fill() {
                Ok(true) => {}
                Ok(false) | Err(End::Broken) if self.ahead().is_empty() => return Err(Failure::CutOff),
                Ok(false) | Err(End::Broken) => {
                    return Err(Failure::Garbage(format!("the head ends early: {}", describe(self.ahead()))));
                }
                Err(End::Time) => return Err(Failure::Timeout(limits.time.as_secs())),
            }
        }
    }

    /// Takes up to `count` bytes of the body. The cap is on all of them together.
    fn take(&mut self, count: u64, into: &mut Vec<u8>, limits: &Limits) -> Result<(), Cut> {
        let mut left = count;
        while left > 0 {
            if self.ahead().is_empty() {
                match self.fill() {
                    Ok(true) => {}
                    Ok(false) | Err(End::Broken) => return Err(Cut::Connection),
                    Err(End::Time) => return Err(Cut::Time(limits.time.as_secs())),
                }
            }
            let room = limits.wire.saturating_sub(self.taken);
            if room == 0 {
                return Err(Cut::Wire(limits.wire));
            }
            let now = usize::try_from(left).unwrap_or(usize::MAX).min(self.ahead().len()).min(room);
            into.extend_from_slice(&self.buffer[self.at..self.at + now]);
            self.at += now;
            self.taken += now;
            left -= now as u64;
        }
        Ok(())
    }

    /// One line without its end.
    fn line(&mut self, limits: &Limits) -> Result<Vec<u8>, Cut> {
        let mut searched = 0;
        loop {
            if let Some(end) = self.ahead()[searched..].iter().position(|byte| *byte == b'\n') {
                let mut line = self.ahead()[..searched + end].to_vec();
                self.at += searched + end + 1;
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            searched = self.ahead().len();
            if searched > CHUNK_LINE {
                return Err(Cut::Framing);
            }
            match self.fill() {
                Ok(true) => {}
                Ok(false) | Err(End::Broken) => return Err(Cut::Connection),
                Err(End::Time) => return Err(Cut::Time(limits.time.as_secs())),
            }
        }
    }
}

/// Where the head ends: after an empty line, whichever line ends are used.
fn end_of_head(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(next) = bytes.get(at..)?.iter().position(|byte| *byte == b'\n') {
        let end = at + next + 1;
        match bytes.get(end..) {
            Some([b'\n', ..]) => return Some(end + 1),
            Some([b'\r', b'\n', ..]) => return Some(end + 2),
            _ => at = end,
        }
    }
    None
}

fn parse_head(head: &[u8], complete: bool, limits: &Limits) -> Result<Answer, Failure> {
    // Lines of headers are counted before they are parsed, so that a hundred thousand of them cost nothing.
    let mut lines = 0;
    let mut kept = head.len();
    for (at, byte) in head.iter().enumerate() {
        if *byte == b'\n' {
            lines += 1;
            if lines == limits.headers + 1 {
                kept = at + 1;
            }
        }
    }
    let whole = lines <= limits.headers + 1;
    let mut text = head[..kept].to_vec();
    if !complete || !whole {
        text.extend_from_slice(b"\r\n");
    }
    let mut headers = vec![EMPTY_HEADER; limits.headers + 1];
    let mut response = httparse::Response::new(&mut headers);
    let mut config = ParserConfig::default();
    config
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .ignore_invalid_headers_in_responses(true);
    match config.parse_response(&mut response, &text) {
        Ok(Status::Complete(_)) => {}
        Ok(Status::Partial) => return Err(Failure::Garbage(describe(head))),
        Err(error) => return Err(Failure::Garbage(format!("{error}: {}", describe(head)))),
    }
    Ok(Answer {
        status: response.code.unwrap_or_default(),
        headers: response
            .headers
            .iter()
            .map(|header| (header.name.to_ascii_lowercase(), header.value.to_vec()))
            .collect(),
        left_out: if whole { 0 } else { lines.saturating_sub(limits.headers + 1 + usize::from(complete)) },
        ..Answer::default()
    })
}

fn body(source: &mut Source<'_>, answer: &mut Answer, limits: &Limits) -> Vec<u8> {
    let mut raw = Vec::new();
    let chunked = answer
        .header("transfer-encoding")
        .last()
        .is_some_and(|value| value.trim().to_ascii_lowercase().ends_with("chunked"));
    let lengths: Vec<Option<u64>> =
        answer.header("content-length").map(|value| value.trim().parse::<u64>().ok()).collect();
    let outcome = if chunked {
        chunks(source, &mut raw, limits)
    } else {
        match lengths.as_slice() {
            [] => match source.take(u64::MAX, &mut raw, limits) {
                Err(Cut::Connection) => Ok(()),
                other => other,
            },
            [Some(first), rest @ ..] if rest.iter().all(|length| *length == Some(*first)) => {
                source.take(*first, &mut raw, limits)
            }
            _ => Err(Cut::Framing),
        }
    };
    answer.cut = outcome.err();
    raw
}

fn chunks(source: &mut Source<'_>, raw: &mut Vec<u8>, limits: &Limits) -> Result<(), Cut> {
    // Chunks of one byte each are bounded by the cap on all of them.
    loop {
        let line = source.line(limits)?;
        let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let text = std::str::from_utf8(digits).map_err(|_| Cut::Framing)?;
        let size = u64::from_str_radix(text, 16).map_err(|_| Cut::Framing)?;
        if size == 0 {
            // Trailers say nothing that is wanted here, and the connection is not used again.
            return Ok(());
        }
        source.take(size, raw, limits)?;
        if !source.line(limits)?.is_empty() {
            return Err(Cut::Framing);
        }
    }
}

/// The beginning of something that is no answer, in printable characters.
fn describe(bytes: &[u8]) -> String {
    match bytes {
        [0x15 | 0x16, 0x03, ..] => "it speaks TLS".to_owned(),
        [] => "nothing".to_owned(),
        _ => format!("\u{201c}{}\u{201d}", bytes[..bytes.len().min(40)].escape_ascii()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn small() -> Limits {
        Limits { time: Duration::from_secs(1), head: 1000, headers: 5, wire: 100, plain: 200 }
    }

    fn read(text: &[u8]) -> Result<Answer, Failure> {
        read_answer(&mut &*text, "GET", &small())
    }

    #[test]
    fn keeps_headers_in_order_and_as_often_as_they_came() {
        let answer =
            read(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-B: \xff\r\nset-cookie: c=2\r\n\r\nbody").unwrap();
        let names: Vec<&str> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["set-cookie", "x-b", "set-cookie"]);
        assert_eq!(answer.header("set-cookie").collect::<Vec<_>>(), ["a=1", "c=2"]);
        assert_eq!((answer.body.as_slice(), answer.wire, answer.cut), (&b"body"[..], 4, None));
    }

    #[test]
    fn reads_every_framing() {
        let length = read(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef").unwrap();
        assert_eq!(length.body, b"abc");
        let chunked = read(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        )
        .unwrap();
        assert_eq!((chunked.body.as_slice(), chunked.cut), (&b"abcde"[..], None));
        assert_eq!(read(b"HTTP/1.0 200 OK\n\nabc").unwrap().body, b"abc");
        let head =
            read_answer(&mut &b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"[..], "HEAD", &small()).unwrap();
        assert_eq!((head.body.len(), head.cut), (0, None));
        let early =
            read(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n").unwrap();
        assert_eq!((early.status, early.headers.len()), (204, 0));
    }

    #[test]
    fn says_where_an_answer_was_cut() {
        let cut = |text: &[u8]| read(text).unwrap().cut;
        assert_eq!(cut(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), Some(Cut::Connection));
        assert_eq!(
            cut(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nabc"),
            Some(Cut::Framing)
        );
        assert_eq!(cut(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), Some(Cut::Framing));
        assert_eq!(
            cut(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"),
            Some(Cut::Connection)
        );
        let long = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &[b'a'; 500]].concat();
        let answer = read(&long).unwrap();
        assert_eq!((answer.body.len(), answer.cut), (100, Some(Cut::Wire(100))));
    }

    #[test]
    fn many_headers_are_left_out_and_counted() {
        let some = [&b"HTTP/1.1 200 OK\r\n"[..], &b"a: b\r\n".repeat(20), b"\r\nbody"].concat();
        let answer = read(&some).unwrap();
        assert_eq!((answer.headers.len(), answer.left_out, answer.body.as_slice()), (5, 15, &b"body"[..]));
        let exactly = [&b"HTTP/1.1 200 OK\r\n"[..], &b"a: b\r\n".repeat(5), b"\r\nbody"].concat();
        let answer = read(&exactly).unwrap();
        assert_eq!((answer.headers.len(), answer.left_out), (5, 0));
        let endless = [&b"HTTP/1.1 200 OK\r\n"[..], &b"a: b\r\n".repeat(1000)].concat();
        let answer = read(&endless).unwrap();
        assert_eq!((answer.status, answer.headers.len(), answer.cut), (200, 5, Some(Cut::Head(1000))));
        assert_eq!(
            read(&[b"HTTP/1.1 200 ".as_slice(), &[b'a'; 2000]].concat()),
            Err(Failure::HeadTooLarge(1000))
        );
    }

    #[test]
    fn what_is_no_http_is_said_to_be_none() {
        assert_eq!(read(b""), Err(Failure::CutOff));
        assert_eq!(
            read(b"SSH-2.0-OpenSSH_9.2\r\n").unwrap_err().to_string(),
            "the answer is no HTTP: \u{201c}SSH-2.0-OpenSSH_9.2\\r\\n\u{201d}"
        );
        assert_eq!(read(b"\x15\x03\x01\0\x02"), Err(Failure::Garbage("it speaks TLS".to_owned())));
        assert!(matches!(read(b"HTTP/1.1 abc\r\n\r\n"), Err(Failure::Garbage(_))));
        assert!(matches!(read(b"HTTP/1.1 200 OK\r\nA: b"), Err(Failure::Garbage(_))));
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_is_bounded(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2000), head in 0..6usize) {
            let heads: [&[u8]; 6] = [
                b"",
                b"HTTP/1.1 200 OK\r\n",
                b"HTTP/1.1 200 OK\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08",
                b"HTTP/1.1 200 OK\r\nContent-Encoding: br, zstd, deflate\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
            ];
            if let Ok(answer) = read(&[heads[head], &bytes].concat()) {
                assert!(answer.body.len() <= 200 && answer.wire <= 100 && answer.headers.len() <= 6);
            }
        }
    }
}
