#![no_main]
//! The reader of the module of this name.

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::{Limits, caddyfile};

fuzz_target!(|text: &str| {
    let _ = caddyfile::parse(text, &Limits::default());
});
