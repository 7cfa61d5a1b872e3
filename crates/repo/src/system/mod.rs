//! The facts that many items share: components, databases, platforms and the tree as a whole.

use seaworthy_facts::{
    Capabilities, Containers, Declared, Migrations, Packages, Pipelines, Repository, System,
};

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
    /// What the owners declare.
    pub declared: &'a Declared,
    /// The packages.
    pub packages: &'a Packages,
    /// Products in use.
    pub capabilities: &'a Capabilities,
    /// Container images.
    pub containers: &'a Containers,
    /// Continuous integration.
    pub pipelines: &'a Pipelines,
}

/// Adds the literals that tell servers, front ends and databases.
pub fn plan(_needles: &mut Needles) -> Plan {
    Plan::default()
}

/// The shared facts.
pub fn collect(_seen: &Seen) -> System {
    System::default()
}

/// The tree as a whole.
pub fn repository(tree: &Tree, scan: &Scan, _migrations: &Migrations) -> Repository {
    let root = tree.roots.first();
    let mut repository = Repository {
        commit: root.and_then(|root| root.commit.clone()),
        dirty: root.and_then(|root| root.dirty),
        tracked: root.is_some_and(|root| root.tracked),
        files: tree.files().len() as u64,
        read: scan.read,
        bytes: scan.bytes,
        ..Repository::default()
    };
    for file in tree.files().iter().filter(|file| scan.ships(file)) {
        if let Some(language) = file.language {
            repository.shipped_lines += u64::from(scan.lines[file.index]);
            *repository.languages.entry(language.to_owned()).or_default() += 1;
        }
    }
    repository.problems = tree.problems();
    repository
}
