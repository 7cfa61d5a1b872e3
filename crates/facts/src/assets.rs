use serde::{Deserialize, Serialize};

use crate::*;

/// What a front end serves: images, bundles.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Assets {
    /// What may matter here and that nothing reads.
    pub unread: Vec<Unread>,
}
