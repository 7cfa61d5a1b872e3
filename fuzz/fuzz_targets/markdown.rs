#![no_main]
//! Markdown.

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::{Limits, markdown};

fuzz_target!(|text: &str| {
    for heading in markdown::parse(text, &Limits::default()).headings {
        assert!(text.get(heading.body).is_some());
    }
});
