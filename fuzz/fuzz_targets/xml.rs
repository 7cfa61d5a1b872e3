#![no_main]
//! XML.

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::{Limits, xml};

fuzz_target!(|text: &str| {
    if let Ok(root) = xml::parse(text, &Limits::default()) {
        assert!(root.descendants().iter().all(|inner| inner.line >= 1));
    }
});
