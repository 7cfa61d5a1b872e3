//! Versions that images and infrastructure name.

use seaworthy_facts::{Containers, ImageRole};
use seaworthy_syntax::{Limits, hcl};

use super::{Found, Weight, leading};
use crate::tree::{Class, Tree};

/// Official images, by the end of their name.
const IMAGES: &[(&str, &str)] = &[
    ("node", "nodejs"),
    ("python", "python"),
    ("ruby", "ruby"),
    ("php", "php"),
    ("frankenphp", "php"),
    ("golang", "go"),
    ("eclipse-temurin", "java"),
    ("openjdk", "java"),
    ("amazoncorretto", "java"),
    ("ibm-semeru-runtimes", "java"),
    ("dotnet/aspnet", "dotnet"),
    ("dotnet/runtime", "dotnet"),
    ("dotnet/sdk", "dotnet"),
    ("elixir", "elixir"),
    ("erlang", "erlang"),
    ("postgres", "postgresql"),
    ("postgis", "postgresql"),
    ("pgvector", "postgresql"),
    ("mysql", "mysql"),
    ("mariadb", "mariadb"),
    ("mongo", "mongodb"),
    ("redis", "redis"),
    ("alpine", "alpine"),
    ("debian", "debian"),
    ("ubuntu", "ubuntu"),
];

/// Names of Debian and Ubuntu releases in tags.
const NAMES: &[(&str, &str, &str)] = &[
    ("stretch", "debian", "9"),
    ("buster", "debian", "10"),
    ("bullseye", "debian", "11"),
    ("bookworm", "debian", "12"),
    ("trixie", "debian", "13"),
    ("bionic", "ubuntu", "18.04"),
    ("focal", "ubuntu", "20.04"),
    ("jammy", "ubuntu", "22.04"),
    ("noble", "ubuntu", "24.04"),
];

/// Of the images that are built or run.
pub fn images(containers: &Containers) -> Vec<Found> {
    let mut found = Vec::new();
    for image in &containers.images {
        let Some(tag) = &image.tag else { continue };
        let weight = match image.role {
            _ if image.development => Weight::Development,
            ImageRole::Ci => Weight::Development,
            ImageRole::Base
            | ImageRole::BuildStage
            | ImageRole::Compose
            | ImageRole::Kubernetes
            | ImageRole::Other => Weight::Ships,
        };
        let named = IMAGES.iter().find(|(name, _)| {
            image.name == *name || image.name.strip_suffix(name).is_some_and(|before| before.ends_with('/'))
        });
        if let Some((_, product)) = named {
            // `pg16` is how images of extensions name PostgreSQL's version; elsewhere the tag begins with it.
            let version = leading(tag.trim_start_matches("pg"))
                .filter(|_| !(tag.starts_with("0.") && *product == "postgresql"));
            if let Some(version) = version {
                found.push(Found { product, version, weight, at: image.at.clone() });
            }
        }
        let base = matches!(image.role, ImageRole::Base);
        let release = NAMES.iter().find(|(name, ..)| tag.split(['-', '.']).any(|part| part == *name));
        if let (true, Some((_, product, version))) = (base, release) {
            found.push(Found { product, version: (*version).to_owned(), weight, at: image.at.clone() });
        }
        if let (true, Some(at)) = (base, tag.find("alpine3."))
            && let Some(version) = leading(&tag[at + "alpine".len()..])
        {
            found.push(Found { product: "alpine", version, weight, at: image.at.clone() });
        }
    }
    found
}

/// Of Terraform resources and modules: database engines and function runtimes.
pub fn terraform(tree: &Tree) -> Vec<Found> {
    let mut found = Vec::new();
    for file in tree.files().iter().filter(|file| file.extension() == "tf" && file.class == Class::Shipped) {
        let Some(text) = tree.text(file) else { continue };
        if !["engine", "database_version", "runtime"].iter().any(|word| text.contains(word)) {
            continue;
        }
        let Ok(root) = hcl::parse(&text, &Limits::default()) else { continue };
        for block in root.descendants() {
            let text_of =
                |key: &str| block.attribute(key).and_then(|node| node.scalar().map(|text| (text, node.line)));
            for (engine, version) in [("engine", "engine_version"), ("db_engine", "db_engine_version")] {
                if let (Some((engine, _)), Some((version, line))) = (text_of(engine), text_of(version))
                    && let (Some(product), Some(version)) = (engine_product(&engine), leading(&version))
                {
                    found.push(Found { product, version, weight: Weight::Ships, at: file.at_line(line) });
                }
            }
            // `POSTGRES_15`, `MYSQL_8_0`.
            if let Some((version, line)) = text_of("database_version")
                && let Some((engine, version)) = version.split_once('_')
                && let (Some(product), Some(version)) =
                    (engine_product(&engine.to_ascii_lowercase()), leading(&version.replace('_', ".")))
            {
                found.push(Found { product, version, weight: Weight::Ships, at: file.at_line(line) });
            }
            if let Some((runtime, line)) = text_of("runtime")
                && let Some((product, version)) = function_runtime(&runtime)
            {
                found.push(Found { product, version, weight: Weight::Ships, at: file.at_line(line) });
            }
        }
    }
    found
}

fn engine_product(engine: &str) -> Option<&'static str> {
    if engine.contains("aurora") {
        // Aurora has calendars of its own.
        return None;
    }
    ["postgres", "mysql", "mariadb", "redis"].iter().find(|name| engine.starts_with(**name)).map(|name| {
        match *name {
            "postgres" => "postgresql",
            other => other,
        }
    })
}

/// `python3.12`, `nodejs20.x`, `java21`, `dotnet8`, `ruby3.3`.
fn function_runtime(runtime: &str) -> Option<(&'static str, String)> {
    ["python", "nodejs", "java", "dotnet", "ruby", "php"]
        .iter()
        .find_map(|product| Some((*product, leading(runtime.strip_prefix(product)?)?)))
}
