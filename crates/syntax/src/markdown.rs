//! Headings, code blocks and links of Markdown.

use crate::Limits;
use std::ops::Range;

/// What was found in a document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// The headings in source order.
    pub headings: Vec<Heading>,
    /// The fenced code blocks in source order.
    pub code_blocks: Vec<CodeBlock>,
    /// The links in source order.
    pub links: Vec<Link>,
}

/// A heading and the section under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
    /// The text without marks.
    pub text: String,
    /// 1-based line.
    pub line: u32,
    /// Byte range of the section's body: up to the next heading of the same or a higher level.
    pub body: Range<usize>,
}

/// A fenced code block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeBlock {
    /// First word of the info string, in lower case; empty without one.
    pub language: String,
    /// The code.
    pub text: String,
    /// 1-based line of the first line of code.
    pub line: u32,
}

/// A link or image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The text; empty for a bare address.
    pub text: String,
    /// The target as written.
    pub target: String,
    /// 1-based line.
    pub line: u32,
    /// Whether it is an image.
    pub image: bool,
}

/// Reads a document. A text beyond the limits gives nothing.
pub fn parse(text: &str, limits: &Limits) -> Document {
    let mut document = Document::default();
    if limits.check_size(text).is_err() {
        return document;
    }
    let mut fence: Option<Fence> = None;
    let mut comment = false;
    // Where the paragraph begins that a line of dashes would turn into a heading.
    let mut paragraph: Option<(&str, u32)> = None;
    let mut offset = 0;
    for (at, raw) in text.split_inclusive('\n').enumerate().take(limits.max_nodes) {
        let number = at as u32 + 1;
        let line = raw.trim_end_matches(['\n', '\r']);
        let start = offset;
        offset += raw.len();
        if let Some(open) = &mut fence {
            if open.closed_by(line) {
                document.code_blocks.extend(fence.take().map(|fence| fence.block));
            } else {
                open.add(raw);
            }
            continue;
        }
        if comment || line.trim_start().starts_with("<!--") {
            comment = !line.contains("-->");
            continue;
        }
        if let Some(open) = Fence::opened_by(line, number) {
            fence = Some(open);
            paragraph = None;
            continue;
        }
        if let Some((level, title)) = atx(line) {
            document.headings.push(Heading {
                level,
                text: plain(title),
                line: number,
                body: offset..text.len(),
            });
            close_sections(&mut document.headings, start);
            paragraph = None;
        } else if let (Some(level), Some((title, title_line))) = (underline(line), paragraph.take()) {
            let heading = Heading { level, text: plain(title), line: title_line, body: offset..text.len() };
            document.headings.push(heading);
            close_sections(&mut document.headings, start);
        } else {
            let trimmed = line.trim();
            let is_text =
                !trimmed.is_empty() && !line.starts_with("    ") && !trimmed.starts_with(['>', '|', '<']);
            paragraph = is_text.then_some((trimmed, number));
        }
        if document.links.len() < limits.max_nodes {
            links(line, number, &mut document.links);
        }
    }
    document.code_blocks.extend(fence.map(|fence| fence.block));
    document
}

/// A new heading ends the sections of the same and of lower levels before it.
fn close_sections(headings: &mut [Heading], at: usize) {
    let Some((new, before)) = headings.split_last_mut() else { return };
    for heading in before.iter_mut().rev() {
        if heading.level >= new.level && heading.body.end > at {
            heading.body.end = at.max(heading.body.start);
        }
        // Whatever stands before a section of this level or a higher one was ended by that.
        if heading.level <= new.level {
            break;
        }
    }
}

struct Fence {
    mark: char,
    length: usize,
    indent: usize,
    block: CodeBlock,
}

impl Fence {
    fn opened_by(line: &str, number: u32) -> Option<Self> {
        // Blocks inside lists are indented, those inside quotes carry a mark.
        let trimmed = line.trim_start_matches([' ', '\t']);
        let indent = line.len() - trimmed.len();
        let trimmed = trimmed.trim_start_matches("- ").trim_start_matches("* ");
        let mark = trimmed.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let length = trimmed.chars().take_while(|c| *c == mark).count();
        let information = trimmed[length..].trim();
        if length < 3 || (mark == '`' && information.contains('`')) {
            return None;
        }
        let language = information.trim_start_matches(['{', '.']);
        let end = language
            .find(|c: char| c.is_whitespace() || matches!(c, ',' | '{' | '}'))
            .unwrap_or(language.len());
        let language = language[..end].to_ascii_lowercase();
        Some(Self {
            mark,
            length,
            indent,
            block: CodeBlock { language, text: String::new(), line: number + 1 },
        })
    }

