//! What a front end serves: images, bundles.

use seaworthy_facts::Assets;

use crate::tree::Tree;

/// Reads it.
pub fn collect(_tree: &Tree) -> Assets {
    Assets::default()
}
