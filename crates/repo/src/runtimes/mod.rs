//! Versions of runtimes, frameworks and databases, compared with the end-of-life table.

use seaworthy_facts::{Containers, Packages, Pipelines, Runtimes};

use crate::tree::Tree;

/// Every version that can be told.
pub fn collect(
    _tree: &Tree,
    _packages: &Packages,
    _containers: &Containers,
    _pipelines: &Pipelines,
) -> Runtimes {
    Runtimes::default()
}
