use serde::{Deserialize, Serialize};

use crate::*;

/// What one change (`BASE..HEAD`) adds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Change {
    /// What may matter here and that nothing reads.
    pub unread: Vec<Unread>,
}
