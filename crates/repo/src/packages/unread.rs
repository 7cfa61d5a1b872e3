//! Package managers that are there but that nothing here reads.

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
    unread
}
