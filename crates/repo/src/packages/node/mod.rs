//! `package.json`, its workspaces and its lockfile: npm, pnpm, Yarn, Bun.

mod locks;
mod pnpm;
mod yarn;

use std::collections::HashSet;

use std::collections::HashMap;
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use seaworthy_facts::{Ecosystem, Lock, Scope};
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{json, yaml};

use super::draft::{self, Draft, MANIFESTS, beside, counts, missing, parsed, relative};
use super::installs::Installs;
use crate::tree::{File, Tree};
use locks::NodeLock;

/// Lockfiles by the package manager that writes them, in the order in which one is preferred where nothing tells.
const LOCKS: &[(&str, &str)] = &[
    ("pnpm", "pnpm-lock.yaml"),
    ("yarn", "yarn.lock"),
    ("npm", "package-lock.json"),
    ("npm", "npm-shrinkwrap.json"),
    ("bun", "bun.lock"),
    ("bun", "bun.lockb"),
];
const LOCK_NAMES: &[&str] =
    &["package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb", "npm-shrinkwrap.json"];

/// The groups of dependencies with what they are needed for.
const GROUPS: &[(&str, Scope)] = &[
    ("dependencies", Scope::Runtime),
    ("optionalDependencies", Scope::Optional),
    ("peerDependencies", Scope::Optional),
    ("devDependencies", Scope::Development),
];

/// Programs that make what a browser loads: their manifest ships even when all of it is for development.
const BUNDLERS: &[&str] = &[
    "vite",
    "webpack",
    "esbuild",
    "rollup",
    "parcel",
    "laravel-mix",
    "@rails/webpacker",
    "shakapacker",
    "gulp",
    "@symfony/webpack-encore",
    "next",
    "nuxt",
    "astro",
    "@sveltejs/kit",
    "react-scripts",
    "@angular/cli",
    "@angular/build",
    "tailwindcss",
    "sass",
    "@rspack/core",
    "turbo",
    "@11ty/eleventy",
    "svelte",
];

/// A `package.json` as parsed.
struct Package<'t> {
    draft: Draft,
    node: Node,
    file: &'t File,
}

/// Every `package.json`.
pub fn manifests(tree: &Tree, installs: &Installs) -> Vec<Draft> {
    let mut packages: Vec<Package> = tree
        .first(tree.named("package.json").filter(|file| counts(file)), MANIFESTS, "package.json files")
        .into_iter()
        .filter_map(|file| {
            Some(Package {
                draft: Draft::new(tree, file, Ecosystem::Npm),
                node: parsed(tree, file, json::parse)?,
                file,
            })
        })
        .filter(|package| !package.node.map().is_empty())
        .collect();
    for package in &mut packages {
        dependencies(package);
    }
    let names: Vec<String> =
        packages.iter().filter_map(|package| package.node.get("name")?.as_str().map(str::to_owned)).collect();
    let members = workspaces(tree, &packages);
    let mut locks: HashMap<String, Result<Arc<NodeLock>, String>> = HashMap::new();
    let mut drafts = Vec::with_capacity(packages.len());
    for (index, mut package) in packages.into_iter().enumerate() {
        let root = members.get(&index);
        if let Some((path, _)) = root {
            package.draft.manifest.member_of = Some(path.clone());
        }
        let own = package.file.folder().to_owned();
        let folder = match root {
            // A member with a lockfile of its own is installed by itself.
            Some((_, folder)) if beside(tree, &own, LOCK_NAMES).is_none() => folder.clone(),
            _ => own,
        };
        lock(tree, installs, &mut package, &folder, &names, &mut locks);
        drafts.push(package.draft);
    }
    drafts
}

fn dependencies(package: &mut Package) {
    let Package { draft, node, file } = package;
    let mut known = HashSet::new();
    for (group, scope) in GROUPS {
        let Some(entries) = node.get(group) else { continue };
        for (key, value) in entries.map() {
            let Some(requirement) = value.as_str() else { continue };
            if !known.insert(key.text.as_str()) {
                // Listed twice (peer and development): the first group is the one that counts.
                continue;
            }
            draft.depend(&key.text, requirement, *scope, is_exact(requirement), file.at_line(key.line));
        }
    }
    if let Some(scripts) = node.get("scripts") {
        for (key, value) in scripts.map() {
            if let Some(text) = value.as_str() {
                draft.texts.push((key.line, text.to_owned()));
            }
        }
    }
    draft.commands = draft.texts.len();
    settings(node, &mut draft.texts);
    let bundles = draft.manifest.dependencies.iter().any(|known| BUNDLERS.contains(&known.name.as_str()));
    let builds = node.path("scripts.build").is_some() || node.path("scripts.production").is_some();
    let runtime = draft.manifest.dependencies.iter().any(|known| known.scope == Scope::Runtime);
    let for_people = runtime || bundles && builds || draft.manifest.dependencies.is_empty();
    if !for_people {
        draft.manifest.ships = false;
    }
}

