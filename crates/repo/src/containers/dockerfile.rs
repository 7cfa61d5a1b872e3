//! Images of Dockerfiles, and what they install while they are built.

use seaworthy_facts::{Containers, ImageRole, Observed};
use seaworthy_syntax::dockerfile::Dockerfile;
use seaworthy_syntax::{Limits, dockerfile, shell};

use super::{is_development, reference, with_defaults};
use crate::tree::{File, Tree};

/// Longest command that is quoted.
const QUOTED: usize = 120;

/// Reads one file.
pub fn read(tree: &Tree, file: &File, containers: &mut Containers) {
    let Some(text) = tree.text(file) else { return };
    let parsed = dockerfile::parse(&text, &Limits::default());
    let development = is_development(file);
    let last = shipped_stage(&parsed).map(|last| parsed.lineage(last)).unwrap_or_default();
    let for_development: Vec<bool> = parsed
        .stages
        .iter()
        .enumerate()
        .map(|(index, stage)| {
            let named = stage.name.as_deref().is_some_and(is_for_development);
            named && !last.contains(&index)
        })
        .collect();
    for (index, stage) in parsed.stages.iter().enumerate() {
        if stage.base_stage.is_some() || stage.image == "scratch" || stage.image.is_empty() {
            continue;
        }
        let role = if last.contains(&index) { ImageRole::Base } else { ImageRole::BuildStage };
        let image = with_defaults(&stage.image);
        let for_development = development || for_development[index];
        containers.images.push(reference(&image, role, file.at_line(stage.line), for_development));
    }
    for instruction in &parsed.instructions {
        let stage_ships = instruction.stage.is_none_or(|stage| !for_development[stage]);
        match instruction.keyword.as_str() {
            // What is copied from another image comes from a registry unless a stage has that name.
            "COPY" => {
                let Some(from) = instruction.flag("from") else { continue };
                let of_stage = parsed
                    .stages
                    .iter()
                    .any(|stage| stage.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(from)));
                if !of_stage && from.parse::<usize>().is_err() && !from.is_empty() {
                    let at = file.at_line(instruction.line);
                    let ignored = development || !stage_ships;
                    containers.images.push(reference(
                        &with_defaults(from),
                        ImageRole::BuildStage,
                        at,
                        ignored,
                    ));
                }
            }
            "RUN" if !development && stage_ships => {
                let (command, line) = instruction.command();
                for command in shell::parse(&command, line).commands {
                    if let Some(what) = floating(command.unwrapped()) {
                        containers.floating_installs.push(Observed::new(what, file.at_line(command.line)));
                    }
                }
            }
            _ => {}
        }
    }
}

fn is_for_development(stage: &str) -> bool {
    let name = stage.to_ascii_lowercase();
    ["dev", "development", "test", "tests", "testing", "lint", "debug", "ci", "devcontainer"]
        .contains(&name.as_str())
}

/// The stage that ships: the last one, unless its name says that it is for development and another one's that it is for
/// production, which whoever builds the image names.
fn shipped_stage(parsed: &Dockerfile) -> Option<usize> {
    let last = parsed.final_stage()?;
    let named = |stage: usize| parsed.stages.get(stage)?.name.as_deref();
    if !named(last).is_some_and(is_for_development) {
        return Some(last);
    }
    let production = (0..last).rev().find(|stage| {
        named(*stage).is_some_and(|name| {
            ["prod", "production", "release", "runner", "runtime", "final", "deploy"]
                .contains(&name.to_ascii_lowercase().as_str())
        })
    });
    Some(production.unwrap_or(last))
}

/// Options of installers that take a value.
const WITH_VALUE: &[&str] = &[
    "-r",
    "--requirement",
    "-c",
    "--constraint",
    "-t",
    "--target",
    "-i",
    "--index-url",
    "--extra-index-url",
    "--prefix",
    "--cache-dir",
    "--wheel-dir",
    "-w",
    "--find-links",
    "-f",
    "--python",
    "-p",
    "--root",
    "-C",
    "--registry",
    "--platform",
    "--only-binary",
    "--no-binary",
    "--trusted-host",
    "--timeout",
    "-v",
    "--version",
    "--features",
    "--path",
    "--git",
    "--tag",
    "--rev",
    "--filter",
    "-d",
    "--dir",
    "--loglevel",
    "--retries",
    "--config-settings",
];

