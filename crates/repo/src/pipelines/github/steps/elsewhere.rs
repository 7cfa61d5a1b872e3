//! What steps do on other machines and in other repositories.

use seaworthy_facts::{Command, Role, Step};

use crate::commands::ROOTED;
use crate::pipelines::reader::Reader;

/// The action that runs a script on a server: <https://github.com/appleboy/ssh-action>.
const SSH: &str = "appleboy/ssh-action";
/// The action that copies files there: <https://github.com/appleboy/scp-action>.
const COPY: &str = "appleboy/scp-action";

/// Adds what only the whole job tells.
pub fn told(steps: &mut [Step]) {
    for step in steps.iter_mut().filter(|step| step.uses.as_ref().is_some_and(|uses| uses.name == SSH)) {
        for command in step.commands.iter_mut().filter(|command| starts_container(command)) {
            add(command, Role::Deploy);
        }
    }
    // The new image is written into the manifests of another repository, which something follows: GitOps.
    let other = steps.iter().any(|step| {
        step.uses.as_ref().is_some_and(|uses| {
            uses.name == "actions/checkout"
                && uses
                    .input("repository")
                    .is_some_and(|name| !name.is_empty() && !name.contains("github.repository"))
        })
    });
    let writes = other && steps.iter().flat_map(|step| &step.commands).any(writes_image);
    if !writes {
        return;
    }
    for command in steps.iter_mut().flat_map(|step| &mut step.commands) {
        if matches!(command.words.as_slice(), [git, rest @ ..] if git == "git" && rest.iter().any(|word| word == "push"))
        {
            add(command, Role::Deploy);
        }
    }
}

fn add(command: &mut Command, role: Role) {
    if !command.roles.contains(&role) {
        command.roles.push(role);
    }
}

/// `docker run -d`, `docker compose up -d`: what goes on running on a server is deployed there.
fn starts_container(command: &Command) -> bool {
    let words: Vec<&str> =
        command.words.iter().map(String::as_str).skip_while(|word| *word == "sudo").collect();
    let detached = || {
        words.iter().any(|word| {
            *word == "--detach" || word.starts_with('-') && !word.starts_with("--") && word.contains('d')
        })
    };
    match words.as_slice() {
        ["docker" | "podman", "run", ..] | ["docker" | "podman", "container", "run", ..] => {
            detached() || words.iter().any(|word| word.starts_with("--restart"))
        }
        ["docker", "compose", rest @ ..] | ["docker-compose", rest @ ..] => {
            rest.contains(&"up") && detached()
        }
        _ => false,
    }
}

/// `sed -i 's#image: .*#image: x#' deployment.yaml`, `kustomize edit set image`, `yq -i '.image.tag = "x"' values.yaml`.
fn writes_image(command: &Command) -> bool {
    let Some(program) = command.words.first() else { return false };
    let text = command.words.join(" ").to_ascii_lowercase();
    match program.as_str() {
        "kustomize" => text.contains("set image"),
        "sed" | "yq" | "perl" | "envsubst" => text.contains("image") || text.contains("tag"),
        _ => false,
    }
}

/// A script on the server that an earlier step copied there from this repository is that script.
pub fn with_copied_scripts(reader: &Reader, text: &str, before: &[Step]) -> String {
    let sources: Vec<&str> = before
        .iter()
        .filter_map(|step| step.uses.as_ref().filter(|uses| uses.name == COPY)?.input("source"))
        .flat_map(|sources| sources.split([',', '\n']))
        .map(|source| source.trim().trim_start_matches("./"))
        .filter(|source| source.ends_with(".sh") && !source.contains(['*', '$']))
        .collect();
    let mut text = text.to_owned();
    for source in sources.into_iter().take(20).filter(|source| reader.file(source).is_some()) {
        let name = format!("/{}", source.rsplit('/').next().unwrap_or(source));
        text = text
            .split_inclusive(char::is_whitespace)
            .map(|part| {
                let word = part.trim_end();
                let there = word.starts_with('/') || word.starts_with("./") || word.starts_with("~/");
                match there && word.ends_with(&name) {
                    true => format!("{ROOTED}{source}{}", &part[word.len()..]),
                    false => part.to_owned(),
                }
            })
            .collect();
    }
    text
}
