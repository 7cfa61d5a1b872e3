//! Rails: Ruby classes in `db/migrate`, and in `db/*_migrate` for each further database.

use std::collections::BTreeMap;

use super::rails_operations;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework, candidates, in_order, stem, version};
use crate::migrations::source::Source;
use crate::tree::File;

pub static FRAMEWORK: Framework = Framework { key: "rails", has_downs: true, find, read };

/// One set for each folder of migrations of an application. What an engine ships is copied into the application that uses
/// it, so an engine's own folder is no history.
fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let mut sets: BTreeMap<String, Found> = BTreeMap::new();
    for file in candidates(seen).filter(|file| file.extension() == "rb" && version(file.name()).is_some()) {
        let Some((application, database)) = location(file) else { continue };
        if is_engine(seen, application)
            || !seen.tree.text(file).is_some_and(|text| text.contains("ActiveRecord::Migration"))
        {
            continue;
        }
        let set = sets.entry(format!("{application}/{database}")).or_default();
        if set.folders.iter().all(|folder| folder != file.folder()) {
            set.folders.push(file.folder().to_owned());
        }
        set.entries.push(Entry::new(stem(file), file));
    }
    sets.into_values()
        .map(|mut set| {
            in_order(&mut set.entries);
            set
        })
        .collect()
}

/// The application's folder and the database that a file's folder is for.
fn location(file: &File) -> Option<(&str, &str)> {
    let mut above = file.folder();
    loop {
        let (rest, last) = above.rsplit_once('/')?;
        let database = match last {
            // Migrations that run once the new version is up: a part of the same history.
            "migrate" | "post_migrate" => Some(""),
            _ => last.strip_suffix("_migrate"),
        };
        if let Some(database) = database
            && (rest == "db" || rest.ends_with("/db"))
        {
            return Some((rest.strip_suffix("/db").unwrap_or("."), database));
        }
        above = rest;
    }
}

/// A folder with a gem's specification that is no application.
fn is_engine(seen: &Seen, folder: &str) -> bool {
    seen.tree.resolve(folder, "config/application.rb").is_none()
        && seen.tree.under(folder).any(|file| file.folder() == folder && file.extension() == "gemspec")
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    match Source::parse(seen, entry.file) {
        Some(source) => rails_operations::read(entry.file, &source),
        None => Draft::unreadable(entry.file),
    }
}

#[cfg(test)]
#[path = "rails_tests.rs"]
mod tests;
