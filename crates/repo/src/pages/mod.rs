//! Pages and routes that people reach: legal texts with the links to them, and the ways to write to the team.

mod contacts;
mod legal;
mod links;
pub mod names;
mod parts;
mod placeholder;
#[cfg(test)]
mod tests;
mod text;

use seaworthy_facts::{Pages, System};

use crate::scan::{Needles, Scan};
use crate::tree::Tree;

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    links: links::Plan,
    contacts: contacts::Plan,
}

/// Adds the literals of links and contacts.
pub fn plan(needles: &mut Needles) -> Plan {
    Plan { links: links::plan(needles), contacts: contacts::plan(needles) }
}

/// Reads the pages. `foreign` tells an address of a third party, whose policy is not the application's.
pub fn collect(
    tree: &Tree,
    scan: &Scan,
    plan: &Plan,
    system: &System,
    foreign: &dyn Fn(&str) -> bool,
) -> Pages {
    let legal = legal::texts(tree);
    let (links, routes) = links::collect(tree, scan, &plan.links, &legal, foreign);
    Pages {
        links,
        routes,
        contacts: contacts::collect(tree, scan, &plan.contacts),
        first_page: system.front_end().map(|sign| sign.at.clone()),
        legal,
        unread: Vec::new(),
    }
}
