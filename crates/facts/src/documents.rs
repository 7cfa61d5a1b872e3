use serde::{Deserialize, Serialize};

use crate::*;

/// What is written for people and matters to the checklist.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Documents {
    /// How many documents were read.
    pub read: u32,
    /// Sections on going back to an earlier release.
    pub rollback: Vec<RunbookSection>,
    /// Written policies of fixing forward instead of going back.
    pub forward_fix: Vec<Observed<String>>,
}

/// A section of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunbookSection {
    /// Its heading.
    pub heading: String,
    /// Where.
    pub at: Location,
    /// It is about a release of the application, not about one feature, one data migration or one library.
    pub about_release: bool,
    /// It holds commands or the platform's steps.
    pub has_steps: bool,
}
