//! The facts that many items share: components, databases, platforms and the tree as a whole.

mod components;
mod databases;
mod distributed;
mod load_tests;
mod platforms;
mod services;
mod suites;
mod templates;
#[cfg(test)]
mod tests;

pub use components::is_tool_code;
use seaworthy_facts::{
    Capabilities, Containers, Declared, Launches, Migrations, Pipelines, Repository, System,
};
use sha2::{Digest, Sha256};

use crate::scan::{Needles, Scan};
use crate::tree::Tree;

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    databases: databases::Plan,
    distributed: distributed::Plan,
    load_tests: load_tests::Plan,
    platforms: platforms::Plan,
    services: services::Plan,
    suites: suites::Plan,
}

/// What this room reads.
pub struct Seen<'a> {
    /// The files.
    pub tree: &'a Tree,
    /// The hits.
    pub scan: &'a Scan,
    /// The literals.
    pub plan: &'a Plan,
    /// What the owners declare.
    pub declared: &'a Declared,
    /// Products in use.
    pub capabilities: &'a Capabilities,
    /// Container images.
    pub containers: &'a Containers,
    /// Continuous integration.
    pub pipelines: &'a Pipelines,
    /// What is started.
    pub launches: &'a Launches,
}

/// Adds the literals that tell servers, front ends and databases.
pub fn plan(needles: &mut Needles) -> Plan {
    Plan {
        databases: databases::plan(needles),
        distributed: distributed::plan(needles),
        load_tests: load_tests::plan(needles),
        platforms: platforms::plan(needles),
        services: services::plan(needles),
        suites: suites::plan(needles),
    }
}

/// The shared facts.
pub fn collect(seen: &Seen) -> System {
    let components = components::components(seen);
    let platforms = platforms::platforms(seen, &components);
    let runs =
        components.iter().any(|c| c.http_server.is_some() || c.front_end.is_some() || c.worker.is_some());
    if !runs {
        // What a library or a tool can talk to belongs to those who use it.
        return System { components, platforms, ..System::default() };
    }
    let mut api = services::products(seen, "api");
    api.extend(services::products(seen, "graphql"));
    if components.iter().all(|component| component.http_server.is_none()) {
        api.clear();
    }
    System {
        databases: databases::databases(seen, &components),
        object_storage: services::object_storage(seen),
        outgoing_calls: services::products(seen, "outgoing-http"),
        queues: services::products(seen, "queue"),
        accounts: services::products(seen, "accounts"),
        people: services::people(seen),
        api,
        components,
        platforms,
    }
}

/// The tree as a whole.
pub fn repository(tree: &Tree, scan: &Scan, plan: &Plan, system: &System) -> Repository {
    let root = tree.roots().first();
    let mut repository = Repository {
        commit: root.and_then(|root| root.commit.clone()),
        dirty: root.and_then(|root| root.dirty),
        tracked: root.is_some_and(|root| root.tracked),
        files: tree.files().len() as u64,
        read: scan.read,
        bytes: scan.bytes,
        tests: suites::suites(tree, scan, &plan.suites, &system.components),
        load_tests: load_tests::scripts(tree, scan, &plan.load_tests),
        load_results: load_tests::results(tree),
        distributed_hints: distributed::hints(tree, scan, &plan.distributed),
        ..Repository::default()
    };
    for file in tree.files().iter().filter(|file| scan.ships(file)) {
        if let Some(language) = file.language {
            repository.shipped_lines += u64::from(scan.lines[file.index]);
            *repository.languages.entry(language.to_owned()).or_default() += 1;
        }
    }
    repository
}

/// One digest over the names and contents of all files in the folders of the migrations.
pub fn migrations_digest(tree: &Tree, migrations: &Migrations) -> Option<String> {
    let mut folders: Vec<&str> =
        migrations.sets.iter().flat_map(|set| set.folders.iter().map(String::as_str)).collect();
    folders.sort_unstable();
    folders.dedup();
    let mut files: Vec<_> = folders.iter().flat_map(|folder| tree.under(folder)).collect();
    files.sort_by(|left, right| left.path.cmp(&right.path));
    files.dedup_by_key(|file| file.index);
    if files.is_empty() {
        return None;
    }
    let mut digest = Sha256::new();
    for file in files {
        let text = tree.text(file).unwrap_or_default();
        for part in [file.path.as_bytes(), text.as_bytes()] {
            // Lengths keep apart what concatenation would join.
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    }
    Some(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
