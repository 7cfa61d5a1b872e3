#![no_main]
//! Shell scripts.

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::shell;

fuzz_target!(|text: &str| {
    let script = shell::parse(text, 1);
    for command in &script.commands {
        assert!(command.piped_to.is_none_or(|to| to < script.commands.len()));
        assert!(shell::unwrap(&command.words).len() <= command.words.len());
    }
});
