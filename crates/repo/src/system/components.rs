//! The parts that ship: folders with a manifest of their own, and what shows that each answers HTTP, has pages or works
//! in the background.

use std::collections::BTreeMap;

use seaworthy_facts::{Component, Ecosystem, Location, Observed, Product, Role, Stage};

use super::Seen;
use super::templates;
use crate::capabilities;
use crate::tree::{Class, File};

/// Manifests, the most telling first where a folder has several.
fn ecosystem_of(name: &str) -> Option<Ecosystem> {
    Some(match name {
        "composer.json" => Ecosystem::Packagist,
        "Gemfile" => Ecosystem::Rubygems,
        "go.mod" => Ecosystem::Go,
        "pyproject.toml" | "requirements.txt" | "Pipfile" | "setup.py" | "setup.cfg" | "manage.py" => {
            Ecosystem::Pypi
        }
        "pom.xml" => Ecosystem::Maven,
        "build.gradle" | "build.gradle.kts" => Ecosystem::Gradle,
        "mix.exs" => Ecosystem::Hex,
        "Cargo.toml" => Ecosystem::Cargo,
        "package.json" => Ecosystem::Npm,
        "deno.json" | "deno.jsonc" => Ecosystem::Deno,
        "pubspec.yaml" => Ecosystem::Pub,
        "Package.swift" => Ecosystem::Swift,
        name if name.ends_with(".csproj") || name.ends_with(".fsproj") => Ecosystem::Nuget,
        _ => return None,
    })
}

/// A folder's server-side ecosystem speaks for it before the one of its assets.
fn rank(ecosystem: Ecosystem) -> u8 {
    match ecosystem {
        Ecosystem::Npm => 2,
        Ecosystem::Deno => 3,
        _ => 1,
    }
}

/// Folders that hold functions run by a platform, without a manifest of their own.
const FUNCTION_FOLDERS: &[&str] = &["supabase/functions", "netlify/functions", "netlify/edge-functions"];

/// The components, by folder.
pub fn components(seen: &Seen) -> Vec<Component> {
    let mut components = folders(seen);
    for capability in ["http-server", "front-end", "queue"] {
        for product in seen.capabilities.of(capability) {
            place(&mut components, product);
        }
    }
    for (folder, sign) in templates::pages(seen) {
        let component = component_of(&mut components, &folder);
        // Templates are pages only where a server renders them.
        if component.http_server.is_some() && component.front_end.is_none() {
            component.front_end = Some(sign);
        }
    }
    if components.values().all(|component| component.front_end.is_none())
        && let Some(sign) = templates::static_site(seen)
    {
        let folder = sign.at.path().and_then(|path| path.rsplit_once('/')).map_or(".", |(folder, _)| folder);
        component_of(&mut components, folder).front_end.get_or_insert(sign);
    }
    if !components.values().any(has_role)
        && let Some(sign) = templates::web_server(seen)
    {
        component_of(&mut components, ".").http_server = Some(sign);
    }
    if !components.values().any(has_role)
        && let Some(sign) = started_server(seen)
    {
        let path = sign.at.path().unwrap_or_default().to_owned();
        let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        component_of(&mut components, folder).http_server = Some(sign);
    }
    if !components.values().any(has_role)
        && let Some(sign) = templates::php_pages(seen)
    {
        let component = component_of(&mut components, ".");
        component.front_end = Some(sign.clone());
        component.http_server = Some(sign);
    }
    components.into_values().filter(|component| has_role(component) || component.manifest.is_some()).collect()
}

/// Programs that do nothing but answer HTTP.
const ONLY_SERVE_HTTP: &[&str] = &[
    "gunicorn",
    "uvicorn",
    "hypercorn",
    "daphne",
    "granian",
    "uwsgi",
    "waitress-serve",
    "puma",
    "unicorn",
    "php-fpm",
    "apache2-foreground",
    "httpd-foreground",
    "frankenphp",
];

/// A server that an image, a Procfile or a platform file starts, where no code shows one.
fn started_server(seen: &Seen) -> Option<Observed<String>> {
    seen.launches
        .launches
        .iter()
        .filter(|launch| launch.stage == Stage::Start && !launch.development)
        .flat_map(|launch| &launch.commands)
        .find(|command| {
            let program = command.words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
            command.really(Role::Serve) && ONLY_SERVE_HTTP.contains(&program)
        })
        .map(|command| Observed::new(command.words.first().cloned().unwrap_or_default(), command.at.clone()))
}

fn has_role(component: &Component) -> bool {
    component.http_server.is_some() || component.front_end.is_some() || component.worker.is_some()
}