    fn closed_by(&self, line: &str) -> bool {
        let trimmed = line.trim();
        trimmed.len() >= self.length && trimmed.chars().all(|c| c == self.mark)
    }

    fn add(&mut self, raw: &str) {
        let blanks = raw.len() - raw.trim_start_matches([' ', '\t']).len();
        self.block.text.push_str(&raw[blanks.min(self.indent)..]);
    }
}

fn atx(line: &str) -> Option<(u8, &str)> {
    let trimmed = line.trim_start_matches(' ');
    let level = trimmed.bytes().take_while(|b| *b == b'#').count();
    let title = &trimmed[level..];
    if line.len() - trimmed.len() > 3
        || !(1..=6).contains(&level)
        || !(title.is_empty() || title.starts_with([' ', '\t']))
    {
        return None;
    }
    let title = title.trim();
    let unclosed = title.trim_end_matches('#');
    let title =
        if unclosed.is_empty() || unclosed.ends_with([' ', '\t']) { unclosed.trim_end() } else { title };
    Some((level as u8, title))
}

fn underline(line: &str) -> Option<u8> {
    let trimmed = line.trim();
    if trimmed.is_empty() || line.starts_with("    ") {
        None
    } else if trimmed.bytes().all(|b| b == b'=') {
        Some(1)
    } else if trimmed.bytes().all(|b| b == b'-') {
        Some(2)
    } else {
        None
    }
}

/// A heading's text without emphasis, code marks and the targets of links.
fn plain(title: &str) -> String {
    const LONGEST: usize = 1_000;
    let mut text = String::new();
    let mut rest = &title[..title.floor_char_boundary(LONGEST)];
    while let Some(c) = rest.chars().next() {
        if c == '['
            && let Some((label, _, length)) = link_at(rest)
        {
            text.push_str(label);
            rest = &rest[length..];
            continue;
        }
        if !matches!(c, '*' | '`') {
            text.push(c);
        }
        rest = &rest[c.len_utf8()..];
    }
    text.trim().to_owned()
}

/// Longest link, in bytes: what is not closed by then is no link.
const LINK_LIMIT: usize = 2_000;

/// The label, target and length of `[label](target)` at the beginning of a text.
fn link_at(text: &str) -> Option<(&str, &str, usize)> {
    let text = &text[..text.floor_char_boundary(LINK_LIMIT)];
    let mut depth = 0_usize;
    let label_end = text.char_indices().find_map(|(at, c)| {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })?;
    let after = text[label_end + 1..].strip_prefix('(')?;
    let end = after.find(')')?;
    let target = after[..end].trim();
    let target = match target.strip_prefix('<').and_then(|inner| inner.split_once('>')) {
        Some((inner, _)) => inner,
        None => target.split_whitespace().next().unwrap_or_default(),
    };
    Some((&text[1..label_end], target, label_end + end + 3))
}

