//! Package managers that are there but that nothing here reads, and manifests that nobody can read.

use seaworthy_facts::Unread;

use super::draft::counts;
use crate::tree::Tree;

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
    let manifests = tree.files().iter().filter(|file| {
        (MANIFESTS.contains(&file.name()) || file.name().ends_with("proj"))
            && file.class == crate::tree::Class::Shipped
            && counts(file)
    });
    for file in manifests.filter(|file| tree.is_broken(&file.path)).take(20) {
        unread.push(Unread { what: format!("{} is broken and was not read", file.path), at: file.at() });
    }
    // The manifests were listed before the rooms had turns.
    for cut in tree.turn(0).cuts().into_iter().chain(tree.cuts()) {
        if !unread.contains(&cut) {
            unread.push(cut);
        }
    }
    unread
}
