#![no_main]
//! JSON.

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::{Limits, json};

fuzz_target!(|text: &str| {
    if let Ok(node) = json::parse(text, &Limits::default()) {
        node.walk(&mut |_, node| assert!(node.line >= 1 && node.column >= 1));
    }
});
