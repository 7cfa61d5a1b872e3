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
}
