//! JSON, with the comments and trailing commas that tools tolerate in their settings.

use crate::tree::Node;
use crate::{Limits, ParseError};

/// Reads one value; an empty text gives null.
pub fn parse(_text: &str, _limits: &Limits) -> Result<Node, ParseError> {
    Err(ParseError::new("not read yet"))
}
