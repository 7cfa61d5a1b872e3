//! nginx configuration: directives in blocks. Templates (`envsubst`, Jinja, ERB) are read as far as they look like it.

use crate::Limits;
use crate::position::PositionIndex;

/// A directive, with the directives of its block where it has one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directive {
    /// Its name, such as `add_header`.
    pub name: String,
    /// Its arguments, unquoted.
    pub arguments: Vec<String>,
    /// The directives of its block; none when it ends in a semicolon.
    pub block: Option<Vec<Directive>>,
    /// 1-based line of its name.
    pub line: u32,
    /// 1-based column of its name, in characters.
    pub column: u32,
}

impl Directive {
    /// The directives inside.
    pub fn inside(&self) -> &[Directive] {
        self.block.as_deref().unwrap_or_default()
    }

    /// The directives of this name inside, not deeper.
    pub fn all<'d>(&'d self, name: &'d str) -> impl Iterator<Item = &'d Directive> {
        self.inside().iter().filter(move |directive| directive.name == name)
    }

    /// An argument, empty when there are fewer.
    pub fn argument(&self, number: usize) -> &str {
        self.arguments.get(number).map_or("", String::as_str)
    }
}

/// Reads the directives of a text. What is no directive is passed over, blocks beyond the depth limit are left out, and
/// blocks that are never closed end with the text. A text beyond the limits gives none.
pub fn parse(text: &str, limits: &Limits) -> Vec<Directive> {
    if limits.check_size(text).is_err() {
        return Vec::new();
    }
    let mut reader = Reader { text, at: 0, positions: PositionIndex::new(text) };
    let mut open: Vec<Directive> = Vec::new();
    let mut top = Directive { block: Some(Vec::new()), ..Directive::default() };
    let mut words: Vec<(String, usize)> = Vec::new();
    let mut left = limits.max_nodes;
    // Blocks that lie too deep are skipped by counting their braces.
    let mut skipped = 0usize;
    while let Some(token) = reader.next() {
        if matches!(token, Token::Word(..)) {
            left = left.saturating_sub(1);
            if left == 0 {
                break;
            }
        }
        match token {
            Token::Word(word, at) => {
                if skipped == 0 {
                    words.push((word, at));
                }
            }
            Token::End => {
                if skipped == 0
                    && let Some(directive) = reader.directive(&mut words)
                {
                    push(&mut top, &mut open, directive);
                }
            }
            Token::Open => {
                if skipped > 0 || open.len() >= limits.depth() {
                    skipped += 1;
                    words.clear();
                    continue;
                }
                let Some(mut directive) = reader.directive(&mut words) else {
                    skipped += 1;
                    continue;
                };
                directive.block = Some(Vec::new());
                if directive.name.ends_with("_by_lua_block") {
                    reader.skip_block();
                    push(&mut top, &mut open, directive);
                } else {
                    open.push(directive);
                }
            }
            Token::Close => {
                words.clear();
                if skipped > 0 {
                    skipped -= 1;
                } else if let Some(directive) = open.pop() {
                    push(&mut top, &mut open, directive);
                }
            }
        }
    }
    while let Some(directive) = open.pop() {
        push(&mut top, &mut open, directive);
    }
    top.block.unwrap_or_default()
}

fn push(top: &mut Directive, open: &mut [Directive], directive: Directive) {
    let parent = open.last_mut().unwrap_or(top);
    parent.block.get_or_insert_default().push(directive);
}

