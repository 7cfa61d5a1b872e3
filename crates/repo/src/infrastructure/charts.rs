//! Charts of others: the values that the repository gives to them are what it decides.

use seaworthy_facts::{InfrastructureTool, Setting};
use seaworthy_syntax::tree::{Node, Value};
use seaworthy_syntax::{Limits, yaml};

use super::flatten::{flatten, overlay};
use super::place::{Environment, environment};
use super::{Draft, Found};
use crate::tree::{File, join};

/// A chart's name without its repository.
pub fn chart_name(chart: &str) -> String {
    let chart = chart.trim_end_matches('/').split('?').next().unwrap_or(chart);
    chart.rsplit('/').next().unwrap_or(chart).to_owned()
}

/// Where a chart is asked for, and under which conditions.
pub struct Release<'f> {
    /// The chart, with or without its repository.
    pub chart: &'f str,
    /// The name that it is given.
    pub name: &'f str,
    /// The file.
    pub file: &'f File,
    /// The line.
    pub line: u32,
    /// It is not for production.
    pub development: bool,
    /// Why it is not installed by default, when that is so.
    pub off: Option<String>,
}

/// Adds a chart with its values.
pub fn add(found: &mut Found, release: Release, settings: Vec<Setting>) {
    found.add(Draft {
        tool: InfrastructureTool::Helm,
        kind: format!("chart:{}", chart_name(release.chart)),
        name: release.name.to_owned(),
        file: release.file,
        line: release.line,
        settings,
        development: release.development,
        off: release.off,
    });
}

/// Values given as a mapping or as YAML in a text.
fn values(node: Option<&Node>, file: &File) -> Vec<Setting> {
    let Some(node) = node else { return Vec::new() };
    match node.as_str() {
        Some(text) => {
            let Ok(inner) = yaml::parse(text, &Limits::default()) else { return Vec::new() };
            let mut settings = flatten(&inner, &file.path);
            for setting in &mut settings {
                let line = setting.at.line_number().unwrap_or(1) + node.line.saturating_sub(1);
                setting.at = file.at_line(line);
            }
            settings
        }
        None => flatten(node, &file.path),
    }
}

/// Charts that objects of Argo CD, Flux and k3s install.
pub fn of_object(found: &mut Found, file: &File, object: &Node, development: bool, off: Option<String>) {
    let text = |path: &str| object.path(path).and_then(Node::as_str).map(str::to_owned);
    let name = object.path("metadata.name").and_then(Node::scalar).unwrap_or_default();
    match object.get("kind").and_then(Node::as_str) {
        Some("HelmRelease") => {
            let Some(chart) = text("spec.chart.spec.chart").or_else(|| text("spec.chart.name")) else {
                return;
            };
            let settings = values(object.path("spec.values"), file);
            add(
                found,
                Release { chart: &chart, name: &name, file, line: object.line, development, off },
                settings,
            );
        }
        Some("HelmChart") => {
            let Some(chart) = text("spec.chart") else { return };
            let settings = values(object.path("spec.valuesContent"), file);
            add(
                found,
                Release { chart: &chart, name: &name, file, line: object.line, development, off },
                settings,
            );
        }
        Some("Application") => {
            let single = object.path("spec.source").into_iter();
            let several = object.path("spec.sources").map(Node::list).unwrap_or_default().iter();
            let sources: Vec<&Node> = single.chain(several).collect();
            for source in found.tree.some(file.at_line(object.line), &sources, 20, "sources") {
                let Some(chart) = source.get("chart").and_then(Node::as_str) else { continue };
                let mut settings = values(source.path("helm.values"), file);
                overlay(&mut settings, values(source.path("helm.valuesObject"), file));
                add(
                    found,
                    Release { chart, name: &name, file, line: source.line, development, off: off.clone() },
                    settings,
                );
            }
        }
        _ => {}
    }
}

/// An entry of `helmCharts` in a Kustomize file.
pub fn of_kustomize(found: &mut Found, file: &File, entry: &Node) {
    let text = |key: &str| entry.get(key).and_then(Node::as_str);
    let Some(chart) = text("name") else { return };
    let mut settings = Vec::new();
    if let Some(path) = text("valuesFile") {
        overlay(&mut settings, of_file(found, file.folder(), path));
    }
    overlay(&mut settings, values(entry.get("valuesInline"), file));
    add(
        found,
        Release {
            chart,
            name: text("releaseName").unwrap_or(chart),
            file,
            line: entry.line,
            development: false,
            off: None,
        },
        settings,
    );
}

