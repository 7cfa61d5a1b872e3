//! What answers HTTP at the edge and in the application: servers, redirects, TLS and response headers.

use seaworthy_facts::Edge;

use crate::tree::Tree;

/// Reads it.
pub fn collect(_tree: &Tree) -> Edge {
    Edge::default()
}
