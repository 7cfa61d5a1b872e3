#![no_main]
//! HCL.

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::{Limits, hcl};

fuzz_target!(|text: &str| {
    if let Ok(root) = hcl::parse(text, &Limits::default()) {
        assert!(root.descendants().iter().all(|inner| inner.line >= 1));
    }
});
