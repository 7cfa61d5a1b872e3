//! Compose files: what each service runs at start.

use seaworthy_facts::Stage;
use seaworthy_syntax::tree::{Node, Value};
use seaworthy_syntax::{Limits, yaml};

use super::Found;
use crate::tree::{File, Tree};

/// Compose files read at the most.
const FILES: usize = 50;

/// Reads every Compose file.
pub fn read(found: &mut Found) {
    let all = found.tree.files().iter().filter(|file| is_compose(file.name()) && super::can_ship(file));
    let files = found.tree.first(all, FILES, "Compose files");
    for file in files {
        let Some(text) = found.tree.text(file) else { continue };
        let node = match yaml::parse(&text, &Limits::default()) {
            Ok(node) => node,
            Err(error) => {
                found.tree.broken(&file.path, &error);
                continue;
            }
        };
        for (name, service) in node.get("services").map(Node::map).unwrap_or_default() {
            // What a service runs is found below the folder that its image is built from.
            let build = service.get("build");
            let folder = build
                .and_then(|build| build.as_str().or_else(|| build.get("context").and_then(Node::as_str)))
                .and_then(|context| crate::tree::join(file.folder(), context))
                .unwrap_or_else(|| file.folder().to_owned());
            if service.get("entrypoint").is_none() && service.get("command").is_none() {
                let stage = match build {
                    Some(build) => target(build),
                    None => built_beside(found.tree, file, &name.text),
                };
                if let Some(stage) = stage {
                    let context = crate::tree::join(file.folder(), &stage.context);
                    let defined_by = format!("{} service {}", file.name(), name.text);
                    let at = file.at_line(name.line);
                    super::dockerfile::start_of_target(
                        found,
                        context.as_deref().unwrap_or(file.folder()),
                        &stage,
                        (&defined_by, &at),
                    );
                }
            }
            for key in ["entrypoint", "command"] {
                let Some(command) = service.get(key) else { continue };
                let defined_by = format!("{} service {} {key}", file.name(), name.text);
                let at = file.at_line(command.line);
                match &command.value {
                    Value::List(words) => {
                        let words: Vec<String> = words.iter().filter_map(Node::scalar).collect();
                        found.words(Stage::Start, defined_by, &at, &folder, &words);
                    }
                    _ => {
                        if let Some(text) = command.as_str() {
                            found.shell(Stage::Start, defined_by, &at, &folder, text);
                        }
                    }
                }
            }
        }
    }
}

/// A stage that a service is built from.
pub struct Target {
    /// The folder that is built, as written.
    context: String,
    /// The Dockerfile in it.
    pub dockerfile: String,
    /// The stage's name.
    pub name: String,
}

fn target(build: &Node) -> Option<Target> {
    let text = |name: &str| build.get(name).and_then(Node::as_str).map(str::to_owned);
    Some(Target {
        context: text("context").unwrap_or_else(|| ".".to_owned()),
        dockerfile: text("dockerfile").unwrap_or_else(|| "Dockerfile".to_owned()),
        name: text("target")?,
    })
}

/// The service of the same name in a Compose file beside this one, where that one says from what its image is built.
fn built_beside(tree: &Tree, file: &File, name: &str) -> Option<Target> {
    let beside = tree.files().iter().filter(|other| {
        other.index != file.index && other.folder() == file.folder() && is_compose(other.name())
    });
    tree.first(beside, FILES, "Compose files").into_iter().find_map(|other| {
        let node = yaml::parse(&tree.text(other)?, &Limits::default()).ok()?;
        target(node.get("services")?.get(name)?.get("build")?)
    })
}

/// `docker-compose.yml`, `compose.prod.yaml`, `docker-compose-staging.yml`, `podman-compose.yml`.
pub fn is_compose(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let Some(stem) = lower.strip_suffix(".yml").or_else(|| lower.strip_suffix(".yaml")) else { return false };
    stem == "compose"
        || stem.starts_with("docker-compose")
        || stem.starts_with("compose.")
        || stem.starts_with("compose-")
        || stem.starts_with("podman-compose")
        || stem.ends_with(".compose")
        || stem.ends_with("-compose")
}
