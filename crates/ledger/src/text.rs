//! Quoting of text that comes from a file nobody vouched for.

const LONGEST_QUOTE: usize = 80;

/// `text` between quotation marks, without control characters and no longer than a line can bear.
pub(crate) fn quoted(text: &str) -> String {
    let mut quote = String::from("\"");
    let mut characters = text.chars();
    for character in characters.by_ref().take(LONGEST_QUOTE) {
        quote.extend(character.escape_debug());
    }
    if characters.next().is_some() {
        quote.push('…');
    }
    quote.push('"');
    quote
}

/// Whether a character acts on the terminal or on the order of the others instead of being seen.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_and_long_texts_are_tamed() {
        assert_eq!(quoted("a\u{1b}[2Jb"), r#""a\u{1b}[2Jb""#);
        let long = quoted(&"x".repeat(1_000));
        assert!(long.ends_with("x…\""));
        assert!(long.chars().count() < 100);
    }

    #[test]
    fn characters_that_are_not_seen_are_told_apart() {
        assert!(['\u{1b}', '\n', '\u{202e}', '\u{2066}', '\u{feff}'].into_iter().all(is_hidden));
        assert!(!"Zoë <zoë@example.org> 王".chars().any(is_hidden));
    }
}
