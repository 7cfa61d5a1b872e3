#![no_main]
//! `seaworthy.toml`: a configuration or a mistake with its line, never a panic.

use libfuzzer_sys::fuzz_target;
use seaworthy_subject::{Config, Names};

fuzz_target!(|text: &str| {
    let names = Names { items: &["ci.tests"], sections: &["ci"], platforms: &["fly"] };
    if let Err(error) = Config::parse("seaworthy.toml", text, names) {
        assert!(!error.to_string().is_empty());
    }
});
