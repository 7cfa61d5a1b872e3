#![no_main]
//! The reader of the module of this name.

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::{Limits, justfile};

fuzz_target!(|text: &str| {
    let _ = justfile::parse(text, &Limits::default());
});
