//! `Cargo.toml` and `Cargo.lock`.

use std::collections::HashMap;

use globset::Glob;
use seaworthy_facts::{Ecosystem, Lock, Scope};
use seaworthy_syntax::toml;
use seaworthy_syntax::tree::Node;
use serde::Deserialize;

use super::draft::{Draft, MANIFESTS, counts, is_version, missing, parent, parsed, relative, unreadable};
use crate::tree::{File, Tree, join};

#[derive(Deserialize, Default)]
#[serde(default)]
struct CargoLock {
    package: Vec<CargoPackage>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CargoPackage {
    name: String,
    version: String,
    source: Option<String>,
    dependencies: Vec<String>,
}

/// Every crate and workspace.
pub fn manifests(tree: &Tree) -> Vec<Draft> {
    let parsed: Vec<(&File, Node)> = tree
        .first(tree.named("Cargo.toml").filter(|file| counts(file)), MANIFESTS, "Cargo.toml files")
        .into_iter()
        .filter_map(|file| Some((file, parsed(tree, file, toml::parse)?)))
        .collect();
    let roots: HashMap<&str, &Node> = parsed
        .iter()
        .filter(|(_, node)| node.get("workspace").is_some())
        .map(|(file, node)| (file.folder(), node))
        .collect();
    let mut locks: HashMap<String, Result<CargoLock, String>> = HashMap::new();
    let mut drafts = Vec::new();
    for (file, node) in &parsed {
        let mut draft = Draft::new(tree, file, Ecosystem::Cargo);
        let root = root_of(file.folder(), &roots, node);
        let shared =
            root.and_then(|folder| roots.get(folder)).and_then(|root| root.path("workspace.dependencies"));
        read(file, node, shared, &mut draft);
        if let Some(root) = root.filter(|root| *root != file.folder()) {
            draft.manifest.member_of = join(root, "Cargo.toml");
        }
        if node.get("package").is_none() {
            // A workspace without a package of its own: its members are judged.
            continue;
        }
        let folder = root.unwrap_or(file.folder());
        lock(tree, file, node, folder, &mut draft, &mut locks);
        drafts.push(draft);
    }
    drafts
}

/// The folder of the workspace that a package belongs to.
fn root_of<'r>(folder: &'r str, roots: &HashMap<&'r str, &Node>, node: &Node) -> Option<&'r str> {
    if roots.contains_key(folder) {
        return Some(folder);
    }
    if let Some(named) = node.path("package.workspace").and_then(Node::as_str) {
        let path = join(folder, named)?;
        return roots.keys().find(|root| **root == path).copied();
    }
    let mut above = parent(folder);
    while let Some(current) = above {
        if let Some((root, node)) = roots.get_key_value(current) {
            let inside = relative(root, folder)?;
            let lists = |name: &str| {
                node.path(name).is_some_and(|patterns| {
                    patterns.list().iter().filter_map(Node::as_str).any(|pattern| {
                        let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
                        pattern == inside
                            || Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(inside))
                    })
                })
            };
            // A path dependency below the root is a member as well.
            return (!lists("workspace.exclude")).then_some(*root);
        }
        above = parent(current);
    }
    None
}

fn read(file: &File, node: &Node, shared: Option<&Node>, draft: &mut Draft) {
    let groups = [
        ("dependencies", Scope::Runtime),
        ("build-dependencies", Scope::Development),
        ("dev-dependencies", Scope::Development),
    ];
    let targets = node.get("target").map(Node::map).unwrap_or_default();
    for (group, scope) in groups {
        for table in
            node.get(group).into_iter().chain(targets.iter().filter_map(|(_, target)| target.get(group)))
        {
            for (key, value) in table.map() {
                let inherited = value.get("workspace").and_then(Node::as_bool).unwrap_or(false);
                let source = if inherited {
                    shared.and_then(|shared| shared.get(&key.text)).unwrap_or(value)
                } else {
                    value
                };
                let version = source.get("version").unwrap_or(source).as_str().unwrap_or_default();
                let exact = source.get("path").is_some()
                    || source.get("rev").is_some()
                    || version.strip_prefix('=').is_some_and(|version| is_version(version.trim()));
                let name = source.get("package").and_then(Node::as_str).unwrap_or(&key.text);
                let optional = value.get("optional").and_then(Node::as_bool).unwrap_or(false);
                let scope = if optional { Scope::Optional } else { scope };
                if !draft.manifest.dependencies.iter().any(|known| known.name == name) {
                    draft.depend(name, version, scope, exact, file.at_line(key.line));
                    if name != key.text {
                        // Code names it by its key.
                        draft.texts.push((0, format!("{name}\n{}", key.text)));
                    }
                }
            }
        }
    }
}

fn lock(
    tree: &Tree,
    file: &File,
    node: &Node,
    folder: &str,
    draft: &mut Draft,
    locks: &mut HashMap<String, Result<CargoLock, String>>,
) {
    if draft.manifest.dependencies.is_empty() {
        draft.manifest.lock = Lock::NotNeeded { why: "no packages are declared".to_owned() };
        return;
    }
    let Some(lockfile) = tree.resolve(folder, "Cargo.lock") else {
        draft.manifest.lock = missing(tree, folder, &["Cargo.lock"]);
        return;
    };
    let lock = locks.entry(lockfile.path.clone()).or_insert_with(|| {
        let text = tree.text(lockfile).ok_or_else(|| "it could not be read".to_owned())?;
        ::toml::from_str::<CargoLock>(&text).map_err(|error| error.message().chars().take(200).collect())
    });
    let lock = match lock {
        Ok(lock) => lock,
        Err(why) => {
            draft.manifest.lock = unreadable(lockfile, why.clone());
            return;
        }
    };
    let name = node.path("package.name").and_then(Node::as_str).unwrap_or(file.folder());
    let own = lock.package.iter().find(|package| package.name == name && package.source.is_none());
    let mut differences = Vec::new();
    match own {
        None => differences.push(format!("the lockfile does not know the package {name}")),
        Some(own) => {
            for dependency in &draft.manifest.dependencies {
                if !own.dependencies.iter().any(|entry| entry.split(' ').next() == Some(&dependency.name)) {
                    differences.push(format!("{} is not in the lockfile", dependency.name));
                }
            }
            for entry in &own.dependencies {
                let locked = entry.split(' ').next().unwrap_or(entry);
                if !draft.manifest.dependencies.iter().any(|dependency| dependency.name == locked) {
                    differences.push(format!("{locked} is in the lockfile but no longer in the manifest"));
                }
            }
        }
    }
    let resolved = |name: &str| {
        let entry =
            own.and_then(|own| own.dependencies.iter().find(|entry| entry.split(' ').next() == Some(name)));
        let exact = entry.and_then(|entry| entry.split(' ').nth(1).map(str::to_owned));
        exact.or_else(|| {
            lock.package.iter().find(|package| package.name == name).map(|package| package.version.clone())
        })
    };
    draft.resolve(resolved);
    draft.compared(lockfile.at(), differences);
}
