//! Kubernetes objects, with the patches of Kustomize overlays for production put over them.

use std::collections::HashMap;

use seaworthy_facts::{InfrastructureTool, Setting};
use seaworthy_syntax::tree::{Node, Value};
use seaworthy_syntax::{Limits, yaml};

use super::flatten::{flatten, flatten_below, overlay};
use super::manifests::Manifest;
use super::place::{Environment, environment};
use super::{Draft, Found, charts};
use crate::tree::{File, Tree, join};

/// Patches that are written in Kustomize files.
const INLINE: usize = 500;
/// Charts of one Kustomize file.
const CHARTS: usize = 50;

/// Reads every object. Templates of Helm charts are read with their charts' values elsewhere.
pub fn read(found: &mut Found, manifests: &[Manifest], chart_folders: &[String]) {
    let tree = found.tree;
    let kustomized = Kustomized::read(found, manifests);
    let mut patches = Vec::new();
    for manifest in manifests {
        let file = &tree.files()[manifest.file];
        let in_chart = chart_folders.iter().any(|folder| {
            let below = if folder == "." {
                Some(file.path.as_str())
            } else {
                file.path.strip_prefix(&format!("{folder}/"))
            };
            below.is_some_and(|below| below.starts_with("templates/") || below.starts_with("crds/"))
        });
        if in_chart {
            continue;
        }
        let patch = kustomized.patches.get(&file.path);
        for object in manifest.objects.iter().flat_map(|object| members(tree, file, object)) {
            match patch {
                Some(Some(Environment::Other)) => {
                    add(found, InfrastructureTool::Kubernetes, file, object, true, None)
                }
                Some(_) => patches.push((file, object.clone(), 0)),
                None => add(
                    found,
                    InfrastructureTool::Kubernetes,
                    file,
                    object,
                    environment(&file.path) == Some(Environment::Other),
                    None,
                ),
            }
        }
    }
    patches.extend(kustomized.inline);
    for (file, object, above) in patches {
        apply(found, file, &object, above);
    }
    for (file, node) in kustomized.charts {
        charts::of_kustomize(found, file, &node);
    }
}

/// The members of a `List`, or the object itself.
fn members<'n>(tree: &Tree, file: &File, object: &'n Node) -> Vec<&'n Node> {
    match object.get("items") {
        Some(items) if text(object, "kind").ends_with("List") => {
            tree.some(file.at_line(object.line), items.list(), 500, "objects of a list").iter().collect()
        }
        _ => vec![object],
    }
}

fn text<'n>(object: &'n Node, path: &str) -> &'n str {
    object.path(path).and_then(Node::as_str).unwrap_or_default()
}

/// Adds an object of a manifest.
pub fn add(
    found: &mut Found,
    tool: InfrastructureTool,
    file: &File,
    object: &Node,
    development: bool,
    off: Option<String>,
) {
    let kind = text(object, "kind");
    if kind.is_empty() || object.get("apiVersion").is_none() || kind == "Kustomization" {
        return;
    }
    let name = object.path("metadata.name").and_then(Node::scalar).unwrap_or_default();
    charts::of_object(found, file, object, development, off.clone());
    found.add(Draft {
        tool,
        kind: kind.to_owned(),
        name,
        file,
        line: object.key("kind").map_or(object.line, |key| key.line.min(object.line)).max(1),
        settings: settings(object, file),
        development,
        off,
    });
}

fn settings(object: &Node, file: &File) -> Vec<Setting> {
    match text(object, "kind") {
        // A schema of thousands of lines that sets nothing.
        "CustomResourceDefinition" => object
            .get("metadata")
            .map(|node| flatten_below("metadata", node, &file.path, false))
            .unwrap_or_default(),
        "Secret" | "SealedSecret" => object
            .map()
            .iter()
            .flat_map(|(key, node)| {
                let secret = matches!(key.text.as_str(), "data" | "stringData" | "spec");
                flatten_below(&key.text, node, &file.path, secret)
            })
            .collect(),
        _ => flatten(object, &file.path),
    }
}

/// Puts a patch over the object that it names.
fn apply(found: &mut Found, file: &File, object: &Node, above: u32) {
    let (kind, name) = (text(object, "kind"), object.path("metadata.name").and_then(Node::scalar));
    let mut patch = settings(object, file);
    for setting in &mut patch {
        let line = setting.at.line_number().unwrap_or(1) + above;
        setting.at = file.at_line(line);
    }
    let base = found.resources.iter_mut().find(|resource| {
        resource.tool == InfrastructureTool::Kubernetes
            && !resource.development
            && resource.kind == kind
            && Some(&resource.name) == name.as_ref()
    });
    match base {
        Some(base) => overlay(&mut base.settings, patch),
        None if above == 0 => add(found, InfrastructureTool::Kubernetes, file, object, false, None),
        None => {}
    }
}

