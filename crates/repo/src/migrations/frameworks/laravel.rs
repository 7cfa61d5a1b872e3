//! Laravel: PHP classes in `database/migrations`, in order of their file names over all folders of an application.

use std::collections::BTreeMap;

use super::php;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework, candidates, in_order, stem, version};

pub static FRAMEWORK: Framework = Framework { key: "laravel", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let mut sets: BTreeMap<&str, Found> = BTreeMap::new();
    let files = candidates(seen).filter(|file| {
        file.extension() == "php"
            && version(file.name()).is_some_and(|version| version.len() >= 3)
            && file.folder().to_ascii_lowercase().contains("migrations")
            && seen.tree.text(file).is_some_and(|text| {
                text.contains("extends Migration") && text.contains("Illuminate\\Database\\Migrations")
            })
    });
    for file in files {
        let set = sets.entry(php::project(seen, file, "artisan")).or_default();
        php::add(set, Entry::new(stem(file), file));
    }
    sets.into_values()
        .map(|mut set| {
            in_order(&mut set.entries);
            set
        })
        .collect()
}

fn read<'a>(_: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    Draft::unreadable(entry.file)
}
