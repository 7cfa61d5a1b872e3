//! CloudFormation and SAM templates, with the defaults of their parameters.

use std::collections::HashMap;

use seaworthy_facts::InfrastructureTool;
use seaworthy_syntax::tree::{Key, Node, Value};
use seaworthy_syntax::{Limits, json, yaml};

use super::place::{Environment, environment};
use super::{Draft, Found};
use crate::tree::File;

/// Most templates.
const FILES: usize = 500;
/// Deepest nesting of a value.
const DEPTH: usize = 40;

/// Reads every template among these files.
pub fn read(found: &mut Found, files: &[&File]) {
    for file in found.tree.first(files.iter().copied(), FILES, "CloudFormation templates") {
        let Some(text) = found.tree.text(file) else { continue };
        let limits = Limits::default();
        let parsed = if text.trim_start().starts_with('{') {
            json::parse(&text, &limits)
        } else {
            yaml::parse(&text, &limits)
        };
        match parsed {
            Ok(document) => template(found, file, &document),
            Err(error)
                if text.lines().any(|line| line.starts_with("Resources:"))
                    || text.contains("\"Resources\"") =>
            {
                found.broken(file, &error);
            }
            Err(_) => {}
        }
    }
}

/// Adds the resources of a template.
pub fn template(found: &mut Found, file: &File, document: &Node) {
    let Some(resources) = document.get("Resources") else { return };
    let template = Template::new(document);
    let development = environment(&file.path) == Some(Environment::Other);
    for (name, resource) in found.tree.some(file.at(), resources.map(), 1_000, "resources") {
        let Some(kind) = resource.get("Type").and_then(Node::as_str) else { continue };
        if !kind.contains("::") {
            continue;
        }
        let off = resource
            .get("Condition")
            .and_then(Node::as_str)
            .filter(|condition| template.condition(condition, DEPTH) == Some(false))
            .map(|condition| format!("the condition {condition} does not hold by default"));
        // The attributes beside the properties, such as the policy for deletion, stand beside them here as well.
        let mut entries: Vec<(Key, Node)> = Vec::new();
        for (key, node) in resource.map() {
            match key.text.as_str() {
                "Type" | "Condition" | "DependsOn" | "Metadata" => {}
                "Properties" => entries.extend(template.resolve(node, DEPTH).map().iter().cloned()),
                _ => entries.push((key.clone(), template.resolve(node, DEPTH))),
            }
        }
        let node = Node::new(Value::Map(entries), resource.line, resource.column);
        found.add(Draft {
            tool: InfrastructureTool::CloudFormation,
            kind: kind.to_owned(),
            name: name.text.clone(),
            file,
            line: name.line,
            settings: super::flatten::flatten(&node, &file.path),
            development,
            off,
        });
    }
}

/// What names mean in a template.
struct Template<'n> {
    parameters: HashMap<&'n str, &'n Node>,
    resources: &'n Node,
    conditions: Option<&'n Node>,
    mappings: Option<&'n Node>,
}

impl<'n> Template<'n> {
    fn new(document: &'n Node) -> Self {
        let parameters = document.get("Parameters").map(Node::map).unwrap_or_default();
        Template {
            parameters: parameters
                .iter()
                .filter_map(|(key, node)| Some((key.text.as_str(), node.get("Default")?)))
                .collect(),
            resources: document.get("Resources").unwrap_or(document),
            conditions: document.get("Conditions"),
            mappings: document.get("Mappings"),
        }
    }

    /// A value with parameters put in; null where the template says that there is none.
    fn resolve(&self, node: &Node, depth: usize) -> Node {
        let Some(depth) = depth.checked_sub(1) else { return node.clone() };
        let put = |value: Value| Node::new(value, node.line, node.column);
        if let Some((function, argument)) = function(node) {
            return self.call(&function, argument, depth).map_or_else(
                || put(Value::Expression(String::new())),
                |mut value| {
                    (value.line, value.column) = (node.line, node.column);
                    value
                },
            );
        }
        match &node.value {
            Value::List(items) => {
                put(Value::List(items.iter().map(|item| self.resolve(item, depth)).collect()))
            }
            Value::Map(entries) => put(Value::Map(
                entries
                    .iter()
                    .map(|(key, item)| (key.clone(), self.resolve(item, depth)))
                    .filter(|(_, item)| !item.is_null())
                    .collect(),
            )),
            Value::Tagged { node, .. } => self.resolve(node, depth),
            _ => node.clone(),
        }
    }

