//! Whether a stapled OCSP answer (RFC 6960) is one that a client would take: successful, good, of today.
//!
//! The responder's signature is not checked.

use jiff::Timestamp;
use x509_parser::asn1_rs::{Any, FromDer, GeneralizedTime, Tag};

/// It says that the certificate is good, at this time.
pub fn is_valid(answer: &[u8], now: Timestamp) -> bool {
    read(answer)
        .is_some_and(|(good, from, until)| good && from <= now && until.is_none_or(|until| now <= until))
}

/// Whether the first certificate is good, and from when until when this is known.
fn read(answer: &[u8]) -> Option<(bool, Timestamp, Option<Timestamp>)> {
    let mut response = Walk::inside(answer, Tag::Sequence)?;
    if response.next()?.data != [0] {
        return None;
    }
    // responseBytes [0] { SEQUENCE { responseType, response OCTET STRING } }
    let mut bytes = Walk::inside(response.next()?.data, Tag::Sequence)?;
    bytes.next()?;
    let basic = bytes.next()?;
    let mut basic = Walk::inside(basic.data, Tag::Sequence)?;
    let mut data = Walk(basic.next()?.data);
    // version [0], responderID [1] or [2], producedAt, responses
    let responses = loop {
        let part = data.next()?;
        if part.header.tag() == Tag::Sequence {
            break part;
        }
    };
    let mut single = Walk::inside(responses.data, Tag::Sequence)?;
    single.next()?;
    let status = single.next()?;
    let from = instant(&single.next()?)?;
    let until = single.next().filter(|part| part.header.is_constructed() && part.header.tag().0 == 0);
    let until = match until {
        Some(part) => Some(instant(&Walk(part.data).next()?)?),
        None => None,
    };
    Some((status.header.tag().0 == 0, from, until))
}

fn instant(part: &Any<'_>) -> Option<Timestamp> {
    let time = GeneralizedTime::try_from(part.clone()).ok()?;
    Timestamp::from_second(time.utc_datetime().ok()?.unix_timestamp()).ok()
}

/// The parts of a structure, one after the other.
struct Walk<'a>(&'a [u8]);

impl<'a> Walk<'a> {
    /// The inside of the first part.
    fn inside(bytes: &'a [u8], tag: Tag) -> Option<Walk<'a>> {
        Walk(bytes).next().filter(|part| part.header.tag() == tag).map(|part| Walk(part.data))
    }

    fn next(&mut self) -> Option<Any<'a>> {
        let (rest, part) = Any::from_der(self.0).ok()?;
        self.0 = rest;
        Some(part)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_answer_that_only_says_try_later_is_none() {
        assert_eq!(read(&[0x30, 3, 10, 1, 3]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
        }
    }
}
