//! What is run when the application is released and started, and how new versions replace old ones.

use seaworthy_facts::Launches;

use crate::commands::Commands;
use crate::tree::Tree;

/// Every way to release and start.
pub fn collect(_tree: &Tree, _commands: &Commands) -> Launches {
    Launches::default()
}
