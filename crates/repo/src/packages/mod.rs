//! Manifests, lockfiles, update bots, and what the code uses of its dependencies.

use seaworthy_facts::{Launches, Packages};

use crate::scan::{Needles, Scan};
use crate::tree::Tree;

/// The manifests as parsed, and the literals that show that a dependency is used.
#[derive(Debug, Default)]
pub struct Plan {}

/// Parses the manifests and adds a literal for each direct dependency.
pub fn plan(_tree: &Tree, _needles: &mut Needles) -> Plan {
    Plan::default()
}

/// The packages with their lockfiles and uses. `launches` tell what an image installs from.
pub fn collect(_tree: &Tree, _scan: &Scan, _plan: Plan, _launches: &Launches) -> Packages {
    Packages::default()
}
