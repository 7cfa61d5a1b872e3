//! Files of `KEY=VALUE` lines, as dotenv libraries and env files of containers read them.

use crate::Limits;

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name, without `export`.
    pub key: String,
    /// The value, unquoted and without a trailing comment.
    pub value: String,
    /// 1-based line.
    pub line: u32,
    /// 1-based column of the name.
    pub column: u32,
    /// Whether the value was quoted.
    pub quoted: bool,
}

/// Reads all assignments; lines that are none are passed over. A text beyond the limits gives none.
pub fn parse(text: &str, limits: &Limits) -> Vec<Entry> {
    let mut entries = Vec::new();
    if limits.check_size(text).is_err() {
        return entries;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() && entries.len() < limits.max_nodes {
        let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let mut consumed = end;
        if let Some((entry, length)) = read_entry(rest, end, line) {
            entries.push(entry);
            consumed = length;
        }
        line += rest[..consumed].matches('\n').count() as u32;
        rest = &rest[consumed..];
    }
    entries
}

/// Reads the assignment at the beginning of a text, and says how much of the text it takes.
fn read_entry(text: &str, line_end: usize, line: u32) -> Option<(Entry, usize)> {
    let source = &text[..line_end];
    let indent = source.len() - source.trim_start().len();
    let start = match source[indent..].strip_prefix("export ") {
        Some(after) => source.len() - after.trim_start().len(),
        None => indent,
    };
    let equals = source[start..].find('=')? + start;
    let key = source[start..equals].trim_end();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if key.is_empty() || !key.chars().all(is_name) {
        return None;
    }
    let value_start = equals + 1;
    let value_start = value_start + source[value_start..].len()
        - source[value_start..].trim_start_matches([' ', '\t']).len();
    let column = source[..start].chars().count() as u32 + 1;
    let (value, quoted, consumed) = match text[value_start..].chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => match read_quoted(&text[value_start + 1..], quote) {
            Some((value, length)) => {
                let end = value_start + 1 + length;
                let consumed = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
                (value, true, consumed)
            }
            None => (source[value_start..].trim().to_owned(), false, line_end),
        },
        _ => (without_comment(&source[value_start..]).to_owned(), false, line_end),
    };
    Some((Entry { key: key.to_owned(), value, line, column, quoted }, consumed))
}

/// Longest quoted value, in bytes: a quote that is never closed must not swallow the file, and is
/// not searched for over and over.
const QUOTED_LIMIT: usize = 16 * 1024;

/// The text up to the closing quote and its length in the source, quote included.
fn read_quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices().take_while(|(at, _)| *at < QUOTED_LIMIT) {
        match c {
            'n' if escaped => value.push('\n'),
            c if escaped => value.push(c),
            '\\' if quote == '"' => {
                escaped = true;
                continue;
            }
            c if c == quote => return Some((value, at + c.len_utf8())),
            c => value.push(c),
        }
        escaped = false;
    }
    None
}

fn without_comment(value: &str) -> &str {
    if value.starts_with('#') {
        return "";
    }
    let end = [" #", "\t#"].iter().filter_map(|mark| value.find(mark)).min().unwrap_or(value.len());
    value[..end].trim()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_support::{assert_inside, hostile_text};
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<(String, String, u32)> {
        let entries = parse(text, &Limits::default()).into_iter();
        entries.map(|entry| (entry.key, entry.value, entry.line)).collect()
    }

    #[test]
    fn reads_assignments() {
        let text =
            "# c\nA=1 # x\n  export B = \"x y\\n#\" # z\nC='$D'\nbroken line\nE=\nF=\"one\ntwo\"\nG=a#b\r\n";
        let expected = [
            ("A", "1", 2),
            ("B", "x y\n#", 3),
            ("C", "$D", 4),
            ("E", "", 6),
            ("F", "one\ntwo", 7),
            ("G", "a#b", 9),
        ];
        let expected: Vec<_> = expected.map(|(k, v, l)| (k.to_owned(), v.to_owned(), l)).into();
        assert_eq!(read(text), expected);
        let entry = &parse("  export B=1", &Limits::default())[0];
        assert_eq!((entry.column, entry.quoted), (10, false));
    }

    #[test]
    fn hostile_texts_are_bounded() {
        assert_eq!(read("A=\"x\nB=2\n"), [("A".into(), "\"x".into(), 1), ("B".into(), "2".into(), 2)]);
        assert!(read(&"A=\"".repeat(100_000)).len() <= 100_000);
        assert!(read(&"a".repeat(5_000_000)).is_empty());
    }

    proptest! {
        #[test]
        fn survives_anything(text in hostile_text("[A=\"'`# \n\\\\é]")) {
            for entry in parse(&text, &Limits::default()) {
                assert_inside(entry.line, entry.column, &text);
            }
        }
    }
}
