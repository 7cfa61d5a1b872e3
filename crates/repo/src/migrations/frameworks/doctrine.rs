//! Doctrine Migrations: classes `Version…` with `up()`, `down()` and SQL.

use std::collections::BTreeMap;

use super::php;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework, candidates, stem, version};

pub static FRAMEWORK: Framework = Framework { key: "doctrine", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let mut sets: BTreeMap<&str, Found> = BTreeMap::new();
    let files = candidates(seen).filter(|file| {
        file.extension() == "php"
            && file.name().strip_prefix("Version").is_some_and(|rest| version(rest).is_some())
            && seen.tree.text(file).is_some_and(|text| text.contains("AbstractMigration"))
    });
    for file in files {
        let set = sets.entry(php::project(seen, file, "composer.json")).or_default();
        php::add(set, Entry::new(stem(file), file));
    }
    sets.into_values()
        .map(|mut set| {
            set.entries.sort_by(|a, b| (&a.name, &a.file.path).cmp(&(&b.name, &b.file.path)));
            set
        })
        .collect()
}

fn read<'a>(_: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    Draft::unreadable(entry.file)
}