/// The values of a file of the repository.
pub fn of_file(found: &Found, folder: &str, path: &str) -> Vec<Setting> {
    let Some(file) = join(folder, path).and_then(|path| found.tree.file(&path)) else { return Vec::new() };
    let Some(text) = found.tree.text(file) else { return Vec::new() };
    let parsed = yaml::parse_template(&text, &Limits::default());
    parsed.documents.first().map(|node| flatten(node, &file.path)).unwrap_or_default()
}

/// Releases of helmfiles.
pub fn helmfiles(found: &mut Found) {
    let tree = found.tree;
    let files = ["helmfile.yaml", "helmfile.yml", "helmfile.yaml.gotmpl"]
        .iter()
        .flat_map(|name| tree.named(name))
        .chain(tree.files().iter().filter(|file| {
            file.folder().rsplit('/').next() == Some("helmfile.d") && file.name().contains(".y")
        }))
        .filter(|file| super::can_ship(file));
    let files = tree.first(files, 100, "helmfiles");
    for file in files {
        let Some(text) = tree.text(file) else { continue };
        for document in yaml::parse_template(&text, &Limits::default()).documents {
            let releases = document.get("releases").map(Node::list).unwrap_or_default();
            for release in tree.some(file.at(), releases, 200, "releases") {
                let Some(chart) = release.get("chart").and_then(Node::as_str) else { continue };
                // A folder is a chart of the repository.
                if chart.starts_with('.') {
                    continue;
                }
                let name = release.get("name").and_then(Node::scalar).unwrap_or_default();
                let mut settings = Vec::new();
                let given = release.get("values").map(Node::list).unwrap_or_default();
                for given in tree.some(file.at_line(release.line), given, 20, "values of a release") {
                    let more = match &given.value {
                        Value::String(path) => {
                            let path = path.replace("{{ .Environment.Name }}", "production");
                            of_file(found, file.folder(), &path)
                        }
                        _ => flatten(given, &file.path),
                    };
                    overlay(&mut settings, more);
                }
                let off = release
                    .get("installed")
                    .and_then(Node::as_bool)
                    .filter(|on| !on)
                    .map(|_| "installed: false".to_owned());
                let development = environment(&file.path) == Some(Environment::Other);
                add(
                    found,
                    Release { chart, name: &name, file, line: release.line, development, off },
                    settings,
                );
            }
        }
    }
}

/// Charts that Terraform installs: `helm_release` with `values` and `set`.
pub fn of_terraform(
    found: &mut Found,
    file: &File,
    line: u32,
    body: &Node,
    development: bool,
    off: Option<String>,
) {
    let text = |key: &str| body.get(key).and_then(Node::as_str);
    let Some(chart) = text("chart") else { return };
    let mut settings = Vec::new();
    let given = body.get("values").map(Node::list).unwrap_or_default();
    for given in found.tree.some(file.at_line(line), given, 20, "values of a release") {
        let named = given.expression().and_then(|source| source.split('"').nth(1).map(str::to_owned));
        let more = match named {
            // `file("${path.module}/values.yaml")` and `templatefile(…)`.
            Some(path) => {
                of_file(found, file.folder(), path.replace("${path.module}/", "").trim_start_matches("./"))
            }
            None => values(Some(given), file),
        };
        overlay(&mut settings, more);
    }
    for key in ["set", "set_list"] {
        let sets = body.get(key).map(Node::list).unwrap_or_default();
        for set in found.tree.some(file.at_line(line), sets, 200, "values that a release sets") {
            let Some(name) = set.get("name").and_then(Node::as_str) else { continue };
            let path = name.replace("\\.", ".").replace('[', ".").replace(']', "");
            let Some(value) = set.get("value") else { continue };
            overlay(
                &mut settings,
                super::flatten::flatten_below(&path, value, &file.path, super::flatten::is_secret(&path)),
            );
        }
    }
    add(
        found,
        Release { chart, name: text("name").unwrap_or(chart), file, line, development, off },
        settings,
    );
}
