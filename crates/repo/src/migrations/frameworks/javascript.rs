//! What the frameworks of JavaScript and TypeScript share.

use std::collections::BTreeMap;

use seaworthy_syntax::code::Node;

use crate::migrations::Seen;
use crate::migrations::engine;
use crate::migrations::frame::{Entry, Found, candidates, in_order, stem};
use crate::tree::File;

/// Files that can be migrations by their place: in a folder of migrations, or numbered. Their text must hold each of
/// `all` and none of `none`.
pub fn files<'a>(seen: &Seen<'a>, accepts: impl Fn(&str) -> bool) -> Vec<&'a File> {
    candidates(seen)
        .filter(|file| matches!(file.extension(), "js" | "cjs" | "mjs" | "ts" | "cts" | "mts"))
        .filter(|file| {
            let in_migrations = file.folder().to_ascii_lowercase().contains("migrat");
            (in_migrations || file.name().bytes().take_while(u8::is_ascii_digit).count() >= 8)
                && !file.name().ends_with(".d.ts")
        })
        .filter(|file| seen.tree.text(file).is_some_and(|text| accepts(&text)))
        .collect()
}

/// One set for each package, and within it one for each engine that a folder is named for.
pub fn sets<'a>(seen: &Seen<'a>, files: Vec<&'a File>) -> Vec<Found<'a>> {
    let mut sets: BTreeMap<(&str, String), Found> = BTreeMap::new();
    for file in files {
        let last = file.folder().rsplit('/').next().unwrap_or_default();
        let engine = engine::of_name(last);
        let of_engine = engine.map(|_| last.to_owned()).unwrap_or_default();
        let set = sets.entry((super::php::project(seen, file, "package.json"), of_engine)).or_default();
        set.engine = engine;
        super::php::add(set, Entry::new(stem(file), file));
    }
    sets.into_values()
        .map(|mut set| {
            in_order(&mut set.entries);
            set
        })
        .collect()
}

/// Whether a text has a function `up` that others can call.
pub fn has_up(text: &str) -> bool {
    text.contains("up") && (text.contains("export") || text.contains("class "))
}

/// The members of an array, or the one value.
pub fn members(node: Node) -> Vec<Node> {
    if node.kind() != "array" {
        return vec![node];
    }
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|node| !node.kind().contains("comment")).collect()
}
