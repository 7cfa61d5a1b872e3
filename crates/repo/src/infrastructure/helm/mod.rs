//! Helm charts of the repository: their templates with their default values put in, without running Helm.

mod expression;
mod given;
mod template;

use std::collections::HashMap;

use seaworthy_facts::InfrastructureTool;
use seaworthy_syntax::tree::{Key, Node, Value};
use seaworthy_syntax::{Limits, yaml};

use super::flatten::{flatten_below, overlay};
use super::place::{Environment, environment};
use super::{Found, kubernetes};
use crate::scan::Hit;
use crate::tree::{File, Tree};

/// Most charts.
const CHARTS: usize = 100;
/// Most templates of all charts.
const TEMPLATES: usize = 1_500;
/// Deepest nesting of charts in charts.
const DEPTH: usize = 4;

/// The folders of the charts.
pub fn folders(tree: &Tree) -> Vec<String> {
    let charts = tree.named("Chart.yaml").filter(|file| super::can_ship(file));
    tree.first(charts, CHARTS, "Helm charts").into_iter().map(|file| file.folder().to_owned()).collect()
}

/// Reads every chart. A chart inside another is read with what the outer one gives to it.
pub fn read(found: &mut Found, folders: &[String], commands: &[Hit]) {
    let tree = found.tree;
    let mut charts = Charts { folders, given: given::given(tree, commands, folders), left: TEMPLATES };
    for folder in folders {
        let inside = folders.iter().any(|outer| {
            let charts = if outer == "." { "charts/".to_owned() } else { format!("{outer}/charts/") };
            outer != folder && folder.starts_with(&charts)
        });
        if !inside {
            let given = Given { values: None, off: None };
            chart(found, &mut charts, folder, &given, DEPTH);
        }
    }
}

/// All charts, and what is given to them.
struct Charts<'t> {
    folders: &'t [String],
    given: HashMap<String, Vec<&'t File>>,
    /// How many templates are still read.
    left: usize,
}

/// What an outer chart says about an inner one.
struct Given {
    values: Option<Node>,
    off: Option<String>,
}

fn chart(found: &mut Found, charts: &mut Charts, folder: &str, given: &Given, depth: usize) {
    let tree = found.tree;
    let Some(file) = tree.resolve(folder, "Chart.yaml") else { return };
    let Some(text) = tree.text(file) else { return };
    let about = match yaml::parse(&text, &Limits::default()) {
        Ok(about) => about,
        Err(error) => return found.broken(file, &error),
    };
    if about.get("type").and_then(Node::as_str) == Some("library") {
        return;
    }
    let development = environment(folder) == Some(Environment::Other);
    let files = match charts.given.get(folder) {
        // What a command names is what is used.
        Some(given) => values_files(tree, folder)
            .into_iter()
            .filter(|file| is_base(file, folder))
            .chain(given.iter().copied().filter(|file| !is_base(file, folder)))
            .collect(),
        None => values_files(tree, folder),
    };
    let mut values = Node::new(Value::Map(Vec::new()), 1, 1);
    let mut documents: Vec<(&File, Node)> = Vec::new();
    for file in files {
        let Some(text) = tree.text(file) else { continue };
        match yaml::parse(&text, &Limits::default()) {
            Ok(node) => {
                values = merged(&values, &node, 40);
                documents.push((file, node));
            }
            Err(error) => found.broken(file, &error),
        }
    }
    if let Some(more) = &given.values {
        values = merged(&values, more, 40);
    }
    let dependencies = about.get("dependencies").map(Node::list).unwrap_or_default();
    for dependency in tree.some(file.at(), dependencies, 50, "dependencies of a chart") {
        let Some(name) = dependency.get("name").and_then(Node::as_str) else { continue };
        let alias = dependency.get("alias").and_then(Node::as_str).unwrap_or(name);
        let condition = dependency.get("condition").and_then(Node::as_str).and_then(|condition| {
            // The first path that has a value decides.
            condition.split(',').find_map(|path| Some((path.trim(), values.path(path.trim())?)))
        });
        let off = given.off.clone().or_else(|| {
            let (path, value) = condition?;
            (value.as_bool() == Some(false)).then(|| format!("the Helm value {path} is off by default"))
        });
        let inner = charts.folders.iter().find(|other| {
            other.strip_suffix(name).is_some_and(|above| {
                let above = above.trim_end_matches('/');
                above == format!("{folder}/charts") || folder == "." && above == "charts"
            })
        });
        if let Some(inner) = inner {
            if depth > 0 {
                let given = Given { values: values.get(alias).cloned(), off };
                chart(found, charts, inner, &given, depth - 1);
            }
            continue;
        }
        let mut settings = Vec::new();
        for (file, document) in &documents {
            if let Some(node) = document.get(alias) {
                let below = flatten_below("", node, &file.path, false);
                overlay(&mut settings, below);
            }
        }
        let line = dependency.line;
        super::charts::add(
            found,
            super::charts::Release { chart: name, name: alias, file, line, development, off },
            settings,
        );
    }
    templates(found, folder, &about, &values, development, given.off.as_ref(), &mut charts.left);
}

