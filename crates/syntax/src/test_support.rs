//! What the tests of several readers share.

use crate::tree::Node;
use proptest::prelude::*;

/// Texts of arbitrary characters, and texts of the characters that a format gives a meaning.
pub(crate) fn hostile_text(alphabet: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![
        any::<Vec<u8>>().prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        any::<String>(),
        format!("{alphabet}{{0,120}}").as_str().prop_map_into_text(),
    ]
}

trait IntoTextStrategy {
    fn prop_map_into_text(self) -> BoxedStrategy<String>;
}

impl IntoTextStrategy for &str {
    fn prop_map_into_text(self) -> BoxedStrategy<String> {
        #[allow(clippy::expect_used)]
        proptest::string::string_regex(self).expect("a valid alphabet").boxed()
    }
}

/// Fails when a position lies outside the text.
pub(crate) fn assert_inside(line: u32, column: u32, text: &str) {
    assert!(line >= 1 && column >= 1, "{line}:{column} is not 1-based");
    let Some(found) = text.split('\n').nth(line as usize - 1) else {
        panic!("line {line} is outside of {text:?}");
    };
    assert!(column as usize <= found.chars().count() + 1, "{line}:{column} is outside of {text:?}");
}

/// Fails when the position of any key or value lies outside the text.
pub(crate) fn assert_positions_inside(node: &Node, text: &str) {
    node.walk(&mut |_, node| {
        assert_inside(node.line, node.column, text);
        for (key, _) in node.map() {
            assert_inside(key.line, key.column, text);
        }
    });
}
