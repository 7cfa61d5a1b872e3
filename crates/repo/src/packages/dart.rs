//! `pubspec.yaml` and `pubspec.lock`.

use seaworthy_facts::{Ecosystem, Lock, Scope};
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::yaml;

use super::draft::{Draft, MANIFESTS, counts, is_version, lock_limits, missing, parsed, unreadable};
use crate::tree::{File, Tree};

/// Every package.
pub fn manifests(tree: &Tree) -> Vec<Draft> {
    tree.first(tree.named("pubspec.yaml").filter(|file| counts(file)), MANIFESTS, "pubspec.yaml files")
        .into_iter()
        .filter_map(|file| package(tree, file))
        .collect()
}

fn package(tree: &Tree, file: &File) -> Option<Draft> {
    let node = parsed(tree, file, yaml::parse)?;
    let mut draft = Draft::new(tree, file, Ecosystem::Pub);
    for (group, scope) in [("dependencies", Scope::Runtime), ("dev_dependencies", Scope::Development)] {
        for (key, value) in node.get(group).map(Node::map).unwrap_or_default() {
            if value.get("sdk").is_some() {
                continue;
            }
            let requirement = value.scalar().or_else(|| value.get("version")?.scalar()).unwrap_or_default();
            let exact =
                is_version(&requirement) || value.get("path").is_some() || value.path("git.ref").is_some();
            draft.depend(&key.text, &requirement, scope, exact, file.at_line(key.line));
        }
    }
    if draft.manifest.dependencies.is_empty() {
        draft.manifest.lock = Lock::NotNeeded { why: "no packages are declared".to_owned() };
        return Some(draft);
    }
    let Some(lockfile) = tree.resolve(file.folder(), "pubspec.lock") else {
        draft.manifest.lock = missing(tree, file.folder(), &["pubspec.lock"]);
        return Some(draft);
    };
    let lock = match yaml::parse(&tree.text(lockfile).unwrap_or_default(), &lock_limits()) {
        Ok(lock) => lock,
        Err(error) => {
            draft.manifest.lock = unreadable(lockfile, error.message);
            return Some(draft);
        }
    };
    let packages = lock.get("packages");
    let locked = |name: &str| packages.and_then(|packages| packages.get(name));
    let differences = draft
        .manifest
        .dependencies
        .iter()
        .filter(|dependency| locked(&dependency.name).is_none())
        .map(|dependency| format!("{} is not in the lockfile", dependency.name))
        .collect();
    draft.resolve(|name| locked(name).and_then(|entry| entry.get("version")).and_then(Node::scalar));
    draft.compared(lockfile.at(), differences);
    Some(draft)
}
