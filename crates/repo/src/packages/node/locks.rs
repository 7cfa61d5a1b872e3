//! What lockfiles of the npm world have in common, and npm's and Bun's own.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use seaworthy_syntax::json;
use seaworthy_syntax::tree::Node;
use serde::Deserialize;

use super::{pnpm, yarn};
use crate::packages::draft::{Known, lock_limits};
use crate::tree::{File, Tree, join};

/// A lockfile as far as it says what it was made from.
#[derive(Debug, Default)]
pub struct NodeLock {
    /// How it can be compared.
    pub form: Form,
    /// Direct dependencies by the package's folder relative to the lockfile (`.` for its own): name to specifier.
    pub importers: HashMap<String, BTreeMap<String, String>>,
    /// What is resolved, by folder and name (folder `.` holds what is shared).
    pub versions: HashMap<(String, String), String>,
    /// What it tells about the packages.
    pub known: Arc<HashMap<String, Known>>,
    /// Names in the catalogues that the lockfile knows: catalogue, name, specifier.
    pub catalogs: Vec<(String, String, String)>,
}

/// How a lockfile tells what it was made from.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The dependency maps of each package are repeated, and an entry too many is a difference too.
    #[default]
    Exact,
    /// They are repeated; an entry too many does no harm.
    Superset,
    /// Only `name@range` pairs are listed.
    Descriptors,
    /// Only names are listed.
    Names,
}

/// Reads a lockfile by its name.
pub fn read(tree: &Tree, file: &File) -> Result<NodeLock, String> {
    if file.name() == "bun.lockb" {
        return Err("the binary format of older Bun versions is not read; `bun install --save-text-lockfile` writes the readable one".to_owned());
    }
    let text = tree.text(file).ok_or("it could not be read")?;
    match file.name() {
        "pnpm-lock.yaml" => pnpm::read(&text),
        "yarn.lock" => yarn::read(&text),
        "bun.lock" => bun(&text),
        _ => npm(&text),
    }
}

impl NodeLock {
    /// The version that a package's dependency resolves to.
    pub fn resolved(&self, member: &str, name: &str) -> Option<String> {
        let at = |folder: &str| self.versions.get(&(folder.to_owned(), name.to_owned())).cloned();
        at(member).or_else(|| at("."))
    }

    /// What differs between a manifest and this lockfile.
    pub fn differences(
        &self,
        tree: &Tree,
        folder: &str,
        member: &str,
        manifest: &Node,
        workspace: &[String],
    ) -> Vec<String> {
        let wanted = wanted(manifest);
        let overridden = overridden(tree, folder, manifest);
        // Yarn 1 lists all packages' descriptors together.
        let importer = self.importers.get(if self.form == Form::Descriptors { "." } else { member });
        let mut differences = Vec::new();
        if matches!(self.form, Form::Exact | Form::Superset) && importer.is_none() {
            if wanted.is_empty() {
                return differences;
            }
            return vec![format!("the lockfile does not know the package in {member}")];
        }
        for (name, requirement) in &wanted {
            let local = workspace.contains(name);
            match self.form {
                Form::Exact | Form::Superset => match importer.and_then(|entries| entries.get(name)) {
                    None => differences.push(format!("{name} is not in the lockfile")),
                    Some(locked) if same(locked, requirement) || overridden.contains(name) || local => {}
                    // Listed in two groups, of which package managers prefer different ones.
                    Some(locked) if in_another_group(manifest, name, locked) => {}
                    Some(locked) => differences.push(format!(
                        "{name}: the manifest asks for {requirement}, the lockfile was made for {locked}"
                    )),
                },
                Form::Descriptors => {
                    let listed = importer
                        .is_some_and(|entries| entries.contains_key(&format!("{name}@{requirement}")));
                    let linked = requirement.starts_with("link:") || requirement.starts_with("workspace:");
                    if !(listed
                        || local
                        || linked
                        || overridden.contains(name) && self.resolved(".", name).is_some())
                    {
                        differences.push(format!("{name}@{requirement} is not in the lockfile"));
                    }
                }
                Form::Names => {
                    if self.resolved(".", name).is_none() && !local {
                        differences.push(format!("{name} is not in the lockfile"));
                    }
                }
            }
        }
        if self.form == Form::Exact
            && let Some(entries) = importer
        {
            let peers = manifest.get("peerDependencies").map(Node::map).unwrap_or_default();
            differences.extend(
                entries
                    .keys()
                    .filter(|name| {
                        !wanted.contains_key(*name) && !peers.iter().any(|(key, _)| key.text == **name)
                    })
                    .map(|name| format!("{name} is in the lockfile but no longer in the manifest")),
            );
        }
        if member == "." {
            differences.extend(pnpm::catalog_differences(tree, folder, &self.catalogs));
        }
        differences
    }
}

/// What a manifest asks to be installed: name to specifier.
fn wanted(manifest: &Node) -> BTreeMap<String, String> {
    let mut wanted = BTreeMap::new();
    // As npm does, an optional entry takes the place of a normal one of the same name.
    for group in ["devDependencies", "dependencies", "optionalDependencies"] {
        for (key, value) in manifest.get(group).map(Node::map).unwrap_or_default() {
            if let Some(requirement) = value.as_str() {
                wanted.insert(key.text.clone(), requirement.trim().to_owned());
            }
        }
    }
    wanted
}

fn in_another_group(manifest: &Node, name: &str, locked: &str) -> bool {
    ["dependencies", "devDependencies", "optionalDependencies"]
        .iter()
        .filter_map(|group| manifest.get(group)?.get(name)?.as_str())
        .any(|requirement| same(locked, requirement))
}

