//! `build.gradle`, `build.gradle.kts`, version catalogues and `gradle.lockfile`, read by their plain declarations.

use std::collections::HashMap;

use seaworthy_facts::{Ecosystem, Lock, Scope, Usage};
use seaworthy_syntax::toml;
use seaworthy_syntax::tree::Node;

use super::draft::{Draft, MANIFESTS, counts, parsed};
use super::maven;
use crate::tree::{File, Tree};

const RUNTIME: &[&str] =
    &["implementation", "api", "compile", "runtimeOnly", "runtime", "compileOnly", "developmentOnly"];
const DEVELOPMENT: &[&str] = &[
    "testImplementation",
    "testRuntimeOnly",
    "testCompileOnly",
    "testCompile",
    "annotationProcessor",
    "kapt",
    "ksp",
    "androidTestImplementation",
    "testAnnotationProcessor",
    "classpath",
    "testFixturesImplementation",
    "integrationTestImplementation",
    "detektPlugins",
    "developmentOnly",
];

/// A library of a version catalogue.
#[derive(Clone)]
struct Library {
    name: String,
    version: String,
}

/// Every build file.
pub fn manifests(tree: &Tree) -> Vec<Draft> {
    let catalog = catalog(tree);
    tree.first(
        tree.named("build.gradle").chain(tree.named("build.gradle.kts")).filter(|file| counts(file)),
        MANIFESTS,
        "Gradle build files",
    )
    .into_iter()
    .filter_map(|file| build(tree, file, &catalog))
    .collect()
}

