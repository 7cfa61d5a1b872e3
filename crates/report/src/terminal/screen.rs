//! Lines of painted words, broken at the width of the terminal with a hanging indent.

use unicode_width::UnicodeWidthStr;

/// What words are, which decides their colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    Plain,
    Dim,
    Strong,
    Heading,
    Good,
    Bad,
    Doubt,
    Hint,
}

impl Paint {
    const fn code(self) -> &'static str {
        match self {
            Paint::Plain => "",
            Paint::Dim => "2",
            Paint::Strong => "1",
            Paint::Heading => "1;4",
            Paint::Good => "1;32",
            Paint::Bad => "1;31",
            Paint::Doubt => "1;33",
            Paint::Hint => "36",
        }
    }
}

/// Narrower than this, words are not readable, and hanging indents are not worth their room.
const NARROWEST: usize = 20;

pub(super) struct Screen {
    out: String,
    width: usize,
    colour: bool,
}

impl Screen {
    pub fn new(width: usize, colour: bool) -> Self {
        Screen { out: String::new(), width: width.max(NARROWEST), colour }
    }

    pub fn finish(mut self) -> String {
        self.out.truncate(self.out.trim_end_matches('\n').len());
        self.out.push('\n');
        self.out
    }

    pub fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// Words from column `first`, continued from column `hang`.
    pub fn line(&mut self, first: usize, hang: usize, parts: &[(Paint, &str)]) {
        let mut column = first;
        let mut start = true;
        self.indent(first);
        for (paint, words) in parts {
            let mut space = 0;
            for (index, word) in words.split(' ').enumerate() {
                space += usize::from(index > 0);
                if word.is_empty() {
                    continue;
                }
                let wide = word.width();
                // A line that began with `::` would be a command to some CI systems: such a word stays where it is.
                let may_break = !start && space > 0 && !word.starts_with("::");
                if start && word.starts_with("::") {
                    self.out.push('·');
                }
                if may_break && column + space + wide > self.width {
                    self.out.push('\n');
                    self.indent(hang);
                    column = hang;
                } else {
                    self.spaces(space);
                    column += space;
                }
                self.paint(*paint, word);
                column += wide;
                space = 0;
                start = false;
            }
            self.spaces(space);
            column += space;
        }
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
    }

    /// A location that a terminal can open, never broken, and what there is to say of it.
    pub fn place(&mut self, indent: usize, place: &str, words: &str) {
        self.indent(indent);
        // A name that begins with `::` is shown as the same path that some CI systems do not take for a command.
        if place.starts_with("::") {
            self.out.push_str("./");
        }
        self.paint(Paint::Hint, place);
        // Beside the place where there is room, else below it.
        if indent + place.width() + 2 + words.width() <= self.width && !words.is_empty() {
            self.spaces(2);
            self.paint(Paint::Dim, words);
        } else if !words.is_empty() {
            self.out.push('\n');
            self.line(indent + 2, indent + 2, &[(Paint::Dim, words)]);
            return;
        }
        self.out.push('\n');
    }

    fn indent(&mut self, columns: usize) {
        self.spaces(columns);
    }

    fn spaces(&mut self, columns: usize) {
        self.out.extend(std::iter::repeat_n(' ', columns));
    }

    fn paint(&mut self, paint: Paint, words: &str) {
        // The other form of a command of some CI systems, which they find anywhere in a line.
        let words = &words.replace("##[", "## [");
        let code = paint.code();
        if self.colour && !code.is_empty() {
            self.out.push_str("\u{1b}[");
            self.out.push_str(code);
            self.out.push('m');
            self.out.push_str(words);
            self.out.push_str("\u{1b}[0m");
        } else {
            self.out.push_str(words);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_hang() {
        let mut screen = Screen::new(20, false);
        screen.line(2, 4, &[(Paint::Bad, "✗ "), (Paint::Plain, "one two three four five six")]);
        assert_eq!(screen.finish(), "  ✗ one two three\n    four five six\n");
    }

    #[test]
    fn a_word_wider_than_the_line_is_left_whole() {
        let mut screen = Screen::new(20, false);
        screen.line(0, 2, &[(Paint::Plain, "a https://example.org/a/long/path b")]);
        assert_eq!(screen.finish(), "a\n  https://example.org/a/long/path\n  b\n");
    }

    #[test]
    fn no_line_begins_like_a_workflow_command() {
        let mut screen = Screen::new(20, false);
        screen.line(0, 2, &[(Paint::Plain, "0123456789 0123456 ::add-mask::x")]);
        screen.place(2, "::set-env name=x", "");
        screen.line(0, 0, &[(Paint::Plain, "::error::x")]);
        screen.line(0, 0, &[(Paint::Plain, "x ##[add-mask]y")]);
        let text = screen.finish();
        assert!(text.lines().all(|line| !line.trim_start().starts_with("::")), "{text}");
        assert!(!text.contains("##["), "{text}");
    }

    #[test]
    fn wide_characters_count_twice() {
        let mut screen = Screen::new(20, false);
        screen.line(0, 0, &[(Paint::Plain, "データベース バックアップ")]);
        assert_eq!(screen.finish(), "データベース\nバックアップ\n");
    }

    #[test]
    fn colours_only_when_asked() {
        let mut screen = Screen::new(40, true);
        screen.line(0, 0, &[(Paint::Bad, "no"), (Paint::Plain, " yes")]);
        assert_eq!(screen.finish(), "\u{1b}[1;31mno\u{1b}[0m yes\n");
    }
}
