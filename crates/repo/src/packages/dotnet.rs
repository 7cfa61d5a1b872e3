//! .NET project files, central versions and `packages.lock.json`.

use std::collections::{HashMap, HashSet};

use seaworthy_facts::{Ecosystem, Lock, Scope};
use seaworthy_syntax::Limits;
use seaworthy_syntax::xml::{self, Element};

use super::draft::{Draft, MANIFESTS, counts, missing, parent, unreadable};
use crate::tree::{File, Tree};

/// Every project file.
pub fn manifests(tree: &Tree) -> Vec<Draft> {
    tree.first(
        tree.files()
            .iter()
            .filter(|file| matches!(file.extension(), "csproj" | "fsproj" | "vbproj") && counts(file)),
        MANIFESTS,
        ".NET projects",
    )
    .into_iter()
    .filter_map(|file| project(tree, file))
    .collect()
}

fn read(tree: &Tree, file: &File) -> Option<Element> {
    let text = tree.text(file)?;
    match xml::parse(text.trim_start_matches('\u{feff}'), &Limits::default()) {
        Ok(root) => Some(root),
        Err(error) => {
            tree.broken(&file.path, &error);
            None
        }
    }
}

/// The nearest file of a name at or above a folder.
fn above<'t>(tree: &'t Tree, folder: &str, name: &str) -> Option<&'t File> {
    let mut folder = folder;
    loop {
        if let Some(file) = tree.resolve(folder, name) {
            return Some(file);
        }
        folder = parent(folder)?;
    }
}

fn value(element: &Element, name: &str) -> Option<String> {
    let attribute = element.attribute(name).map(str::to_owned);
    attribute
        .or_else(|| element.child(name).map(|child| child.text.clone()))
        .filter(|value| !value.is_empty())
}

fn project(tree: &Tree, file: &File) -> Option<Draft> {
    let root = read(tree, file)?;
    let mut draft = Draft::new(tree, file, Ecosystem::Nuget);
    let mut central: HashMap<String, String> = HashMap::new();
    let mut properties: HashMap<String, String> = HashMap::new();
    let mut shared = Vec::new();
    for name in ["Directory.Packages.props", "Directory.Build.props"] {
        if let Some(props) = above(tree, file.folder(), name).and_then(|file| read(tree, file)) {
            shared.push(props);
        }
    }
    for props in shared.iter().chain([&root]) {
        for element in props.descendants() {
            if element.name == "PackageVersion"
                && let (Some(name), Some(version)) = (value(element, "Include"), value(element, "Version"))
            {
                central.insert(name.to_ascii_lowercase(), version);
            }
            if element.name == "PropertyGroup" {
                for property in &element.children {
                    properties.insert(property.name.clone(), property.text.clone());
                }
            }
        }
    }
    let put_in = |version: String| -> String {
        match version.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')')) {
            Some(name) => properties.get(name).cloned().unwrap_or(version),
            None => version,
        }
    };
    let test = root.descendants().iter().any(|element| {
        element.name == "PackageReference"
            && value(element, "Include")
                .is_some_and(|name| name.eq_ignore_ascii_case("Microsoft.NET.Test.Sdk"))
    });
    draft.manifest.ships &= !test;
    let mut floating = false;
    for element in root.descendants() {
        if element.name != "PackageReference" {
            continue;
        }
        let Some(name) = value(element, "Include") else { continue };
        let declared = value(element, "Version").or_else(|| value(element, "VersionOverride"));
        let version = declared
            .or_else(|| central.get(&name.to_ascii_lowercase()).cloned())
            .map(put_in)
            .unwrap_or_default();
        // Without a version the SDK or a shared file that is not here decides; a bare number is a lower bound that
        // NuGet resolves to itself.
        let range = version.starts_with(['[', '(']) && version.contains(',');
        let exact = !(version.is_empty() || version.contains('*') || range);
        let implicit =
            name.starts_with("Microsoft.AspNetCore.App") || name.starts_with("Microsoft.NETCore.App");
        floating |= !exact && !implicit;
        let private =
            value(element, "PrivateAssets").is_some_and(|assets| assets.eq_ignore_ascii_case("all"));
        let scope = if private || test { Scope::Development } else { Scope::Runtime };
        draft.depend(&name, &version, scope, exact, file.at_line(element.line));
        if exact && let Some(last) = draft.manifest.dependencies.last_mut() {
            last.resolved = Some(version.trim_matches(['[', ']']).to_owned());
        }
    }
    draft.manifest.lock = match tree.resolve(file.folder(), "packages.lock.json") {
        _ if draft.manifest.dependencies.is_empty() => {
            Lock::NotNeeded { why: "no packages are declared".to_owned() }
        }
        Some(lockfile) => lock(tree, lockfile, &draft),
        None if floating => missing(tree, file.folder(), &["packages.lock.json"]),
        None => Lock::NotNeeded { why: "NuGet with exact versions, nothing floating".to_owned() },
    };
    Some(draft)
}

fn lock(tree: &Tree, lockfile: &File, draft: &Draft) -> Lock {
    let text = tree.text(lockfile).unwrap_or_default();
    let read: serde_json::Value = match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(read) => read,
        Err(error) => return unreadable(lockfile, format!("no valid packages.lock.json: {error}")),
    };
    let mut direct: HashSet<String> = HashSet::new();
    for framework in
        read.get("dependencies").and_then(|node| node.as_object()).into_iter().flat_map(|map| map.values())
    {
        for (name, entry) in framework.as_object().into_iter().flatten() {
            if entry.get("type").and_then(|kind| kind.as_str()) != Some("Transitive") {
                direct.insert(name.to_ascii_lowercase());
            }
        }
    }
    let differences: Vec<String> = draft
        .manifest
        .dependencies
        .iter()
        .filter(|dependency| !direct.contains(&dependency.name.to_ascii_lowercase()))
        .map(|dependency| format!("{} is not in the lockfile", dependency.name))
        .take(8)
        .collect();
    if differences.is_empty() {
        Lock::InStep { at: lockfile.at() }
    } else {
        Lock::OutOfStep { at: lockfile.at(), differences }
    }
}
