//! The database schema as migrations and models describe it.

use seaworthy_facts::Schema;

use crate::tree::Tree;

/// Reads it.
pub fn collect(_tree: &Tree) -> Schema {
    Schema::default()
}
