//! Personal data: who gets it, how long it is kept, how people get it back or erased.

use seaworthy_facts::Privacy;

use crate::tree::Tree;

/// Reads it.
pub fn collect(_tree: &Tree) -> Privacy {
    Privacy::default()
}