/// Finds the links of a line: inline ones, images, reference definitions and bare addresses.
fn links(line: &str, number: u32, found: &mut Vec<Link>) {
    const PER_LINE: usize = 200;
    let before = found.len();
    let mut attempts = PER_LINE;
    let mut add = |text: &str, target: &str, image: bool| {
        let link = Link { text: text.to_owned(), target: target.to_owned(), line: number, image };
        found.push(link);
        found.len() - before < PER_LINE
    };
    if let Some((label, target)) = line.trim_start().strip_prefix('[').and_then(|rest| rest.split_once("]: "))
    {
        if let Some(target) = target.split_whitespace().next() {
            add(label, target.trim_matches(['<', '>']), false);
        }
        return;
    }
    let mut rest = line;
    let mut image = false;
    while let Some(c) = rest.chars().next() {
        attempts -= usize::from(c == '[' && attempts > 0);
        if c == '['
            && attempts > 0
            && let Some((label, target, length)) = link_at(rest)
        {
            if !add(label, target, image) {
                return;
            }
            // A badge: the image inside the link counts as well.
            if let Some((inner, source, _)) = label.strip_prefix('!').and_then(link_at)
                && !add(inner, source, true)
            {
                return;
            }
            rest = &rest[length..];
            image = false;
            continue;
        }
        if c == 'h' && (rest.starts_with("http://") || rest.starts_with("https://")) {
            let is_end = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | ')' | ']' | '"' | '\'' | '`');
            let end = rest.find(is_end).unwrap_or(rest.len());
            if !add("", rest[..end].trim_end_matches(['.', ',', ':', ';']), false) {
                return;
            }
            rest = &rest[end..];
            continue;
        }
        image = c == '!';
        rest = &rest[c.len_utf8()..];
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_support::hostile_text;
    use proptest::prelude::*;

    fn read(text: &str) -> Document {
        parse(text, &Limits::default())
    }

    #[test]
    fn headings_have_their_sections() {
        let text =
            "# *Title* #\nintro\n\nDeploy\n------\nsteps\n### [Roll](x) `back`\nundo\n## Next\nend\n#none\n";
        let document = read(text);
        let found: Vec<_> = document
            .headings
            .iter()
            .map(|h| (h.level, h.text.as_str(), h.line, &text[h.body.clone()]))
            .collect();
        assert_eq!(found[0].0, 1);
        assert_eq!(found[0].1, "Title");
        assert!(found[0].3.ends_with("#none\n"));
        assert_eq!(found[1], (2, "Deploy", 4, "steps\n### [Roll](x) `back`\nundo\n"));
        assert_eq!(found[2], (3, "Roll back", 7, "undo\n"));
        assert_eq!(found[3], (2, "Next", 9, "end\n#none\n"));
    }

    #[test]
    fn code_blocks_hide_what_is_in_them() {
        let text = "```Bash title=x\n# no heading\nmake\n```\n- list\n  ~~~~ {.python}\n  x\n  ~~~\n  ~~~~\n<!-- # no\n# no -->\n# yes\n```\nopen\n";
        let document = read(text);
        assert_eq!(document.headings.len(), 1);
        assert_eq!(
            document.code_blocks[0],
            CodeBlock { language: "bash".into(), text: "# no heading\nmake\n".into(), line: 2 }
        );
        assert_eq!(document.code_blocks[1].language, "python");
        assert_eq!(document.code_blocks[1].text, "x\n~~~\n");
        assert_eq!(document.code_blocks[2].text, "open\n");
    }

    #[test]
    fn finds_links() {
        let text = "See [a [b]](docs/x.md \"t\") and ![i](i.png), https://e.org/p.\n[ref]: <https://f.org>\n[![badge](b.svg)](c)\n";
        let found = read(text).links;
        let found: Vec<_> =
            found.iter().map(|l| (l.text.as_str(), l.target.as_str(), l.line, l.image)).collect();
        assert_eq!(found[0], ("a [b]", "docs/x.md", 1, false));
        assert_eq!(found[1], ("i", "i.png", 1, true));
        assert_eq!(found[2], ("", "https://e.org/p", 1, false));
        assert_eq!(found[3], ("ref", "https://f.org", 2, false));
        assert!(found.contains(&("badge", "b.svg", 3, true)));
    }

    #[test]
    fn hostile_texts_are_bounded() {
        read(&"[".repeat(200_000));
        read(&"[a](b)".repeat(200_000));
        read(&"# a\n".repeat(50_000));
        read(&(0..50_000).map(|at| "#".repeat(at % 6 + 1) + " a\n").collect::<String>());
        assert!(read(&"a".repeat(5_000_000)).headings.is_empty());
    }

    proptest! {
        #[test]
        fn survives_anything(text in hostile_text("[a#=`~!(){}<>: \n\\[\\]é-]")) {
            let lines = text.split('\n').count() as u32;
            let document = read(&text);
            for heading in &document.headings {
                prop_assert!(heading.line >= 1 && heading.line <= lines);
                prop_assert!(text.get(heading.body.clone()).is_some());
            }
            prop_assert!(document.links.iter().all(|link| link.line <= lines));
            prop_assert!(document.code_blocks.iter().all(|block| block.line <= lines + 1));
        }
    }
}
