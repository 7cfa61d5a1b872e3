//! `pyproject.toml` (PEP 621, Poetry, PDM, uv, Hatch), `Pipfile`, `setup.cfg` and `setup.py`.

use std::collections::{BTreeSet, HashMap};

use seaworthy_facts::{Ecosystem, Lock, Scope};
use seaworthy_syntax::toml;
use seaworthy_syntax::tree::{Node, Value};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::requirements;
use super::{is_exact, normalised, requirement};
use crate::packages::draft::{Draft, MANIFESTS, beside, counts, missing, parent, parsed, unreadable};
use crate::tree::{File, Tree};

const LOCKS: &[&str] = &["poetry.lock", "uv.lock", "pdm.lock", "pylock.toml"];

/// Projects and Pipfiles.
pub fn manifests(tree: &Tree) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let projects = tree.named("pyproject.toml").filter(|file| counts(file));
    for file in tree.first(projects, MANIFESTS, "pyproject.toml files") {
        let Some(node) = parsed(tree, file, toml::parse) else { continue };
        drafts.extend(project(tree, file, &node));
    }
    let pipfiles = tree.named("Pipfile").filter(|file| counts(file));
    for file in tree.first(pipfiles, MANIFESTS, "Pipfiles") {
        let Some(node) = parsed(tree, file, toml::parse) else { continue };
        drafts.push(pipfile(tree, file, &node));
    }
    drafts
}

fn project(tree: &Tree, file: &File, node: &Node) -> Option<Draft> {
    let mut draft = Draft::new(tree, file, Ecosystem::Pypi);
    let add = |draft: &mut Draft, item: &Node, scope: Scope| {
        if let Some(read) = item.as_str().and_then(requirement) {
            let version = match read.extras.as_slice() {
                [] => read.version.clone(),
                extras => format!("[{}]{}", extras.join(","), read.version),
            };
            let scope = if read.some_platforms && scope == Scope::Runtime { Scope::Optional } else { scope };
            draft.depend(&read.name, &version, scope, is_exact(&read.version), file.at_line(item.line));
        }
    };
    for item in node.path("project.dependencies").map(Node::list).unwrap_or_default() {
        add(&mut draft, item, Scope::Runtime);
    }
    for (_, group) in node.path("project.optional-dependencies").map(Node::map).unwrap_or_default() {
        for item in group.list() {
            add(&mut draft, item, Scope::Optional);
        }
    }
    for groups in
        [node.get("dependency-groups"), node.path("tool.pdm.dev-dependencies")].into_iter().flatten()
    {
        for (_, group) in groups.map() {
            for item in group.list() {
                add(&mut draft, item, Scope::Development);
            }
        }
    }
    for item in node.path("tool.uv.dev-dependencies").map(Node::list).unwrap_or_default() {
        add(&mut draft, item, Scope::Development);
    }
    poetry_group(&mut draft, file, node.path("tool.poetry.dependencies"), Scope::Runtime);
    poetry_group(&mut draft, file, node.path("tool.poetry.dev-dependencies"), Scope::Development);
    for (key, group) in node.path("tool.poetry.group").map(Node::map).unwrap_or_default() {
        let scope = if key.text == "main" { Scope::Runtime } else { Scope::Development };
        poetry_group(&mut draft, file, group.get("dependencies"), scope);
    }
    for scripts in [
        "project.scripts",
        "project.entry-points",
        "tool.poe.tasks",
        "tool.pdm.scripts",
        "tool.taskipy.tasks",
    ] {
        if let Some(node) = node.path(scripts) {
            node.walk(&mut |_, inner| {
                if let Some(text) = inner.as_str() {
                    draft.texts.push((inner.line, text.to_owned()));
                }
            });
        }
    }
    let has_project = node.get("project").is_some() || node.path("tool.poetry").is_some();
    if draft.manifest.dependencies.is_empty() && !has_project {
        // Settings of tools only.
        return None;
    }
    if !draft.manifest.dependencies.iter().any(|dependency| dependency.scope == Scope::Runtime)
        && !draft.manifest.dependencies.is_empty()
    {
        draft.manifest.ships = false;
    }
    // Dependencies that set-up code or another file adds are declared there.
    let dynamic = node
        .path("project.dynamic")
        .is_some_and(|names| names.list().iter().any(|name| name.as_str() == Some("dependencies")));
    if dynamic && draft.manifest.dependencies.iter().all(|dependency| dependency.scope != Scope::Runtime) {
        return None;
    }
    lock(tree, file, node, &mut draft);
    Some(draft)
}

