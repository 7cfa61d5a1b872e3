//! Compose files: what each service runs at start.

use seaworthy_facts::Stage;
use seaworthy_syntax::tree::{Node, Value};
use seaworthy_syntax::{Limits, yaml};

use super::Found;

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
