//! Manifests, lockfiles, update bots, and what the code uses of its dependencies.

mod bots;
mod cargo;
mod dart;
mod deno;
mod dotnet;
mod draft;
mod go;
mod gradle;
mod installs;
mod maven;
mod mix;
mod node;
mod php;
mod python;
mod remote;
mod ruby;
mod unread;
pub use unread::manifests as unread_manifests;
mod usage;

pub use draft::lock_limits;
pub use installs::{is_development, is_dockerfile};
use seaworthy_facts::{Lock, Packages};

use crate::scan::{Needles, Scan};
use crate::tree::Tree;
use draft::Draft;
use rayon::prelude::*;

/// The manifests as parsed, and the literals that show that a dependency is used.
#[derive(Debug, Default)]
pub struct Plan {
    drafts: Vec<Draft>,
    remote: remote::Plan,
    usage: usage::Plan,
}

/// Direct dependencies of one manifest: many times what people write by hand.
const DEPENDENCIES: usize = 3_000;

/// Parses the manifests and adds a literal for each direct dependency.
pub fn plan(tree: &Tree, needles: &mut Needles) -> Plan {
    let installs = installs::Installs::read(tree);
    // The lockfiles of npm take as long as everything else together.
    let (mut drafts, others) = rayon::join(
        || {
            let mut drafts = node::manifests(tree, &installs);
            drafts.extend(deno::manifests(tree));
            drafts
        },
        || {
            [
                python::manifests(tree, &installs),
                ruby::manifests(tree),
                php::manifests(tree),
                go::manifests(tree),
                cargo::manifests(tree),
                maven::manifests(tree),
                gradle::manifests(tree),
                dotnet::manifests(tree),
                mix::manifests(tree),
                dart::manifests(tree),
            ]
        },
    );
    drafts.extend(others.into_iter().flatten());
    drafts.sort_by(|left, right| left.manifest.at.cmp(&right.manifest.at));
    drafts.par_iter_mut().for_each(|draft| refuse_conflict(tree, draft));
    for draft in &mut drafts {
        let dependencies = &mut draft.manifest.dependencies;
        if dependencies.len() > DEPENDENCIES {
            let count = dependencies.len();
            dependencies.truncate(DEPENDENCIES);
            tree.cut(
                draft.manifest.at.clone(),
                format!(
                    "{count} direct dependencies; those after the first {DEPENDENCIES} were not looked at"
                ),
            );
        }
    }
    let usage = usage::plan(&drafts, needles);
    Plan { drafts, remote: remote::plan(needles), usage }
}

/// Lockfiles that are read line by line have a reading even where a merge was not finished; it is worth nothing.
fn refuse_conflict(tree: &Tree, draft: &mut Draft) {
    let (Lock::InStep { at } | Lock::OutOfStep { at, .. }) = &draft.manifest.lock else { return };
    let text = at.path().and_then(|path| tree.text_at(path));
    if let Some(error) = text.and_then(|text| seaworthy_syntax::conflict::find(&text)) {
        draft.manifest.lock = Lock::Unreadable { at: at.clone(), why: error.message };
    }
}

/// The packages with their lockfiles and uses.
pub fn collect(tree: &Tree, scan: &Scan, mut plan: Plan) -> Packages {
    usage::fill(tree, scan, &plan.usage, &mut plan.drafts);
    let remote_imports = remote::imports(tree, scan, &plan.remote, &plan.drafts);
    Packages {
        manifests: plan.drafts.into_iter().map(|draft| draft.manifest).collect(),
        bots: bots::read(tree),
        remote_imports,
        unread: unread::managers(tree),
    }
}

#[cfg(test)]
mod tests;
