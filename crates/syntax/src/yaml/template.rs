//! Takes template tags out of YAML so that the rest can be read, and puts them back into values.
//!
//! Every tag inside a line is replaced by as many private-use characters as it has, one character
//! per tag, so that columns stay what they were and the tag can be put back afterwards.

use crate::tree::{Node, Value};

const FIRST_PLACEHOLDER: u32 = 0xF_0000;
const LAST_PLACEHOLDER: u32 = 0xF_FFFD;

/// A text without template tags, and what stood in their place.
pub(super) struct Blanked {
    pub(super) text: String,
    expressions: Vec<String>,
}

/// The kinds of tag: opening, closing, and whether it leaves text behind.
const TAGS: [(&str, &str); 4] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}"), ("<%", "%>")];

struct Tag<'t> {
    source: &'t str,
    prints: bool,
}

/// The tag at the beginning of a text.
fn tag_at(text: &str) -> Option<Tag<'_>> {
    let (open, close) = TAGS.into_iter().find(|(open, _)| text.starts_with(open))?;
    // `<%%` is ERB's way to write `<%`.
    if text.starts_with("<%%") {
        return None;
    }
    let inner_length = text[open.len()..].find(close)?;
    let inner = &text[open.len()..open.len() + inner_length];
    let mut source = &text[..open.len() + inner_length + close.len()];
    // `{{ {"a": {}} }}` ends at the last of the braces.
    if open == "{{" {
        let more = text[source.len()..].bytes().take_while(|b| *b == b'}').count();
        source = &text[..source.len() + more];
    }
    let prints = match open {
        "{{" => !is_control(inner),
        "<%" => inner.starts_with('='),
        _ => false,
    };
    Some(Tag { source, prints })
}

/// Whether a `{{ … }}` action of a Go template prints nothing.
fn is_control(inner: &str) -> bool {
    let inner = inner.trim_start_matches('-').trim_start();
    let word =
        inner.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).next().unwrap_or_default();
    inner.starts_with("/*")
        || matches!(
            word,
            "if" | "else" | "end" | "range" | "with" | "define" | "block" | "break" | "continue"
        )
        || (word.starts_with('$')
            && (inner.contains(":=") || inner[word.len()..].trim_start().starts_with("= ")))
}

/// Replaces the template tags of a text.
pub(super) fn blank(text: &str) -> Blanked {
    let mut blanked = Blanked { text: String::with_capacity(text.len()), expressions: Vec::new() };
    let mut rest = text;
    let mut closable = true;
    while !rest.is_empty() {
        let next = rest.find(['{', '<']).filter(|_| closable).unwrap_or(rest.len());
        let (before, from_tag) = rest.split_at(next);
        blanked.text.push_str(before);
        rest = from_tag;
        let Some(first) = rest.chars().next() else { break };
        match tag_at(rest) {
            Some(tag) => {
                let alone = stands_alone(&blanked.text, &rest[tag.source.len()..]);
                blanked.replace(&tag, alone);
                rest = &rest[tag.source.len()..];
            }
            None => {
                // Without any closing mark ahead no further tag can be found: stop looking, so that
                // a text of nothing but opening marks is not searched over and over.
                closable = TAGS.iter().any(|(_, close)| rest.contains(close));
                blanked.text.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    blanked
}

/// Whether a tag has nothing but blanks and other tags beside it on its line.
fn stands_alone(before: &str, after: &str) -> bool {
    let line_before = before.rsplit('\n').next().unwrap_or_default();
    if !line_before.trim().is_empty() {
        return false;
    }
    let mut after = after;
    for _ in 0..50 {
        after = after.trim_start_matches([' ', '\t', '\r']);
        if after.is_empty() || after.starts_with('\n') || after.starts_with('#') {
            return true;
        }
        match tag_at(after) {
            Some(tag) => after = &after[tag.source.len()..],
            None => return false,
        }
    }
    false
}

impl Blanked {
    fn replace(&mut self, tag: &Tag<'_>, alone: bool) {
        let placeholder = char::from_u32(FIRST_PLACEHOLDER + self.expressions.len() as u32)
            .filter(|c| (*c as u32) < LAST_PLACEHOLDER && tag.prints && !alone && !tag.source.contains('\n'));
        let fill = placeholder.unwrap_or(' ');
        if placeholder.is_some() {
            self.expressions.push(tag.source.to_owned());
        }
        self.text.extend(tag.source.chars().map(|c| if c == '\n' || c == '\r' { c } else { fill }));
    }

    /// Puts the expressions back into the keys and values of a document.
    pub(super) fn restore(&self, node: &mut Node) {
        if self.expressions.is_empty() {
            return;
        }
        let mut pending = vec![node];
        while let Some(node) = pending.pop() {
            match &mut node.value {
                Value::String(text) => self.restore_text(text),
                Value::List(items) => pending.extend(items),
                Value::Map(entries) => {
                    for (key, node) in entries {
                        self.restore_text(&mut key.text);
                        pending.push(node);
                    }
                }
                Value::Tagged { node, .. } => pending.push(node),
                _ => {}
            }
        }
    }

    fn restore_text(&self, text: &mut String) {
        let index_of = |c: char| (c as u32).checked_sub(FIRST_PLACEHOLDER).map(|index| index as usize);
        let is_placeholder = |c: char| index_of(c).is_some_and(|index| index < self.expressions.len());
        if !text.chars().any(is_placeholder) {
            return;
        }
        let mut restored = String::with_capacity(text.len());
        let mut previous = None;
        for c in text.chars() {
            let expression = index_of(c).and_then(|index| self.expressions.get(index));
            match expression {
                Some(source) if previous != Some(c) => restored.push_str(source),
                Some(_) => {}
                None => restored.push(c),
            }
            previous = Some(c);
        }
        *text = restored;
    }
}
