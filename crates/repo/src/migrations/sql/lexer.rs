//! SQL as tokens: words, names, strings and symbols, comments left out.

/// A token and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'t> {
    /// What it is.
    pub kind: Kind<'t>,
    /// Line, counted from 1.
    pub line: u32,
}

/// The kinds of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'t> {
    /// A bare word or number.
    Word(&'t str),
    /// A quoted name, without its quotes.
    Name(&'t str),
    /// A string literal's content, escapes as written.
    Text(&'t str),
    /// A dollar-quoted string's content.
    Body(&'t str),
    /// Anything else, one character at a time.
    Symbol(char),
}

impl<'t> Token<'t> {
    /// The bare word.
    pub fn word(&self) -> Option<&'t str> {
        match self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Whether it is this keyword.
    pub fn is(&self, keyword: &str) -> bool {
        self.word().is_some_and(|word| word.eq_ignore_ascii_case(keyword))
    }

    /// Whether it is this symbol.
    pub fn is_symbol(&self, symbol: char) -> bool {
        self.kind == Kind::Symbol(symbol)
    }
}

/// The most tokens that are read of one text.
const MOST_TOKENS: usize = 400_000;

/// The tokens of a text that begins on `line`.
pub fn tokens(text: &str, line: u32) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut line = line;
    let mut at = 0;
    // Where the line so far is blank: there `#` begins a comment (MySQL).
    let mut blank = true;
    while at < bytes.len() && tokens.len() < MOST_TOKENS {
        let rest = &text[at..];
        let byte = bytes[at];
        let start_line = line;
        let before = tokens.len();
        let mut push = |kind| tokens.push(Token { kind, line: start_line });
        let length = if byte.is_ascii_whitespace() {
            1
        } else if rest.starts_with("--") || byte == b'#' && blank {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            // MySQL runs what is inside `/*! … */`; its words are read as if they stood alone.
            if rest.starts_with("/*!") { 3 } else { rest.find("*/").map_or(rest.len(), |end| end + 2) }
        } else if rest.starts_with("*/") {
            2
        } else if byte == b'\'' {
            let end = string_end(rest, b'\'');
            push(Kind::Text(inner(rest, end)));
            end
        } else if byte == b'"' || byte == b'`' {
            let end = string_end(rest, byte);
            push(Kind::Name(inner(rest, end)));
            end
        } else if byte == b'$'
            && let Some(tag) = dollar_tag(rest)
        {
            let body = &rest[tag.len()..];
            let end = body.find(tag).unwrap_or(body.len());
            push(Kind::Body(&body[..end]));
            (tag.len() + end + tag.len()).min(rest.len())
        } else if is_word(byte) {
            let end = rest.bytes().position(|byte| !is_word(byte)).unwrap_or(rest.len());
            push(Kind::Word(&rest[..end]));
            end
        } else {
            let symbol = rest.chars().next().unwrap_or(' ');
            push(Kind::Symbol(symbol));
            symbol.len_utf8()
        };
        if byte == b'\n' {
            blank = true;
        } else if tokens.len() > before {
            blank = false;
        }
        line += u32::try_from(memchr::memchr_iter(b'\n', &bytes[at..at + length]).count()).unwrap_or(0);
        at += length;
    }
    tokens
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The content between the quotes of a literal that is `end` bytes long, quotes included where it is closed.
fn inner(rest: &str, end: usize) -> &str {
    rest.get(1..end.saturating_sub(1).max(1)).unwrap_or_default()
}

fn string_end(rest: &str, quote: u8) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == quote {
            if bytes.get(at + 1) == Some(&quote) {
                at += 2;
                continue;
            }
            return at + 1;
        }
        // A backslash escapes in MySQL only: `'\'` is a whole string elsewhere.
        if bytes[at] == b'\\'
            && bytes.get(at + 1) == Some(&quote)
            && bytes.get(at + 2).is_some_and(|b| is_word(*b))
        {
            at += 2;
            continue;
        }
        at += 1;
    }
    bytes.len()
}

/// `$$` or `$tag$` at the start of the text.
fn dollar_tag(rest: &str) -> Option<&str> {
    let end = rest.get(1..)?.find('$')? + 1;
    let tag = &rest[1..end];
    let valid = tag.bytes().all(is_word) && !tag.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    valid.then(|| &rest[..=end])
}
