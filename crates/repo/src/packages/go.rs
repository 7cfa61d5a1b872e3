//! `go.mod` and `go.sum`.

use std::collections::HashSet;

use seaworthy_facts::{Ecosystem, Lock, Scope};

use super::draft::{Draft, MANIFESTS, counts, missing};
use crate::tree::{File, Tree};

/// Most lines of a `go.mod`.
const LINES: u32 = 50_000;

/// Every module.
pub fn manifests(tree: &Tree) -> Vec<Draft> {
    tree.first(tree.named("go.mod").filter(|file| counts(file)), MANIFESTS, "Go modules")
        .into_iter()
        .filter_map(|file| module(tree, file))
        .collect()
}

struct Require {
    path: String,
    version: String,
    indirect: bool,
    line: u32,
}

struct Replace {
    path: String,
    version: Option<String>,
    by: String,
    by_version: Option<String>,
}

fn module(tree: &Tree, file: &File) -> Option<Draft> {
    let text = tree.text(file)?;
    tree.lines_of(file, &text, LINES);
    let (requires, replaces) = read(&text);
    let mut draft = Draft::new(tree, file, Ecosystem::Go);
    for require in &requires {
        if !require.indirect {
            draft.depend(&require.path, &require.version, Scope::Runtime, true, file.at_line(require.line));
        }
    }
    let versions: Vec<(String, String)> =
        requires.iter().map(|require| (require.path.clone(), require.version.clone())).collect();
    draft.resolve(|name| versions.iter().find(|(path, _)| path == name).map(|(_, version)| version.clone()));
    if requires.is_empty() {
        draft.manifest.lock = Lock::NotNeeded { why: "the module requires nothing".to_owned() };
        return Some(draft);
    }
    let Some(sums) = tree.resolve(file.folder(), "go.sum") else {
        let local = |require: &Require| {
            replaces.iter().any(|replace| replace.path == require.path && replace.by.starts_with(['.', '/']))
        };
        draft.manifest.lock = if requires.iter().all(local) {
            Lock::NotNeeded { why: "every requirement is a folder of this repository".to_owned() }
        } else {
            missing(tree, file.folder(), &["go.sum"])
        };
        return Some(draft);
    };
    let text = tree.text(sums).unwrap_or_default();
    let known: HashSet<(&str, &str)> = text
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (path, version) = (words.next()?, words.next()?);
            Some((path, version.trim_end_matches("/go.mod")))
        })
        .collect();
    // Other modules of a workspace file are used from their folders, whatever version is named.
    let workspace: HashSet<String> = if tree.file("go.work").is_some() {
        tree.named("go.mod").filter_map(|other| module_path(&tree.text(other)?)).collect()
    } else {
        HashSet::new()
    };
    let mut differences = Vec::new();
    for require in &requires {
        let replaced = replaces.iter().find(|replace| {
            replace.path == require.path
                && replace.version.as_ref().is_none_or(|version| *version == require.version)
        });
        let (path, version) = match replaced {
            Some(replace) if replace.by.starts_with(['.', '/']) => continue,
            Some(replace) => (replace.by.as_str(), replace.by_version.as_deref().unwrap_or(&require.version)),
            None => (require.path.as_str(), require.version.as_str()),
        };
        if !known.contains(&(path, version)) && !workspace.contains(path) {
            differences.push(format!("{path} {version} is not in go.sum"));
        }
    }
    draft.compared(sums.at(), differences);
    Some(draft)
}

fn module_path(text: &str) -> Option<String> {
    text.lines()
        .find_map(|line| line.trim().strip_prefix("module "))
        .map(|path| path.trim().trim_matches('"').to_owned())
}

fn read(text: &str) -> (Vec<Require>, Vec<Replace>) {
    let (mut requires, mut replaces) = (Vec::new(), Vec::new());
    let mut block = String::new();
    for (number, line) in text.lines().enumerate().take(LINES as usize) {
        let (code, comment) = line.split_once("//").unwrap_or((line, ""));
        let code = code.trim();
        let content = if block.is_empty() {
            let (keyword, rest) = code.split_once([' ', '\t']).unwrap_or((code, ""));
            let rest = rest.trim();
            if rest == "(" {
                block = keyword.to_owned();
                continue;
            }
            (keyword, rest)
        } else if code == ")" {
            block.clear();
            continue;
        } else {
            (block.as_str(), code)
        };
        let words: Vec<&str> = content.1.split_whitespace().map(|word| word.trim_matches('"')).collect();
        match (content.0, words.as_slice()) {
            ("require", [path, version, ..]) => requires.push(Require {
                path: (*path).to_owned(),
                version: (*version).to_owned(),
                indirect: comment.trim().starts_with("indirect"),
                line: number as u32 + 1,
            }),
            ("replace", [path, rest @ ..]) => {
                let Some(arrow) = rest.iter().position(|word| *word == "=>") else { continue };
                let Some(by) = rest.get(arrow + 1) else { continue };
                replaces.push(Replace {
                    path: (*path).to_owned(),
                    version: (arrow == 1).then(|| rest[0].to_owned()),
                    by: (*by).to_owned(),
                    by_version: rest.get(arrow + 2).map(|version| (*version).to_owned()),
                });
            }
            _ => {}
        }
    }
    (requires, replaces)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn blocks_single_lines_and_replacements() {
        let (requires, replaces) = read(
            "module a\n\nrequire b v1.0.0\nrequire (\n\tc v2.0.0 // indirect\n\td v3.0.0\n)\nreplace d => ./d\nreplace b v1.0.0 => e v1.1.0\n",
        );
        assert_eq!(
            requires.iter().map(|r| (r.path.as_str(), r.indirect)).collect::<Vec<_>>(),
            [("b", false), ("c", true), ("d", false)]
        );
        assert_eq!(replaces[1].by_version.as_deref(), Some("v1.1.0"));
        assert_eq!(replaces[1].version.as_deref(), Some("v1.0.0"));
    }
}
