use serde::{Deserialize, Serialize};

use crate::*;

/// Personal data: who gets it, how long it is kept, how people get it back or erased.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Privacy {
    /// What may matter here and that nothing reads.
    pub unread: Vec<Unread>,
}
