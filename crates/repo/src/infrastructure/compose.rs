//! Compose files: services and volumes, overrides for production put over the file that they complete.

use seaworthy_facts::{InfrastructureTool, Setting};
use seaworthy_syntax::tree::{Key, Node, Value};
use seaworthy_syntax::{Limits, dotenv, yaml};

use super::flatten::{flatten, overlay};
use super::place::{Environment, environment};
use super::{Draft, Found};
use crate::containers::{self, Own};
use crate::tree::{Class, File};

/// Most files.
const FILES: usize = 200;
/// Deepest chain of `extends`.
const CHAIN: usize = 8;

/// Reads every Compose file.
pub fn read(found: &mut Found) {
    let tree = found.tree;
    let all = tree.files().iter().filter(|file| containers::is_compose(file) && super::can_ship(file));
    let mut files = tree.first(all, FILES, "Compose files");
    if files.is_empty() {
        return;
    }
    // A file that completes another comes after it.
    files.sort_by_key(|file| {
        (file.folder().to_owned(), environment(file.name()).is_some(), file.name().len())
    });
    let own = Own::read(tree);
    for file in files {
        let Some(text) = tree.text(file) else { continue };
        let parsed = yaml::parse_template(&text, &Limits::default());
        let Some(document) = parsed.documents.into_iter().next() else {
            if let Some(error) = parsed.error {
                found.broken(file, &error);
            }
            continue;
        };
        let development = file.class == Class::Development
            || containers::is_development_compose(tree, file, &document, &own);
        let services = document.get("services").map(Node::map).unwrap_or_default();
        for (name, service) in tree.some(file.at(), services, 500, "Compose services") {
            one(found, file, &document, (name, service), development);
        }
        let volumes = document.get("volumes").map(Node::map).unwrap_or_default();
        for (name, volume) in tree.some(file.at(), volumes, 100, "volumes") {
            found.add(Draft {
                tool: InfrastructureTool::Compose,
                kind: "volume".to_owned(),
                name: name.text.clone(),
                file,
                line: name.line,
                settings: flatten(&with_defaults(volume, 40), &file.path),
                development,
                off: None,
            });
        }
    }
}

fn one(found: &mut Found, file: &File, document: &Node, (name, service): (&Key, &Node), development: bool) {
    let settings = settings(found, file, document, service, CHAIN);
    // `-f compose.yml -f compose.prod.yml`: a service of the same name in the same folder is completed.
    if !development && environment(file.name()) == Some(Environment::Production) {
        let base = found.resources.iter_mut().find(|resource| {
            resource.tool == InfrastructureTool::Compose
                && resource.kind == "service"
                && resource.name == name.text
                && !resource.development
                && resource.at.path().is_some_and(|path| {
                    path != file.path
                        && path.rsplit_once('/').map_or(".", |(folder, _)| folder) == file.folder()
                })
        });
        if let Some(base) = base {
            overlay(&mut base.settings, settings);
            return;
        }
    }
    let profiles: Vec<&str> =
        service.get("profiles").map(Node::list).unwrap_or_default().iter().filter_map(Node::as_str).collect();
    let replicas = service.path("deploy.replicas").or_else(|| service.get("scale")).and_then(Node::scalar);
    let off = if !profiles.is_empty()
        && !profiles.iter().any(|profile| environment(profile) == Some(Environment::Production))
    {
        Some(format!("only in the profile {}", profiles.join(", ")))
    } else if replicas.as_deref() == Some("0") {
        Some("it has no replicas".to_owned())
    } else {
        None
    };
    found.add(Draft {
        tool: InfrastructureTool::Compose,
        kind: "service".to_owned(),
        name: name.text.clone(),
        file,
        line: name.line,
        settings,
        development,
        off,
    });
}

