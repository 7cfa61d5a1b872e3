#![no_main]
//! The reader of the module of this name.

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::{Limits, nginx};

fuzz_target!(|text: &str| {
    let _ = nginx::parse(text, &Limits::default());
});
