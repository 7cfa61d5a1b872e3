//! `pnpm-lock.yaml` and the catalogues of `pnpm-workspace.yaml`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, yaml};

use super::locks::{Form, NodeLock};
use crate::packages::draft::{Known, lock_limits};
use crate::tree::{Tree, join};

/// Reads a lockfile. The list of all packages is by far its longest part and is read line by line.
pub fn read(text: &str) -> Result<NodeLock, String> {
    // A second document holds the locked package; a first one, the package manager itself.
    let text = text.rsplit_once("\n---\n").map_or(text, |(_, last)| last);
    let cut =
        ["\npackages:", "\nsnapshots:"].iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
    let node =
        yaml::parse(&text[..cut], &lock_limits()).map_err(|error| format!("no valid YAML: {error}"))?;
    let mut result = NodeLock { form: Form::Exact, ..NodeLock::default() };
    match node.get("importers") {
        Some(importers) => {
            for (key, importer) in importers.map() {
                read_importer(&key.text, importer, &mut result);
            }
        }
        None => read_importer(".", &node, &mut result),
    }
    for (catalog, entries) in node.get("catalogs").map(Node::map).unwrap_or_default() {
        for (name, entry) in entries.map() {
            if let Some(specifier) = entry.get("specifier").and_then(Node::scalar) {
                result.catalogs.push((catalog.text.clone(), name.text.clone(), specifier));
            }
        }
    }
    result.known = Arc::new(known(&text[cut..]));
    Ok(result)
}

fn read_importer(folder: &str, importer: &Node, result: &mut NodeLock) {
    let mut entries = BTreeMap::new();
    for group in ["dependencies", "devDependencies", "optionalDependencies"] {
        for (key, value) in importer.get(group).map(Node::map).unwrap_or_default() {
            let specifier = value.get("specifier").and_then(Node::scalar);
            let version = value.get("version").or(Some(value)).and_then(Node::scalar);
            if let Some(version) = version {
                let end = version.find(['(', '_']).unwrap_or(version.len());
                result.versions.insert((folder.to_owned(), key.text.clone()), version[..end].to_owned());
            }
            entries.insert(key.text.clone(), specifier.unwrap_or_default());
        }
    }
    // Before version 6 the specifiers stood apart.
    for (key, value) in importer.get("specifiers").map(Node::map).unwrap_or_default() {
        if let Some(specifier) = value.scalar() {
            entries.insert(key.text.clone(), specifier);
        }
    }
    result.importers.insert(folder.to_owned(), entries);
}

/// Peers and programs of the packages: `  name@1.0.0:`, then `    peerDependencies:` and its entries.
fn known(text: &str) -> HashMap<String, Known> {
    let mut known: HashMap<String, Known> = HashMap::new();
    let (mut name, mut in_peers) = (String::new(), false);
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let content = line.trim();
        match indent {
            2 => {
                name = package_name(content.trim_end_matches(':').trim_matches(['\'', '"'])).to_owned();
                in_peers = false;
            }
            4 => {
                in_peers = content == "peerDependencies:";
                if content == "hasBin: true" && !name.is_empty() {
                    known.entry(name.clone()).or_default().unnamed_programs = true;
                }
            }
            6 if in_peers && !name.is_empty() => {
                if let Some((peer, _)) = content.split_once(": ") {
                    known
                        .entry(name.clone())
                        .or_default()
                        .peers
                        .push(peer.trim_matches(['\'', '"']).to_owned());
                }
            }
            _ => {}
        }
    }
    known
}

/// `/@a/b/1.0.0_x@2`, `/@a/b@1.0.0(x@2)` and `@a/b@1.0.0` name `@a/b`.
fn package_name(key: &str) -> &str {
    let key = key.strip_prefix('/').unwrap_or(key);
    let scoped = key.starts_with('@');
    let version = key[usize::from(scoped)..].find('@').map_or(key.len(), |at| at + usize::from(scoped));
    let slash = key.match_indices('/').nth(usize::from(scoped)).map_or(key.len(), |(at, _)| at);
    &key[..version.min(slash)]
}

/// The workspace file beside a lockfile.
pub fn workspace_file(tree: &Tree, folder: &str) -> Option<Node> {
    let text = tree.text_at(&join(folder, "pnpm-workspace.yaml")?)?;
    yaml::parse(&text, &Limits::default()).ok()
}

/// Catalogue entries that the lockfile was made for and that read otherwise now.
pub fn catalog_differences(tree: &Tree, folder: &str, locked: &[(String, String, String)]) -> Vec<String> {
    if locked.is_empty() {
        return Vec::new();
    }
    let Some(workspace) = workspace_file(tree, folder) else { return Vec::new() };
    let declared = |catalog: &str, name: &str| {
        let named = workspace.get("catalogs").and_then(|node| node.get(catalog)?.get(name)?.scalar());
        let default = || workspace.get("catalog").and_then(|node| node.get(name)?.scalar());
        named.or_else(|| (catalog == "default").then(default).flatten())
    };
    locked
        .iter()
        .filter_map(|(catalog, name, specifier)| {
            let now = declared(catalog, name)?;
            (now.trim() != specifier.trim()).then(|| {
                format!(
                    "{name}: the catalogue {catalog} asks for {now}, the lockfile was made for {specifier}"
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_of_all_formats() {
        for (key, name) in [
            ("/@a/b/1.0.0_x@2", "@a/b"),
            ("/@a/b@1.0.0(x@2)", "@a/b"),
            ("@a/b@1.0.0", "@a/b"),
            ("/b/1.0.0", "b"),
            ("b@1.0.0", "b"),
        ] {
            assert_eq!(package_name(key), name);
        }
    }

    #[test]
    fn importers_and_peers() {
        let lock = read(
            "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        specifier: ^1\n        version: 1.2.0(b@1)\n\npackages:\n\n  a@1.2.0:\n    resolution: {integrity: x}\n    peerDependencies:\n      b: '>=1'\n",
        )
        .unwrap();
        assert_eq!(lock.importers["."]["a"], "^1");
        assert_eq!(lock.resolved(".", "a").unwrap(), "1.2.0");
        assert_eq!(lock.known["a"].peers, ["b"]);
    }
}
