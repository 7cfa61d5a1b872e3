use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a piece of evidence was seen.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(untagged)]
pub enum Location {
    /// A place in a file. `path` is relative to the audited folder, with `/` between its parts.
    File {
        /// Path relative to the audited folder (or as the user named an added folder, followed by the path in it).
        path: String,
        /// Line, counted from 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<u32>,
        /// Column in characters, counted from 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        column: Option<u32>,
    },
    /// An address that was probed.
    Url {
        /// The address.
        url: String,
    },
    /// A record of the ledger.
    Record {
        /// Path of the record's file.
        record: String,
    },
}

impl Location {
    /// A whole file.
    pub fn file(path: impl Into<String>) -> Self {
        Location::File { path: path.into(), line: None, column: None }
    }

    /// A line of a file.
    pub fn line(path: impl Into<String>, line: u32) -> Self {
        Location::File { path: path.into(), line: Some(line), column: None }
    }

    /// A place in a line of a file.
    pub fn at(path: impl Into<String>, line: u32, column: u32) -> Self {
        Location::File { path: path.into(), line: Some(line), column: Some(column) }
    }

    /// The path, where the location is in a file.
    pub fn path(&self) -> Option<&str> {
        match self {
            Location::File { path, .. } => Some(path),
            _ => None,
        }
    }

    /// The line, where the location has one.
    pub fn line_number(&self) -> Option<u32> {
        match self {
            Location::File { line, .. } => *line,
            _ => None,
        }
    }
}

impl fmt::Display for Location {
    /// `path:line:column`, a form that terminals can open.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::File { path, line, column } => {
                f.write_str(path)?;
                if let Some(line) = line {
                    write!(f, ":{line}")?;
                    if let Some(column) = column {
                        write!(f, ":{column}")?;
                    }
                }
                Ok(())
            }
            Location::Url { url } => f.write_str(url),
            Location::Record { record } => f.write_str(record),
        }
    }
}
