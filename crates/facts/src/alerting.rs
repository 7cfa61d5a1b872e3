use serde::{Deserialize, Serialize};

use crate::*;

/// Alert rules, their tests and their receivers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Alerting {
    /// What may matter here and that nothing reads.
    pub unread: Vec<Unread>,
}
