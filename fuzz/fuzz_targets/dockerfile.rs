#![no_main]
//! Dockerfiles, and the shell commands in them.

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::{Limits, dockerfile, shell};

fuzz_target!(|text: &str| {
    let file = dockerfile::parse(text, &Limits::default());
    for instruction in &file.instructions {
        let (command, line) = instruction.command();
        let _ = shell::parse(&command, line);
    }
    for stage in 0..file.stages.len() {
        assert!(file.lineage(stage).len() <= file.stages.len());
    }
});
