//! Schema migrations: which framework, in which order, what each does and whether there is a way back.

use seaworthy_facts::{Launches, Migrations, Packages, Pipelines, System};

use crate::scan::{Needles, Scan};
use crate::tree::Tree;

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {}

/// What this room reads.
pub struct Seen<'a> {
    /// The files.
    pub tree: &'a Tree,
    /// The hits.
    pub scan: &'a Scan,
    /// The literals.
    pub plan: &'a Plan,
    /// The shared facts.
    pub system: &'a System,
    /// The packages.
    pub packages: &'a Packages,
    /// Continuous integration.
    pub pipelines: &'a Pipelines,
    /// What is run at release and start.
    pub launches: &'a Launches,
}

/// Adds the literals of schema synchronisation and migration linters.
pub fn plan(_needles: &mut Needles) -> Plan {
    Plan::default()
}

/// Every set of migrations.
pub fn collect(_seen: &Seen) -> Migrations {
    Migrations::default()
}
