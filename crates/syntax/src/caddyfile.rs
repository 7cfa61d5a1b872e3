//! Caddyfiles: directives by line, blocks in braces that end a line.

use crate::Limits;

/// A line of a Caddyfile with its block: a site, an option, a directive, a matcher.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Segment {
    /// The words of the line, unquoted. Empty for the block of global options.
    pub words: Vec<String>,
    /// The lines of its block; none where it has none.
    pub block: Option<Vec<Segment>>,
    /// 1-based line.
    pub line: u32,
}

impl Segment {
    /// The first word.
    pub fn name(&self) -> &str {
        self.word(0)
    }

    /// A word, empty when there are fewer.
    pub fn word(&self, number: usize) -> &str {
        self.words.get(number).map_or("", String::as_str)
    }

    /// The lines inside.
    pub fn inside(&self) -> &[Segment] {
        self.block.as_deref().unwrap_or_default()
    }
}

/// Reads the segments of a text. Blocks beyond the depth limit are left out, and a block that is never closed ends with
/// the text. A text beyond the limits gives none.
pub fn parse(text: &str, limits: &Limits) -> Vec<Segment> {
    if limits.check_size(text).is_err() {
        return Vec::new();
    }
    let mut reader = Reader { text, at: 0, line: 1 };
    let mut top = Segment { block: Some(Vec::new()), ..Segment::default() };
    let mut open: Vec<Segment> = Vec::new();
    let mut skipped = 0usize;
    let mut left = limits.max_nodes;
    let mut current: Option<Segment> = None;
    while let Some(token) = reader.next() {
        left = left.saturating_sub(1);
        if left == 0 {
            break;
        }
        match token {
            Token::Word(word, line) => {
                if skipped > 0 {
                    continue;
                }
                let segment = current.get_or_insert_with(|| Segment { line, ..Segment::default() });
                segment.words.push(word);
            }
            Token::Newline => {
                // Addresses of a site may go on over lines behind a comma.
                let goes_on = current
                    .as_ref()
                    .and_then(|segment| segment.words.last())
                    .is_some_and(|word| open.is_empty() && word.ends_with(',') && skipped == 0);
                if !goes_on && let Some(segment) = current.take() {
                    push(&mut top, &mut open, segment);
                }
            }
            Token::Open(line) => {
                if skipped > 0 || open.len() >= limits.depth() {
                    skipped += 1;
                    current = None;
                    continue;
                }
                let mut segment = current.take().unwrap_or(Segment { line, ..Segment::default() });
                segment.block = Some(Vec::new());
                open.push(segment);
            }
            Token::Close => {
                if skipped > 0 {
                    skipped -= 1;
                    continue;
                }
                if let Some(segment) = current.take() {
                    push(&mut top, &mut open, segment);
                }
                if let Some(segment) = open.pop() {
                    push(&mut top, &mut open, segment);
                }
            }
        }
    }
    if let Some(segment) = current.take() {
        push(&mut top, &mut open, segment);
    }
    while let Some(segment) = open.pop() {
        push(&mut top, &mut open, segment);
    }
    top.block.unwrap_or_default()
}

fn push(top: &mut Segment, open: &mut [Segment], segment: Segment) {
    open.last_mut().unwrap_or(top).block.get_or_insert_default().push(segment);
}

enum Token {
    Word(String, u32),
    Newline,
    Open(u32),
    Close,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    line: u32,
}

