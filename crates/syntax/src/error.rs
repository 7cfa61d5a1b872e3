//! The one error that all readers share.

use std::fmt;

/// Why a text could not be read, and where, when the reader knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ParseError {
    /// 1-based line of the trouble.
    pub line: Option<u32>,
    /// 1-based column of the trouble.
    pub column: Option<u32>,
    /// What went wrong; capped in length.
    pub message: String,
}

impl ParseError {
    const MESSAGE_LIMIT: usize = 300;

    /// An error about the text as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        let mut message: String = message.into();
        if message.chars().count() > Self::MESSAGE_LIMIT {
            message = message.chars().take(Self::MESSAGE_LIMIT).chain(['…']).collect();
        }
        Self { line: None, column: None, message }
    }

    /// An error at a position (both 1-based).
    pub fn at(line: u32, column: u32, message: impl Into<String>) -> Self {
        Self { line: Some(line), column: Some(column), ..Self::new(message) }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(formatter, "{line}:{column}: {}", self.message),
            (Some(line), None) => write!(formatter, "{line}: {}", self.message),
            _ => formatter.write_str(&self.message),
        }
    }
}
