//! What is written for people and matters to the checklist.

use seaworthy_facts::Documents;

use crate::tree::Tree;

/// The sections that matter.
pub fn collect(_tree: &Tree) -> Documents {
    Documents::default()
}
