//! What one change (`BASE..HEAD`) adds.

use seaworthy_facts::Change;

use crate::tree::Tree;

/// Reads it.
pub fn collect(_tree: &Tree) -> Change {
    Change::default()
}
