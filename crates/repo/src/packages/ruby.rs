//! `Gemfile`, gemspecs and `Gemfile.lock`.

use std::collections::HashMap;
use std::sync::Arc;

use seaworthy_facts::{Ecosystem, Lock, Scope};
use seaworthy_syntax::Limits;
use seaworthy_syntax::code::{self, Language};

use super::draft::{self, Draft, Known, MANIFESTS, counts, missing};
use crate::tree::{File, Tree};

/// Every Gemfile.
pub fn manifests(tree: &Tree) -> Vec<Draft> {
    let files = tree.named("Gemfile").chain(tree.named("gems.rb"));
    let files = tree.first(files.filter(|file| counts(file)), MANIFESTS, "Gemfiles");
    files.into_iter().filter_map(|file| gemfile(tree, file)).collect()
}

fn gemfile(tree: &Tree, file: &File) -> Option<Draft> {
    let text = tree.text(file)?;
    let mut draft = Draft::new(tree, file, Ecosystem::Rubygems);
    let mut gemspec = false;
    read(&text, file, &mut draft, &mut gemspec);
    // A file that is evaluated adds its gems.
    for included in included(&text) {
        if let Some(other) = tree.resolve(file.folder(), &included)
            && let Some(text) = tree.text(other)
        {
            read(&text, other, &mut draft, &mut gemspec);
        }
    }
    let name = if file.name() == "gems.rb" { "gems.locked" } else { "Gemfile.lock" };
    if draft.manifest.dependencies.is_empty() && !gemspec {
        draft.manifest.lock = Lock::NotNeeded { why: "no gems are declared".to_owned() };
        return Some(draft);
    }
    let Some(lockfile) = tree.resolve(file.folder(), name) else {
        draft.manifest.lock = missing(tree, file.folder(), &[name]);
        return Some(draft);
    };
    let Some(text) = tree.text(lockfile) else {
        draft.manifest.lock = draft::unreadable(lockfile, "it could not be read");
        return Some(draft);
    };
    let lock = read_lock(&text);
    if !lock.understood {
        draft.manifest.lock = draft::unreadable(lockfile, "it has no DEPENDENCIES section");
        return Some(draft);
    }
    let mut differences = Vec::new();
    for gem in &draft.manifest.dependencies {
        match lock.dependencies.get(&gem.name) {
            // Bundler leaves out gems of platforms that the lockfile does not list.
            None if gem.scope == Scope::Optional => {}
            None => differences.push(format!("{} is not in the lockfile", gem.name)),
            Some(locked) if differ(&gem.requirement, locked) => differences.push(format!(
                "{}: the Gemfile asks for {}, the lockfile was made for {locked}",
                gem.name, gem.requirement
            )),
            Some(_) => {}
        }
    }
    draft.resolve(|name| lock.versions.get(name).cloned());
    draft.known = Arc::new(lock.known);
    draft.compared(lockfile.at(), differences);
    Some(draft)
}

/// Reads the `gem` calls of a file with the groups around them.
fn read(text: &str, file: &File, draft: &mut Draft, gemspec: &mut bool) {
    let Some(tree) = code::parse(Language::Ruby, text, &Limits::default()) else { return };
    for call in code::calls(tree.root_node(), text) {
        match call.callee.as_str() {
            "gemspec" => *gemspec = true,
            "gem" => {
                let Some(name) = call.arguments.first().and_then(|node| code::string_value(*node, text))
                else {
                    continue;
                };
                let versions: Vec<String> = call
                    .arguments
                    .iter()
                    .skip(1)
                    .filter_map(|node| code::string_value(*node, text))
                    .collect();
                let word = |key: &str| call.keyword(key, text).map(|node| code::text(node, text).to_owned());
                let requirement = versions.join(", ");
                let group = word("group").or_else(|| word("groups")).unwrap_or_default();
                let around = groups_around(call.node, text);
                let scope = if is_development(&group) || around.iter().any(|group| is_development(group)) {
                    Scope::Development
                } else if word("require").as_deref() == Some("false") {
                    Scope::Runtime
                } else if word("install_if").is_some() {
                    Scope::Optional
                } else {
                    Scope::Runtime
                };
                let exact = word("path").is_some()
                    || word("ref").is_some()
                    || versions.len() == 1 && draft::is_version(versions[0].trim_start_matches(['=', ' ']));
                let platforms = word("platforms").or_else(|| word("platform")).unwrap_or_default();
                // Gems for other platforms than the one in use cannot be told from code.
                let scope = if platforms.contains("windows")
                    || platforms.contains("mingw")
                    || platforms.contains("jruby")
                {
                    Scope::Optional
                } else {
                    scope
                };
                if let Some(required) = word("require")
                    && required.trim_matches(['"', '\'']) != name
                {
                    draft.texts.push((0, format!("{name}\n{required}")));
                }
                if !draft.manifest.dependencies.iter().any(|known| known.name == name) {
                    draft.depend(&name, &requirement, scope, exact, file.at_line(call.line));
                }
            }
            _ => {}
        }
    }
}

