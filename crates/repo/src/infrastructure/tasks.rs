//! Tasks of Ansible, and task definitions of ECS.

use std::collections::HashMap;

use seaworthy_facts::InfrastructureTool;
use seaworthy_syntax::tree::{Node, Value};
use seaworthy_syntax::{Limits, json, yaml};

use super::flatten::{flatten, flatten_below};
use super::place::{Environment, environment};
use super::{Draft, Found};
use crate::tree::{File, join};

/// Most files of tasks.
const FILES: usize = 1_000;
/// Deepest nesting of blocks.
const DEPTH: usize = 8;
/// What a task says besides its module.
const KEYWORDS: &[&str] = &[
    "name",
    "when",
    "become",
    "become_user",
    "become_method",
    "register",
    "notify",
    "tags",
    "vars",
    "loop",
    "loop_control",
    "with_items",
    "with_dict",
    "with_fileglob",
    "with_together",
    "with_nested",
    "with_subelements",
    "with_first_found",
    "until",
    "retries",
    "delay",
    "ignore_errors",
    "changed_when",
    "failed_when",
    "delegate_to",
    "run_once",
    "environment",
    "args",
    "no_log",
    "listen",
    "async",
    "poll",
    "check_mode",
    "diff",
    "any_errors_fatal",
    "block",
    "rescue",
    "always",
    "connection",
    "remote_user",
    "local_action",
    "action",
    "module_defaults",
    "collections",
    "throttle",
    "timeout",
    "delegate_facts",
    "ignore_unreachable",
    "debugger",
];

/// Reads playbooks and the tasks and handlers of roles.
pub fn ansible(found: &mut Found) {
    let tree = found.tree;
    let files = tree
        .files()
        .iter()
        .filter(|file| super::can_ship(file) && matches!(file.extension(), "yml" | "yaml"))
        .filter(|file| !file.path.starts_with(".github/"))
        .filter(|file| {
            let folder = file.folder().rsplit('/').next().unwrap_or_default();
            matches!(folder, "tasks" | "handlers" | "playbooks" | "plays")
                || file.path.split('/').any(|part| matches!(part, "ansible" | "playbooks"))
                || matches!(file.name(), "playbook.yml" | "playbook.yaml" | "site.yml" | "site.yaml")
        });
    let files = tree.first(files, FILES, "Ansible files");
    for file in files {
        let Some(text) = tree.text(file) else { continue };
        let document = match yaml::parse(&text, &Limits::default()) {
            Ok(document) => document,
            Err(error) => {
                // Others keep files of these names as well; a list of plays or tasks begins like this.
                if text.contains("hosts:") || text.contains("\n- name:") {
                    found.broken(file, &error);
                }
                continue;
            }
        };
        let variables = variables(found, file);
        for entry in tree.some(file.at(), document.list(), 1_000, "plays or tasks") {
            if entry.get("hosts").is_some() {
                let mut known = variables.clone();
                known.extend(pairs(entry.get("vars")));
                for key in ["pre_tasks", "tasks", "post_tasks", "handlers"] {
                    let tasks = entry.get(key).map(Node::list).unwrap_or_default();
                    for task in tree.some(file.at_line(entry.line), tasks, 1_000, "tasks") {
                        self::task(found, file, task, &known, DEPTH);
                    }
                }
            } else {
                task(found, file, entry, &variables, DEPTH);
            }
        }
    }
}

fn pairs(node: Option<&Node>) -> Vec<(String, String)> {
    node.map(Node::map)
        .unwrap_or_default()
        .iter()
        .filter_map(|(key, value)| Some((key.text.clone(), value.scalar()?)))
        .take(500)
        .collect()
}

/// The role's defaults and variables.
fn variables(found: &Found, file: &File) -> HashMap<String, String> {
    let mut known = HashMap::new();
    let Some((role, _)) = file.path.rsplit_once("/tasks/").or_else(|| file.path.rsplit_once("/handlers/"))
    else {
        return known;
    };
    for name in ["defaults/main.yml", "defaults/main.yaml", "vars/main.yml", "vars/main.yaml"] {
        let Some(other) = join(role, name).and_then(|path| found.tree.file(&path)) else { continue };
        let Some(text) = found.tree.text(other) else { continue };
        if let Ok(node) = yaml::parse(&text, &Limits::default()) {
            known.extend(pairs(Some(&node)));
        }
    }
    known
}