enum Token {
    Word(String, usize),
    End,
    Open,
    Close,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    positions: PositionIndex<'t>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn directive(&self, words: &mut Vec<(String, usize)>) -> Option<Directive> {
        let mut words = std::mem::take(words).into_iter();
        let (name, at) = words.next()?;
        let (line, column) = self.positions.position(at);
        Some(Directive { name, arguments: words.map(|(word, _)| word).collect(), block: None, line, column })
    }

    fn next(&mut self) -> Option<Token> {
        loop {
            let rest = &self.text[self.at..];
            match self.peek()? {
                '#' => self.at += rest.find('\n').unwrap_or(rest.len()),
                c if c.is_whitespace() => self.at += c.len_utf8(),
                // Tags of templates that are no values are nothing.
                '{' if rest.starts_with("{%") => self.at += rest.find("%}").map_or(rest.len(), |end| end + 2),
                '{' if rest.starts_with("{#") => self.at += rest.find("#}").map_or(rest.len(), |end| end + 2),
                _ => break,
            }
        }
        let start = self.at;
        match self.peek()? {
            ';' => {
                self.at += 1;
                return Some(Token::End);
            }
            '{' if !self.text[start..].starts_with("{{") => {
                self.at += 1;
                return Some(Token::Open);
            }
            '}' => {
                self.at += 1;
                return Some(Token::Close);
            }
            quote @ ('"' | '\'') => {
                self.at += 1;
                return Some(Token::Word(self.quoted(quote), start));
            }
            _ => {}
        }
        Some(Token::Word(self.bare(), start))
    }

    fn quoted(&mut self, quote: char) -> String {
        let mut word = String::new();
        while let Some(c) = self.peek() {
            self.at += c.len_utf8();
            if c == quote {
                break;
            }
            if c == '\\'
                && let Some(escaped) = self.peek()
            {
                self.at += escaped.len_utf8();
                if escaped != quote && escaped != '\\' {
                    word.push('\\');
                }
                word.push(escaped);
                continue;
            }
            word.push(c);
        }
        word
    }

    fn bare(&mut self) -> String {
        let start = self.at;
        while let Some(c) = self.peek() {
            let rest = &self.text[self.at..];
            let tag = [("${", "}"), ("{{", "}}"), ("<%", "%>")];
            if let Some((_, end)) = tag.iter().find(|(begin, _)| rest.starts_with(begin)) {
                self.at += rest.find(end).map_or(rest.len(), |found| found + end.len());
                continue;
            }
            if c.is_whitespace() || matches!(c, ';' | '{' | '}') {
                break;
            }
            self.at += c.len_utf8();
            if c == '\\'
                && let Some(escaped) = self.peek()
            {
                self.at += escaped.len_utf8();
            }
        }
        self.text[start..self.at].to_owned()
    }

    /// Goes behind the brace that closes a block of another language.
    fn skip_block(&mut self) {
        let mut depth = 1usize;
        while let Some(c) = self.peek() {
            self.at += c.len_utf8();
            match c {
                '{' => depth += 1,
                '}' => {
                    depth -= 1;
                    if depth == 0 {
                        return;
                    }
                }
                _ => {}
            }
        }
    }
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
    fn reads_blocks_quotes_and_comments() {
        let top = read(
            "# c\nhttp {\n  server { listen 443 ssl; # x\n    add_header Content-Security-Policy \"default-src 'self'; object-src 'none'\" always;\n    location ~ \\.php$ { return 301 https://$host$request_uri; }\n  }\n}\n",
        );
        let server = &top[0].inside()[0];
        assert_eq!((server.name.as_str(), server.line, server.column), ("server", 3, 3));
        assert_eq!(server.inside()[0].arguments, ["443", "ssl"]);
        assert_eq!(server.inside()[1].argument(1), "default-src 'self'; object-src 'none'");
        assert_eq!(server.inside()[1].argument(2), "always");
        assert_eq!(server.all("location").next().unwrap().arguments, ["~", "\\.php$"]);
    }

    #[test]
    fn templates_and_lua_are_taken_as_they_are() {
        let top = read(
            "server { server_name ${HOST} {{ domain }} <%= @x %>; {% if tls %} listen 443 ssl; {% endif %}\n access_by_lua_block { if x { } } root /a; }",
        );
        let server = &top[0];
        assert_eq!(server.inside()[0].arguments, ["${HOST}", "{{ domain }}", "<%= @x %>"]);
        let names: Vec<&str> = server.inside().iter().map(|inner| inner.name.as_str()).collect();
        assert_eq!(names, ["server_name", "listen", "access_by_lua_block", "root"]);
    }

    #[test]
    fn hostile_texts_are_bounded() {
        assert!(read(&"a {".repeat(5_000_000)).is_empty());
        assert_eq!(read(&"a {".repeat(100_000)).len(), 1);
        assert_eq!(read(&"{% x %}# c\n".repeat(100_000)).len(), 0);
        assert_eq!(read("} } a b;").len(), 1);
    }

    proptest! {
        #[test]
        fn survives_anything(text in hostile_text("[a;{}#\"'$%\\\\ \n]")) {
            let mut pending = read(&text);
            while let Some(directive) = pending.pop() {
                assert_inside(directive.line, directive.column, &text);
                pending.extend(directive.block.unwrap_or_default());
            }
        }
    }
}
