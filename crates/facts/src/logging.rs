use serde::{Deserialize, Serialize};

use crate::*;

/// How the application writes its log and where the log goes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Logging {
    /// What may matter here and that nothing reads.
    pub unread: Vec<Unread>,
}
