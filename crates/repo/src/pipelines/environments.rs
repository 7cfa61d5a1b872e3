//! Deployment environments that files define, told by the conventions of the tools that read those files.

use std::collections::{BTreeMap, BTreeSet};

use seaworthy_facts::{EnvironmentDefinition, Location};
use seaworthy_syntax::{Limits, json, yaml};

use super::reader::{Reader, cap};
use super::services;
use crate::tree::{Class, File};

const BESIDE: [&str; 10] =
    ["staging", "stage", "stg", "preview", "review", "uat", "qa", "preprod", "pre-production", "acceptance"];
const PRODUCTION: [&str; 4] = ["production", "prod", "prd", "live"];
/// Folders whose subfolders are environments.
const HOLDERS: [&str; 18] = [
    "overlays",
    "environments",
    "envs",
    "env",
    "deploy",
    "deployment",
    "deployments",
    "kubernetes",
    "k8s",
    "kustomize",
    "terraform",
    "infra",
    "infrastructure",
    "helm",
    "helmfile",
    "manifests",
    "clusters",
    "live",
];
const DEFINITIONS: usize = 200;

fn is_environment(name: &str) -> bool {
    BESIDE.contains(&name) || PRODUCTION.contains(&name)
}

/// Looks for the definitions.
pub fn read(reader: &mut Reader) {
    let prefix = reader.root.prefix.clone();
    let files: Vec<&File> = reader
        .tree
        .files()
        .iter()
        .filter(|file| {
            file.path.starts_with(&prefix) && matches!(file.class, Class::Shipped | Class::Development)
        })
        .collect();
    let mut found = Vec::new();
    folders(&files, &prefix, &mut found);
    for file in &files {
        siblings(reader, file, &mut found);
        inside(reader, file, &prefix, &mut found);
        workspaces(reader, file, &mut found);
    }
    if let Some(cut) = found.get(DEFINITIONS) {
        let what = format!(
            "more than {DEFINITIONS} definitions of environments; this one and those after it were not looked at"
        );
        reader.tree.cut(cut.at.clone(), what);
    }
    found.truncate(DEFINITIONS);
    for definition in &mut found {
        definition.services = services::of_environment(reader, definition);
    }
    reader.found.environments = found;
}

fn definition(name: &str, mechanism: &str, template: &str, at: Location) -> EnvironmentDefinition {
    EnvironmentDefinition {
        name: cap(name),
        mechanism: mechanism.to_owned(),
        template: cap(template),
        at,
        services: Vec::new(),
    }
}

/// `terraform.workspace == "staging"`: one configuration that makes an environment of each workspace.
/// <https://developer.hashicorp.com/terraform/language/state/workspaces>
fn workspaces(reader: &Reader, file: &File, found: &mut Vec<EnvironmentDefinition>) {
    if file.extension() != "tf" {
        return;
    }
    let Some(text) = reader.tree.text(file).filter(|text| text.contains("terraform.workspace")) else {
        return;
    };
    let lines = (1u32..).zip(text.lines()).filter(|(_, line)| !line.trim_start().starts_with(['#', '/']));
    for (number, line) in lines {
        for (at, mark) in line.match_indices("terraform.workspace") {
            let rest = line[at + mark.len()..].trim_start();
            let Some(name) = rest
                .strip_prefix("==")
                .or_else(|| rest.strip_prefix("!="))
                .and_then(|rest| rest.trim_start().strip_prefix('"'))
                .and_then(|rest| rest.split('"').next())
                .filter(|name| !name.is_empty())
            else {
                continue;
            };
            // The first workspace has no other name; the line says what it is for.
            let name = match name {
                "default" if line.to_ascii_lowercase().contains("prod") => {
                    "production (the default workspace)"
                }
                "default" => continue,
                name => name,
            };
            let known = found.iter().any(|known| {
                known.name == name
                    && known.mechanism == "Terraform workspace"
                    && known.template == file.folder()
            });
            if !known {
                found.push(definition(name, "Terraform workspace", file.folder(), file.at_line(number)));
            }
        }
    }
}

