#![no_main]
//! TOML.

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::{Limits, toml};

fuzz_target!(|text: &str| {
    if let Ok(node) = toml::parse(text, &Limits::default()) {
        node.walk(&mut |_, node| assert!(node.line >= 1 && node.column >= 1));
    }
});