/// Folders with a manifest, by folder.
fn folders(seen: &Seen) -> BTreeMap<String, Component> {
    let mut components: BTreeMap<String, Component> = BTreeMap::new();
    for file in seen.tree.files() {
        let Some(ecosystem) = ecosystem_of(file.name()) else { continue };
        if !ships(file) {
            continue;
        }
        let component = components.entry(file.folder().to_owned()).or_insert_with(|| Component {
            folder: file.folder().to_owned(),
            ships: true,
            ..Component::default()
        });
        if component.ecosystem.is_none_or(|known| rank(ecosystem) < rank(known)) {
            component.ecosystem = Some(ecosystem);
            component.manifest = Some(file.at());
        }
    }
    for folder in FUNCTION_FOLDERS {
        let first =
            seen.tree.under(folder).find(|file| file.language.is_some() && file.class == Class::Shipped);
        if let Some(first) = first {
            components.entry((*folder).to_owned()).or_insert_with(|| Component {
                folder: (*folder).to_owned(),
                manifest: Some(first.at()),
                ecosystem: Some(Ecosystem::Deno),
                ships: true,
                ..Component::default()
            });
        }
    }
    components
}

/// A manifest of a tool, a CI helper or documentation is no part of what ships.
fn ships(file: &File) -> bool {
    let tool = |part: &str| {
        part.starts_with('.')
            || matches!(part, "scripts" | "tools" | "tooling" | "dev" | "hack")
            || is_benchmark(part)
    };
    (file.class == Class::Shipped || file.class == Class::Generated)
        && !file.folder().split('/').any(|part| tool(part) && part != ".")
}

/// The nearest component above a folder; the root is one even without a manifest.
fn component_of<'a>(components: &'a mut BTreeMap<String, Component>, folder: &str) -> &'a mut Component {
    let mut at = folder;
    loop {
        if components.contains_key(at) {
            break;
        }
        match at.rsplit_once('/') {
            Some((above, _)) => at = above,
            None => {
                at = ".";
                break;
            }
        }
    }
    components.entry(at.to_owned()).or_insert_with(|| Component {
        folder: at.to_owned(),
        ships: true,
        ..Component::default()
    })
}

/// Gives a product's uses to the components that they are in.
fn place(components: &mut BTreeMap<String, Component>, product: &Product) {
    let key = capabilities::of(&product.capability, &product.name)
        .map_or_else(|| product.name.to_lowercase(), capabilities::Signature::key);
    for at in &product.used {
        let Some(path) = at.path() else { continue };
        if is_tool_code(path) {
            continue;
        }
        let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        let component = component_of(components, folder);
        let sign = Observed::new(product.name.clone(), at.clone());
        match product.capability.as_str() {
            "http-server" => drop(component.http_server.get_or_insert(sign)),
            "front-end" => drop(component.front_end.get_or_insert(sign)),
            _ => drop(component.worker.get_or_insert(sign)),
        }
        if product.capability != "queue" && !component.frameworks.iter().any(|known| known.value == key) {
            component.frameworks.push(Observed::new(key.clone(), at.clone()));
        }
    }
}

/// Code that developers run: a script or build tool which starts a server serves nobody.
pub fn is_tool_code(path: &str) -> bool {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').any(|folder| {
        matches!(folder, "scripts" | "script" | "tools" | "tooling" | "hack" | "dev" | "build")
            || is_benchmark(folder)
            || folder.starts_with('.')
    }) || path.split('/').any(stands_in)
        || path.rsplit('/').next().is_some_and(|name| {
            name.starts_with("gulpfile")
                || name.starts_with("webpack.")
                || name.starts_with("vite.config")
                || name.starts_with("dev-server")
                || name == "conftest.py"
        })
}

/// A folder of programs that measure the application: `benches`, `Shop.Benchmarks`.
fn is_benchmark(folder: &str) -> bool {
    let last = folder.rsplit(['.', '-', '_']).next().unwrap_or(folder);
    ["bench", "benches", "benchmark", "benchmarks"].iter().any(|name| last.eq_ignore_ascii_case(name))
}

/// A folder or file that stands in for something else, or plays: what it answers is nobody's.
fn stands_in(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    let mut words = stem.split(['-', '_']);
    words.any(|word| matches!(word, "mock" | "mocks" | "stub" | "stubs" | "fake" | "fakes" | "toy"))
        || matches!(stem, "test-utils" | "test_utils" | "testutils")
        || stem.ends_with("-test-utils")
}

/// The place of the first use of a product of a capability, where developers' tools do not count.
pub fn first_use(product: &Product) -> Option<&Location> {
    product.used.iter().find(|at| at.path().is_some_and(|path| !is_tool_code(path)))
}