/// `overlays/staging/…` and `overlays/production/…`.
fn folders(files: &[&File], prefix: &str, found: &mut Vec<EnvironmentDefinition>) {
    // Folder that holds environments, environment → its first file, and the names of its files.
    let mut seen: BTreeMap<(String, String), (&File, BTreeSet<&str>)> = BTreeMap::new();
    for file in files {
        let definable = matches!(
            file.extension(),
            "yml"
                | "yaml"
                | "tf"
                | "tfvars"
                | "hcl"
                | "toml"
                | "json"
                | "erb"
                | "env"
                | "jsonnet"
                | "nix"
                | "cue"
        );
        if !definable {
            continue;
        }
        let parts: Vec<&str> = file.path[prefix.len()..].split('/').collect();
        for (position, part) in parts.iter().enumerate().skip(1).take(8) {
            let holder = parts[position - 1].to_ascii_lowercase();
            if position + 1 < parts.len() && is_environment(part) && HOLDERS.contains(&holder.as_str()) {
                let entry = seen
                    .entry((parts[..position].join("/"), (*part).to_owned()))
                    .or_insert_with(|| (file, BTreeSet::new()));
                entry.1.insert(file.name());
            }
        }
    }
    for ((holder, name), (first, names)) in &seen {
        let kustomize = names.iter().any(|name| name.starts_with("kustomization."));
        let terraform = names.iter().any(|name| name.ends_with(".tf") || name.ends_with(".hcl"));
        let mechanism = if kustomize {
            "Kustomize overlay"
        } else if terraform {
            "Terraform folder"
        } else {
            "folder of deployment files"
        };
        found.push(definition(name, mechanism, &format!("{prefix}{holder}"), first.at()));
    }
}

/// `values-staging.yaml` beside `values.yaml`, `fly.staging.toml` beside `fly.toml`, …
fn siblings(reader: &Reader, file: &File, found: &mut Vec<EnvironmentDefinition>) {
    let name = file.name();
    let lower = name.to_ascii_lowercase();
    // What stands before and after the environment's name, and how that file is called.
    let mechanism = |before: &str, after: &str| -> Option<&'static str> {
        let folder = file.folder().rsplit('/').next().unwrap_or_default();
        Some(match (before, after) {
            ("values", "yaml" | "yml") => "Helm values",
            ("fly", "toml") => "Fly configuration",
            ("deploy", "yml" | "yaml") if folder == "config" => "Kamal destination",
            ("docker-compose" | "compose", "yml" | "yaml") => "Compose file",
            ("pulumi", "yaml" | "yml") => "Pulumi stack",
            ("terraform" | "", "tfvars") => "Terraform variables",
            ("", "tfvars.json") => "Terraform variables",
            ("helmfile", "yaml" | "yml") => "Helmfile",
            ("render", "yaml") => "Render blueprint",
            ("shipit", "yml") => "Shipit configuration",
            ("app", "yaml" | "yml") => "App Engine configuration",
            ("apphosting", "yaml") => "App Hosting configuration",
            ("wrangler", "toml" | "jsonc" | "json") => "Wrangler configuration",
            ("serverless", "yml" | "yaml") => "Serverless configuration",
            ("", "rb") if folder == "deploy" => "Capistrano stage",
            ("", "yml" | "yaml") if matches!(folder, "values" | "environments" | "envs") => "values file",
            _ => return None,
        })
    };
    for environment in BESIDE.iter().chain(&PRODUCTION) {
        for separator in ['.', '-', '_'] {
            let with = format!("{separator}{environment}.");
            let Some(at) = lower.find(&with) else { continue };
            if let Some(mechanism) = mechanism(&lower[..at], &lower[at + with.len()..]) {
                let template = format!("{}/{}", file.folder(), &lower[..at]);
                found.push(definition(environment, mechanism, &template, file.at()));
                // The file without an environment is what the others change.
                let base = format!("{}.{}", &name[..at], &name[at + with.len()..]);
                let path = format!("{}/{base}", file.folder());
                if BESIDE.contains(environment)
                    && let Some(base) = reader.tree.file(path.trim_start_matches("./"))
                    && mechanism != "Compose file"
                    && !PRODUCTION.iter().any(|production| {
                        let named =
                            format!("{}{separator}{production}.{}", &name[..at], &name[at + with.len()..]);
                        reader
                            .tree
                            .file(format!("{}/{named}", file.folder()).trim_start_matches("./"))
                            .is_some()
                    })
                {
                    found.push(definition("production", mechanism, &template, base.at()));
                }
                return;
            }
        }
        if let Some(after) = lower.strip_prefix(environment).and_then(|rest| rest.strip_prefix('.'))
            && let Some(mechanism) = mechanism("", after)
        {
            found.push(definition(environment, mechanism, file.folder(), file.at()));
            return;
        }
    }
}

