use serde::{Deserialize, Serialize};

use crate::*;

/// What answers HTTP at the edge and in the application: servers, redirects, TLS and response headers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Edge {
    /// What may matter here and that nothing reads.
    pub unread: Vec<Unread>,
}