fn poetry_group(draft: &mut Draft, file: &File, group: Option<&Node>, scope: Scope) {
    for (key, value) in group.map(Node::map).unwrap_or_default() {
        if key.text == "python" {
            continue;
        }
        let single = value.list().first().unwrap_or(value);
        let version = single.get("version").unwrap_or(single).as_str().unwrap_or_default().to_owned();
        let local = ["path", "git", "url", "rev"].iter().any(|name| single.get(name).is_some());
        let exact = single.get("path").is_some()
            || single.get("rev").is_some()
            || !local
                && version.starts_with(|c: char| c.is_ascii_digit() || c == '=')
                && !version.contains(['*', ',', ' ']);
        let extras: Vec<String> = single
            .get("extras")
            .map(|extras| {
                extras.list().iter().filter_map(|extra| extra.as_str().map(str::to_ascii_lowercase)).collect()
            })
            .unwrap_or_default();
        let text = if extras.is_empty() { version } else { format!("[{}]{version}", extras.join(",")) };
        let optional = single.get("optional").and_then(Node::as_bool).unwrap_or(false);
        draft.depend(
            &key.text,
            &text,
            if optional { Scope::Optional } else { scope },
            exact,
            file.at_line(key.line),
        );
    }
}

/// Finds and compares the lockfile of a project: its own, or the one of the uv workspace above.
fn lock(tree: &Tree, file: &File, node: &Node, draft: &mut Draft) {
    if draft.manifest.dependencies.is_empty() {
        draft.manifest.lock = Lock::NotNeeded { why: "no packages are declared".to_owned() };
        return;
    }
    let name = node
        .path("project.name")
        .or_else(|| node.path("tool.poetry.name"))
        .and_then(Node::as_str)
        .unwrap_or_default();
    let mut folder = file.folder();
    let mut found = beside(tree, folder, LOCKS);
    while found.is_none() {
        let Some(above) = parent(folder) else { break };
        folder = above;
        let in_workspace = tree
            .resolve(folder, "pyproject.toml")
            .and_then(|root| parsed(tree, root, toml::parse))
            .is_some_and(|root| root.path("tool.uv.workspace").is_some());
        if in_workspace {
            found = tree.resolve(folder, "uv.lock");
            if found.is_some() {
                draft.manifest.member_of = crate::tree::join(folder, "pyproject.toml");
            }
        }
    }
    if let Some(lockfile) = found {
        let Some(text) = tree.text(lockfile) else {
            draft.manifest.lock = unreadable(lockfile, "it could not be read");
            return;
        };
        match ::toml::from_str::<PythonLock>(&text) {
            Err(error) => {
                let message: String = error.message().chars().take(200).collect();
                draft.manifest.lock = unreadable(lockfile, format!("no valid TOML: {message}"));
            }
            Ok(lock) => {
                let versions: HashMap<String, String> = lock
                    .packages()
                    .filter_map(|package| Some((normalised(&package.name), package.version.clone()?)))
                    .collect();
                let differences = match lockfile.name() {
                    "poetry.lock" => poetry_differences(node, &lock, draft, &versions),
                    "uv.lock" => uv_differences(&lock, name, draft, &versions),
                    _ => absent(draft, &versions),
                };
                draft.resolve(|name| versions.get(&normalised(name)).cloned());
                draft.compared(lockfile.at(), differences);
            }
        }
        return;
    }
    // A requirements file that was made from the project.
    let compiled = tree
        .files()
        .iter()
        .filter(|other| {
            other.folder() == file.folder()
                || other.folder() == format!("{}/requirements", file.folder()).trim_start_matches("./")
        })
        .filter(|other| {
            // `requirements.txt`, `requirements-prod.txt`, and any name in a folder `requirements`.
            (other.name().starts_with("requirements") || other.folder() != file.folder())
                && (other.name().ends_with(".txt") || other.name().ends_with(".lock"))
        })
        .find_map(|other| {
            let read = requirements::parse(&tree.text(other)?);
            let exact = !read.entries.is_empty()
                && read.entries.iter().all(|entry| is_exact(&entry.requirement.version));
            let beside = other.name().starts_with("requirements");
            // In the folder, what names the project as what it was made from; there may be others.
            let complete = (beside && read.compiled || read.compiled_from_project)
                || beside && read.entries.iter().all(|entry| entry.hashed)
                || beside
                    && super::resolved::is_complete(read.entries.iter().map(|entry| &entry.requirement));
            (exact && complete).then_some((other, read))
        });
    match compiled {
        Some((other, read)) => {
            let versions: HashMap<String, String> = read
                .entries
                .iter()
                .map(|entry| {
                    (
                        normalised(&entry.requirement.name),
                        entry.requirement.version.trim_start_matches('=').to_owned(),
                    )
                })
                .collect();
            let differences = absent(draft, &versions);
            draft.resolve(|name| versions.get(&normalised(name)).cloned());
            draft.compared(other.at(), differences);
        }
        None => draft.manifest.lock = missing(tree, file.folder(), LOCKS),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PythonLock {
    package: Vec<PythonPackage>,
    packages: Vec<PythonPackage>,
    metadata: PythonMetadata,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PythonPackage {
    name: String,
    version: Option<String>,
    metadata: UvMetadata,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct UvMetadata {
    requires_dist: Vec<UvRequirement>,
    requires_dev: HashMap<String, Vec<UvRequirement>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct UvRequirement {
    name: String,
    specifier: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct PythonMetadata {
    content_hash: Option<String>,
}

impl PythonLock {
    fn packages(&self) -> impl Iterator<Item = &PythonPackage> {
        self.package.iter().chain(&self.packages)
    }
}

/// Direct run-time packages that the lockfile does not hold. Optional and development groups may be left out of one.
fn absent(draft: &Draft, versions: &HashMap<String, String>) -> Vec<String> {
    draft
        .manifest
        .dependencies
        .iter()
        .filter(|dependency| {
            dependency.scope == Scope::Runtime && !versions.contains_key(&normalised(&dependency.name))
        })
        .map(|dependency| format!("{} is not in the lockfile", dependency.name))
        .collect()
}

fn uv_differences(
    lock: &PythonLock,
    name: &str,
    draft: &Draft,
    versions: &HashMap<String, String>,
) -> Vec<String> {
    let own = lock.packages().find(|package| normalised(&package.name) == normalised(name));
    let Some(own) =
        own.filter(|own| !own.metadata.requires_dist.is_empty() || !own.metadata.requires_dev.is_empty())
    else {
        return absent(draft, versions);
    };
    let recorded: Vec<&UvRequirement> =
        own.metadata.requires_dist.iter().chain(own.metadata.requires_dev.values().flatten()).collect();
    let mut differences = Vec::new();
    for dependency in &draft.manifest.dependencies {
        let same_name: Vec<&&UvRequirement> =
            recorded.iter().filter(|entry| normalised(&entry.name) == normalised(&dependency.name)).collect();
        if same_name.is_empty() {
            differences.push(format!("{} is not in the lockfile", dependency.name));
            continue;
        }
        let asked = specifiers(&dependency.requirement);
        if asked.as_ref().is_some_and(|asked| {
            !same_name.iter().any(|entry| {
                specifiers(entry.specifier.as_deref().unwrap_or_default()).as_ref() == Some(asked)
            })
        }) {
            differences.push(format!(
                "{}: the lockfile was made for another requirement than {}",
                dependency.name, dependency.requirement
            ));
        }
    }
    let declared: BTreeSet<String> =
        draft.manifest.dependencies.iter().map(|dependency| normalised(&dependency.name)).collect();
    for entry in &own.metadata.requires_dist {
        if !declared.contains(&normalised(&entry.name)) {
            differences.push(format!("{} is in the lockfile but no longer in the manifest", entry.name));
        }
    }
    differences
}

/// The version part as a set, so that order and blanks do not matter; none for addresses.
fn specifiers(text: &str) -> Option<BTreeSet<String>> {
    let text = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(text, |(_, rest)| rest);
    if text.contains('@') || text.contains("://") {
        return None;
    }
    Some(
        text.split(',')
            .map(|part| part.split_whitespace().collect::<String>())
            .filter(|part| !part.is_empty())
            .collect(),
    )
}

/// Poetry records a digest of the sections that matter. Where it agrees the files are in step; where it does not, a
/// package or a section that is new is what can be shown.
fn poetry_differences(
    node: &Node,
    lock: &PythonLock,
    draft: &Draft,
    versions: &HashMap<String, String>,
) -> Vec<String> {
    let mut differences = absent(draft, versions);
    for dependency in &draft.manifest.dependencies {
        if dependency.scope == Scope::Development && !versions.contains_key(&normalised(&dependency.name)) {
            differences.push(format!("{} is not in the lockfile", dependency.name));
        }
    }
    if let Some(recorded) = &lock.metadata.content_hash
        && differences.is_empty()
    {
        let digests = poetry_digests(node);
        if !digests.is_empty() && !digests.contains(recorded) {
            differences
                .push("the digest of pyproject.toml that the lockfile records is another one".to_owned());
        }
    }
    differences
}

/// The digests that Poetry's versions record for a project: over the sections that matter to the resolver, dumped with
/// sorted keys. Poetry's own sections stand alone where there is nothing of PEP 621, absent ones as null.
fn poetry_digests(node: &Node) -> Vec<String> {
    let section =
        |parent: Option<&Node>, name: &str| parent.and_then(|parent| parent.get(name)).and_then(python_value);
    let sections = |parent: Option<&Node>, names: &[&str]| -> serde_json::Map<String, serde_json::Value> {
        names.iter().filter_map(|name| Some(((*name).to_owned(), section(parent, name)?))).collect()
    };
    let poetry = node.path("tool.poetry");
    let own = sections(poetry, &["dependencies", "source", "extras", "dev-dependencies", "group"]);
    let mut alone = own.clone();
    for name in ["dependencies", "source", "extras", "dev-dependencies"] {
        alone.entry(name).or_insert(serde_json::Value::Null);
    }
    let mut forms = vec![serde_json::Value::Object(alone)];
    let standard =
        sections(node.get("project"), &["requires-python", "dependencies", "optional-dependencies"]);
    let mut whole = serde_json::Map::new();
    if !standard.is_empty() {
        whole.insert("project".to_owned(), serde_json::Value::Object(standard));
    }
    whole.insert("tool".to_owned(), serde_json::json!({ "poetry": own }));
    forms.push(serde_json::Value::Object(whole.clone()));
    if let Some(groups) = section(Some(node), "dependency-groups") {
        whole.insert("dependency-groups".to_owned(), groups);
        forms.push(serde_json::Value::Object(whole));
    }
    forms.iter().map(|form| hex(&Sha256::digest(python_json(form).as_bytes()))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn python_value(node: &Node) -> Option<serde_json::Value> {
    Some(match &node.untagged().value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(truth) => serde_json::Value::Bool(*truth),
        Value::Number(text) => serde_json::from_str(text).ok()?,
        Value::String(text) => serde_json::Value::String(text.clone()),
        Value::List(items) => {
            serde_json::Value::Array(items.iter().map(python_value).collect::<Option<_>>()?)
        }
        Value::Map(entries) => serde_json::Value::Object(
            entries
                .iter()
                .map(|(key, value)| Some((key.text.clone(), python_value(value)?)))
                .collect::<Option<_>>()?,
        ),
        _ => return None,
    })
}

/// JSON as Python's `json.dumps(…, sort_keys=True)` writes it: blanks after commas and colons, ASCII only.
fn python_json(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(map) => {
            let sorted: std::collections::BTreeMap<_, _> = map.iter().collect();
            let inner: Vec<String> = sorted
                .iter()
                .map(|(key, value)| format!("{}: {}", ascii_json(key), python_json(value)))
                .collect();
            format!("{{{}}}", inner.join(", "))
        }
        serde_json::Value::Array(items) => {
            format!("[{}]", items.iter().map(python_json).collect::<Vec<_>>().join(", "))
        }
        serde_json::Value::String(text) => ascii_json(text),
        other => other.to_string(),
    }
}

fn ascii_json(text: &str) -> String {
    let quoted = serde_json::Value::String(text.to_owned()).to_string();
    let mut ascii = String::with_capacity(quoted.len());
    let mut units = [0u16; 2];
    for c in quoted.chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    ascii
}

fn pipfile(tree: &Tree, file: &File, node: &Node) -> Draft {
    let mut draft = Draft::new(tree, file, Ecosystem::Pypi);
    for (group, scope) in [("packages", Scope::Runtime), ("dev-packages", Scope::Development)] {
        for (key, value) in node.get(group).map(Node::map).unwrap_or_default() {
            let version = value.get("version").unwrap_or(value).as_str().unwrap_or("*").to_owned();
            let exact = is_exact(&version) || value.get("path").is_some() || value.get("ref").is_some();
            draft.depend(&key.text, &version, scope, exact, file.at_line(key.line));
        }
    }
    for (key, value) in node.get("scripts").map(Node::map).unwrap_or_default() {
        if let Some(text) = value.as_str() {
            draft.texts.push((key.line, text.to_owned()));
        }
    }
    let Some(lockfile) = tree.resolve(file.folder(), "Pipfile.lock") else {
        draft.manifest.lock = missing(tree, file.folder(), &["Pipfile.lock"]);
        return draft;
    };
    #[derive(Deserialize)]
    struct PipfileLock {
        #[serde(default)]
        default: HashMap<String, serde_json::Value>,
        #[serde(default)]
        develop: HashMap<String, serde_json::Value>,
    }
    let read = tree.text(lockfile).ok_or_else(|| "it could not be read".to_owned()).and_then(|text| {
        serde_json::from_str::<PipfileLock>(&text).map_err(|error| format!("no valid Pipfile.lock: {error}"))
    });
    match read {
        Err(why) => draft.manifest.lock = unreadable(lockfile, why),
        Ok(lock) => {
            let versions: HashMap<String, String> = lock
                .develop
                .iter()
                .chain(&lock.default)
                .map(|(name, value)| {
                    let version =
                        value.get("version").and_then(serde_json::Value::as_str).unwrap_or_default();
                    (normalised(name), version.trim_start_matches('=').to_owned())
                })
                .collect();
            let differences = draft
                .manifest
                .dependencies
                .iter()
                .filter(|dependency| !versions.contains_key(&normalised(&dependency.name)))
                .map(|dependency| format!("{} is not in the lockfile", dependency.name))
                .collect();
            draft.resolve(|name| {
                versions.get(&normalised(name)).filter(|version| !version.is_empty()).cloned()
            });
            draft.compared(lockfile.at(), differences);
        }
    }
    draft
}

/// `setup.cfg` and `setup.py`, as far as their lists are plain.
pub fn set_up(tree: &Tree) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let files = tree.named("setup.py").chain(tree.named("setup.cfg")).filter(|file| counts(file));
    for file in tree.first(files, MANIFESTS, "setup.py and setup.cfg") {
        let Some(text) = tree.text(file) else { continue };
        let mut draft = Draft::new(tree, file, Ecosystem::Pypi);
        let Some(start) = text.find("install_requires") else { continue };
        let first_line = text[..start].matches('\n').count() as u32 + 1;
        let ini = file.name() == "setup.cfg";
        for (number, line) in text[start..].lines().enumerate().take(200) {
            let at = file.at_line(first_line + number as u32);
            let candidates: Vec<&str> = if ini {
                if number > 0 && !line.starts_with([' ', '\t']) && !line.trim().is_empty() {
                    break;
                }
                vec![line.trim_start_matches("install_requires").trim_start_matches([' ', '='])]
            } else {
                line.split(['"', '\'']).skip(1).step_by(2).collect()
            };
            for candidate in candidates {
                if let Some(read) = requirement(candidate) {
                    draft.depend(
                        &read.name,
                        &read.version,
                        Scope::Runtime,
                        is_exact(&read.version),
                        at.clone(),
                    );
                }
            }
            if !ini && line.contains(']') && (number > 0 || line.contains('[')) {
                break;
            }
        }
        if !draft.manifest.dependencies.is_empty()
            && !drafts.iter().any(|d: &Draft| d.manifest.folder == draft.manifest.folder)
        {
            drafts.push(draft);
        }
    }
    drafts
}