fn task(found: &mut Found, file: &File, task: &Node, variables: &HashMap<String, String>, depth: usize) {
    for key in ["block", "rescue", "always"] {
        if depth > 0 {
            let inner = task.get(key).map(Node::list).unwrap_or_default();
            for inner in found.tree.some(file.at_line(task.line), inner, 500, "tasks in a block") {
                self::task(found, file, inner, variables, depth - 1);
            }
        }
    }
    let Some((key, module)) = task.map().iter().find(|(key, _)| !KEYWORDS.contains(&key.text.as_str()))
    else {
        return;
    };
    // A module has a word for its name, perhaps behind its collection.
    if !key.text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')) {
        return;
    }
    let module = put_in(module, variables, 20);
    let mut settings = match &module.value {
        Value::Map(_) => flatten(&module, &file.path),
        _ => flatten_below("_raw", &module, &file.path, false),
    };
    for extra in ["args", "environment", "when"] {
        if let Some(node) = task.get(extra) {
            settings.extend(flatten_below(extra, node, &file.path, false));
        }
    }
    let off = (task.get("when").and_then(Node::as_bool) == Some(false)).then(|| "when: false".to_owned());
    found.add(Draft {
        tool: InfrastructureTool::Ansible,
        kind: format!("ansible:{}", key.text.rsplit('.').next().unwrap_or(&key.text)),
        name: task.get("name").and_then(Node::scalar).unwrap_or_default(),
        file,
        line: key.line,
        settings,
        development: environment(&file.path) == Some(Environment::Other),
        off,
    });
}

/// Variables put into texts.
fn put_in(node: &Node, variables: &HashMap<String, String>, depth: usize) -> Node {
    let Some(depth) = depth.checked_sub(1) else { return node.clone() };
    let value = match &node.value {
        Value::String(text) if text.contains("{{") => {
            let mut result = String::new();
            let mut rest = text.as_str();
            while let Some(start) = rest.find("{{") {
                let Some(length) = rest[start..].find("}}") else { break };
                result.push_str(&rest[..start]);
                let name = rest[start + 2..start + length].split('|').next().unwrap_or_default().trim();
                match variables.get(name).filter(|value| value.len() < 1_000 && result.len() < 10_000) {
                    Some(value) => result.push_str(value),
                    None => result.push_str(&rest[start..start + length + 2]),
                }
                rest = &rest[start + length + 2..];
            }
            result.push_str(rest);
            Value::String(result)
        }
        Value::List(items) => Value::List(items.iter().map(|item| put_in(item, variables, depth)).collect()),
        Value::Map(entries) => Value::Map(
            entries.iter().map(|(key, item)| (key.clone(), put_in(item, variables, depth))).collect(),
        ),
        other => other.clone(),
    };
    Node::new(value, node.line, node.column)
}

/// Reads task definitions of ECS among these files.
pub fn definitions(found: &mut Found, files: &[&File]) {
    for file in found.tree.first(files.iter().copied(), 200, "task definitions") {
        let Some(text) = found.tree.text(file) else { continue };
        let node = match json::parse(&text, &Limits::default()) {
            Ok(node) => node,
            Err(error) => {
                // Templates with open places are no JSON.
                if !text.contains("${") && !text.contains("{{") && !text.contains("<%") {
                    found.broken(file, &error);
                }
                continue;
            }
        };
        let definition = node.get("taskDefinition").unwrap_or(&node);
        if definition.get("containerDefinitions").is_none() {
            continue;
        }
        found.add(Draft {
            tool: InfrastructureTool::Ecs,
            kind: "task-definition".to_owned(),
            name: definition.get("family").and_then(Node::scalar).unwrap_or_default(),
            file,
            line: definition.line,
            settings: flatten(definition, &file.path),
            development: environment(&file.path) == Some(Environment::Other),
            off: None,
        });
    }
}
