//! Terraform and OpenTofu: folders are modules, and calls put them together.

mod body;
mod scope;

use std::collections::BTreeMap;

use seaworthy_facts::InfrastructureTool;
use seaworthy_syntax::tree::{Node, Value};
use seaworthy_syntax::{Limits, hcl, json};

use super::place::{Environment, environment, is_development};
use super::{Draft, Found};
use crate::tree::{File, Tree, join};
use body::Part;
use scope::Scope;

/// Most files that are read.
const FILES: usize = 3_000;
/// Deepest nesting of module calls.
const CALLS: usize = 6;
/// Most modules that are put in place, all calls counted.
const INSTANCES: usize = 500;

/// The files of one folder, put together.
#[derive(Default)]
struct Module<'t> {
    /// Defaults of variables.
    variables: BTreeMap<String, Node>,
    /// Local values.
    locals: BTreeMap<String, Node>,
    /// Resources, data sources, providers and calls of modules.
    parts: Vec<(&'t File, Part)>,
}

/// Reads every module.
pub fn read(found: &mut Found) {
    let tree = found.tree;
    let mut modules: BTreeMap<&str, Module> = BTreeMap::new();
    let mut count = 0;
    for file in tree.files() {
        let json = file.name().ends_with(".tf.json") || file.name().ends_with(".tofu.json");
        let native = file.name().ends_with(".tf") || file.name().ends_with(".tofu");
        let terragrunt = file.name() == "terragrunt.hcl";
        if !(json || native || terragrunt) || !super::can_ship(file) {
            continue;
        }
        if count >= FILES {
            let what =
                format!("more than {FILES} Terraform files; this one and those after it were not looked at");
            tree.cut(file.at(), what);
            break;
        }
        count += 1;
        let Some(text) = tree.text(file) else { continue };
        let parts = if json {
            json::parse(&text, &Limits::default()).map(|node| body::of_json(&node))
        } else {
            hcl::parse(&text, &Limits::default()).map(|block| body::of_blocks(&block, terragrunt))
        };
        match parts {
            Ok(parts) => modules.entry(file.folder()).or_default().take(file, parts),
            Err(error) => found.broken(file, &error),
        }
    }
    if modules.is_empty() {
        return;
    }
    let called: Vec<String> = modules
        .iter()
        .flat_map(|(folder, module)| {
            module.parts.iter().filter_map(|(_, part)| local_source(folder, &part.source()?))
        })
        .collect();
    let mut left = INSTANCES;
    for (folder, module) in &modules {
        if called.iter().any(|called| called == folder) {
            continue;
        }
        let instance = Instance {
            folder,
            module,
            arguments: root_arguments(tree, folder),
            development: is_development(folder),
            off: None,
            depth: CALLS,
        };
        place(found, &modules, &instance, &mut left);
    }
}

impl<'t> Module<'t> {
    fn take(&mut self, file: &'t File, parts: Vec<Part>) {
        for part in parts {
            match part.kind.as_str() {
                "variable" => {
                    if let (Some(name), Some(default)) = (part.labels.first(), part.body.get("default")) {
                        self.variables.insert(name.clone(), default.clone());
                    }
                }
                "locals" => {
                    for (key, node) in part.body.map() {
                        self.locals.insert(key.text.clone(), node.clone());
                    }
                }
                _ => self.parts.push((file, part)),
            }
        }
    }
}

/// A module where it is used.
struct Instance<'m, 't> {
    folder: &'m str,
    module: &'m Module<'t>,
    arguments: BTreeMap<String, Node>,
    development: bool,
    off: Option<String>,
    depth: usize,
}

fn place(found: &mut Found, modules: &BTreeMap<&str, Module>, instance: &Instance, left: &mut usize) {
    let Some(rest) = left.checked_sub(1) else { return };
    *left = rest;
    let scope = Scope::new(&instance.module.variables, &instance.module.locals, &instance.arguments);
    for (file, part) in &instance.module.parts {
        if !found.has_room() {
            return;
        }
        let off = instance.off.clone().or_else(|| switched_off(&scope, part));
        let Some((kind, name)) = identity(part) else { continue };
        if part.kind == "module" {
            let source = part.source().unwrap_or_default();
            let local = local_source(instance.folder, &source);
            let inner = local.as_deref().and_then(|folder| modules.get_key_value(folder));
            if let Some((folder, module)) = inner {
                if instance.depth > 0 {
                    let arguments = part
                        .body
                        .map()
                        .iter()
                        .filter(|(key, _)| !matches!(key.text.as_str(), "source" | "version" | "providers"))
                        .map(|(key, node)| (key.text.clone(), scope.resolve(node)))
                        .collect();
                    let inner = Instance {
                        folder,
                        module,
                        arguments,
                        development: instance.development,
                        off,
                        depth: instance.depth - 1,
                    };
                    place(found, modules, &inner, left);
                }
                continue;
            }
            if !from_registry(&source) {
                found.unread(format!("the Terraform module {}", shortened(&source)), file.at_line(part.line));
            }
        }
        let mut node = scope.resolve(&part.body);
        structured(&mut node, 4);
        // Shared module folders have no environment of their own; a call's or a file's name may say more.
        let by_file = environment(file.name()).map(|named| named == Environment::Other);
        let development = instance.development || by_file == Some(true);
        if kind == "helm_release" {
            super::charts::of_terraform(found, file, part.line, &node, development, off.clone());
        }
        found.add(Draft {
            tool: InfrastructureTool::Terraform,
            kind,
            name,
            file,
            line: part.line,
            settings: super::flatten::flatten(&node, &file.path),
            development,
            off,
        });
    }
}

