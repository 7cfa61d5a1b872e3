use seaworthy_model::{Cause, Location};
use serde::{Deserialize, Serialize};

/// A value together with the place where it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed<T> {
    /// What was seen.
    pub value: T,
    /// Where.
    pub at: Location,
}

impl<T> Observed<T> {
    /// A value seen at a place.
    pub fn new(value: T, at: Location) -> Self {
        Observed { value, at }
    }
}

/// Why a fact is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absent {
    /// The cause, as an unknown item will state it.
    pub cause: Cause,
    /// One sentence for people.
    pub why: String,
}

impl Absent {
    /// An absence with its cause.
    pub fn new(cause: Cause, why: impl Into<String>) -> Self {
        Absent { cause, why: why.into() }
    }
}

/// Something that exists but that this version cannot read: an item that would need it is unknown, not failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// What it is and why it was not read.
    pub what: String,
    /// Where it is.
    pub at: Location,
}
