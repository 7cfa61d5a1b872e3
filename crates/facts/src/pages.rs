use serde::{Deserialize, Serialize};

use crate::*;

/// Pages and routes that people reach: legal texts, error pages, support.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pages {
    /// What may matter here and that nothing reads.
    pub unread: Vec<Unread>,
}
