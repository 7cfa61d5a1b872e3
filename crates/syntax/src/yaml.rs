//! YAML, read from parser events so that aliases, merge keys and tags stay under control.
//!
//! The position of a block scalar (`|`, `>`) is that of its first line of text, so that line `n` of
//! a literal text stands at `node.line + n`.

mod builder;
mod template;

use crate::tree::{Node, Value};
use crate::{Limits, ParseError};
use builder::Builder;
use saphyr_parser::{Event, Parser};
use std::borrow::Cow;

/// What could be read of a stream of documents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parsed {
    /// The documents before the first error.
    pub documents: Vec<Node>,
    /// The error that ended the reading.
    pub error: Option<ParseError>,
}

/// All documents, or the first error.
pub fn parse_all(text: &str, limits: &Limits) -> Result<Vec<Node>, ParseError> {
    let parsed = parse_lenient(text, limits);
    match parsed.error {
        Some(error) => Err(error),
        None => Ok(parsed.documents),
    }
}

/// The first document; an empty text gives null. An error in a later document does not matter.
pub fn parse(text: &str, limits: &Limits) -> Result<Node, ParseError> {
    let parsed = parse_lenient(text, limits);
    match (parsed.documents.into_iter().next(), parsed.error) {
        (Some(document), _) => Ok(document),
        (None, Some(error)) => Err(error),
        (None, None) => Ok(Node::new(Value::Null, 1, 1)),
    }
}

/// The documents up to the first error, and that error.
pub fn parse_lenient(text: &str, limits: &Limits) -> Parsed {
    if let Err(error) = limits.check_size(text) {
        return Parsed { documents: Vec::new(), error: Some(error) };
    }
    let text = match printable(text) {
        Ok(text) => text,
        Err(error) => return Parsed { documents: Vec::new(), error: Some(error) },
    };
    let mut builder = Builder::new(limits, text.len());
    let error = read_events(&text, &mut builder).err();
    Parsed { documents: builder.into_documents(), error }
}

/// Reads a Helm, Jinja or ERB template as far as it is YAML. Lines that hold nothing but template
/// tags are blanked; expressions inside a value stay in that value as they were written.
pub fn parse_template(text: &str, limits: &Limits) -> Parsed {
    if let Err(error) = limits.check_size(text) {
        return Parsed { documents: Vec::new(), error: Some(error) };
    }
    let blanked = template::blank(text);
    // Placeholders take more bytes than what they stand for.
    let widened = Limits { max_bytes: limits.max_bytes.saturating_mul(4), ..*limits };
    let mut parsed = parse_lenient(&blanked.text, &widened);
    for document in &mut parsed.documents {
        blanked.restore(document);
    }
    parsed
}

fn read_events(text: &str, builder: &mut Builder) -> Result<(), ParseError> {
    let mut parser = Parser::new_from_str(text);
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|error| {
            let marker = error.marker();
            ParseError::at(marker.line().max(1) as u32, marker.col() as u32 + 1, error.info())
        })?;
        if event == Event::StreamEnd {
            return Ok(());
        }
        let position = (span.start.line().max(1) as u32, span.start.col() as u32 + 1);
        builder.event(event, position)?;
    }
    Ok(())
}

/// Makes lines mean the same to the YAML parser as to everybody else: it ends a line at a lone
/// carriage return and the text at a NUL.
fn printable(text: &str) -> Result<Cow<'_, str>, ParseError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains('\0') {
        return Err(ParseError::new("the text contains NUL characters"));
    }
    let bytes = text.as_bytes();
    let lone = |at: usize| bytes.get(at + 1) != Some(&b'\n');
    if !text.match_indices('\r').any(|(at, _)| lone(at)) {
        return Ok(Cow::Borrowed(text));
    }
    let replaced = text.char_indices().map(|(at, c)| if c == '\r' && lone(at) { ' ' } else { c });
    Ok(Cow::Owned(replaced.collect()))
}

#[cfg(test)]
mod tests;