/// The settings of a service, with those that it extends and the variables of its files.
fn settings(found: &Found, file: &File, document: &Node, service: &Node, chain: usize) -> Vec<Setting> {
    let mut settings = Vec::new();
    if let (Some(extends), true) = (service.get("extends"), chain > 0) {
        let name =
            extends.as_str().or_else(|| extends.get("service").and_then(Node::as_str)).unwrap_or_default();
        match extends.get("file").and_then(Node::as_str) {
            Some(path) => {
                if let Some(other) = found.tree.resolve(file.folder(), path)
                    && let Some(text) = found.tree.text(other)
                    && let Some(outer) = yaml::parse_template(&text, &Limits::default()).documents.first()
                    && let Some(base) = outer.get("services").and_then(|services| services.get(name))
                {
                    settings = self::settings(found, other, outer, base, chain - 1);
                }
            }
            None => {
                if let Some(base) = document.get("services").and_then(|services| services.get(name)) {
                    settings = self::settings(found, file, document, base, chain - 1);
                }
            }
        }
    }
    let files = service.get("env_file").map(Node::list_or_single).unwrap_or_default();
    for entry in found.tree.some(file.at(), &files, 10, "environment files of a service") {
        let path = entry.as_str().or_else(|| entry.get("path").and_then(Node::as_str)).unwrap_or_default();
        let Some(other) = found.tree.resolve(file.folder(), path) else { continue };
        let Some(text) = found.tree.text(other) else { continue };
        let entries = dotenv::parse(&text, &Limits::default());
        let variables = found.tree.some(other.at(), &entries, 200, "variables").iter().map(|entry| {
            let key = Key { text: entry.key.clone(), line: entry.line, column: entry.column };
            (key, Node::new(Value::String(entry.value.clone()), entry.line, entry.column))
        });
        let node = Node::new(Value::Map(variables.collect()), 1, 1);
        overlay(&mut settings, super::flatten::flatten_below("environment", &node, &other.path, false));
    }
    overlay(&mut settings, flatten(&normal(&with_defaults(service, 40)), &file.path));
    settings
}

/// Variables and labels in the form of a mapping, whichever way they are written.
fn normal(service: &Node) -> Node {
    let Value::Map(entries) = &service.value else { return service.clone() };
    let entries = entries.iter().filter(|(key, _)| key.text != "extends" && key.text != "env_file").map(
        |(key, node)| match (&node.value, key.text.as_str()) {
            (Value::List(items), "environment" | "labels") => {
                let pairs = items.iter().filter_map(|item| {
                    let text = item.scalar()?;
                    let (name, value) = match text.split_once('=') {
                        Some((name, value)) => (name.to_owned(), Value::String(value.to_owned())),
                        // Passed on from outside.
                        None => (text, Value::Expression(String::new())),
                    };
                    let key = Key { text: name, line: item.line, column: item.column };
                    Some((key, Node::new(value, item.line, item.column)))
                });
                (key.clone(), Node::new(Value::Map(pairs.collect()), node.line, node.column))
            }
            // A variable without a value is passed on from outside.
            (Value::Map(variables), "environment") => {
                let variables = variables.iter().map(|(key, node)| {
                    let value =
                        if node.is_null() { Value::Expression(String::new()) } else { node.value.clone() };
                    (key.clone(), Node::new(value, node.line, node.column))
                });
                (key.clone(), Node::new(Value::Map(variables.collect()), node.line, node.column))
            }
            _ => (key.clone(), node.clone()),
        },
    );
    Node::new(Value::Map(entries.collect()), service.line, service.column)
}

/// The defaults of `${NAME:-default}` put in.
fn with_defaults(node: &Node, depth: usize) -> Node {
    let Some(depth) = depth.checked_sub(1) else { return node.clone() };
    let value = match &node.value {
        Value::String(text) if text.contains("${") => Value::String(containers::with_defaults(text)),
        Value::List(items) => Value::List(items.iter().map(|item| with_defaults(item, depth)).collect()),
        Value::Map(entries) => {
            Value::Map(entries.iter().map(|(key, item)| (key.clone(), with_defaults(item, depth))).collect())
        }
        other => other.clone(),
    };
    Node::new(value, node.line, node.column)
}
