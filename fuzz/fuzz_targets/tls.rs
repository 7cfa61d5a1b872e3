#![no_main]
//! What a server sends in a handshake, and the certificates and the stapled answer in it.

use libfuzzer_sys::fuzz_target;
use seaworthy_site::tls::records::{Reader, Wanted};
use seaworthy_site::tls::{certificate, ocsp};

fuzz_target!(|bytes: &[u8]| {
    let mut reader = Reader::new(Wanted::Certificates);
    for piece in bytes.chunks(97) {
        if reader.take(piece).is_err() {
            break;
        }
    }
    let flight = reader.flight();
    for der in flight.chain.iter().map(Vec::as_slice).chain([bytes]) {
        let _ = certificate::read(der);
        let _ = certificate::timestamps(der);
    }
    let _ = ocsp::is_valid(flight.staple.as_deref().unwrap_or(bytes), jiff::Timestamp::UNIX_EPOCH);
});