/// The packages that a command installs without naming a version, as a short text.
fn floating(words: &[String]) -> Option<String> {
    let program = words.first().map(|program| program.rsplit('/').next().unwrap_or(program))?;
    let word = |index: usize| words.get(index).map(String::as_str).unwrap_or_default();
    let after = |count: usize| words.get(count..).unwrap_or_default();
    let (packages, exact): (&[String], fn(&str) -> bool) = match (program, word(1)) {
        ("npm", "install" | "i" | "add") | ("pnpm" | "bun", "add" | "install" | "i") => (after(2), npm_exact),
        ("pnpm", _) => match words.iter().position(|word| word == "add") {
            Some(at) => (after(at + 1), npm_exact),
            None => return None,
        },
        ("yarn", "add") => (after(2), npm_exact),
        ("yarn", "global") if word(2) == "add" => (after(3), npm_exact),
        ("corepack", "prepare" | "install") => (after(2), npm_exact),
        ("pip" | "pip3", "install" | "wheel") => (after(2), pip_exact),
        ("python" | "python3", "-m") if word(2) == "pip" && word(3) == "install" => (after(4), pip_exact),
        ("uv", "pip") if word(2) == "install" => (after(3), pip_exact),
        ("uv", "tool") if word(2) == "install" => (after(3), pip_exact),
        ("pipx", "install") => (after(2), pip_exact),
        ("gem", "install") => {
            if words.iter().any(|word| {
                word == "-v" || word == "--version" || word.starts_with("-v") || word.contains(':')
            }) {
                return None;
            }
            (after(2), |_| false)
        }
        ("pecl", "install") => (after(2), |name| name.contains('-') && name.contains('.')),
        ("go", "install") => (after(2), |name| {
            !name.ends_with("@latest") && !name.ends_with("@main") && !name.ends_with("@master")
        }),
        ("cargo", "install") => {
            if words.iter().any(|word| {
                word == "--version"
                    || word == "--path"
                    || word == "--rev"
                    || word == "--tag"
                    || word.contains('@')
            }) {
                return None;
            }
            (after(2), |_| false)
        }
        ("curl" | "wget", _) => {
            let address =
                words.iter().find(|word| word.contains("/releases/latest/") || word.ends_with("/latest"))?;
            return Some(short(&format!("{program} {address}")));
        }
        _ => return None,
    };
    let mut loose = Vec::new();
    let mut skip = false;
    for word in packages {
        if std::mem::take(&mut skip) {
            continue;
        }
        if word.starts_with('-') {
            skip = WITH_VALUE.contains(&word.as_str());
            continue;
        }
        let local = word.starts_with(['.', '/', '$', '*'])
            || word.ends_with(".whl")
            || word.ends_with(".tgz")
            || word.ends_with(".tar.gz");
        if !local && !word.contains('$') && !exact(word) {
            loose.push(word.as_str());
        }
    }
    (!loose.is_empty()).then(|| short(&format!("{program} installs {}", loose.join(" "))))
}

fn short(text: &str) -> String {
    text.chars().take(QUOTED).collect()
}

fn npm_exact(word: &str) -> bool {
    match word.rfind('@').filter(|at| *at > 0) {
        Some(at) => word[at + 1..].starts_with(|c: char| c.is_ascii_digit() || c == 'v'),
        None => word.contains("://"),
    }
}

fn pip_exact(word: &str) -> bool {
    word.contains("==") || word.contains("://") || word.contains('@')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(command: &str) -> Option<String> {
        floating(&command.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_last_stage_ships_unless_it_is_for_development() {
        let shipped = |text: &str| {
            let parsed = dockerfile::parse(text, &Limits::default());
            shipped_stage(&parsed).map(|stage| parsed.stages[stage].image.clone())
        };
        assert_eq!(shipped("FROM a AS build\nFROM b\n").unwrap(), "b");
        assert_eq!(shipped("FROM a AS production\nFROM b AS development\n").unwrap(), "a");
        assert_eq!(
            shipped("FROM a AS build\nFROM b AS dev\n").unwrap(),
            "b",
            "no other one says that it ships"
        );
    }

    #[test]
    fn installs_without_versions() {
        assert_eq!(of("npm install -g pnpm").unwrap(), "npm installs pnpm");
        assert_eq!(of("pnpm --allow-build=x add dotenv chalk@5.0.0").unwrap(), "pnpm installs dotenv");
        assert_eq!(
            of("pip wheel --wheel-dir /w apprise minio==7 psycopg[c] -r /r.txt").unwrap(),
            "pip installs apprise psycopg[c]"
        );
        assert!(of("curl -L https://github.com/a/b/releases/latest/download/c").is_some());
        for exact in [
            "npm install",
            "npm ci",
            "npm install -g pnpm@9.1.0",
            "pip install -r requirements.txt",
            "pip install .",
            "gem install bundler -v 2.5",
            "go install a/b@v1.0.0",
            "pip install --no-cache /wheels/*",
            "bundle install",
        ] {
            assert_eq!(of(exact), None, "{exact}");
        }
    }
}
