//! `deno.json` and `deno.lock`.

use seaworthy_facts::{Ecosystem, Lock, Scope};
use seaworthy_syntax::json;
use seaworthy_syntax::tree::Node;

use super::draft::{Draft, MANIFESTS, beside, counts, lock_limits, missing, parent, parsed, unreadable};
use super::remote;
use crate::tree::{File, Tree};

/// Every `deno.json`.
pub fn manifests(tree: &Tree) -> Vec<Draft> {
    tree.first(
        tree.named("deno.json").chain(tree.named("deno.jsonc")).filter(|file| counts(file)),
        MANIFESTS,
        "deno.json files",
    )
    .into_iter()
    .filter_map(|file| project(tree, file))
    .collect()
}

fn project(tree: &Tree, file: &File) -> Option<Draft> {
    let node = parsed(tree, file, json::parse)?;
    let mut draft = Draft::new(tree, file, Ecosystem::Deno);
    add_imports(&mut draft, file, &node);
    // The imports may stand in a file of their own.
    if let Some(other) =
        node.get("importMap").and_then(Node::as_str).and_then(|path| tree.resolve(file.folder(), path))
        && let Some(map) = parsed(tree, other, json::parse)
    {
        add_imports(&mut draft, other, &map);
    }
    // What transforms and checks the code may be named by the keys of the map.
    for (key, value) in node.map() {
        if !matches!(key.text.as_str(), "imports" | "scopes" | "tasks" | "lock" | "exclude" | "include") {
            value.walk(&mut |_, inner| {
                if let Some(text) =
                    inner.as_str().filter(|text| text.len() < 300 && draft.texts.len() < 2_000)
                {
                    draft.texts.push((inner.line, text.to_owned()));
                }
            });
        }
    }
    for (key, task) in node.get("tasks").map(Node::map).unwrap_or_default() {
        if let Some(text) = task.get("command").unwrap_or(task).as_str() {
            draft.texts.push((key.line, text.to_owned()));
        }
    }
    let switched_off = node.get("lock").and_then(Node::as_bool) == Some(false);
    draft.manifest.lock = if draft.manifest.dependencies.is_empty() {
        Lock::NotNeeded { why: "no imports are declared".to_owned() }
    } else if let (Some(lockfile), false) = (lockfile(tree, file.folder()), switched_off) {
        let text = tree.text(lockfile).unwrap_or_default();
        if let Err(error) = json::parse(&text, &lock_limits()) {
            draft.manifest.lock = unreadable(lockfile, error.message);
            return Some(draft);
        }
        let differences: Vec<String> = draft
            .manifest
            .dependencies
            .iter()
            .filter(|dependency| !mentions(&text, &dependency.requirement))
            .map(|dependency| format!("{} is not in the lockfile", dependency.requirement))
            .take(8)
            .collect();
        if differences.is_empty() {
            Lock::InStep { at: lockfile.at() }
        } else {
            Lock::OutOfStep { at: lockfile.at(), differences }
        }
    } else {
        missing(tree, file.folder(), &["deno.lock"])
    };
    Some(draft)
}

fn add_imports(draft: &mut Draft, file: &File, node: &Node) {
    for (key, value) in node.get("imports").map(Node::map).unwrap_or_default() {
        let Some(specifier) = value.as_str() else { continue };
        if remote::is_remote(specifier) {
            draft.depend(
                &key.text,
                specifier,
                Scope::Runtime,
                !remote::floats(specifier),
                file.at_line(key.line),
            );
        }
    }
}

/// The lockfile beside a folder or above it.
pub fn lockfile<'t>(tree: &'t Tree, folder: &str) -> Option<&'t File> {
    let mut folder = Some(folder);
    while let Some(current) = folder {
        if let Some(found) = beside(tree, current, &["deno.lock"]) {
            return Some(found);
        }
        folder = parent(current);
    }
    None
}

/// Whether a lockfile holds a specifier, by its name: the version is written in several ways.
pub fn mentions(lock: &str, specifier: &str) -> bool {
    lock.contains(remote::package(specifier))
}
