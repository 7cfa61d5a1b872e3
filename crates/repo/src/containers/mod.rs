//! Container images that are named anywhere.

use seaworthy_facts::Containers;

use crate::tree::Tree;

/// Every reference to an image.
pub fn collect(_tree: &Tree) -> Containers {
    Containers::default()
}
