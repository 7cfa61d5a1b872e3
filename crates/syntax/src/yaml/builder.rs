//! Builds trees from parser events, without recursion and under a budget.

use crate::tree::{Key, MapBuilder, Node, Value};
use crate::{Limits, ParseError};
use saphyr_parser::{Event, ScalarStyle, Tag};
use std::borrow::Cow;
use std::collections::HashMap;

/// What one value costs when an alias repeats it.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    nodes: usize,
    bytes: usize,
    height: usize,
}

impl Cost {
    fn scalar(text: &str) -> Self {
        Self { nodes: 1, bytes: text.len(), height: 1 }
    }

    fn add(&mut self, inner: Cost) {
        self.nodes += inner.nodes;
        self.bytes += inner.bytes;
        self.height = self.height.max(inner.height + 1);
    }
}

/// A collection that is still open.
struct Frame {
    position: (u32, u32),
    anchor: usize,
    tag: Option<String>,
    cost: Cost,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: MapBuilder, key: Option<Pending>, merges: Vec<(Node, Cost)> },
}

/// A key that waits for its value.
struct Pending {
    key: Key,
    merge: bool,
}

pub(super) struct Builder {
    max_depth: usize,
    nodes_left: usize,
    bytes_left: usize,
    documents: Vec<Node>,
    frames: Vec<Frame>,
    anchors: HashMap<usize, (Node, Cost)>,
}

impl Builder {
    pub(super) fn new(limits: &Limits, text_bytes: usize) -> Self {
        Self {
            max_depth: limits.depth(),
            nodes_left: limits.max_nodes,
            // What aliases may repeat on top of the text itself.
            bytes_left: limits.max_bytes.saturating_mul(2).saturating_add(text_bytes),
            documents: Vec::new(),
            frames: Vec::new(),
            anchors: HashMap::new(),
        }
    }

    pub(super) fn into_documents(self) -> Vec<Node> {
        self.documents
    }

