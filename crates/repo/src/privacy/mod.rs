//! Personal data: trackers and consent, who gets data, how long it is kept, how people get it back or erased.

mod places;
mod processors;
mod requests;
mod retention;
#[cfg(test)]
pub mod tests;
mod trackers;

use seaworthy_facts::{Packages, Pages, Privacy, Schedules, System};

pub use processors::is_foreign;

use crate::scan::{Needles, Scan};
use crate::tree::Tree;

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    trackers: trackers::Plan,
    processors: processors::Plan,
    retention: retention::Plan,
    requests: requests::Plan,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    Plan {
        trackers: trackers::plan(needles),
        processors: processors::plan(needles),
        retention: retention::plan(needles),
        requests: requests::plan(needles),
    }
}

/// What this room reads.
pub struct Seen<'a> {
    /// The files.
    pub tree: &'a Tree,
    /// The hits.
    pub scan: &'a Scan,
    /// The literals.
    pub plan: &'a Plan,
    /// The packages.
    pub packages: &'a Packages,
    /// What the system consists of.
    pub system: &'a System,
    /// Legal texts.
    pub pages: &'a Pages,
    /// What is run at set times.
    pub schedules: &'a Schedules,
}

/// Reads it.
pub fn collect(seen: &Seen) -> Privacy {
    let Seen { tree, scan, plan, .. } = seen;
    let (trackers, consent) = trackers::collect(tree, scan, &plan.trackers);
    let (processors, listed) = processors::collect(
        &processors::Seen {
            tree,
            scan,
            packages: seen.packages,
            system: seen.system,
            texts: &seen.pages.legal,
        },
        &plan.processors,
    );
    Privacy {
        trackers,
        consent,
        processors,
        listed,
        retention: retention::collect(tree, scan, &plan.retention, &seen.pages.legal, seen.schedules),
        requests: requests::collect(tree, scan, &plan.requests),
        unread: Vec::new(),
    }
}
