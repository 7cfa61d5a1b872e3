//! Files of deployment platforms that name release and start commands: Fly, Render, Railway, Nixpacks, Vercel, Netlify.

use seaworthy_facts::Stage;
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, json, toml, yaml};

use super::Found;
use crate::tree::File;

/// Where a platform's file keeps commands: dotted path, stage.
const FLY: &[(&str, Stage)] =
    &[("deploy.release_command", Stage::Release), ("experimental.cmd", Stage::Start)];
const RAILWAY: &[(&str, Stage)] = &[
    ("deploy.preDeployCommand", Stage::Release),
    ("deploy.startCommand", Stage::Start),
    ("build.buildCommand", Stage::Build),
];
const NIXPACKS: &[(&str, Stage)] = &[("start.cmd", Stage::Start)];
const VERCEL: &[(&str, Stage)] = &[("buildCommand", Stage::Build)];
const NETLIFY: &[(&str, Stage)] = &[("build.command", Stage::Build)];
/// Vercel and Heroku run these scripts of `package.json` when they build; a build is then a release.
const PACKAGE_SCRIPTS: &[&str] = &["vercel-build", "heroku-postbuild"];

/// Reads them.
pub fn read(found: &mut Found) {
    let files: Vec<&File> = found.tree.files().iter().filter(|file| super::can_ship(file)).collect();
    for file in files {
        let name = file.name();
        let paths = match name {
            "railway.json" | "railway.toml" => RAILWAY,
            "nixpacks.toml" => NIXPACKS,
            "vercel.json" => VERCEL,
            "netlify.toml" => NETLIFY,
            _ if name.starts_with("fly.") && name.ends_with(".toml") => FLY,
            "render.yaml" => {
                render(found, file);
                continue;
            }
            "package.json" => {
                package(found, file);
                continue;
            }
            _ => continue,
        };
        let Some(node) = parse(found, file) else { continue };
        for (path, stage) in paths {
            for command in node.path(path).map(|node| node.list_or_single()).unwrap_or_default() {
                add(found, file, *stage, &format!("{name} {path}"), command);
            }
        }
        if name.starts_with("fly.") {
            for (key, command) in node.get("processes").map(|node| node.map()).unwrap_or_default() {
                add(found, file, Stage::Start, &format!("{name} process {}", key.text), command);
            }
        }
    }
}

fn parse(found: &Found, file: &File) -> Option<Node> {
    let text = found.tree.text(file)?;
    let limits = Limits::default();
    let parsed = if file.name().ends_with(".toml") {
        toml::parse(&text, &limits)
    } else {
        json::parse(&text, &limits)
    };
    match parsed {
        Ok(node) => Some(node),
        Err(error) => {
            found.tree.broken(&file.path, &error);
            None
        }
    }
}

fn add(found: &mut Found, file: &File, stage: Stage, defined_by: &str, command: &Node) {
    if let Some(text) = command.as_str() {
        found.shell(stage, defined_by, &file.at_line(command.line), file.folder(), text);
    }
}

fn render(found: &mut Found, file: &File) {
    let Some(node) = found.tree.text(file).and_then(|text| yaml::parse(&text, &Limits::default()).ok())
    else {
        return;
    };
    for service in node.get("services").map(Node::list).unwrap_or_default() {
        let folder = service.get("rootDir").and_then(Node::as_str).unwrap_or(".");
        let folder = crate::tree::join(file.folder(), folder).unwrap_or_else(|| ".".to_owned());
        for (key, stage) in [
            ("preDeployCommand", Stage::Release),
            ("startCommand", Stage::Start),
            ("dockerCommand", Stage::Start),
            ("buildCommand", Stage::Build),
        ] {
            if let Some(command) = service.get(key)
                && let Some(text) = command.as_str()
            {
                found.shell(stage, format!("render.yaml {key}"), &file.at_line(command.line), &folder, text);
            }
        }
    }
}

fn package(found: &mut Found, file: &File) {
    let Some(node) = found.tree.text(file).and_then(|text| json::parse(&text, &Limits::default()).ok())
    else {
        return;
    };
    for script in PACKAGE_SCRIPTS {
        if let Some(command) = node.get("scripts").and_then(|scripts| scripts.get(script)) {
            add(found, file, Stage::Release, &format!("package.json {script}"), command);
        }
    }
}
