//! Images of Compose and podman-compose files, development told from production.

use seaworthy_facts::{Containers, ImageRole};
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, yaml};

use super::own::Own;
use super::{is_development, reference, with_defaults};
use crate::tree::{File, Tree};

/// Whether a file is a Compose file by its name.
pub fn is_compose(file: &File) -> bool {
    let name = file.name().to_ascii_lowercase();
    (name.ends_with(".yml") || name.ends_with(".yaml"))
        && (name.starts_with("compose.")
            || name.starts_with("compose-")
            || name.contains("docker-compose")
            || name.contains("podman-compose")
            || name.starts_with("docker-stack"))
}

/// What the name says about where it is used.
fn is_production(name: &str) -> bool {
    name.to_ascii_lowercase().split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
        matches!(
            word,
            "prod" | "production" | "deploy" | "server" | "release" | "stack" | "swarm" | "selfhost" | "live"
        )
    })
}

/// Reads one file.
pub fn read(tree: &Tree, file: &File, own: &Own, containers: &mut Containers) {
    let Some(text) = tree.text(file) else { return };
    let parsed = yaml::parse_template(&text, &Limits::default());
    let Some(document) = parsed.documents.into_iter().next() else { return };
    let services = document.get("services").unwrap_or(&document).map();
    let development = development(tree, file, &document, own);
    for (_, service) in services {
        let Some(image) = service.get("image") else { continue };
        // What is built here is not fetched; its name is only a label.
        if service.get("build").is_some() {
            continue;
        }
        let Some(text) = image.as_str() else { continue };
        let profiles = service.get("profiles").map(Node::list).unwrap_or_default();
        let aside = !profiles.is_empty()
            && profiles.iter().filter_map(Node::as_str).all(|profile| {
                let profile = profile.to_ascii_lowercase();
                ["dev", "test", "debug", "local", "tool", "ci", "e2e"]
                    .iter()
                    .any(|word| profile.contains(word))
            });
        let at = file.at_line(image.line);
        let image = reference(&with_defaults(text), ImageRole::Compose, at, development || aside);
        containers.images.push(image);
    }
}

/// A pipeline that reaches a server starts this very file there: `ssh …`, `docker compose -f FILE up`.
fn started_on_a_server(tree: &Tree, file: &File) -> bool {
    let named = |line: &str| {
        line.contains(" up") && line.contains("compose") && {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.windows(2).any(|pair| {
                matches!(pair[0], "-f" | "--file")
                    && pair[1].trim_matches(['"', '\'']).rsplit('/').next() == Some(file.name())
            })
        }
    };
    let pipelines = tree.files().iter().filter(|other| {
        other.path.contains(".github/workflows/")
            || other.path.contains(".forgejo/workflows/")
            || other.name().starts_with(".gitlab-ci")
    });
    tree.first(pipelines, 100, "CI files").into_iter().filter_map(|other| tree.text(other)).any(|text| {
        text.contains("ssh") && text.lines().map(str::trim).any(|line| !line.starts_with('#') && named(line))
    })
}

/// Whether a file is for development only.
pub fn development(tree: &Tree, file: &File, document: &Node, own: &Own) -> bool {
    if is_production(file.name()) {
        return false;
    }
    let staged = file.name().to_ascii_lowercase();
    if is_development(file) || staged.contains("staging") || staged.contains("preview") {
        return true;
    }
    if started_on_a_server(tree, file) {
        return false;
    }
    let services: Vec<&Node> =
        document.get("services").unwrap_or(document).map().iter().map(|(_, service)| service).collect();
    let application = |service: &&&Node| {
        service.get("build").is_some()
            || service.get("image").and_then(Node::as_str).is_some_and(|image| {
                own.is(&reference(&with_defaults(image), ImageRole::Compose, file.at(), false).name)
            })
    };
    // Only databases and the like: what a developer starts beside the program.
    if !services.iter().any(|service| application(&service)) {
        return true;
    }
    let source_mounted = services.iter().filter(application).any(|service| {
        let volumes = service.get("volumes").map(Node::list).unwrap_or_default();
        volumes.iter().filter_map(|volume| volume.as_str()).any(|volume| {
            let host = volume.split(':').next().unwrap_or_default().trim_end_matches('/');
            volume.contains(':')
                && matches!(
                    host,
                    "." | ".." | "./src" | "./app" | "./backend" | "./frontend" | "$PWD" | "${PWD}"
                )
        })
    });
    let watches = services.iter().filter(application).any(|service| {
        let mut text = String::new();
        if let Some(command) = service.get("command") {
            command.walk(&mut |_, node| {
                if let Some(word) = node.as_str() {
                    text.push_str(word);
                    text.push(' ');
                }
            });
        }
        service.get("develop").is_some()
            || [
                "--reload",
                "runserver",
                "run dev",
                "yarn dev",
                "pnpm dev",
                "start:dev",
                "--watch",
                "nodemon",
                "rails s",
                "air ",
            ]
            .iter()
            .any(|sign| text.contains(sign))
    });
    if source_mounted || watches {
        return true;
    }
    // Another file beside it is the one for production, and stands by itself.
    let folder = file.folder();
    let self_contained = |other: &File| {
        tree.text(other).is_some_and(|text| {
            let parsed = yaml::parse_template(&text, &Limits::default());
            let services = parsed.documents.first().and_then(|document| document.get("services"));
            services.is_some_and(|services| {
                services
                    .map()
                    .iter()
                    .all(|(_, service)| service.get("image").is_some() || service.get("build").is_some())
            })
        })
    };
    tree.under(folder).any(|other| {
        other.folder() == folder
            && other.path != file.path
            && is_compose(other)
            && is_production(other.name())
            && self_contained(other)
    })
}
