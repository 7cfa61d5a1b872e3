//! Continuous integration: every system in its own file, all giving the same shape.

use seaworthy_facts::Pipelines;

use crate::commands::Commands;
use crate::tree::Tree;

/// The workflows of every CI system.
pub fn collect(_tree: &Tree, _commands: &Commands) -> Pipelines {
    Pipelines::default()
}
