//! Change logs as a list of change sets and includes, whatever their format.

use seaworthy_syntax::tree::Node;
use seaworthy_syntax::xml::{self, Element};
use seaworthy_syntax::{Limits, json, yaml};

use super::changes::{Change, Column, steps};
use super::{ChangeSet, Rollback, formatted};
use crate::tree::File;

/// A member of a change log.
#[derive(Debug, Clone)]
pub enum Item {
    /// A change set.
    ChangeSet(ChangeSet),
    /// Another log.
    Include {
        /// Its path.
        path: String,
        /// The path starts at the log's own folder.
        relative: bool,
    },
    /// All logs of a folder, by name.
    IncludeAll {
        /// The folder.
        path: String,
        /// The path starts at the log's own folder.
        relative: bool,
    },
}

/// What a file holds, when it is a change log.
pub fn items(file: &File, text: &str) -> Option<Vec<Item>> {
    match file.extension() {
        "sql" => formatted::is_formatted(text)
            .then(|| formatted::change_sets(text).into_iter().map(Item::ChangeSet).collect()),
        "xml" if text.contains("databaseChangeLog") => {
            let root = xml::parse(text, &Limits::default()).ok()?;
            (root.name == "databaseChangeLog").then(|| of_xml(&root))
        }
        "yaml" | "yml" if text.contains("databaseChangeLog") => {
            of_tree(&yaml::parse(text, &Limits::default()).ok()?)
        }
        "json" if text.contains("databaseChangeLog") => of_tree(&json::parse(text, &Limits::default()).ok()?),
        _ => None,
    }
}

fn of_xml(root: &Element) -> Vec<Item> {
    let relative = |element: &Element| element.attribute("relativeToChangelogFile") == Some("true");
    root.children
        .iter()
        .filter_map(|element| match element.name.as_str() {
            "changeSet" => Some(Item::ChangeSet(xml_change_set(element))),
            "include" => Some(Item::Include {
                path: element.attribute("file")?.to_owned(),
                relative: relative(element),
            }),
            "includeAll" => Some(Item::IncludeAll {
                path: element.attribute("path")?.to_owned(),
                relative: relative(element),
            }),
            _ => None,
        })
        .collect()
}

fn xml_change_set(element: &Element) -> ChangeSet {
    let changes: Vec<Change> = element
        .children
        .iter()
        .filter(|child| {
            !matches!(
                child.name.as_str(),
                "preConditions" | "comment" | "rollback" | "validCheckSum" | "property" | "modifySql"
            )
        })
        .map(|child| Change {
            name: child.name.clone(),
            line: child.line,
            attributes: child.attributes.clone(),
            columns: child
                .children
                .iter()
                .filter(|column| column.name == "column")
                .map(|column| Column {
                    attributes: column.attributes.clone(),
                    constraints: column
                        .child("constraints")
                        .map(|c| c.attributes.clone())
                        .unwrap_or_default(),
                })
                .collect(),
            sql: matches!(child.name.as_str(), "sql" | "createProcedure").then(|| child.text.clone()),
        })
        .collect();
    let rollback = element.children.iter().find(|child| child.name == "rollback").map(|rollback| {
        !rollback.text.is_empty() || !rollback.children.is_empty() || !rollback.attributes.is_empty()
    });
    change_set(
        element.attribute("author").unwrap_or_default(),
        element.attribute("id").unwrap_or_default(),
        element.line,
        &changes,
        rollback,
    )
}

fn of_tree(root: &Node) -> Option<Vec<Item>> {
    let log = root.get("databaseChangeLog")?;
    let relative = |node: &Node| {
        node.get("relativeToChangelogFile").and_then(Node::scalar).is_some_and(|value| value == "true")
    };
    Some(
        log.list()
            .iter()
            .filter_map(|member| {
                if let Some(node) = member.get("changeSet") {
                    return Some(Item::ChangeSet(tree_change_set(node)));
                }
                if let Some(node) = member.get("include") {
                    return Some(Item::Include {
                        path: node.get("file")?.scalar()?,
                        relative: relative(node),
                    });
                }
                let node = member.get("includeAll")?;
                Some(Item::IncludeAll { path: node.get("path")?.scalar()?, relative: relative(node) })
            })
            .collect(),
    )
}

fn scalars(node: &Node) -> Vec<(String, String)> {
    node.map().iter().filter_map(|(key, value)| Some((key.text.clone(), value.scalar()?))).collect()
}

fn tree_change_set(node: &Node) -> ChangeSet {
    let changes: Vec<Change> = node
        .get("changes")
        .map(Node::list)
        .unwrap_or_default()
        .iter()
        .flat_map(Node::map)
        .map(|(key, change)| Change {
            name: key.text.clone(),
            line: key.line,
            attributes: scalars(change),
            columns: change
                .get("columns")
                .map(Node::list)
                .unwrap_or_default()
                .iter()
                .filter_map(|member| member.get("column"))
                .map(|column| Column {
                    attributes: scalars(column),
                    constraints: column.get("constraints").map(scalars).unwrap_or_default(),
                })
                .collect(),
            sql: (key.text == "sql")
                .then(|| change.as_str().map(str::to_owned).or_else(|| change.get("sql")?.scalar()))
                .flatten(),
        })
        .collect();
    let rollback = node.get("rollback").map(|rollback| !rollback.is_null());
    change_set(
        &node.get("author").and_then(Node::scalar).unwrap_or_default(),
        &node.get("id").and_then(Node::scalar).unwrap_or_default(),
        node.line,
        &changes,
        rollback,
    )
}

/// `rollback` is whether a written one is there, and whether it holds anything. An empty one says that nothing has to be
/// undone.
fn change_set(author: &str, id: &str, line: u32, changes: &[Change], rollback: Option<bool>) -> ChangeSet {
    let rollback = match rollback {
        Some(_) => Rollback::Given,
        None if changes.is_empty() => Rollback::Nothing,
        None if changes.iter().all(Change::reverses_itself) => Rollback::Given,
        None => Rollback::Missing("it has no rollback, and Liquibase cannot work one out for its changes"),
    };
    ChangeSet {
        name: format!("{author}:{id}"),
        line,
        steps: changes.iter().flat_map(steps).collect(),
        rollback,
    }
}