    fn call(&self, function: &str, argument: &Node, depth: usize) -> Option<Node> {
        let text = |text: String| Some(Node::new(Value::String(text), argument.line, argument.column));
        match function {
            "Ref" => {
                let name = argument.as_str()?;
                if name == "AWS::NoValue" {
                    return Some(Node::new(Value::Null, argument.line, argument.column));
                }
                if let Some(default) = self.parameters.get(name) {
                    return Some((*default).clone());
                }
                self.resources.get(name).map(|_| name.to_owned()).and_then(text)
            }
            "GetAtt" => match argument.as_str() {
                Some(name) => text(name.to_owned()),
                None => text(argument.list().iter().filter_map(Node::scalar).collect::<Vec<_>>().join(".")),
            },
            "Sub" => {
                let pattern = argument.as_str().or_else(|| argument.list().first().and_then(Node::as_str))?;
                let given = argument.list().get(1);
                let mut result = String::new();
                let mut rest = pattern;
                while let Some(start) = rest.find("${") {
                    let Some(length) = rest[start..].find('}') else { break };
                    let name = &rest[start + 2..start + length];
                    result.push_str(&rest[..start]);
                    let value = given
                        .and_then(|given| given.get(name))
                        .map(|node| self.resolve(node, depth))
                        .or_else(|| self.parameters.get(name).map(|node| (*node).clone()))
                        .and_then(|node| node.scalar());
                    result.push_str(&value.unwrap_or_else(|| rest[start..=start + length].to_owned()));
                    rest = &rest[start + length + 1..];
                    if result.len() > 10_000 {
                        return None;
                    }
                }
                result.push_str(rest);
                text(result)
            }
            "If" => {
                let [condition, yes, no] = argument.list() else { return None };
                match self.condition(condition.as_str()?, depth)? {
                    true => Some(self.resolve(yes, depth)),
                    false => Some(self.resolve(no, depth)),
                }
            }
            "Join" => {
                let [separator, items] = argument.list() else { return None };
                let items = self.resolve(items, depth);
                let parts: Option<Vec<String>> = items.list().iter().map(Node::scalar).collect();
                text(parts?.join(separator.as_str()?))
            }
            "FindInMap" => {
                let keys: Option<Vec<String>> =
                    argument.list().iter().map(|key| self.resolve(key, depth).scalar()).collect();
                let keys = keys?;
                let [map, first, second] = keys.as_slice() else { return None };
                self.mappings?.get(map)?.get(first)?.get(second).cloned()
            }
            "Base64" => Some(self.resolve(argument, depth)),
            _ => None,
        }
    }

    /// Whether a condition holds by default.
    fn condition(&self, name: &str, depth: usize) -> Option<bool> {
        self.holds(self.conditions?.get(name)?, depth)
    }

    fn holds(&self, node: &Node, depth: usize) -> Option<bool> {
        let depth = depth.checked_sub(1)?;
        let (function, argument) = function(node)?;
        let each = || argument.list().iter().map(|inner| self.holds(inner, depth)).collect::<Vec<_>>();
        match function.as_str() {
            "Equals" => {
                let [left, right] = argument.list() else { return None };
                Some(self.resolve(left, depth).scalar()? == self.resolve(right, depth).scalar()?)
            }
            "Not" => self.holds(argument.list().first()?, depth).map(|holds| !holds),
            "And" => match each() {
                all if all.contains(&Some(false)) => Some(false),
                all if all.contains(&None) => None,
                _ => Some(true),
            },
            "Or" => match each() {
                all if all.contains(&Some(true)) => Some(true),
                all if all.contains(&None) => None,
                _ => Some(false),
            },
            "Condition" => self.condition(argument.as_str()?, depth),
            _ => None,
        }
    }
}

/// `!Ref X`, `{"Ref": "X"}`, `!Sub …`, `{"Fn::Sub": …}` as function and argument.
fn function(node: &Node) -> Option<(String, &Node)> {
    if let Value::Tagged { tag, node } = &node.value {
        return Some((tag.trim_start_matches('!').to_owned(), node));
    }
    let [(key, argument)] = node.map() else { return None };
    match key.text.as_str() {
        "Ref" | "Condition" => Some((key.text.clone(), argument)),
        other => other.strip_prefix("Fn::").map(|name| (name.to_owned(), argument)),
    }
}
