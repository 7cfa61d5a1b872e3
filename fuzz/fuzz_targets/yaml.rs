#![no_main]
//! YAML, plain and templated.

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::{Limits, yaml};

fuzz_target!(|text: &str| {
    let limits = Limits::default();
    for parsed in [yaml::parse_lenient(text, &limits), yaml::parse_template(text, &limits)] {
        for document in parsed.documents {
            document.walk(&mut |_, node| assert!(node.line >= 1 && node.column >= 1));
        }
    }
});
