//! How many bytes of a script or style sheet are comments and needless white space.
//!
//! No output is made, only a size: what a careful minifier would surely take out. It renames nothing, so that a file that
//! comes from a bundler's production build is at its size already.

/// Bytes that are left.
pub fn size(text: &str, script: bool) -> usize {
    let mut scanner =
        Scanner { rest: text.as_bytes(), script, kept: 0, last: 0, gap: Gap::None, templates: Vec::new() };
    while !scanner.rest.is_empty() {
        scanner.step();
    }
    scanner.kept.min(text.len())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    None,
    Space,
    Line,
}

struct Scanner<'a> {
    rest: &'a [u8],
    script: bool,
    kept: usize,
    /// The last byte that is kept.
    last: u8,
    /// White space since then.
    gap: Gap,
    /// Depths of braces inside of `${…}`, one for each template.
    templates: Vec<usize>,
}

impl Scanner<'_> {
    fn step(&mut self) {
        let first = self.rest[0];
        match (first, self.rest.get(1)) {
            (b'/', Some(b'*')) => {
                let end = find(&self.rest[2..], b"*/").map_or(self.rest.len(), |at| at + 4);
                // A licence must stay.
                if self.rest.get(2) == Some(&b'!') {
                    self.keep(end);
                } else {
                    self.rest = &self.rest[end..];
                    self.gap = self.gap.max_of(Gap::Space);
                }
            }
            (b'/', Some(b'/')) if self.script => {
                let end = self.rest.iter().position(|byte| *byte == b'\n').unwrap_or(self.rest.len());
                self.rest = &self.rest[end..];
            }
            (b'/', _) if self.script && self.begins_expression() => self.keep(regular_expression(self.rest)),
            (b'"' | b'\'', _) => self.keep(quoted(self.rest, first)),
            (b'`', _) if self.script => self.template(1),
            (b'{', _) if !self.templates.is_empty() => {
                if let Some(depth) = self.templates.last_mut() {
                    *depth += 1;
                }
                self.keep(1);
            }
            (b'}', _) if self.templates.last() == Some(&0) => {
                self.templates.pop();
                self.template(1);
            }
            (b'}', _) if !self.templates.is_empty() => {
                if let Some(depth) = self.templates.last_mut() {
                    *depth -= 1;
                }
                self.keep(1);
            }
            (b'\n' | b'\r', _) => {
                self.gap = Gap::Line;
                self.rest = &self.rest[1..];
            }
            (b' ' | b'\t' | 0x0b | 0x0c, _) => {
                self.gap = self.gap.max_of(Gap::Space);
                self.rest = &self.rest[1..];
            }
            _ => self.keep(1),
        }
    }

    fn keep(&mut self, count: usize) {
        let count = count.clamp(1, self.rest.len());
        let first = self.rest[0];
        if self.kept > 0 && self.gap != Gap::None && self.needs_gap(first) {
            self.kept += 1;
        }
        self.gap = Gap::None;
        self.kept += count;
        self.last = self.rest[count - 1];
        self.rest = &self.rest[count..];
    }

    /// Whether white space between two bytes means something.
    fn needs_gap(&self, next: u8) -> bool {
        let word =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'\\') || byte >= 0x80;
        if !self.script {
            let tight = |byte: u8| matches!(byte, b'{' | b'}' | b';' | b':' | b',' | b'>' | b'~');
            return !tight(self.last) && !tight(next);
        }
        match self.gap {
            // A line end may end a statement.
            Gap::Line => {
                let open = matches!(
                    self.last,
                    b';' | b'{'
                        | b'}'
                        | b'('
                        | b'['
                        | b','
                        | b'='
                        | b':'
                        | b'?'
                        | b'&'
                        | b'|'
                        | b'<'
                        | b'>'
                        | b'.'
                );
                let closing = matches!(
                    next,
                    b'}' | b')' | b']' | b',' | b';' | b'.' | b'?' | b':' | b'=' | b'&' | b'|'
                );
                !open && !closing
            }
            _ => word(self.last) && word(next) || self.last == next && matches!(next, b'+' | b'-'),
        }
    }

    /// Whether a slash begins a regular expression: after an operator, not after a value.
    fn begins_expression(&self) -> bool {
        matches!(
            self.last,
            0 | b'('
                | b','
                | b'='
                | b':'
                | b'['
                | b'!'
                | b'&'
                | b'|'
                | b'?'
                | b'{'
                | b'}'
                | b';'
                | b'+'
                | b'-'
                | b'*'
                | b'%'
                | b'~'
                | b'^'
                | b'<'
                | b'>'
        )
    }

    /// Text of a template from its beginning or from the end of an expression in it.
    fn template(&mut self, from: usize) {
        let mut at = from;
        while let Some(byte) = self.rest.get(at) {
            match byte {
                b'\\' => at += 2,
                b'`' => return self.keep(at + 1),
                b'$' if self.rest.get(at + 1) == Some(&b'{') => {
                    if self.templates.len() < 100 {
                        self.templates.push(0);
                    }
                    return self.keep(at + 2);
                }
                _ => at += 1,
            }
        }
        self.keep(self.rest.len());
    }
}

impl Gap {
    fn max_of(self, other: Gap) -> Gap {
        if self == Gap::Line { Gap::Line } else { other }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Where a quoted text ends. A line end ends it, too, so that a lone quote does not swallow the rest.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'\n' => return at,
            byte if *byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn regular_expression(bytes: &[u8]) -> usize {
    let mut at = 1;
    let mut class = false;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'\n' => return 1,
            b'[' => {
                class = true;
                at += 1;
            }
            b']' => {
                class = false;
                at += 1;
            }
            b'/' if !class => return at + 1,
            _ => at += 1,
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_white_space_go() {
        let script = "// begins\nfunction add (a, b) {\n  /* sums */\n  return a + b;\n}\n";
        assert_eq!(size(script, true), "function add(a,b){return a+b;}".len());
        let style = "/* red */\nbody > p {\n  color : red;\n}\n";
        assert_eq!(size(style, false), "body>p{color:red;}".len());
        assert_eq!(size("/*! licence */a{}", false), "/*! licence */a{}".len());
    }

    #[test]
    fn what_means_something_stays() {
        for text in [
            "const a=\"// no  comment\",b='/*',c=/[/]  \\/x/g;",
            "let t=`a  b ${f({x:`  ${y}  `})}  // c`;",
            "a=b+ +c;return x",
            "a{background:url(\"x  y.png\") no-repeat}",
        ] {
            assert_eq!(size(text, !text.starts_with("a{")), text.len(), "{text}");
        }
        assert_eq!(size("let a = 1\nlet b = 2\n", true), "let a=1\nlet b=2".len());
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_a_size(text in "[\\PC\n`'\"/*${}\\\\]{0,200}", script in proptest::bool::ANY) {
            assert!(size(&text, script) <= text.len());
        }
    }
}