/// Names whose specifiers an override replaces in the lockfile.
fn overridden(tree: &Tree, folder: &str, manifest: &Node) -> Vec<String> {
    let mut names = Vec::new();
    let mut take = |node: Option<&Node>| {
        for (key, _) in node.map(Node::map).unwrap_or_default() {
            let last = key.text.rsplit('>').next().unwrap_or(&key.text).trim();
            let last = last.strip_prefix("**/").unwrap_or(last);
            let end = last.char_indices().skip(1).find(|(_, c)| *c == '@').map_or(last.len(), |(at, _)| at);
            names.push(last[..end].to_owned());
        }
    };
    let root = join(folder, "package.json")
        .and_then(|path| tree.text_at(&path))
        .and_then(|text| json::parse(&text, &lock_limits()).ok());
    for manifest in [Some(manifest), root.as_ref()].into_iter().flatten() {
        take(manifest.get("overrides"));
        take(manifest.get("resolutions"));
        take(manifest.path("pnpm.overrides"));
    }
    if let Some(workspace) = pnpm::workspace_file(tree, folder) {
        take(workspace.get("overrides"));
    }
    names
}

/// Two specifiers that mean the same.
fn same(locked: &str, requirement: &str) -> bool {
    let plain = |text: &str| {
        let text = text.trim();
        let text = text.strip_prefix("npm:").filter(|rest| !rest.contains('@')).unwrap_or(text);
        if text.is_empty() { "*".to_owned() } else { text.split_whitespace().collect::<Vec<_>>().join(" ") }
    };
    // Addresses of repositories, patches and archives are written in several ways.
    let address = |text: &str| text.contains('/') || text.starts_with("patch:");
    plain(locked) == plain(requirement) || address(locked) || address(requirement)
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct NpmLock {
    packages: BTreeMap<String, NpmPackage>,
    dependencies: BTreeMap<String, NpmPackage>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct NpmPackage {
    version: Option<String>,
    dependencies: serde_json::Value,
    dev_dependencies: BTreeMap<String, String>,
    optional_dependencies: BTreeMap<String, String>,
    peer_dependencies: BTreeMap<String, String>,
    bin: serde_json::Value,
}

fn npm(text: &str) -> Result<NodeLock, String> {
    let lock: NpmLock =
        serde_json::from_str(text).map_err(|error| format!("no valid package-lock: {error}"))?;
    let mut result = NodeLock { form: Form::Superset, ..NodeLock::default() };
    let mut known: HashMap<String, Known> = HashMap::new();
    if lock.packages.is_empty() {
        result.form = Form::Names;
        for (name, package) in lock.dependencies {
            if let Some(version) = package.version {
                result.versions.insert((".".to_owned(), name), version);
            }
        }
        return Ok(result);
    }
    for (path, package) in lock.packages {
        match path.rsplit_once("node_modules/") {
            // An own package: the root or a workspace.
            None => {
                let mut entries = package.dev_dependencies;
                if let serde_json::Value::Object(map) = package.dependencies {
                    entries.extend(
                        map.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))),
                    );
                }
                entries.extend(package.optional_dependencies);
                let folder = if path.is_empty() { ".".to_owned() } else { path };
                result.importers.insert(folder, entries);
            }
            Some((outer, name)) => {
                let folder = outer.trim_end_matches('/');
                if let Some(version) = package.version
                    && !folder.contains("node_modules")
                {
                    let folder = if folder.is_empty() { "." } else { folder };
                    result.versions.insert((folder.to_owned(), name.to_owned()), version);
                }
                let programs = match package.bin {
                    serde_json::Value::Object(map) => map.into_iter().map(|(name, _)| name).collect(),
                    _ => Vec::new(),
                };
                let peers: Vec<String> = package.peer_dependencies.into_keys().collect();
                if !programs.is_empty() || !peers.is_empty() {
                    let entry = known.entry(name.to_owned()).or_default();
                    entry.programs.extend(programs);
                    entry.peers.extend(peers);
                }
            }
        }
    }
    result.known = Arc::new(known);
    Ok(result)
}

fn bun(text: &str) -> Result<NodeLock, String> {
    let node = json::parse(text, &lock_limits()).map_err(|error| format!("no valid bun.lock: {error}"))?;
    let mut result = NodeLock { form: Form::Exact, ..NodeLock::default() };
    for (key, package) in node.get("workspaces").map(Node::map).unwrap_or_default() {
        let folder = if key.text.is_empty() { ".".to_owned() } else { key.text.clone() };
        result.importers.insert(folder, wanted(package));
    }
    if result.importers.is_empty() {
        return Err("it lists no workspaces".to_owned());
    }
    let mut known: HashMap<String, Known> = HashMap::new();
    for (key, package) in node.get("packages").map(Node::map).unwrap_or_default() {
        let items = package.list();
        if let Some(version) = items.first().and_then(Node::as_str).and_then(|id| id.rsplit_once('@')) {
            result.versions.insert((".".to_owned(), key.text.clone()), version.1.to_owned());
        }
        for item in items {
            let peers = item.get("peerDependencies").map(Node::map).unwrap_or_default();
            let programs = item.get("bin").map(Node::map).unwrap_or_default();
            if !peers.is_empty() || !programs.is_empty() {
                let entry = known.entry(key.text.clone()).or_default();
                entry.peers.extend(peers.iter().map(|(key, _)| key.text.clone()));
                entry.programs.extend(programs.iter().map(|(key, _)| key.text.clone()));
            }
        }
    }
    for (key, node) in node.get("catalog").map(Node::map).unwrap_or_default() {
        result.catalogs.push((
            "default".to_owned(),
            key.text.clone(),
            node.as_str().unwrap_or_default().to_owned(),
        ));
    }
    result.known = Arc::new(known);
    Ok(result)
}
