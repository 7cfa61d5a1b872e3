use serde::{Deserialize, Serialize};

use crate::*;

/// The database schema as migrations and models describe it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Schema {
    /// What may matter here and that nothing reads.
    pub unread: Vec<Unread>,
}