/// The default catalogue: alias in the form of its accessor, to the library or the libraries of a bundle.
fn catalog(tree: &Tree) -> HashMap<String, Vec<Library>> {
    let mut libraries: HashMap<String, Vec<Library>> = HashMap::new();
    for file in tree.named("libs.versions.toml").filter(|file| counts(file)) {
        let Some(node) = parsed(tree, file, toml::parse) else { continue };
        let version_of = |value: &Node| -> String {
            let version = value.get("version");
            let referenced = version.and_then(|version| version.get("ref")).and_then(Node::as_str);
            let found = match referenced {
                Some(name) => node.get("versions").and_then(|versions| versions.get(name)),
                None => version,
            };
            found
                .and_then(|node| {
                    node.as_str().map(str::to_owned).or_else(|| {
                        node.get("strictly").or_else(|| node.get("require"))?.as_str().map(str::to_owned)
                    })
                })
                .unwrap_or_default()
        };
        for (key, value) in node.get("libraries").map(Node::map).unwrap_or_default() {
            let library = match value.as_str() {
                Some(text) => {
                    let mut parts = text.split(':');
                    let name =
                        format!("{}:{}", parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                    Library { name, version: parts.next().unwrap_or_default().to_owned() }
                }
                None => {
                    let name = value.get("module").and_then(Node::as_str).map(str::to_owned).or_else(|| {
                        Some(format!("{}:{}", value.get("group")?.as_str()?, value.get("name")?.as_str()?))
                    });
                    Library { name: name.unwrap_or_default(), version: version_of(value) }
                }
            };
            libraries.insert(accessor(&key.text), vec![library]);
        }
        for (key, names) in node.get("bundles").map(Node::map).unwrap_or_default() {
            let members = names.list().iter().filter_map(Node::as_str);
            let members: Vec<Library> =
                members.filter_map(|name| libraries.get(&accessor(name))).flatten().cloned().collect();
            libraries.insert(format!("bundles.{}", accessor(&key.text)), members);
        }
    }
    libraries
}

/// An alias in the form that a build file calls it by.
fn accessor(alias: &str) -> String {
    alias.replace(['-', '_'], ".")
}

fn build(tree: &Tree, file: &File, catalog: &HashMap<String, Vec<Library>>) -> Option<Draft> {
    let text = tree.text(file)?;
    let mut draft = Draft::new(tree, file, Ecosystem::Gradle);
    let variables = variables(tree, file, &text);
    let mut floating = false;
    let mut partial = false;
    for (number, line) in tree.lines(file, &text, 20_000) {
        let line = line.trim();
        let end = line.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(line.len());
        let (configuration, rest) = line.split_at(end);
        let scope = if RUNTIME.contains(&configuration) {
            Scope::Runtime
        } else if DEVELOPMENT.contains(&configuration) {
            Scope::Development
        } else {
            continue;
        };
        let at = file.at_line(number as u32 + 1);
        let rest = rest.trim_start_matches([' ', '(']);
        if rest.starts_with("project(")
            || rest.starts_with("project ")
            || rest.starts_with("files(")
            || rest.starts_with("fileTree(")
        {
            continue;
        }
        let sets_versions = rest.starts_with("platform(") || rest.starts_with("enforcedPlatform(");
        let mut add = |name: &str, version: &str| {
            let version = substitute(version, &variables);
            let exact = !(maven::floats(&version) || version.contains('+') || version.starts_with("latest."));
            floating |= !exact;
            draft.depend(name, &version, scope, exact, at.clone());
            if sets_versions && let Some(last) = draft.manifest.dependencies.last_mut() {
                last.usage = Usage::Implied { why: "it sets the versions of others".to_owned() };
            }
            if exact
                && !version.is_empty()
                && !version.contains('$')
                && let Some(last) = draft.manifest.dependencies.last_mut()
            {
                last.resolved = Some(version);
            }
        };
        if let Some(accessor) =
            rest.split("libs.").nth(1).filter(|_| rest.contains("libs.") && !rest.contains(['"', '\'']))
        {
            let end = accessor
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_'))
                .unwrap_or(accessor.len());
            let alias = accessor[..end].trim_end_matches(".get").replace('_', ".");
            match catalog.get(&alias) {
                Some(libraries) => libraries.iter().for_each(|library| add(&library.name, &library.version)),
                None => partial = true,
            }
            continue;
        }
        let Some(notation) = rest.split(['"', '\'']).nth(1) else { continue };
        let parts: Vec<&str> = notation.split(':').collect();
        if let [group, artifact, version @ ..] = parts.as_slice() {
            add(
                &format!("{group}:{artifact}"),
                version.first().map_or("", |version| version.split('@').next().unwrap_or(version)),
            );
        } else if rest.contains("group") && rest.contains("name") {
            let value = |key: &str| {
                rest.split(key).nth(1).and_then(|rest| rest.split(['"', '\'']).nth(1)).unwrap_or_default()
            };
            add(&format!("{}:{}", value("group"), value("name")), value("version"));
        }
    }
    draft.manifest.partial = partial;
    let lockfile = tree.resolve(file.folder(), "gradle.lockfile");
    draft.manifest.lock = match lockfile {
        Some(lockfile) => {
            let locked = tree.text(lockfile).unwrap_or_default();
            for dependency in &mut draft.manifest.dependencies {
                let prefix = format!("{}:", dependency.name);
                let version = locked.lines().find_map(|line| line.strip_prefix(&prefix)?.split('=').next());
                dependency.resolved = version.map(str::to_owned).or(dependency.resolved.take());
            }
            let missing: Vec<String> = draft
                .manifest
                .dependencies
                .iter()
                .filter(|dependency| dependency.scope == Scope::Runtime)
                .filter(|dependency| !dependency.name.contains('$'))
                .filter(|dependency| {
                    !locked.lines().any(|line| {
                        line.strip_prefix(&dependency.name).is_some_and(|rest| rest.starts_with(':'))
                    })
                })
                .map(|dependency| format!("{} is not in the lockfile", dependency.name))
                .collect();
            if missing.is_empty() {
                Lock::InStep { at: lockfile.at() }
            } else {
                Lock::OutOfStep { at: lockfile.at(), differences: missing.into_iter().take(8).collect() }
            }
        }
        None if draft.manifest.dependencies.is_empty() => {
            Lock::NotNeeded { why: "no dependencies are declared".to_owned() }
        }
        None if floating => Lock::Missing,
        None => Lock::NotNeeded { why: "Gradle with exact versions, nothing dynamic".to_owned() },
    };
    Some(draft)
}

/// Versions that are kept in variables of the build file or in `gradle.properties`.
fn variables(tree: &Tree, file: &File, text: &str) -> HashMap<String, String> {
    let mut variables = HashMap::new();
    let properties = ["gradle.properties"]
        .iter()
        .filter_map(|name| tree.resolve(file.folder(), name).or_else(|| tree.file(name)))
        .filter_map(|file| tree.text(file));
    for text in properties {
        for line in text.lines() {
            if let Some((name, value)) = line.split_once('=') {
                variables.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
    for (_, line) in tree.lines(file, text, 20_000) {
        let line = line.trim();
        let Some((left, right)) = line.split_once('=') else { continue };
        let name = left
            .trim()
            .trim_start_matches("def ")
            .trim_start_matches("val ")
            .trim_start_matches("const ")
            .trim_start_matches("ext.")
            .trim();
        let value = right.trim();
        if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
            && let Some(value) =
                value.strip_prefix(['"', '\'']).and_then(|value| value.split(['"', '\'']).next())
        {
            variables.insert(name.to_owned(), value.to_owned());
        }
    }
    variables
}

fn substitute(version: &str, variables: &HashMap<String, String>) -> String {
    let Some(name) = version.strip_prefix('$') else { return version.to_owned() };
    let name = name.trim_matches(['{', '}']);
    variables.get(name).cloned().unwrap_or_else(|| version.to_owned())
}