    pub(super) fn event(&mut self, event: Event<'_>, position: (u32, u32)) -> Result<(), ParseError> {
        match event {
            Event::DocumentStart(_) => self.frames.clear(),
            Event::DocumentEnd => self.anchors.clear(),
            Event::Scalar(text, style, anchor, tag) => {
                let position = first_line(&text, style, position);
                let cost = Cost::scalar(&text);
                let merge = text == "<<" && style == ScalarStyle::Plain;
                let value = scalar(text, style, tag.as_deref(), position);
                self.spend(cost, position)?;
                self.complete(Node::new(value, position.0, position.1), cost, anchor, merge)?;
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(Content::List(Vec::new()), anchor, tag, position)?;
            }
            Event::MappingStart(anchor, tag) => {
                let content = Content::Map { entries: MapBuilder::default(), key: None, merges: Vec::new() };
                self.open(content, anchor, tag, position)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::Alias(anchor) => {
                // An alias inside its own anchor has nothing to repeat yet.
                let Some((node, cost)) = self.anchors.get(&anchor) else {
                    return Err(ParseError::at(position.0, position.1, "an alias refers to itself"));
                };
                let cost = *cost;
                if self.frames.len() + cost.height > self.max_depth {
                    return Err(too_deep(position));
                }
                let node = node.clone_within(&mut self.nodes_left, &mut self.bytes_left, cost.into_pair());
                let node = node.ok_or_else(|| too_much(position))?;
                self.complete(node, cost, 0, false)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd => {}
        }
        Ok(())
    }

    fn spend(&mut self, cost: Cost, position: (u32, u32)) -> Result<(), ParseError> {
        match (self.nodes_left.checked_sub(cost.nodes), self.bytes_left.checked_sub(cost.bytes)) {
            (Some(nodes), Some(bytes)) => {
                self.nodes_left = nodes;
                self.bytes_left = bytes;
                Ok(())
            }
            _ => Err(too_much(position)),
        }
    }

    fn open(
        &mut self,
        content: Content,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        position: (u32, u32),
    ) -> Result<(), ParseError> {
        if self.frames.len() >= self.max_depth {
            return Err(too_deep(position));
        }
        let cost = Cost { nodes: 1, bytes: 0, height: 1 };
        self.spend(cost, position)?;
        let tag = tag.as_deref().and_then(foreign_tag);
        self.frames.push(Frame { position, anchor, tag, cost, content });
        Ok(())
    }

    fn close(&mut self) -> Result<(), ParseError> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let mut cost = frame.cost;
        let value = match frame.content {
            Content::List(items) => Value::List(items),
            Content::Map { mut entries, merges, .. } => {
                for (merged, merged_cost) in merges {
                    cost.add(merged_cost);
                    merge(&mut entries, merged);
                }
                Value::Map(entries.into_entries())
            }
        };
        let (line, column) = frame.position;
        let mut node = Node::new(value, line, column);
        if let Some(tag) = frame.tag {
            node = Node::new(Value::Tagged { tag, node: Box::new(node) }, line, column);
        }
        self.complete(node, cost, frame.anchor, false)
    }

    /// Puts a finished value where it belongs.
    fn complete(&mut self, node: Node, cost: Cost, anchor: usize, is_merge: bool) -> Result<(), ParseError> {
        if anchor > 0 {
            let position = (node.line, node.column);
            let pair = cost.into_pair();
            let kept = node.clone_within(&mut self.nodes_left, &mut self.bytes_left, pair);
            self.anchors.insert(anchor, (kept.ok_or_else(|| too_much(position))?, cost));
        }
        let Some(frame) = self.frames.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        match &mut frame.content {
            Content::List(items) => {
                frame.cost.add(cost);
                items.push(node);
            }
            Content::Map { entries, key, merges } => match key.take() {
                None => {
                    let text = key_text(&node);
                    frame.cost.bytes += text.len();
                    let new = Key { text, line: node.line, column: node.column };
                    *key = Some(Pending { key: new, merge: is_merge });
                }
                Some(pending) if pending.merge => merges.push((node, cost)),
                Some(pending) => {
                    frame.cost.add(cost);
                    entries.insert(pending.key, node);
                }
            },
        }
        Ok(())
    }
}

impl Cost {
    fn into_pair(self) -> (usize, usize) {
        (self.nodes, self.bytes)
    }
}

/// The parser places a block scalar at its first line that is not empty; its text may begin earlier.
fn first_line(text: &str, style: ScalarStyle, (line, column): (u32, u32)) -> (u32, u32) {
    let empty = match style {
        ScalarStyle::Literal | ScalarStyle::Folded => text.bytes().take_while(|b| *b == b'\n').count() as u32,
        _ => 0,
    };
    if empty == 0 { (line, column) } else { (line.saturating_sub(empty).max(1), 1) }
}

/// Adds what a merge key brings, as far as the mapping does not say it itself.
fn merge(entries: &mut MapBuilder, merged: Node) {
    match merged.into_untagged().value {
        Value::Map(inner) => {
            for (key, node) in inner {
                entries.insert_if_absent(key, node);
            }
        }
        Value::List(items) => {
            for item in items {
                if let Value::Map(inner) = item.into_untagged().value {
                    for (key, node) in inner {
                        entries.insert_if_absent(key, node);
                    }
                }
            }
        }
        _ => {}
    }
}

fn too_deep(position: (u32, u32)) -> ParseError {
    ParseError::at(position.0, position.1, "nested too deeply")
}

fn too_much(position: (u32, u32)) -> ParseError {
    ParseError::at(position.0, position.1, "too many values, aliases expanded")
}

fn key_text(node: &Node) -> String {
    match &node.untagged().value {
        Value::String(text) | Value::Number(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        _ => String::new(),
    }
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>, position: (u32, u32)) -> Value {
    let forced_string = tag.is_some_and(|tag| {
        (tag.is_yaml_core_schema() && matches!(tag.suffix.as_str(), "str" | "binary"))
            || (tag.handle.is_empty() && tag.suffix == "!")
            || (tag.handle == "!" && tag.suffix.is_empty())
    });
    let value = if style != ScalarStyle::Plain || forced_string {
        Value::String(text.into_owned())
    } else {
        plain(text)
    };
    match tag.and_then(foreign_tag) {
        Some(tag) => Value::Tagged { tag, node: Box::new(Node::new(value, position.0, position.1)) },
        None => value,
    }
}

/// A tag that is neither the core schema's nor the mark of a plain string.
fn foreign_tag(tag: &Tag) -> Option<String> {
    const CORE: [&str; 13] = [
        "str",
        "int",
        "float",
        "bool",
        "null",
        "seq",
        "map",
        "binary",
        "timestamp",
        "set",
        "omap",
        "pairs",
        "merge",
    ];
    if tag.is_yaml_core_schema() {
        return (!CORE.contains(&tag.suffix.as_str())).then(|| format!("!!{}", tag.suffix));
    }
    match (tag.handle.as_str(), tag.suffix.as_str()) {
        ("!", "") | ("", "!") => None,
        ("!", suffix) => Some(format!("!{suffix}")),
        (handle, suffix) => Some(format!("{handle}{suffix}")),
    }
}

fn plain(text: Cow<'_, str>) -> Value {
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        other if is_number(other) => Value::Number(text.into_owned()),
        _ => Value::String(text.into_owned()),
    }
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return !digits.is_empty() && digits.bytes().all(|b| (b'0'..=b'7').contains(&b));
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits_only = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && digits_only(digits)
    });
    let mantissa_fits = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            digits_only(whole) && digits_only(fraction) && (!whole.is_empty() || !fraction.is_empty())
        }
        None => !mantissa.is_empty() && digits_only(mantissa),
    };
    exponent_fits && mantissa_fits
}