/// Policies and definitions that are written as JSON in a text, put into the value that holds them.
fn structured(node: &mut Node, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match &mut node.value {
        Value::Map(entries) => {
            for (key, item) in entries {
                let text = item.as_str().map(str::trim_start).unwrap_or_default();
                let holds = key.text.contains("policy") || key.text.contains("definition");
                if holds
                    && text.starts_with(['{', '['])
                    && let Ok(mut inner) = json::parse(text, &Limits::default())
                {
                    put_at(&mut inner, (item.line, item.column));
                    *item = inner;
                } else {
                    structured(item, depth);
                }
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| structured(item, depth)),
        _ => {}
    }
}

fn put_at(node: &mut Node, at: (u32, u32)) {
    let mut pending = vec![node];
    while let Some(node) = pending.pop() {
        (node.line, node.column) = at;
        match &mut node.value {
            Value::List(items) => pending.extend(items),
            Value::Map(entries) => pending.extend(entries.iter_mut().map(|(_, item)| item)),
            _ => {}
        }
    }
}

/// The kind and the name of a part that is kept.
fn identity(part: &Part) -> Option<(String, String)> {
    let label = |place: usize| part.labels.get(place).cloned();
    Some(match part.kind.as_str() {
        "resource" => (label(0)?, label(1)?),
        "data" => (format!("data.{}", label(0)?), label(1)?),
        "module" => (format!("module:{}", canonical(&part.source()?)), label(0).unwrap_or_default()),
        "provider" => (format!("provider:{}", label(0)?), label(0)?),
        _ => return None,
    })
}

/// Why a part makes nothing by default.
fn switched_off(scope: &Scope, part: &Part) -> Option<String> {
    let source =
        |node: &Node| node.expression().map_or(String::new(), |source| format!(" (`{}`)", shortened(source)));
    if let Some(count) = part.body.get("count") {
        let value = scope.resolve(count);
        if matches!(value.scalar().as_deref(), Some("0" | "false")) {
            return Some(format!("count is 0{}", source(count)));
        }
    }
    if let Some(each) = part.body.get("for_each") {
        let value = scope.resolve(each);
        if matches!(&value.value, Value::List(items) if items.is_empty())
            || matches!(&value.value, Value::Map(entries) if entries.is_empty())
        {
            return Some(format!("for_each has no members{}", source(each)));
        }
    }
    None
}

fn shortened(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(120).collect()
}

/// The folder of the repository that a source names.
fn local_source(folder: &str, source: &str) -> Option<String> {
    // Terragrunt marks the root of a module collection with two slashes.
    let path = source.replace("//", "/");
    (path.starts_with("./") || path.starts_with("../")).then(|| join(folder, &path)).flatten()
}

/// A module address without host, version and options.
fn canonical(source: &str) -> String {
    let source = source.strip_prefix("registry.terraform.io/").unwrap_or(source);
    let source = source.strip_prefix("tfr:///").unwrap_or(source);
    source.split('?').next().unwrap_or(source).to_owned()
}

/// A public registry's address, `NAMESPACE/NAME/PROVIDER`: what it makes can be known from its documentation.
fn from_registry(source: &str) -> bool {
    let source = canonical(source);
    let address = source.split("//").next().unwrap_or(&source);
    address.split('/').count() == 3 && !address.contains(':') && !address.contains('.')
}

/// Values of variables that the repository gives to a root module: `terraform.tfvars`, then those loaded by
/// themselves, then the file named for production.
fn root_arguments(tree: &Tree, folder: &str) -> BTreeMap<String, Node> {
    let mut files: Vec<(u8, &File)> = Vec::new();
    let mut others = Vec::new();
    for file in tree.under(folder) {
        let name = file.name();
        let Some(stem) = name.strip_suffix(".tfvars").or_else(|| name.strip_suffix(".tfvars.json")) else {
            continue;
        };
        let beside = file.folder() == folder;
        let below = file.path.strip_prefix(folder).unwrap_or(&file.path);
        match environment(below) {
            Some(Environment::Production) => files.push((3, file)),
            Some(Environment::Other) => {}
            None if beside && stem == "terraform" => files.push((0, file)),
            None if beside && stem.ends_with(".auto") => files.push((1, file)),
            None if beside => others.push(file),
            None => {}
        }
    }
    // A single file of another name is the one that is passed by hand.
    if let ([only], true) = (others.as_slice(), files.is_empty()) {
        files.push((2, only));
    }
    files.sort_by(|left, right| (left.0, &left.1.path).cmp(&(right.0, &right.1.path)));
    let mut arguments = BTreeMap::new();
    for (_, file) in files {
        let Some(text) = tree.text(file) else { continue };
        if file.name().ends_with(".json") {
            let Ok(node) = json::parse(&text, &Limits::default()) else { continue };
            arguments.extend(node.map().iter().map(|(key, node)| (key.text.clone(), node.clone())));
        } else if let Ok(block) = hcl::parse(&text, &Limits::default()) {
            arguments.extend(block.attributes.into_iter().map(|(key, node)| (key.text, node)));
        }
    }
    arguments
}
