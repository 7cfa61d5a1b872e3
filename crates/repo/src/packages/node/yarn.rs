//! `yarn.lock`, of Yarn 1 and of the later ones.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::locks::{Form, NodeLock};
use crate::packages::draft::Known;

/// Reads a lockfile. Both formats are blocks: a line of descriptors, then indented lines about them.
pub fn read(text: &str) -> Result<NodeLock, String> {
    let modern = text.lines().any(|line| line.starts_with("__metadata:"));
    if !modern
        && !text.contains("# yarn lockfile v1")
        && !text.trim().is_empty()
        && !text.contains("resolved ")
    {
        return Err("neither Yarn 1's format nor a later one".to_owned());
    }
    let mut result =
        NodeLock { form: if modern { Form::Exact } else { Form::Descriptors }, ..NodeLock::default() };
    let mut known: HashMap<String, Known> = HashMap::new();
    let mut descriptors: BTreeMap<String, String> = BTreeMap::new();
    let mut block = Block::default();
    for line in text.lines() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let content = line.trim();
        if indent == 0 {
            block.finish(&mut result, &mut known, &mut descriptors, modern);
            block = Block { keys: split_keys(content.trim_end_matches(':')), ..Block::default() };
        } else if indent == 2 {
            block.section = content.trim_end_matches(':').to_owned();
            let (key, value) = split_entry(content);
            if key == "version" {
                block.version = Some(value);
            }
        } else if indent == 4 {
            let entry = split_entry(content);
            match block.section.as_str() {
                "dependencies" | "optionalDependencies" => block.dependencies.push(entry),
                "peerDependencies" => block.peers.push(entry.0),
                "bin" => block.programs.push(entry.0),
                _ => {}
            }
        }
    }
    block.finish(&mut result, &mut known, &mut descriptors, modern);
    if !modern {
        // Yarn 1 does not say which package asks for what: the root stands for all of them.
        result.importers.insert(".".to_owned(), descriptors);
    }
    result.known = Arc::new(known);
    Ok(result)
}

#[derive(Default)]
struct Block {
    keys: Vec<String>,
    section: String,
    version: Option<String>,
    dependencies: Vec<(String, String)>,
    peers: Vec<String>,
    programs: Vec<String>,
}

impl Block {
    fn finish(
        self: &mut Block,
        result: &mut NodeLock,
        known: &mut HashMap<String, Known>,
        descriptors: &mut BTreeMap<String, String>,
        modern: bool,
    ) {
        let block = std::mem::take(self);
        for key in &block.keys {
            let Some(at) = key.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at) else {
                continue;
            };
            let (name, range) = (&key[..at], &key[at + 1..]);
            if let Some(folder) = range.strip_prefix("workspace:")
                && modern
            {
                let looks_like_folder = folder == "."
                    || folder.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.');
                if looks_like_folder && !folder.starts_with(|c: char| c.is_ascii_digit()) {
                    result.importers.insert(folder.to_owned(), block.dependencies.iter().cloned().collect());
                }
                continue;
            }
            descriptors.insert(key.clone(), String::new());
            if let Some(version) = &block.version {
                result.versions.insert((".".to_owned(), name.to_owned()), version.clone());
            }
            if !block.peers.is_empty() || !block.programs.is_empty() {
                let entry = known.entry(name.to_owned()).or_default();
                // One block may have several descriptors of one package.
                entry.peers = block.peers.clone();
                entry.programs = block.programs.clone();
            }
        }
    }
}

/// `"@a/b@^1, @a/b@^2"` and `a@^1, "b@>=1 <2"`.
fn split_keys(line: &str) -> Vec<String> {
    let outer =
        line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).filter(|line| !line.contains('"'));
    match outer {
        Some(inner) => inner.split(", ").map(str::to_owned).collect(),
        None => line.split(", ").map(|key| key.trim_matches('"').to_owned()).collect(),
    }
}

/// `name "range"` of Yarn 1, `name: "npm:range"` of the later ones.
fn split_entry(content: &str) -> (String, String) {
    let clean = |text: &str| text.trim().trim_matches('"').to_owned();
    if let Some((key, value)) = content.split_once(": ") {
        return (clean(key), clean(value));
    }
    match content.split_once(' ') {
        Some((key, value)) => (clean(key), clean(value)),
        None => (clean(content.trim_end_matches(':')), String::new()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn first_format() {
        let lock = read("# yarn lockfile v1\n\n\"@a/b@^1\", \"@a/b@^1.2\":\n  version \"1.2.3\"\n  resolved \"x\"\n\nc@2:\n  version \"2.0.0\"\n").unwrap();
        assert_eq!(lock.resolved(".", "@a/b").unwrap(), "1.2.3");
        assert!(lock.importers["."].contains_key("@a/b@^1.2") && lock.importers["."].contains_key("c@2"));
    }

    #[test]
    fn later_format() {
        let lock = read("__metadata:\n  version: 8\n\n\"a@npm:^1, a@npm:^1.1\":\n  version: 1.1.0\n  peerDependencies:\n    react: \"*\"\n\n\"root@workspace:.\":\n  version: 0.0.0-use.local\n  dependencies:\n    a: \"npm:^1\"\n  languageName: unknown\n").unwrap();
        assert_eq!(lock.importers["."]["a"], "npm:^1");
        assert_eq!(lock.known["a"].peers, ["react"]);
    }
}