/// Settings of tools inside a manifest (`babel`, `eslintConfig`, `jest`, `prettier`, …), which name plugins.
fn settings(node: &Node, texts: &mut Vec<(u32, String)>) {
    const NOT_SETTINGS: &[&str] = &[
        "dependencies",
        "devDependencies",
        "peerDependencies",
        "optionalDependencies",
        "scripts",
        "overrides",
        "resolutions",
        "bundledDependencies",
        "bundleDependencies",
        "name",
        "version",
        "description",
        "keywords",
        "pnpm",
        "peerDependenciesMeta",
        "engines",
        "repository",
        "author",
        "license",
        "homepage",
        "bugs",
        "files",
        "packageManager",
        "trustedDependencies",
        "browserslist",
        "volta",
        "catalog",
        "catalogs",
        "workspaces",
        "private",
        "funding",
        "contributors",
        "type",
        "exports",
        "dependenciesMeta",
    ];
    for (key, value) in node.map() {
        if NOT_SETTINGS.contains(&key.text.as_str()) {
            continue;
        }
        value.walk(&mut |path, inner| {
            if texts.len() >= 2_000 {
                return;
            }
            if let Some(text) = inner.as_str().filter(|text| text.len() < 300) {
                texts.push((inner.line, text.to_owned()));
            }
            if let Some(name) = path.last().filter(|name| **name != "*") {
                texts.push((inner.line, (*name).to_owned()));
            }
        });
    }
}

/// One version, a commit, or something of this repository.
fn is_exact(requirement: &str) -> bool {
    let requirement = requirement.trim();
    if ["workspace:", "file:", "link:", "portal:"].iter().any(|prefix| requirement.starts_with(prefix)) {
        return true;
    }
    if let Some(alias) = requirement.strip_prefix("npm:") {
        return alias.rsplit_once('@').is_some_and(|(_, version)| draft::is_version(version));
    }
    if let Some((_, reference)) = requirement.split_once('#')
        && (requirement.contains("://") || requirement.contains('/'))
    {
        return reference.len() >= 40 && reference.chars().all(|c| c.is_ascii_hexdigit());
    }
    let version = requirement.strip_prefix('=').unwrap_or(requirement);
    draft::is_version(version) && version.matches('.').count() >= 2
}

/// Which package belongs to which workspace root: index to the root's path and folder.
fn workspaces(tree: &Tree, packages: &[Package]) -> HashMap<usize, (String, String)> {
    let mut members = HashMap::new();
    for root in packages {
        let folder = root.file.folder();
        let declared = root.node.get("workspaces").map(|node| node.get("packages").unwrap_or(node).list());
        let mut patterns: Vec<String> =
            declared.unwrap_or_default().iter().filter_map(|node| node.as_str().map(str::to_owned)).collect();
        let pnpm =
            tree.resolve(folder, "pnpm-workspace.yaml").and_then(|file| parsed(tree, file, yaml::parse));
        if let Some(listed) = pnpm.as_ref().and_then(|node| node.get("packages")) {
            patterns.extend(listed.list().iter().filter_map(|node| node.as_str().map(str::to_owned)));
        }
        if patterns.is_empty() {
            continue;
        }
        let patterns = tree.some(root.file.at(), &patterns, 500, "patterns of workspaces");
        let (Some(wanted), Some(unwanted)) = (globs(patterns, false), globs(patterns, true)) else {
            continue;
        };
        for (index, package) in packages.iter().enumerate() {
            let Some(inside) = relative(folder, package.file.folder()).filter(|inside| *inside != ".") else {
                continue;
            };
            if wanted.is_match(inside) && !unwanted.is_match(inside) {
                members.entry(index).or_insert_with(|| (root.file.path.clone(), folder.to_owned()));
            }
        }
    }
    members
}

