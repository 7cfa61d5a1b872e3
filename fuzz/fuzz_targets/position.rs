#![no_main]
//! Positions of offsets.

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::position::PositionIndex;

fuzz_target!(|text: &str| {
    let index = PositionIndex::new(text);
    for offset in 0..=text.len() {
        let (line, column) = index.position(offset);
        assert!(line >= 1 && column >= 1 && line <= index.line_count());
    }
});
