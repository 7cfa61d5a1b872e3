//! Commands that run in containers: `docker run IMAGE …`, services of Compose files.

use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, yaml};

use super::follow::{Here, Outcome, Walk};
use super::roles::{roles_of_command, roles_of_image};
use super::words::quote;
use super::wrappers::run_image;
use crate::tree::join;

/// Follows a call of docker.
pub fn follow(walk: &mut Walk, words: &[String], service: Option<&str>, here: &Here) -> Outcome {
    if let Some((at, image)) = run_image(words) {
        return run(walk, words, at, image, here);
    }
    let Some(at) = words.iter().position(|word| word == "compose") else { return Outcome::NotMine };
    let mut files = Vec::new();
    let mut next = at + 1;
    while let Some(word) = words.get(next) {
        if matches!(word.as_str(), "-f" | "--file") {
            files.extend(words.get(next + 1).and_then(|file| join(&here.folder.path, file)));
            next += 1;
        } else if let Some(file) = word.strip_prefix("--file=").or_else(|| word.strip_prefix("-f=")) {
            files.extend(join(&here.folder.path, file));
        } else if matches!(word.as_str(), "up" | "run" | "exec" | "build") {
            break;
        }
        next += 1;
    }
    // `compose run SERVICE` without words, `compose up --exit-code-from SERVICE`: the service's own command decides.
    let decides = words
        .iter()
        .enumerate()
        .find_map(|(at, word)| match word.split_once('=') {
            Some(("--exit-code-from", service)) => Some(service.to_owned()),
            _ => (word == "--exit-code-from").then(|| words.get(at + 1).cloned()).flatten(),
        })
        .or_else(|| service.map(str::to_owned));
    let Some(service) = decides else { return Outcome::NotMine };
    if files.is_empty() {
        files.extend(
            ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"]
                .iter()
                .filter_map(|name| join(&here.folder.path, name)),
        );
    }
    let tree = walk.commands.tree();
    for path in files.iter().rev() {
        let Some(text) = tree.text_at(path) else { continue };
        let document = yaml::parse_lenient(&text, &Limits::default());
        let Some(found) = document
            .documents
            .first()
            .and_then(|d| d.get("services")?.get(&service)?.get("command").cloned())
        else {
            continue;
        };
        return if run_command(walk, &found, path, here) { Outcome::Followed } else { Outcome::NotMine };
    }
    Outcome::NotMine
}

/// Runs a command of a Compose file, given as a text or as words.
fn run_command(walk: &mut Walk, node: &Node, path: &str, here: &Here) -> bool {
    let text = match node.as_str() {
        Some(text) => text.to_owned(),
        None => node.list().iter().filter_map(Node::as_str).map(quote).collect::<Vec<_>>().join(" "),
    };
    if text.trim().is_empty() {
        return false;
    }
    walk.within(format!("compose {path}#{}", node.line), here.depth + 1, |walk| {
        let mut frame = here.script(path, node.line);
        // Compose turns `$$` into `$`.
        walk.script(&text.replace("$$", "$"), &{
            frame.folder = here.folder.clone();
            frame
        });
    })
}

/// `docker run IMAGE words…`: the image may do work of its own, or run a command.
fn run(walk: &mut Walk, words: &[String], at: usize, image: &str, here: &Here) -> Outcome {
    let roles = roles_of_image(image);
    let rest = &words[at + 1..];
    // `aquasec/trivy fs .` is `trivy fs .`.
    let tool = image.split('@').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let tool = tool.split(':').next().unwrap_or_default();
    let mut as_tool = vec![tool.to_owned()];
    as_tool.extend(rest.iter().cloned());
    let by_tool = roles_of_command(&as_tool);
    if !by_tool.is_empty() {
        walk.emit(as_tool, here, None);
        return Outcome::Followed;
    }
    if !roles.is_empty() {
        let before = walk.found.len();
        walk.emit(words.to_vec(), here, None);
        if let Some(command) = walk.found.get_mut(before) {
            command.roles = roles;
        }
        return Outcome::Followed;
    }
    let entrypoint =
        words[..at].iter().position(|word| word == "--entrypoint").and_then(|at| words.get(at + 1));
    let mut command: Vec<String> = entrypoint.cloned().into_iter().collect();
    command.extend(rest.iter().cloned());
    if command.is_empty() || command[0].starts_with('-') || here.depth >= super::follow::DEEPEST {
        return Outcome::NotMine;
    }
    let inner = Here {
        folder: super::follow::Folder { known: false, ..here.folder.clone() },
        depth: here.depth + 1,
        ..here.clone()
    };
    walk.emit(words.to_vec(), here, None);
    walk.command(&command, inner);
    Outcome::Followed
}