/// What the Kustomize files say.
struct Kustomized<'t> {
    /// Files that are patches, with the environment of the overlay.
    patches: HashMap<String, Option<Environment>>,
    /// Patches written into the overlays themselves, with the lines above them.
    inline: Vec<(&'t File, Node, u32)>,
    /// Charts that are put in.
    charts: Vec<(&'t File, Node)>,
}

impl<'t> Kustomized<'t> {
    fn read(found: &mut Found<'t>, _manifests: &[Manifest]) -> Kustomized<'t> {
        let tree = found.tree;
        let mut kustomized = Kustomized { patches: HashMap::new(), inline: Vec::new(), charts: Vec::new() };
        for name in ["kustomization.yaml", "kustomization.yml", "Kustomization"] {
            let files = tree.named(name).filter(|file| super::can_ship(file));
            for file in tree.first(files, 500, "Kustomize files") {
                let Some(text) = tree.text(file) else { continue };
                match yaml::parse(&text, &Limits::default()) {
                    Ok(node) => kustomized.one(tree, file, &node),
                    Err(error) => found.broken(file, &error),
                }
            }
        }
        kustomized
    }

    fn one(&mut self, tree: &Tree, file: &'t File, node: &Node) {
        let named = environment(file.folder());
        let patches = |key: &str| node.get(key).map(Node::list).unwrap_or_default();
        for patch in patches("patches")
            .iter()
            .chain(patches("patchesStrategicMerge"))
            .chain(patches("patchesJson6902"))
        {
            let path = patch.as_str().or_else(|| patch.get("path").and_then(Node::as_str));
            if let Some(path) = path.filter(|path| !path.contains('\n')) {
                if let Some(path) = join(file.folder(), path) {
                    // A patch that two overlays share is production's.
                    let known = self.patches.entry(path).or_insert(named);
                    if named != Some(Environment::Other) {
                        *known = named;
                    }
                }
                continue;
            }
            let Some(inline) = patch.get("patch").or(Some(patch)).filter(|inline| inline.as_str().is_some())
            else {
                continue;
            };
            if named == Some(Environment::Other) {
                continue;
            }
            if self.inline.len() >= INLINE {
                let what = format!(
                    "more than {INLINE} patches in Kustomize files; this one and those after it were not looked at"
                );
                tree.cut(file.at_line(inline.line), what);
                break;
            }
            let parsed = yaml::parse(inline.as_str().unwrap_or_default(), &Limits::default());
            let Ok(inner) = parsed else { continue };
            let above = inline.line.saturating_sub(1);
            match &inner.value {
                Value::Map(_) => self.inline.push((file, inner, above)),
                Value::List(operations) => {
                    if let Some(object) = of_operations(operations, patch.get("target")) {
                        self.inline.push((file, object, above));
                    }
                }
                _ => {}
            }
        }
        if named != Some(Environment::Other) {
            let charts = tree.some(file.at(), patches("helmCharts"), CHARTS, "charts in a Kustomize file");
            self.charts.extend(charts.iter().map(|chart| (file, chart.clone())));
        }
    }
}

/// JSON patch operations as the object that they would be put over, where they set something in a mapping.
fn of_operations(operations: &[Node], target: Option<&Node>) -> Option<Node> {
    use seaworthy_syntax::tree::Key;
    let at = operations.first().map_or((1, 1), |node| (node.line, node.column));
    let key = |text: &str| Key { text: text.to_owned(), line: at.0, column: at.1 };
    let leaf = |text: String| Node::new(Value::String(text), at.0, at.1);
    let kind = target?.get("kind").and_then(Node::as_str)?;
    let name = target?.get("name").and_then(Node::as_str)?;
    let mut entries = vec![
        (key("kind"), leaf(kind.to_owned())),
        (key("apiVersion"), leaf(String::new())),
        (key("metadata"), Node::new(Value::Map(vec![(key("name"), leaf(name.to_owned()))]), at.0, at.1)),
    ];
    for operation in operations.iter().take(50) {
        if !matches!(text(operation, "op"), "replace" | "add") {
            continue;
        }
        let path = text(operation, "path").trim_start_matches('/').replace('/', ".").replace("~1", "/");
        if path.is_empty() || path.ends_with('-') {
            continue;
        }
        if let Some(value) = operation.get("value") {
            // The dots of the path are kept in one key: flattened, it reads the same.
            entries.push((Key { text: path, line: operation.line, column: operation.column }, value.clone()));
        }
    }
    Some(Node::new(Value::Map(entries), at.0, at.1))
}
