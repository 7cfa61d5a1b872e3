//! How much of a hostile text a reader is willing to take in.

use crate::ParseError;

/// Upper bounds on size, nesting and the number of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest text that is read at all, in bytes.
    pub max_bytes: usize,
    /// Deepest nesting of values.
    pub max_depth: usize,
    /// Largest number of values, alias expansion included.
    pub max_nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 4 * 1024 * 1024, max_depth: 100, max_nodes: 500_000 }
    }
}

impl Limits {
    /// Nesting beyond this is refused whatever the caller asked for, since parsers below recurse.
    const DEPTH_CEILING: usize = 200;

    /// The depth that readers really use.
    pub(crate) fn depth(&self) -> usize {
        self.max_depth.min(Self::DEPTH_CEILING)
    }

    /// Refuses a text that is too long.
    pub(crate) fn check_size(&self, text: &str) -> Result<(), ParseError> {
        if text.len() > self.max_bytes {
            return Err(ParseError::new(format!(
                "{} bytes are more than the limit of {}",
                text.len(),
                self.max_bytes
            )));
        }
        Ok(())
    }
}
