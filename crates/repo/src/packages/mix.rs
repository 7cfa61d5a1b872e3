//! `mix.exs` and `mix.lock`.

use std::collections::HashMap;

use seaworthy_facts::{Ecosystem, Lock, Scope};

use super::draft::{Draft, MANIFESTS, counts, is_version, missing};
use crate::tree::{File, Tree};

/// Most lines of a `mix.exs`.
const LINES: u32 = 20_000;

/// Every project.
pub fn manifests(tree: &Tree) -> Vec<Draft> {
    tree.first(tree.named("mix.exs").filter(|file| counts(file)), MANIFESTS, "mix.exs files")
        .into_iter()
        .filter_map(|file| project(tree, file))
        .collect()
}

fn project(tree: &Tree, file: &File) -> Option<Draft> {
    let text = tree.text(file)?;
    let mut draft = Draft::new(tree, file, Ecosystem::Hex);
    tree.lines_of(file, &text, LINES);
    let mut conditional: Vec<String> = Vec::new();
    for entry in entries(&text) {
        if entry.conditional {
            conditional.push(entry.name.clone());
        }
        if entry.options.contains("in_umbrella: true") {
            continue;
        }
        let local = entry.options.contains("path:");
        let commit = entry.options.contains("ref:") || entry.options.contains("tag:");
        let development = entry.options.split("only:").nth(1).is_some_and(|only| {
            let only = only.split(']').next().unwrap_or(only);
            let only = if only.trim_start().starts_with('[') {
                only
            } else {
                only.split(',').next().unwrap_or(only)
            };
            !only.contains(":prod") && (only.contains(":dev") || only.contains(":test"))
        });
        let scope = if development {
            Scope::Development
        } else if entry.options.contains("runtime: false") || entry.options.contains("optional: true") {
            Scope::Optional
        } else {
            Scope::Runtime
        };
        let exact = local || commit || is_version(entry.requirement.trim_start_matches(['=', ' ']));
        draft.depend(&entry.name, &entry.requirement, scope, exact, file.at_line(entry.line));
    }
    if draft.manifest.dependencies.is_empty() {
        draft.manifest.lock = Lock::NotNeeded { why: "no packages are declared".to_owned() };
        return Some(draft);
    }
    // An application of an umbrella names where its lockfile is.
    let path = text.split("lockfile:").nth(1).and_then(|rest| rest.split('"').nth(1)).unwrap_or("mix.lock");
    let Some(lockfile) = tree.resolve(file.folder(), path) else {
        draft.manifest.lock = missing(tree, file.folder(), &[path]);
        return Some(draft);
    };
    if path != "mix.lock" {
        let root = crate::tree::join(file.folder(), path).map(|path| path.replace("mix.lock", "mix.exs"));
        draft.manifest.member_of = root.filter(|root| tree.file(root).is_some());
    }
    let locked = tree.text(lockfile).unwrap_or_default();
    let versions: HashMap<String, String> = locked
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.trim().strip_prefix('"')?.split_once("\":")?;
            Some((name.to_owned(), rest.split('"').nth(1).unwrap_or_default().to_owned()))
        })
        .collect();
    let differences = draft
        .manifest
        .dependencies
        .iter()
        .filter(|dependency| !versions.contains_key(&dependency.name))
        .filter(|dependency| !(dependency.exact && dependency.requirement.is_empty()))
        .filter(|dependency| !conditional.contains(&dependency.name))
        .map(|dependency| format!("{} is not in the lockfile", dependency.name))
        .collect();
    draft.resolve(|name| versions.get(name).filter(|version| version.contains('.')).cloned());
    draft.compared(lockfile.at(), differences);
    Some(draft)
}

struct Entry {
    name: String,
    requirement: String,
    options: String,
    /// It is declared under a condition of the environment (`if System.get_env("KEY") do`), so that whoever makes the
    /// lockfile may not have it.
    conditional: bool,
    line: u32,
}

/// The tuples `{:name, "~> 1.0", only: :test}` of the functions whose names hold `deps`.
fn entries(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut inside = false;
    let mut conditions = 0usize;
    let mut pending: Option<(u32, String)> = None;
    for (number, line) in text.lines().enumerate().take(LINES as usize) {
        let code = line.split(" #").next().unwrap_or(line).trim();
        if code.starts_with('#') {
            continue;
        }
        if code.starts_with("def ") || code.starts_with("defp ") {
            inside = code.split(['(', ' ', ',']).nth(1).is_some_and(|name| name.contains("dep"));
        }
        if !inside {
            conditions = 0;
            continue;
        }
        let asks = ["if ", "unless "].iter().any(|word| {
            code.starts_with(word)
                || [" ", "(", "++ ", "| "].iter().any(|before| code.contains(&format!("{before}{word}")))
        });
        if asks && code.ends_with("do") {
            conditions += 1;
        } else if code == "end" || code == "end)" {
            conditions = conditions.saturating_sub(1);
        }
        let (start, mut tuple) = match pending.take() {
            Some((start, text)) => (start, format!("{text} {code}")),
            None => (number as u32 + 1, code.to_owned()),
        };
        while let Some(at) = tuple.find("{:") {
            let Some(end) = closing(&tuple[at..]) else {
                if tuple.len() < 2_000 {
                    pending = Some((start, tuple[at..].to_owned()));
                }
                break;
            };
            let inner = tuple[at + 2..at + end].to_owned();
            let (name, rest) = inner.split_once(',').unwrap_or((&inner, ""));
            let rest = rest.trim();
            let requirement =
                rest.strip_prefix('"').and_then(|rest| rest.split('"').next()).unwrap_or_default();
            if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                entries.push(Entry {
                    name: name.trim().to_owned(),
                    requirement: requirement.to_owned(),
                    options: rest.to_owned(),
                    conditional: conditions > 0,
                    line: start,
                });
            }
            tuple = tuple[at + end + 1..].to_owned();
        }
    }
    entries
}

/// Where the brace at the beginning is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_a_condition_declares_may_be_missing_from_the_lockfile() {
        let text = "defp deps do\n  [\n    {:phoenix, \"~> 1.7\"}\n    | if System.get_env(\"KEY\") do\n        [{:paid, \"~> 2.0\", repo: \"x\"}]\n      else\n        []\n      end\n  ]\nend\n";
        let found = entries(text);
        assert_eq!(found.iter().map(|entry| entry.conditional).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn tuples_over_lines() {
        let found = entries(
            "defp deps do\n  [\n    {:phoenix, \"~> 1.7\"},\n    {:heroicons,\n     github: \"x/y\",\n     tag: \"v2\"},\n    {:credo, \"~> 1\", only: [:dev, :test]}\n  ]\nend\n",
        );
        assert_eq!(
            found.iter().map(|e| (e.name.as_str(), e.line)).collect::<Vec<_>>(),
            [("phoenix", 3), ("heroicons", 4), ("credo", 7)]
        );
        assert_eq!(found[0].requirement, "~> 1.7");
    }
}
