use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Section;

/// The stable public name of an item, `section.name`.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct ItemId(Cow<'static, str>);

impl ItemId {
    /// An id written in the program itself.
    pub const fn new(id: &'static str) -> Self {
        ItemId(Cow::Borrowed(id))
    }

    /// An id read from a file or the command line; whether such an item exists is the checklist's to say.
    pub fn read(id: impl Into<String>) -> Self {
        ItemId(Cow::Owned(id.into()))
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The section before the dot, when there is such a section.
    pub fn section(&self) -> Option<Section> {
        Section::from_name(self.0.split('.').next().unwrap_or_default())
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How much a missing item hurts: 1 data loss, exposure or an outage nobody can undo; 2 found late or slow to mend; 3 good practice.
pub type Priority = u8;
