//! Package managers that are there but that nothing here reads, and manifests that nobody can read.

use seaworthy_facts::Unread;

use super::draft::counts;
use crate::tree::{File, Tree};

const MANAGERS: &[(&str, &str)] = &[
    ("Package.swift", "Swift packages"),
    ("Podfile", "CocoaPods"),
    ("environment.yml", "a conda environment"),
    ("environment.yaml", "a conda environment"),
    ("build.sbt", "sbt"),
    ("deps.edn", "Clojure dependencies"),
    ("project.clj", "Leiningen"),
    ("bower.json", "Bower"),
    ("rebar.config", "rebar3"),
    ("stack.yaml", "Haskell Stack"),
    ("cpanfile", "CPAN modules"),
    ("gleam.toml", "Gleam packages"),
    ("shard.yml", "Crystal shards"),
];

/// Manifests that are parsed as a whole.
const MANIFESTS: &[&str] = &[
    "package.json",
    "deno.json",
    "deno.jsonc",
    "pyproject.toml",
    "Pipfile",
    "composer.json",
    "Cargo.toml",
    "pom.xml",
    "libs.versions.toml",
    "pubspec.yaml",
];

/// Manifests that are read line by line or by their code.
const WRITTEN: &[&str] = &[
    "requirements.txt",
    "setup.py",
    "go.mod",
    "Gemfile",
    "mix.exs",
    "build.gradle",
    "build.gradle.kts",
    "build.sbt",
];

/// Manifests that ship and that could not be read or understood. What they would have shown is open.
pub fn manifests(tree: &Tree) -> Vec<Unread> {
    let ours = |file: &&File| {
        let name = file.name();
        (MANIFESTS.contains(&name) || WRITTEN.contains(&name) || name.ends_with("proj"))
            && file.class == crate::tree::Class::Shipped
            && counts(file)
            // A template of a project is no project yet.
            && !file.path.contains("{{")
    };
    let unread = tree.files().iter().filter(ours).filter_map(|file| {
        let why = if tree.is_broken(&file.path) {
            "is broken and was not read"
        } else if tree.is_unreadable(file) {
            "could not be read"
        } else {
            return None;
        };
        Some(Unread { what: format!("{} {why}", file.path), at: file.at() })
    });
    unread.take(20).collect()
}

/// Each manifest of a manager that is not read.
pub fn managers(tree: &Tree) -> Vec<Unread> {
    let mut unread = Vec::new();
    for (name, what) in MANAGERS {
        for file in
            tree.named(name).filter(|file| counts(file) && file.class == crate::tree::Class::Shipped).take(20)
        {
            unread.push(Unread {
                what: format!("{what}: this version has no reader for {name}"),
                at: file.at(),
            });
        }
    }
    unread.extend(manifests(tree));
    // The manifests were listed before the rooms had turns.
    for cut in tree.turn(0).cuts().into_iter().chain(tree.cuts()) {
        if !unread.contains(&cut) {
            unread.push(cut);
        }
    }
    unread
}