/// Environments that a file of a platform or tool names inside.
fn inside(reader: &Reader, file: &File, prefix: &str, found: &mut Vec<EnvironmentDefinition>) {
    let name = file.name();
    let line_of = |text: &str, wanted: &str| {
        let index = text.lines().position(|line| line.trim_start().starts_with(wanted));
        index.map(|index| file.at_line(u32::try_from(index + 1).unwrap_or(u32::MAX)))
    };
    match name {
        "app.json" if file.path[prefix.len()..] == *name => {
            let Some(document) =
                reader.tree.text(file).and_then(|text| json::parse(&text, &Limits::default()).ok())
            else {
                return;
            };
            let Some(environments) = document.get("environments") else { return };
            for (key, _) in environments.map() {
                if key.text == "review" || key.text == "staging" {
                    let mechanism =
                        if key.text == "review" { "Heroku review apps" } else { "Heroku pipeline" };
                    for name in [key.text.as_str(), "production"] {
                        found.push(definition(name, mechanism, &file.path, file.at_line(key.line)));
                    }
                }
            }
        }
        "render.yaml" | "render.yml" => {
            let Some(document) =
                reader.tree.text(file).and_then(|text| yaml::parse(&text, &Limits::default()).ok())
            else {
                return;
            };
            let generation =
                document.path("previews.generation").and_then(|node| node.as_str().map(str::to_owned));
            let switched = document.get("previewsEnabled").and_then(|node| node.as_bool()) == Some(true)
                || generation.is_some_and(|generation| generation != "off" && generation != "none");
            let services = document.get("services").map(|node| node.list()).unwrap_or_default();
            let of_service = services.iter().find_map(|service| {
                service.get("pullRequestPreviewsEnabled").filter(|node| node.as_bool() == Some(true)).or_else(
                    || {
                        service
                            .path("previews.generation")
                            .filter(|node| !matches!(node.as_str(), Some("off" | "none")))
                    },
                )
            });
            let line = of_service.map(|node| node.line).or_else(|| {
                switched.then(|| {
                    document
                        .key("previews")
                        .or_else(|| document.key("previewsEnabled"))
                        .map_or(1, |key| key.line)
                })
            });
            if let Some(line) = line {
                for name in ["preview", "production"] {
                    found.push(definition(name, "Render previews", &file.path, file.at_line(line)));
                }
            }
        }
        "wrangler.toml" => {
            let Some(text) = reader.tree.text(file) else { return };
            for environment in BESIDE {
                if let Some(at) = line_of(&text, &format!("[env.{environment}]"))
                    .or_else(|| line_of(&text, &format!("[env.{environment}.")))
                {
                    found.push(definition(environment, "Wrangler environment", &file.path, at.clone()));
                    found.push(definition("production", "Wrangler environment", &file.path, at));
                }
            }
        }
        _ if file.extension() == "tf" => {
            let Some(text) = reader.tree.text(file) else { return };
            if text.len() > 500_000 {
                return;
            }
            let lines: Vec<&str> = text.lines().collect();
            for (index, line) in lines.iter().enumerate() {
                let trimmed = line.trim_start();
                let Some(rest) = trimmed.strip_prefix("variable") else { continue };
                let variable =
                    rest.trim().trim_end_matches('{').trim().trim_matches('"').to_ascii_lowercase();
                let named =
                    ["environment", "env", "stage", "environment_name", "env_name", "deployment_environment"]
                        .contains(&variable.as_str());
                // The block's own text tells which values it is meant for.
                let block: Vec<String> = lines[index + 1..]
                    .iter()
                    .take(15)
                    .take_while(|line| !line.starts_with('}') && !line.starts_with("variable"))
                    .map(|line| line.to_ascii_lowercase())
                    .collect();
                let says = |names: &[&str]| {
                    block.iter().any(|line| {
                        line.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| names.contains(&word))
                    })
                };
                if named && says(&BESIDE) {
                    let at = file.at_line(u32::try_from(index + 1).unwrap_or(u32::MAX));
                    for name in ["staging", "production"] {
                        found.push(definition(name, "Terraform variable", file.folder(), at.clone()));
                    }
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::pipelines::test_support::collect_from;

    fn names(files: &[(&str, &str)]) -> Vec<(String, String, String)> {
        collect_from(files)
            .environments
            .into_iter()
            .map(|found| (found.name, found.mechanism, found.template))
            .collect()
    }

    fn triple(name: &str, mechanism: &str, template: &str) -> (String, String, String) {
        (name.to_owned(), mechanism.to_owned(), template.to_owned())
    }

    #[test]
    fn workspaces_of_one_configuration() {
        let code = "locals {\n  is_prod = terraform.workspace == \"default\"\n  is_test = terraform.workspace == \"test\"\n  size = terraform.workspace == \"default\" ? 2 : 1\n}\n";
        assert_eq!(
            names(&[("infra/main.tf", code)]),
            [
                triple("production (the default workspace)", "Terraform workspace", "infra"),
                triple("test", "Terraform workspace", "infra"),
            ]
        );
    }

    #[test]
    fn overlays_and_folders() {
        assert_eq!(
            names(&[
                ("k8s/overlays/staging/kustomization.yaml", "resources: [../../base]\n"),
                ("k8s/overlays/production/kustomization.yaml", "resources: [../../base]\n"),
                ("src/staging/area.yaml", "x: 1\n"),
            ]),
            [
                triple("production", "Kustomize overlay", "k8s/overlays"),
                triple("staging", "Kustomize overlay", "k8s/overlays"),
            ]
        );
    }

    #[test]
    fn files_beside_their_base() {
        assert_eq!(
            names(&[("fly.toml", "app = 'x'\n"), ("fly.staging.toml", "app = 'y'\n")]),
            [
                triple("staging", "Fly configuration", "./fly"),
                triple("production", "Fly configuration", "./fly")
            ]
        );
        assert_eq!(
            names(&[("chart/values-staging.yaml", "x: 1\n"), ("chart/values-production.yaml", "x: 1\n")])
                .len(),
            2
        );
        assert!(names(&[("config/environments/staging.rb", "x\n"), ("src/staging.ts", "x\n")]).is_empty());
    }

    #[test]
    fn environments_inside_of_files() {
        let heroku = names(&[("app.json", "{\"environments\": {\"test\": {}, \"review\": {}}}")]);
        assert_eq!(heroku[0], triple("review", "Heroku review apps", "app.json"));
        let render = names(&[("render.yaml", "previews:\n  generation: automatic\nservices: []\n")]);
        assert_eq!(render.len(), 2);
        assert!(names(&[("render.yaml", "services: []\n")]).is_empty());
        let terraform = names(&[(
            "terraform/variables.tf",
            "variable \"environment\" {\n  description = \"dev, staging or prod\"\n}\nvariable \"region\" {\n  default = \"staging\"\n}\n",
        )]);
        assert_eq!(terraform.len(), 2);
    }
}
