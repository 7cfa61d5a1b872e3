#![no_main]
//! Answers of a hostile server: bounded, and whatever they show is found without a panic.

use libfuzzer_sys::fuzz_target;
use seaworthy_site::http::{Limits, read_answer};
use seaworthy_site::leaks;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { head: 4096, headers: 20, wire: 64 * 1024, plain: 256 * 1024, ..Limits::default() };
    for method in ["GET", "HEAD"] {
        if let Ok(answer) = read_answer(&mut &*bytes, method, &limits) {
            assert!(answer.wire <= limits.wire && answer.body.len() <= limits.plain && answer.headers.len() <= limits.headers + 1);
            let _ = leaks::of(&answer, true);
            let _ = leaks::default_page(&answer);
        }
    }
});
