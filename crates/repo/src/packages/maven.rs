//! `pom.xml`, with its parents and properties as far as they are in the repository.

use std::collections::HashMap;

use seaworthy_facts::{Ecosystem, Lock, Scope, Usage};
use seaworthy_syntax::Limits;
use seaworthy_syntax::xml::{self, Element};

use super::draft::{Draft, MANIFESTS, counts, parent};
use crate::tree::{File, Tree, join};

/// How many parents are followed.
const PARENTS: usize = 8;

/// Every project.
pub fn manifests(tree: &Tree) -> Vec<Draft> {
    tree.first(tree.named("pom.xml").filter(|file| counts(file)), MANIFESTS, "Maven projects")
        .into_iter()
        .filter_map(|file| project(tree, file))
        .collect()
}

fn read(tree: &Tree, file: &File) -> Option<Element> {
    let text = tree.text(file)?;
    match xml::parse(&text, &Limits::default()) {
        Ok(root) => Some(root),
        Err(error) => {
            tree.broken(&file.path, &error);
            None
        }
    }
}

fn text<'e>(element: &'e Element, name: &str) -> Option<&'e str> {
    element.child(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty())
}

fn project(tree: &Tree, file: &File) -> Option<Draft> {
    let root = read(tree, file)?;
    let mut draft = Draft::new(tree, file, Ecosystem::Maven);
    let mut properties: HashMap<String, String> = HashMap::new();
    let mut managed: HashMap<String, String> = HashMap::new();
    let mut boms = Vec::new();
    let mut above: Option<Element> = None;
    let mut folder = file.folder().to_owned();
    for _ in 0..PARENTS {
        let current = above.as_ref().unwrap_or(&root);
        inherit(current, &mut properties, &mut managed, &mut boms);
        let Some(parent_of) = current.child("parent") else { break };
        let relative = parent_of.child("relativePath").map_or("../pom.xml", |path| path.text.as_str());
        let path =
            if relative.ends_with(".xml") { relative.to_owned() } else { format!("{relative}/pom.xml") };
        let Some(found) =
            join(&folder, &path).and_then(|path| tree.file(&path)).filter(|found| found.path != file.path)
        else {
            break;
        };
        folder = found.folder().to_owned();
        if above.is_none() {
            draft.manifest.member_of = Some(found.path.clone());
        }
        let Some(next) = read(tree, found) else { break };
        above = Some(next);
    }
    let put_in = |value: &str| -> String {
        let mut value = value.to_owned();
        for _ in 0..5 {
            let Some((before, rest)) = value.split_once("${") else { break };
            let Some((name, after)) = rest.split_once('}') else { break };
            let Some(known) = properties.get(name) else { break };
            value = format!("{before}{known}{after}");
        }
        value
    };
    let mut floating = false;
    let mut add = |draft: &mut Draft, element: &Element, kind: &str| {
        let (Some(group), Some(artifact)) = (text(element, "groupId"), text(element, "artifactId")) else {
            return;
        };
        let name = format!("{}:{}", put_in(group), put_in(artifact));
        let declared = text(element, "version").map(put_in);
        let version = declared.or_else(|| managed.get(&name).map(|version| put_in(version)));
        let scope = match text(element, "scope") {
            Some("test") => Scope::Development,
            Some("provided" | "system") => Scope::Optional,
            _ if text(element, "optional") == Some("true") => Scope::Optional,
            _ if kind == "plugin" => Scope::Development,
            _ => Scope::Runtime,
        };
        let requirement = version.unwrap_or_default();
        let own = requirement.contains("${project.version}") || requirement.contains("${revision}");
        let exact = own || !floats(&requirement);
        floating |= !exact;
        let at = file.at_line(element.child("version").unwrap_or(element).line);
        let resolved =
            (exact && !requirement.is_empty() && !requirement.contains("${")).then(|| requirement.clone());
        draft.depend(&name, &requirement, scope, exact, at);
        if let Some(last) = draft.manifest.dependencies.last_mut() {
            last.resolved = resolved;
            if kind != "dependency" {
                last.usage = Usage::Implied { why: "it sets the versions of others".to_owned() };
            }
        }
    };
    if let Some(dependencies) = root.child("dependencies") {
        for element in dependencies.children.iter().filter(|child| child.name == "dependency") {
            add(&mut draft, element, "dependency");
        }
    }
    let management =
        root.child("dependencyManagement").and_then(|management| management.child("dependencies"));
    for element in management.map(|list| list.children.as_slice()).unwrap_or_default() {
        if text(element, "scope") == Some("import") {
            add(&mut draft, element, "bom");
        }
    }
    if let Some(parent_of) = root.child("parent") {
        // A parent out of the repository decides versions, so its own must be exact.
        if draft.manifest.member_of.is_none() {
            add(&mut draft, parent_of, "parent");
        }
    }
    draft.manifest.lock = if draft.manifest.dependencies.is_empty() {
        Lock::NotNeeded { why: "no dependencies are declared".to_owned() }
    } else if floating {
        Lock::Missing
    } else {
        Lock::NotNeeded { why: "Maven with exact versions, no ranges and no snapshots".to_owned() }
    };
    if draft.manifest.member_of.is_none() && parent(file.folder()).is_some() {
        let aggregator = parent(file.folder()).and_then(|above| tree.resolve(above, "pom.xml"));
        draft.manifest.member_of = aggregator.map(|file| file.path.clone());
    }
    Some(draft)
}

/// Properties and managed versions; what is nearer to the project stands.
fn inherit(
    project: &Element,
    properties: &mut HashMap<String, String>,
    managed: &mut HashMap<String, String>,
    boms: &mut Vec<String>,
) {
    for property in project.child("properties").map(|list| list.children.as_slice()).unwrap_or_default() {
        properties.entry(property.name.clone()).or_insert_with(|| property.text.clone());
    }
    let list = project.child("dependencyManagement").and_then(|management| management.child("dependencies"));
    for element in list.map(|list| list.children.as_slice()).unwrap_or_default() {
        if let (Some(group), Some(artifact), Some(version)) =
            (text(element, "groupId"), text(element, "artifactId"), text(element, "version"))
        {
            if text(element, "scope") == Some("import") {
                boms.push(artifact.to_owned());
            }
            managed.entry(format!("{group}:{artifact}")).or_insert_with(|| version.to_owned());
        }
    }
}

/// A range, a snapshot, or whatever is newest. No version at all is one that a parent or a bill of materials manages.
pub fn floats(version: &str) -> bool {
    let version = version.trim();
    let hard = version.starts_with('[') && version.ends_with(']') && !version.contains(',');
    !hard
        && (version.starts_with(['[', '('])
            || version.contains("-SNAPSHOT")
            || version.eq_ignore_ascii_case("LATEST")
            || version.eq_ignore_ascii_case("RELEASE"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_snapshots_float() {
        for version in ["[1,2)", "(,1]", "1.0-SNAPSHOT", "LATEST", "RELEASE"] {
            assert!(floats(version), "{version}");
        }
        for version in ["1.0", "[1.0]", "", "${spring.version}"] {
            assert!(!floats(version), "{version}");
        }
    }
}
