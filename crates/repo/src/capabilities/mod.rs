//! Products and techniques, found by signatures: data files grouped by capability.

use seaworthy_facts::{Capabilities, Containers, Packages};

use crate::scan::{Needles, Scan};
use crate::tree::Tree;

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {}

/// Adds the literals of all signatures.
pub fn plan(_needles: &mut Needles) -> Plan {
    Plan::default()
}

/// The products that are declared or used.
pub fn collect(
    _tree: &Tree,
    _scan: &Scan,
    _plan: &Plan,
    _packages: &Packages,
    _containers: &Containers,
) -> Capabilities {
    Capabilities::default()
}
