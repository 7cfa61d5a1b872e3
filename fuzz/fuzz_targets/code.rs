#![no_main]
//! Code: the first byte chooses the language.

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::{Limits, code};

fuzz_target!(|text: &str| {
    let Some(first) = text.chars().next() else { return };
    let source = &text[first.len_utf8()..];
    let language = code::Language::ALL[first as usize % code::Language::ALL.len()];
    if let Some(tree) = code::parse(language, source, &Limits::default()) {
        for node in code::descendants(tree.root_node()) {
            let _ = code::string_value(node, source);
        }
        for call in code::calls(tree.root_node(), source) {
            let _ = call.keyword("a", source);
        }
    }
});
