//! What meets an error: pages of the application's own, the switches between debug and production mode, and what the
//! frameworks in use do by default.

mod defaults;
mod modes;
mod pages;
#[cfg(test)]
mod tests;
mod views;

use seaworthy_facts::{ErrorHandling, System};

use crate::scan::{NeedleId, Needles, Scan};
use crate::tree::Tree;

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    modes: modes::Plan,
    pages: pages::Plan,
    views: Vec<NeedleId>,
}

/// What this room reads.
pub struct Seen<'a> {
    /// The files.
    pub tree: &'a Tree,
    /// The hits.
    pub scan: &'a Scan,
    /// The literals.
    pub plan: &'a Plan,
    /// What the system consists of.
    pub system: &'a System,
}

/// Adds the literals of switches and handlers.
pub fn plan(needles: &mut Needles) -> Plan {
    Plan { modes: modes::plan(needles), pages: pages::plan(needles), views: views::plan(needles) }
}

/// Reads it.
pub fn collect(seen: &Seen) -> ErrorHandling {
    ErrorHandling {
        pages: pages::pages(seen),
        modes: modes::modes(seen),
        defaults: defaults::defaults(seen.system),
        views: views::views(seen),
    }
}