fn globs(patterns: &[String], negated: bool) -> Option<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let (without, is_negated) = match pattern.strip_prefix('!') {
            Some(rest) => (rest, true),
            None => (pattern.as_str(), false),
        };
        if is_negated == negated {
            let text = without.trim_start_matches("./").trim_end_matches('/');
            if let Ok(glob) = GlobBuilder::new(text).literal_separator(true).build() {
                set.add(glob);
            }
        }
    }
    set.build().ok()
}

/// Finds the lockfile of a package and compares.
fn lock<'t>(
    tree: &'t Tree,
    installs: &Installs,
    package: &mut Package<'t>,
    folder: &str,
    names: &[String],
    locks: &mut HashMap<String, Result<Arc<NodeLock>, String>>,
) {
    let present: Vec<(&str, &File)> =
        LOCKS.iter().filter_map(|(manager, name)| Some((*manager, tree.resolve(folder, name)?))).collect();
    let outside = package
        .draft
        .manifest
        .dependencies
        .iter()
        .any(|dependency| dependency.scope != Scope::Optional && !names.contains(&dependency.name));
    if present.is_empty() {
        package.draft.manifest.lock = if outside {
            missing(tree, folder, LOCK_NAMES)
        } else {
            Lock::NotNeeded { why: "no packages of others are declared".to_owned() }
        };
        return;
    }
    let manager = manager(&package.node, installs, folder, &present);
    let chosen: Vec<&File> = match manager {
        Some(manager) => present.iter().filter(|(name, _)| *name == manager).map(|(_, file)| *file).collect(),
        None => present.iter().map(|(_, file)| *file).collect(),
    };
    // Where nothing says which of several is installed from, one in step is enough.
    let mut verdict: Option<(Lock, Option<Arc<NodeLock>>)> = None;
    for file in chosen {
        let read =
            locks.entry(file.path.clone()).or_insert_with(|| locks::read(tree, file).map(Arc::new)).clone();
        let (state, known) = match read {
            Ok(lock) => {
                let member = relative(folder, package.file.folder()).unwrap_or(".");
                let differences = lock.differences(tree, folder, member, &package.node, names);
                let state = if differences.is_empty() {
                    Lock::InStep { at: file.at() }
                } else {
                    Lock::OutOfStep { at: file.at(), differences: differences.into_iter().take(8).collect() }
                };
                (state, Some(lock))
            }
            Err(why) => (draft::unreadable(file, why), None),
        };
        let better = match (&verdict, &state) {
            (None, _) => true,
            (Some((Lock::InStep { .. }, _)), _) => false,
            (_, Lock::InStep { .. }) => true,
            (Some((Lock::Unreadable { .. }, _)), Lock::OutOfStep { .. }) => true,
            _ => false,
        };
        if better {
            verdict = Some((state, known));
        }
    }
    let Some((state, known)) = verdict else { return };
    package.draft.manifest.lock = state;
    if let Some(lock) = known {
        let member = relative(folder, package.file.folder()).unwrap_or(".").to_owned();
        package.draft.resolve(|name| lock.resolved(&member, name));
        package.draft.known = lock.known.clone();
        // Yarn 1 lists no programs.
        package.draft.programs_told = lock.form != locks::Form::Descriptors;
    }
}

/// The package manager that installs: as declared, else as images and pipelines do, else the only one.
fn manager<'p>(
    node: &Node,
    installs: &Installs,
    folder: &str,
    present: &[(&'p str, &File)],
) -> Option<&'p str> {
    let there = |name: &str| present.iter().map(|(manager, _)| *manager).find(|manager| *manager == name);
    if let Some(declared) = node.get("packageManager").and_then(Node::as_str)
        && let Some(found) = there(declared.split('@').next().unwrap_or(declared))
    {
        return Some(found);
    }
    let all_same =
        present.iter().all(|(manager, _)| Some(manager) == present.first().map(|(first, _)| first));
    if all_same {
        return present.first().map(|(manager, _)| *manager);
    }
    let installs_here = |image: bool| {
        installs.all.iter().filter(move |install| install.image == image).find_map(|install| {
            let near = install.folder == folder || !install.image || folder == "." || install.folder == ".";
            let verb = install.words.get(1).map(String::as_str);
            let whole = install.words.iter().skip(2).all(|word| word.starts_with('-'));
            let manager = there(&install.words[0])?;
            let installs =
                matches!(verb, Some("ci" | "install" | "i")) || manager == "yarn" && verb.is_none();
            (near && whole && installs).then_some(manager)
        })
    };
    installs_here(true).or_else(|| installs_here(false))
}
