//! `composer.json` and `composer.lock`.

use std::collections::HashMap;
use std::sync::Arc;

use seaworthy_facts::{Ecosystem, Lock, Scope};
use seaworthy_syntax::json;
use seaworthy_syntax::tree::Node;
use serde::Deserialize;

mod hash;

use super::draft::{Draft, Known, MANIFESTS, counts, is_version, missing, parsed, unreadable};
use crate::tree::{File, Tree};

/// Every `composer.json`.
pub fn manifests(tree: &Tree) -> Vec<Draft> {
    tree.first(tree.named("composer.json").filter(|file| counts(file)), MANIFESTS, "composer.json files")
        .into_iter()
        .filter_map(|file| composer(tree, file))
        .collect()
}

/// What Composer asks of the platform itself.
fn is_platform(name: &str) -> bool {
    !name.contains('/')
}

fn composer(tree: &Tree, file: &File) -> Option<Draft> {
    let node = parsed(tree, file, json::parse)?;
    let mut draft = Draft::new(tree, file, Ecosystem::Packagist);
    for (group, scope) in [("require", Scope::Runtime), ("require-dev", Scope::Development)] {
        for (key, value) in node.get(group).map(Node::map).unwrap_or_default() {
            let requirement = value.as_str().unwrap_or_default();
            // `php`, `ext-*`, `lib-*` are no packages but limits of the platform.
            if !is_platform(&key.text) {
                draft.depend(&key.text, requirement, scope, is_version(requirement), file.at_line(key.line));
            }
        }
    }
    for (_, script) in node.get("scripts").map(Node::map).unwrap_or_default() {
        for part in script.list_or_single() {
            if let Some(text) = part.as_str() {
                draft.texts.push((part.line, text.to_owned()));
            }
        }
    }
    if draft.manifest.dependencies.is_empty() {
        draft.manifest.lock = Lock::NotNeeded { why: "no packages are declared".to_owned() };
        return Some(draft);
    }
    if draft.manifest.dependencies.iter().all(|dependency| dependency.scope != Scope::Runtime) {
        draft.manifest.ships = false;
    }
    let name = format!("{}.lock", file.name().trim_end_matches(".json"));
    let Some(lockfile) = tree.resolve(file.folder(), &name) else {
        draft.manifest.lock = missing(tree, file.folder(), &[&name]);
        return Some(draft);
    };
    let read = tree.text(lockfile).ok_or_else(|| "it could not be read".to_owned()).and_then(|text| {
        serde_json::from_str::<ComposerLock>(&text)
            .map_err(|error| format!("no valid composer.lock: {error}"))
    });
    match read {
        Err(why) => draft.manifest.lock = unreadable(lockfile, why),
        Ok(lock) => {
            let mut differences = differences(&node, &draft, &lock);
            // Composer's own test, which also sees what the requirements do not show.
            if differences.is_empty()
                && !lock.content_hash.is_empty()
                && hash::content_hash(&node).is_some_and(|hash| hash != lock.content_hash)
            {
                differences.push("its content-hash is that of another composer.json".to_owned());
            }
            let mut known = HashMap::new();
            let mut versions = HashMap::new();
            for package in lock.packages.into_iter().chain(lock.packages_dev) {
                let name = package.name.to_ascii_lowercase();
                versions.insert(name.clone(), package.version.clone());
                known.insert(name, package.known());
            }
            draft.resolve(|name| versions.get(&name.to_ascii_lowercase()).cloned());
            draft.known = Arc::new(known);
            draft.compared(lockfile.at(), differences);
        }
    }
    Some(draft)
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct ComposerLock {
    content_hash: String,
    packages: Vec<ComposerPackage>,
    packages_dev: Vec<ComposerPackage>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct ComposerPackage {
    name: String,
    version: String,
    #[serde(rename = "type")]
    kind: String,
    autoload: serde_json::Value,
    extra: serde_json::Value,
    bin: serde_json::Value,
    replace: serde_json::Value,
    provide: serde_json::Value,
    suggest: serde_json::Value,
}

impl ComposerPackage {
    /// What code and framework know it by.
    fn known(self) -> Known {
        let keys = |value: &serde_json::Value| -> Vec<String> {
            value.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
        };
        let mut names = Vec::new();
        for style in ["psr-4", "psr-0"] {
            let prefixes = self.autoload.get(style).map(keys).unwrap_or_default();
            names.extend(prefixes.into_iter().filter(|prefix| prefix.len() > 1));
        }
        let has_files = self
            .autoload
            .get("files")
            .and_then(|files| files.as_array())
            .is_some_and(|files| !files.is_empty());
        let laravel = self.extra.get("laravel");
        let providers = laravel.and_then(|laravel| laravel.get("providers")).is_some();
        let discovered = if providers {
            Some("Laravel discovers its service provider".to_owned())
        } else {
            match self.kind.as_str() {
                "composer-plugin" | "composer-installer" => Some("a plugin of Composer itself".to_owned()),
                "symfony-bundle" => None,
                "metapackage" | "symfony-pack" => Some("it only brings in other packages".to_owned()),
                "wordpress-plugin"
                | "wordpress-theme"
                | "drupal-module"
                | "wordpress-muplugin"
                | "typo3-cms-extension" => Some("the content management system loads it".to_owned()),
                _ if self.name.contains("/polyfill-") => {
                    Some("a polyfill, loaded by the autoloader".to_owned())
                }
                _ => None,
            }
        };
        let programs = self
            .bin
            .as_array()
            .map(|paths| {
                paths
                    .iter()
                    .filter_map(|path| path.as_str())
                    .map(|path| path.rsplit('/').next().unwrap_or(path).to_owned())
                    .collect()
            })
            .unwrap_or_default();
        // Names under which code calls it without its namespace.
        let aliases = laravel.and_then(|laravel| laravel.get("aliases")).map(keys).unwrap_or_default();
        let peers = keys(&self.suggest);
        Known { programs, peers, names, aliases, functions: has_files, discovered, unnamed_programs: false }
    }
}

/// What is asked for and not locked, and versions that cannot satisfy what is asked for.
fn differences(node: &Node, draft: &Draft, lock: &ComposerLock) -> Vec<String> {
    let packages = || lock.packages.iter().chain(&lock.packages_dev);
    let stands_in = |package: &ComposerPackage, name: &str| {
        [&package.replace, &package.provide].iter().any(|map| {
            map.as_object().is_some_and(|map| map.keys().any(|key| key.eq_ignore_ascii_case(name)))
        })
    };
    // A package may stand in for itself under its own name.
    let own = node.get("replace").map(Node::map).unwrap_or_default();
    let mut differences = Vec::new();
    for dependency in &draft.manifest.dependencies {
        match packages().find(|package| package.name.eq_ignore_ascii_case(&dependency.name)) {
            Some(package) if !may_satisfy(&package.version, &dependency.requirement) => {
                differences.push(format!(
                    "{}: the manifest asks for {}, the lockfile has {}",
                    dependency.name, dependency.requirement, package.version
                ))
            }
            Some(_) => {}
            None => {
                let replaced = packages().any(|package| stands_in(package, &dependency.name))
                    || own.iter().any(|(key, _)| key.text.eq_ignore_ascii_case(&dependency.name));
                if !replaced {
                    differences.push(format!("{} is not in the lockfile", dependency.name));
                }
            }
        }
    }
    differences
}

/// Whether a locked version may satisfy a simple constraint. Anything but `^`, `~`, exact numbers and their
/// alternatives is taken to be satisfied.
fn may_satisfy(version: &str, constraint: &str) -> bool {
    let Some(version) = numbers(version) else { return true };
    constraint.split('|').map(str::trim).filter(|part| !part.is_empty()).any(|part| {
        let part = part.split('@').next().unwrap_or(part).trim();
        let caret = part.strip_prefix('^');
        let tilde = part.strip_prefix('~');
        let Some(wanted) = caret.or(tilde).or(Some(part)).and_then(numbers) else { return true };
        if part.contains([' ', ',', '*', '>', '<', '!']) || part.contains(" - ") {
            return true;
        }
        let least = version
            .iter()
            .zip(&wanted)
            .find(|(have, want)| have != want)
            .is_none_or(|(have, want)| have > want);
        if caret.is_some() {
            let fixed = wanted.iter().position(|number| *number != 0).unwrap_or(0);
            least && version.iter().zip(&wanted).take(fixed + 1).all(|(have, want)| have == want)
        } else if tilde.is_some() {
            let given = wanted.len();
            least
                && version
                    .iter()
                    .zip(&wanted)
                    .take(given.saturating_sub(1).max(1))
                    .all(|(have, want)| have == want)
        } else {
            version.iter().zip(&wanted).all(|(have, want)| have == want)
        }
    })
}

fn numbers(text: &str) -> Option<Vec<u32>> {
    let text = text.trim().trim_start_matches('v').trim_start_matches('=');
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let parts: Vec<u32> = text[..end].split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    (!parts.is_empty()).then_some(parts)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn simple_constraints() {
        assert!(may_satisfy("v10.4.1", "^10.0"));
        assert!(!may_satisfy("v9.52.0", "^10.0"));
        assert!(may_satisfy("2.9.1", "^1.0 || ^2.9"));
        assert!(may_satisfy("0.3.4", "^0.3"));
        assert!(!may_satisfy("0.4.0", "^0.3"));
        assert!(may_satisfy("1.9", "~1.2"));
        assert!(!may_satisfy("1.3.0", "~1.2.0"));
        assert!(may_satisfy("dev-main", "^1.0"));
        assert!(may_satisfy("3.1.0", ">=2 <4"));
        assert!(may_satisfy("3.1.0", "3.1.*"));
    }
}
