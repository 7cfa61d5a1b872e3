#![no_main]
//! The reader of the module of this name.

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::{Limits, apache};

fuzz_target!(|text: &str| {
    let _ = apache::parse(text, &Limits::default());
});