/// Whether a file is the `values.yaml` of this folder.
fn is_base(file: &File, folder: &str) -> bool {
    file.folder() == folder && matches!(file.name(), "values.yaml" | "values.yml")
}

/// `values.yaml`, then the one for production.
fn values_files<'t>(tree: &'t Tree, folder: &'t str) -> Vec<&'t File> {
    let mut files: Vec<(bool, &File)> = Vec::new();
    for file in tree.under(folder) {
        let name = file.name();
        let below = file.path.strip_prefix(folder).unwrap_or(&file.path).trim_start_matches('/');
        let is_values = name.starts_with("values") && (name.ends_with(".yaml") || name.ends_with(".yml"));
        if !is_values || below.starts_with("charts/") || below.split('/').count() > 3 {
            continue;
        }
        let production = environment(below) == Some(Environment::Production);
        if below == "values.yaml" || below == "values.yml" || production {
            files.push((production, file));
        }
    }
    files.sort_by(|left, right| (left.0, &left.1.path).cmp(&(right.0, &right.1.path)));
    files.into_iter().map(|(_, file)| file).collect()
}

/// One mapping over another.
fn merged(base: &Node, over: &Node, depth: usize) -> Node {
    let (Value::Map(below), Value::Map(above), true) = (&base.value, &over.value, depth > 0) else {
        return if over.is_null() { base.clone() } else { over.clone() };
    };
    let places: HashMap<&str, usize> =
        below.iter().enumerate().map(|(place, (key, _))| (key.text.as_str(), place)).collect();
    let mut entries = below.clone();
    for (key, node) in above {
        match places.get(key.text.as_str()) {
            Some(place) => entries[*place].1 = merged(&entries[*place].1, node, depth - 1),
            None => entries.push((key.clone(), node.clone())),
        }
    }
    Node::new(Value::Map(entries), over.line, over.column)
}

fn templates(
    found: &mut Found,
    folder: &str,
    about: &Node,
    values: &Node,
    development: bool,
    off: Option<&String>,
    left: &mut usize,
) {
    let tree = found.tree;
    let root = context(about, values);
    let templates = if folder == "." { "templates".to_owned() } else { format!("{folder}/templates") };
    let files: Vec<&File> = tree
        .under(&templates)
        .filter(|file| file.name().ends_with(".yaml") || file.name().ends_with(".yml"))
        .filter(|file| super::can_ship(file) && !file.path.contains("/templates/tests/"))
        .collect();
    for file in files {
        let Some(rest) = left.checked_sub(1) else { return };
        *left = rest;
        let Some(text) = tree.text(file) else { continue };
        let rendered = template::render(&text, &root);
        for mut object in yaml::parse_template(&rendered.text, &Limits::default()).documents {
            let why = off.cloned().or_else(|| rendered.off_at(object.line));
            rendered.put_back(&mut object);
            kubernetes::add(found, InfrastructureTool::Helm, file, &object, development, why);
        }
    }
}

/// What templates see as `.`: `Values` and what is known of the chart.
fn context(about: &Node, values: &Node) -> Node {
    let key = |text: &str| Key { text: text.to_owned(), line: 1, column: 1 };
    let chart = ["name", "version", "appVersion"].iter().filter_map(|name| {
        let mut title = name[..1].to_uppercase();
        title.push_str(&name[1..]);
        Some((key(&title), about.get(name)?.clone()))
    });
    let chart = Node::new(Value::Map(chart.collect()), 1, 1);
    Node::new(Value::Map(vec![(key("Values"), values.clone()), (key("Chart"), chart)]), 1, 1)
}
