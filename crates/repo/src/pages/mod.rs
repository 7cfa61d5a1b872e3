//! Pages and routes that people reach: legal texts, error pages, support.

use seaworthy_facts::Pages;

use crate::tree::Tree;

/// Reads it.
pub fn collect(_tree: &Tree) -> Pages {
    Pages::default()
}