fn is_development(group: &str) -> bool {
    let words: Vec<&str> = group
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    !words.is_empty()
        && words.iter().all(|word| {
            matches!(
                *word,
                "development"
                    | "test"
                    | "ci"
                    | "debug"
                    | "doc"
                    | "docs"
                    | "lint"
                    | "tools"
                    | "optional"
                    | "true"
                    | "deploy"
                    | "dev"
                    | "rubocop"
                    | "i"
                    | "w"
            )
        })
}

/// The arguments of the `group` blocks that a call stands in.
fn groups_around(node: code::Node<'_>, text: &str) -> Vec<String> {
    let mut groups = Vec::new();
    let mut above = node.parent();
    for _ in 0..64 {
        let Some(current) = above else { break };
        if matches!(current.kind(), "call" | "method_call") {
            let source = code::text(current, text);
            if let Some(rest) = source.strip_prefix("group") {
                let end = rest.find([';', '\n']).unwrap_or(rest.len());
                let head =
                    rest[..end].split(" do").next().unwrap_or_default().trim().trim_matches(['(', ')']);
                groups.push(head.split("optional:").next().unwrap_or(head).to_owned());
            }
        }
        above = current.parent();
    }
    groups
}

fn included(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("eval_gemfile"))
        .filter_map(|rest| rest.split(['"', '\'']).nth(1).map(str::to_owned))
        .take(10)
        .collect()
}

#[derive(Default)]
struct GemLock {
    understood: bool,
    dependencies: HashMap<String, String>,
    versions: HashMap<String, String>,
    known: HashMap<String, Known>,
}

fn read_lock(text: &str) -> GemLock {
    let mut lock = GemLock::default();
    let mut section = "";
    let mut current = String::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let content = line.trim();
        match (indent, section) {
            (0, _) => {
                section = content;
                lock.understood |= section == "DEPENDENCIES";
            }
            (2, "DEPENDENCIES") => {
                let (name, rest) = content.split_once(' ').unwrap_or((content, ""));
                let requirement = rest.trim_start_matches('(').trim_end_matches(['!', ')']);
                lock.dependencies.insert(
                    name.trim_end_matches('!').to_owned(),
                    requirement.trim_end_matches(')').to_owned(),
                );
            }
            (4, "GEM" | "PATH" | "GIT") => {
                if let Some((name, version)) = content.split_once(" (") {
                    current = name.to_owned();
                    lock.versions.insert(name.to_owned(), version.trim_end_matches(')').to_owned());
                }
            }
            (6, "GEM" | "PATH" | "GIT") => {
                let name = content.split(' ').next().unwrap_or(content).to_owned();
                // What others in the bundle need.
                lock.known.entry(current.clone()).or_default().peers.push(name);
            }
            _ => {}
        }
    }
    lock
}

/// Two lists of requirements that cannot mean the same.
fn differ(asked: &str, locked: &str) -> bool {
    let set = |text: &str| {
        let mut parts: Vec<String> = text
            .split(',')
            .map(|part| part.split_whitespace().collect::<String>())
            .map(|part| {
                part.strip_prefix('=').map_or(part.clone(), |rest| {
                    if rest.starts_with('=') { part.clone() } else { rest.to_owned() }
                })
            })
            .filter(|part| !part.is_empty() && part != ">=0")
            .collect();
        parts.sort();
        parts
    };
    // What is computed in the Gemfile does not show.
    if asked.contains(['#', '$', '{']) {
        return false;
    }
    let (asked, locked) = (set(asked), set(locked));
    asked != locked && !asked.is_empty()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn requirements_are_compared_as_sets() {
        assert!(!differ("~> 3.8, >= 3.8.1", ">= 3.8.1, ~> 3.8"));
        assert!(!differ("= 1.0", "= 1.0"));
        assert!(differ("~> 2.0", "~> 1.0"));
        assert!(!differ("", "~> 1.0"));
    }

    #[test]
    fn the_lockfile_is_read() {
        let lock = read_lock(
            "GEM\n  remote: https://rubygems.org/\n  specs:\n    rails (7.1.0)\n      actionpack (= 7.1.0)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  rails (~> 7.1)\n  own!\n",
        );
        assert_eq!(lock.dependencies["rails"], "~> 7.1");
        assert!(lock.dependencies.contains_key("own"));
        assert_eq!(lock.versions["rails"], "7.1.0");
        assert_eq!(lock.known["rails"].peers, ["actionpack"]);
    }
}
