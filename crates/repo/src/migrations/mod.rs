//! Schema migrations: which framework, in which order, what each does and whether there is a way back.
//!
//! Each framework finds its own sets and reads its own files; what an operation means for a running application is
//! decided in one place for all of them, by the engine in use.

mod automatic;
mod engine;
mod frame;
mod frameworks;
mod hazards;
mod linters;
mod loose_sql;
mod operations;
mod signs;
mod source;
pub(crate) mod sql;
mod test_servers;
#[cfg(test)]
mod test_support;

use std::collections::HashSet;

use seaworthy_facts::{
    Launches, Location, Migration, MigrationSet, Migrations, Pipelines, System, Unread, WayBack,
};

use crate::scan::{Needles, Scan};
use crate::tree::Tree;
pub(crate) use frame::version;
use frame::{Entry, Found, Framework};
pub(crate) use operations::plain;
pub use signs::Plan;

/// How many of the newest migrations are read.
const NEWEST: usize = 20;

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
    /// Continuous integration.
    pub pipelines: &'a Pipelines,
    /// What is run at release and start.
    pub launches: &'a Launches,
}

/// Adds the literals of schema synchronisation, migrators and loose SQL.
pub fn plan(needles: &mut Needles) -> Plan {
    Plan::new(needles)
}

/// Every set of migrations.
pub fn collect(seen: &Seen) -> Migrations {
    let mut migrations = Migrations::default();
    // A file belongs to the first framework that claims it: the more particular ones come first.
    let mut claimed: HashSet<usize> = HashSet::new();
    for framework in frameworks::ALL {
        for mut found in (framework.find)(seen) {
            found.entries.retain(|entry| !claimed.contains(&entry.file.index));
            if found.entries.is_empty() {
                continue;
            }
            claimed.extend(found.entries.iter().flat_map(|entry| {
                std::iter::once(entry.file.index).chain(entry.down.map(|down| down.index))
            }));
            let set = set(seen, framework, &found, &mut migrations.unread);
            migrations.sets.push(set);
        }
    }
    automatic::collect(seen, &mut migrations);
    migrations.linters = linters::collect(seen);
    migrations.test_servers = test_servers::collect(seen);
    migrations.loose_sql = loose_sql::collect(seen, &claimed);
    migrations
}

/// Reads the newest of a set. What cannot be read is named, and nothing is claimed for it.
fn set(seen: &Seen, framework: &Framework, found: &Found, unread: &mut Vec<Unread>) -> MigrationSet {
    let newest: Vec<&Entry> = found.entries.iter().rev().take(NEWEST).collect();
    let engine = engine::of_set(seen, found, &newest);
    let mut read = Vec::new();
    for entry in newest {
        let draft = (framework.read)(seen, found, entry);
        if draft.is_unreadable() {
            unread.push(Unread {
                what: format!("the migration {} could not be read", name_of(entry)),
                at: entry.file.at(),
            });
            continue;
        }
        let assessment = hazards::assess(&draft.steps, engine, &entry.file.path);
        let at = match draft.line {
            Some(line) => Location::line(entry.file.path.clone(), line),
            None => entry.file.at(),
        };
        read.push(Migration {
            name: name_of(entry),
            at,
            way_back: capped(draft.way_back),
            only_adds: assessment.only_adds && !draft.steps.is_empty(),
            hazards: assessment.hazards,
            creates: assessment.creates,
            lock_timeout: assessment.lock_timeout,
        });
    }
    MigrationSet {
        framework: framework.key.to_owned(),
        folders: found.folders.clone(),
        engine,
        count: u32::try_from(found.entries.len()).unwrap_or(u32::MAX),
        newest: read,
        has_downs: framework.has_downs,
    }
}

fn name_of(entry: &Entry) -> String {
    entry.name.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn capped(way_back: WayBack) -> WayBack {
    match way_back {
        WayBack::No { why, at } => {
            WayBack::No { why: why.chars().filter(|c| !c.is_control()).take(240).collect(), at }
        }
        other => other,
    }
}
