//! Scripts of composer.json.

use seaworthy_syntax::tree::Node;

use super::follow::{Folder, Here, Outcome, Walk};
use super::words::quote;
use crate::tree::join;

/// Subcommands of composer that no script can replace.
const OWN: &[&str] = &[
    "install",
    "i",
    "update",
    "u",
    "upgrade",
    "require",
    "r",
    "req",
    "remove",
    "rm",
    "show",
    "info",
    "audit",
    "validate",
    "dump-autoload",
    "dumpautoload",
    "global",
    "config",
    "create-project",
    "self-update",
    "selfupdate",
    "outdated",
    "why",
    "why-not",
    "depends",
    "prohibits",
    "licenses",
    "init",
    "archive",
    "browse",
    "bump",
    "check-platform-reqs",
    "clear-cache",
    "clearcache",
    "diagnose",
    "exec",
    "fund",
    "reinstall",
    "search",
    "status",
    "suggests",
    "normalize",
    "help",
    "list",
];

/// Follows a script that composer is asked for.
pub fn follow(walk: &mut Walk, words: &[String], here: &Here) -> Outcome {
    let mut folder = here.folder.clone();
    let mut at = 1;
    while let Some(word) = words.get(at).filter(|word| word.starts_with('-')) {
        at += 1;
        let value = match word.split_once('=') {
            Some(("--working-dir", value)) => Some(value.to_owned()),
            _ if matches!(word.as_str(), "-d" | "--working-dir") => {
                at += 1;
                words.get(at - 1).cloned()
            }
            _ => None,
        };
        if let Some(path) = value.and_then(|value| join(&folder.path, &value)) {
            folder = Folder { path, known: folder.known };
        }
    }
    let mut script_only = false;
    if words.get(at).is_some_and(|word| word == "run" || word == "run-script") {
        script_only = true;
        at += 1;
        while words.get(at).is_some_and(|word| word.starts_with('-')) {
            at += 1;
        }
    }
    let Some(name) = words.get(at) else { return Outcome::NotMine };
    if !script_only && OWN.contains(&name.as_str()) {
        return Outcome::NotMine;
    }
    let arguments: Vec<String> = words[at + 1..].iter().filter(|word| *word != "--").cloned().collect();
    let path = join(&folder.path, "composer.json").unwrap_or_default();
    let here = Here { folder, ..here.clone() };
    let Some(document) = walk.commands.document(&path) else {
        return Outcome::Missing("there is no composer.json".to_owned());
    };
    if run(walk, &document, &path, name, &arguments, &here) {
        Outcome::Followed
    } else {
        Outcome::Missing(format!("{path} has no script `{name}`"))
    }
}

/// Runs a script; false when there is none of this name.
pub fn run(
    walk: &mut Walk,
    document: &Node,
    path: &str,
    name: &str,
    arguments: &[String],
    here: &Here,
) -> bool {
    let Some(script) = document.get("scripts").and_then(|scripts| scripts.get(name)) else { return false };
    walk.within(format!("{path}#{name}"), here.depth + 1, |walk| {
        let lines = script.list_or_single();
        let last = lines.len();
        for (number, line) in lines.into_iter().enumerate() {
            let Some(text) = line.as_str() else { continue };
            let mut frame = here.script(path, line.line);
            frame.one_line = true;
            frame.name = Some(name.to_owned());
            frame.folder = Folder {
                path: path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned(),
                known: true,
            };
            if text.starts_with("@putenv ") || text.contains("::") && !text.contains(' ') {
                continue;
            }
            let mut text = match text.strip_prefix('@') {
                Some(rest) => {
                    let word = rest.split_whitespace().next().unwrap_or_default();
                    match word {
                        "php" | "composer" => rest.to_owned(),
                        _ => format!("composer run-script {rest}"),
                    }
                }
                None => text.to_owned(),
            };
            if number + 1 == last {
                for argument in arguments {
                    text.push(' ');
                    text.push_str(&quote(argument));
                }
            }
            walk.script(&text, &frame);
        }
    });
    true
}
