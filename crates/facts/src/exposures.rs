use serde::{Deserialize, Serialize};

use crate::*;

/// Data that anybody can read: committed secrets, open tables and rules, server keys in client code.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exposures {
    /// What may matter here and that nothing reads.
    pub unread: Vec<Unread>,
}
