//! Steps in containers, as Woodpecker and Drone write them.

use seaworthy_facts::{Job, Location, Observed, Service, Step, Trigger, Uses};
use seaworthy_syntax::tree::{Node, Value};

use super::reader::{Reader, Script, cap, harmless, texts, variables};
use super::{github::substitute::put_in_variables, when};
use crate::commands;

/// Entries of a list of mappings with names, or of a mapping.
fn entries(node: Option<&Node>) -> Vec<(String, u32, &Node)> {
    let Some(node) = node else { return Vec::new() };
    match &node.untagged().value {
        Value::Map(entries) => entries.iter().map(|(key, node)| (key.text.clone(), key.line, node)).collect(),
        Value::List(items) => items
            .iter()
            .map(|item| {
                let name = item.get("name").and_then(Node::scalar).unwrap_or_default();
                (name, item.line, item)
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The services.
pub fn services(node: Option<&Node>, path: &str) -> Vec<Service> {
    entries(node)
        .into_iter()
        .take(100)
        .filter_map(|(name, line, node)| {
            Some(Service {
                name: cap(&name),
                image: cap(&node.get("image")?.scalar()?),
                at: Location::line(path, line),
            })
        })
        .collect()
}

/// Each step as a job of its own, because each has its own image: they run one after the other, or as they depend on
/// each other.
pub fn jobs(
    reader: &mut Reader,
    node: Option<&Node>,
    path: &str,
    matrix: &[Vec<(String, String)>],
    triggers: &[Trigger],
    base: &Job,
) -> Vec<Job> {
    let mut found: Vec<Job> = Vec::new();
    for (name, line, node) in entries(node) {
        let at = Location::line(path, line);
        if !reader.step(&at) {
            break;
        }
        let mut step = Step::new(at.clone());
        step.name = (!name.is_empty()).then(|| cap(&name));
        step.env = node.get("environment").map(variables).unwrap_or_default();
        if node.get("failure").and_then(Node::as_str) == Some("ignore") {
            step.failure_ignored = Some("failure: ignore".to_owned());
        }
        let condition = node.get("when").and_then(|when| when.get("evaluate")).and_then(Node::scalar);
        step.condition = condition.map(|text| cap(&text));
        let image = node.get("image").and_then(|image| Some((image.scalar()?, image.line)));
        if let Some(list) = node.get("commands") {
            let none = vec![Vec::new()];
            for combination in if matrix.is_empty() { &none } else { matrix } {
                for command in list.list_or_single() {
                    let Some(text) = command.scalar() else { continue };
                    let text = put_in_variables(&text, &step.env);
                    let text = put_in_variables(&text, combination);
                    let script = Script { path, line: command.line, folder: ".", via: &[], pipefail: false };
                    for command in reader.follow(&text, &script) {
                        if !step.commands.contains(&command) {
                            step.commands.push(command);
                        }
                    }
                }
            }
            step.commands = in_folders(reader, list, path, step.commands);
        } else if let Some((image, _)) = &image {
            let (name, tag) =
                image.rsplit_once(':').map_or((image.as_str(), None), |(name, tag)| (name, Some(tag)));
            let inputs: Vec<(String, String)> = node
                .get("settings")
                .map(Node::map)
                .unwrap_or_default()
                .iter()
                .map(|(key, value)| {
                    let text = texts(Some(value)).join("\n");
                    (cap(&key.text), harmless(&key.text, &text))
                })
                .collect();
            step.uses = Some(Uses {
                name: cap(name),
                reference: tag.map(cap),
                roles: commands::roles_of_image(image),
                inputs,
                at: at.clone(),
            });
        }
        let own = when::triggers(node.get("when"), path, reader.default_branch());
        let previous = match node.get("depends_on") {
            Some(list) => texts(Some(list)),
            None => found.last().map(|job| vec![job.id.clone()]).unwrap_or_default(),
        };
        found.push(Job {
            id: if name.is_empty() { format!("step {}", found.len() + 1) } else { cap(&name) },
            at: Some(at),
            needs: previous,
            image: image.map(|(image, line)| Observed::new(cap(&image), Location::line(path, line))),
            triggers: when::narrow(triggers, own),
            steps: vec![step],
            ..base.clone()
        });
    }
    found
}

/// A `cd` in one entry of `commands` holds for the next ones: follows the list as one script where there is one.
fn in_folders(
    reader: &Reader,
    list: &Node,
    path: &str,
    apart: Vec<seaworthy_facts::Command>,
) -> Vec<seaworthy_facts::Command> {
    let lines: Vec<(String, u32)> =
        list.list().iter().filter_map(|command| Some((command.scalar()?, command.line))).collect();
    if !lines.iter().any(|(text, _)| text.trim_start().starts_with("cd ")) {
        return apart;
    }
    let Some((script, first)) = super::reader::as_one_script(&lines) else { return apart };
    reader.follow(&script, &Script { path, line: first, folder: ".", via: &[], pipefail: false })
}
