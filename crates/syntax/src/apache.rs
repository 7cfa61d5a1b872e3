//! Apache httpd configuration and `.htaccess`: directives by line, sections in angle brackets.

use crate::Limits;

/// A directive or a section.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directive {
    /// Its name as written (names are compared without case).
    pub name: String,
    /// Its arguments, unquoted.
    pub arguments: Vec<String>,
    /// What a section holds; none for a directive.
    pub section: Option<Vec<Directive>>,
    /// 1-based line.
    pub line: u32,
}

impl Directive {
    /// Whether it has this name.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// What is inside.
    pub fn inside(&self) -> &[Directive] {
        self.section.as_deref().unwrap_or_default()
    }

    /// An argument, empty when there are fewer.
    pub fn argument(&self, number: usize) -> &str {
        self.arguments.get(number).map_or("", String::as_str)
    }
}

/// Reads the directives of a text. Sections beyond the depth limit are left out, and a section that is never closed
/// ends with the text. A text beyond the limits gives none.
pub fn parse(text: &str, limits: &Limits) -> Vec<Directive> {
    if limits.check_size(text).is_err() {
        return Vec::new();
    }
    let mut top = Directive { section: Some(Vec::new()), ..Directive::default() };
    let mut open: Vec<Directive> = Vec::new();
    let mut skipped = 0usize;
    let mut continued: Option<(String, u32)> = None;
    for (index, line) in text.split('\n').enumerate().take(limits.max_nodes) {
        let number = index as u32 + 1;
        let line = line.trim_end_matches('\r');
        let (mut joined, first) = continued.take().unwrap_or((String::new(), number));
        if let Some(begun) = line.strip_suffix('\\') {
            joined.push_str(begun);
            continued = Some((joined, first));
            continue;
        }
        joined.push_str(line);
        let line = joined.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with("</") {
            if skipped > 0 {
                skipped -= 1;
            } else if let Some(section) = open.pop() {
                push(&mut top, &mut open, section);
            }
            continue;
        }
        let section = line.strip_prefix('<');
        let mut words = words(section.map_or(line, |line| line.trim_end_matches('>'))).into_iter();
        let Some(name) = words.next() else { continue };
        let directive = Directive { name, arguments: words.collect(), section: None, line: first };
        match section {
            Some(_) if skipped > 0 || open.len() >= limits.depth() => skipped += 1,
            Some(_) => open.push(Directive { section: Some(Vec::new()), ..directive }),
            None if skipped == 0 => push(&mut top, &mut open, directive),
            None => {}
        }
    }
    while let Some(section) = open.pop() {
        push(&mut top, &mut open, section);
    }
    top.section.unwrap_or_default()
}

fn push(top: &mut Directive, open: &mut [Directive], directive: Directive) {
    open.last_mut().unwrap_or(top).section.get_or_insert_default().push(directive);
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    while let Some(first) = chars.next() {
        if first.is_whitespace() {
            continue;
        }
        let mut word = String::new();
        if matches!(first, '"' | '\'') {
            while let Some(c) = chars.next() {
                match c {
                    c if c == first => break,
                    '\\' if chars.peek() == Some(&first) => word.extend(chars.next()),
                    c => word.push(c),
                }
            }
        } else {
            word.push(first);
            while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
                word.push(c);
            }
        }
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_support::{assert_inside, hostile_text};
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<Directive> {
        parse(text, &Limits::default())
    }

    #[test]
    fn reads_sections_quotes_and_continued_lines() {
        let top = read(
            "# c\n<IfModule mod_headers.c>\n  Header always set \\\n    X-Frame-Options \"DENY\"\n</IfModule>\nSSLProtocol -all +TLSv1.2\n",
        );
        assert!(top[0].is("ifmodule"));
        assert_eq!(top[0].arguments, ["mod_headers.c"]);
        assert_eq!(top[0].inside()[0].arguments, ["always", "set", "X-Frame-Options", "DENY"]);
        assert_eq!(top[0].inside()[0].line, 3);
        assert_eq!(top[1].argument(1), "+TLSv1.2");
    }

    #[test]
    fn hostile_texts_are_bounded() {
        assert_eq!(read(&"<a>\n".repeat(100_000)).len(), 1);
        assert_eq!(read("</a>\nb\n").len(), 1);
        assert!(read(&"\\\n".repeat(100_000)).is_empty());
    }

    proptest! {
        #[test]
        fn survives_anything(text in hostile_text("[a</># \"'\\\\ \r\n]")) {
            let mut pending = read(&text);
            while let Some(directive) = pending.pop() {
                assert_inside(directive.line, 1, &text);
                pending.extend(directive.section.unwrap_or_default());
            }
        }
    }
}