impl Reader<'_> {
    fn bump(&mut self) -> Option<char> {
        let next = self.text[self.at..].chars().next()?;
        self.at += next.len_utf8();
        if next == '\n' {
            self.line += 1;
        }
        Some(next)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<Token> {
        loop {
            match self.peek()? {
                '\n' => {
                    self.bump();
                    return Some(Token::Newline);
                }
                '#' => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.bump();
                    }
                }
                '\\' if self.text[self.at..].starts_with("\\\n") => {
                    self.bump();
                    self.bump();
                }
                c if c.is_whitespace() => {
                    self.bump();
                }
                _ => break,
            }
        }
        let line = self.line;
        let rest = &self.text[self.at..];
        if let Some(heredoc) = self.heredoc(rest) {
            return Some(Token::Word(heredoc, line));
        }
        if let Some(quote @ ('"' | '`')) = self.peek() {
            self.bump();
            return Some(Token::Word(self.quoted(quote), line));
        }
        let start = self.at;
        while self.peek().is_some_and(|c| !c.is_whitespace()) {
            self.bump();
        }
        Some(match &self.text[start..self.at] {
            "{" => Token::Open(line),
            "}" => Token::Close,
            word => Token::Word(word.to_owned(), line),
        })
    }

    fn quoted(&mut self, quote: char) -> String {
        let mut word = String::new();
        while let Some(c) = self.bump() {
            if c == quote {
                break;
            }
            if c == '\\' && quote == '"' && self.peek() == Some('"') {
                self.bump();
                word.push('"');
                continue;
            }
            word.push(c);
        }
        word
    }

    /// The lines between `<<MARK` and `MARK`.
    fn heredoc(&mut self, rest: &str) -> Option<String> {
        let after = rest.strip_prefix("<<")?;
        let length = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))?;
        let (marker, behind) = after.split_at(length);
        let body = behind.strip_prefix("\r\n").or_else(|| behind.strip_prefix('\n'))?;
        if marker.is_empty() {
            return None;
        }
        let mut content = String::new();
        let mut length = rest.len() - body.len();
        for line in body.split_inclusive('\n') {
            if line.trim() == marker {
                // The line's end stays: it ends the segment.
                length += line.trim_end_matches(['\r', '\n']).len();
                break;
            }
            length += line.len();
            content.push_str(line);
        }
        let end = (self.at + length).min(self.text.len());
        while self.at < end {
            self.bump();
        }
        Some(content)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_support::{assert_inside, hostile_text};
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<Segment> {
        parse(text, &Limits::default())
    }

    #[test]
    fn reads_sites_options_and_quotes() {
        let top = read(
            "{\n\temail a@b.example\n}\nshop.example, www.shop.example {\n\theader {\n\t\tX-Frame-Options \"DENY\"\n\t\t-Server\n\t}\n\treverse_proxy {$UPSTREAM:app:3000} # c\n}\n",
        );
        assert!(top[0].words.is_empty());
        assert_eq!(top[0].inside()[0].words, ["email", "a@b.example"]);
        assert_eq!(top[1].words, ["shop.example,", "www.shop.example"]);
        let header = &top[1].inside()[0];
        assert_eq!((header.name(), header.line), ("header", 5));
        assert_eq!(header.inside()[0].words, ["X-Frame-Options", "DENY"]);
        assert_eq!(top[1].inside()[1].words, ["reverse_proxy", "{$UPSTREAM:app:3000}"]);
    }

    #[test]
    fn a_site_without_braces_and_heredocs() {
        let top = read("shop.example\nrespond <<END\n  { x\n  END\nfile_server\n");
        assert_eq!(
            top.iter().map(Segment::name).collect::<Vec<_>>(),
            ["shop.example", "respond", "file_server"]
        );
        assert_eq!(top[2].line, 5);
    }

    #[test]
    fn hostile_texts_are_bounded() {
        assert_eq!(read(&"a {\n".repeat(100_000)).len(), 1);
        assert!(read(&"a".repeat(5_000_000)).is_empty());
        assert_eq!(read("}\n}\na b\n").len(), 1);
    }

    proptest! {
        #[test]
        fn survives_anything(text in hostile_text("[a{}<#\"`,\\\\ \r\n]")) {
            let mut pending = read(&text);
            while let Some(segment) = pending.pop() {
                assert_inside(segment.line, 1, &text);
                pending.extend(segment.block.unwrap_or_default());
            }
        }
    }
}
