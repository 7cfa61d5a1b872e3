//! How the application writes its log and where the log goes.

mod calls;
mod conditions;
mod destinations;
mod filters;
mod formats;
mod laravel;
mod levels;
mod signature;
#[cfg(test)]
mod tests;

use seaworthy_facts::{Logging, System};

use crate::scan::{Needles, Scan};
use crate::tree::Tree;

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    signs: formats::Plan,
    calls: calls::Plan,
    levels: levels::Plan,
    destinations: destinations::Plan,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    Plan {
        signs: formats::plan(needles),
        calls: calls::plan(needles),
        levels: levels::plan(needles),
        destinations: destinations::plan(needles),
    }
}

/// Reads it.
pub fn collect(tree: &Tree, scan: &Scan, plan: &Plan, system: &System) -> Logging {
    let mut logging = Logging::default();
    formats::collect(tree, scan, &plan.signs, system, &mut logging);
    laravel::collect(tree, &mut logging);
    levels::collect(tree, scan, &plan.levels, system, &mut logging);
    destinations::collect(tree, scan, &plan.destinations, system, &mut logging);
    logging.calls = calls::collect(tree, scan, &plan.calls, system);
    logging
}
