//! Liquibase: change logs in XML, YAML, JSON or SQL with marks, put together by `include` and `includeAll`.

mod changes;
mod formatted;
mod logs;

use std::collections::{BTreeMap, HashSet};

use seaworthy_facts::WayBack;

use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework, candidates};
use crate::migrations::operations::Step;
use crate::tree::File;
use logs::Item;

pub static FRAMEWORK: Framework = Framework { key: "liquibase", has_downs: true, find, read };

/// One change set.
#[derive(Debug, Clone)]
pub struct ChangeSet {
    /// `author:id`.
    pub name: String,
    /// The line on which it begins.
    pub line: u32,
    /// What it does.
    pub steps: Vec<Step>,
    /// How it is reversed.
    pub rollback: Rollback,
}

/// How a change set is reversed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rollback {
    /// By a written rollback, or by changes that Liquibase reverses itself.
    Given,
    /// It does nothing.
    Nothing,
    /// Not, and why.
    Missing(&'static str),
}

/// How deep includes are followed.
const INCLUDE_DEPTH: usize = 16;
/// The most change sets of one set.
const MOST_CHANGE_SETS: usize = 20_000;

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let mut logs: BTreeMap<&str, (&File, Vec<Item>)> = BTreeMap::new();
    for file in candidates(seen) {
        if !matches!(file.extension(), "xml" | "yaml" | "yml" | "json" | "sql") {
            continue;
        }
        let Some(text) = seen.tree.text(file) else { continue };
        let Some(items) = logs::items(file, &text) else { continue };
        logs.insert(&file.path, (file, items));
    }
    // What no other log includes is a log that the application names.
    let mut included: HashSet<&str> = HashSet::new();
    for (file, items) in logs.values() {
        for item in items {
            for target in targets(seen, file, item) {
                if target.path != file.path {
                    included.insert(&target.path);
                }
            }
        }
    }
    let mut sets: Vec<Found> = Vec::new();
    for (file, items) in logs.values().filter(|(file, _)| !included.contains(file.path.as_str())) {
        let mut entries = Vec::new();
        let mut entered = HashSet::new();
        expand(seen, &logs, file, items, &mut entries, &mut entered, 0);
        let mut folders: Vec<String> = entries.iter().map(|entry| entry.file.folder().to_owned()).collect();
        folders.sort();
        folders.dedup();
        sets.push(Found { folders, entries, engine: None });
    }
    // Loose formatted files that nothing includes belong together by their folder.
    merge_loose(sets)
}

/// Sets of one file each in the same folder are one set, in the order of their names.
fn merge_loose(sets: Vec<Found>) -> Vec<Found> {
    let (loose, mut whole): (Vec<Found>, Vec<Found>) = sets.into_iter().partition(|set| {
        set.entries.first().is_some_and(|first| {
            first.file.extension() == "sql"
                && set.entries.iter().all(|entry| entry.file.index == first.file.index)
        })
    });
    let mut by_folder: BTreeMap<String, Found> = BTreeMap::new();
    for set in loose {
        let merged = by_folder.entry(set.folders.join(",")).or_default();
        merged.folders = set.folders;
        merged.entries.extend(set.entries);
    }
    whole.extend(by_folder.into_values());
    whole
}

/// The change sets of a log in the order in which they run. Depth is limited, and no file is entered twice.
fn expand<'a>(
    seen: &Seen<'a>,
    logs: &BTreeMap<&str, (&'a File, Vec<Item>)>,
    file: &'a File,
    items: &[Item],
    entries: &mut Vec<Entry<'a>>,
    entered: &mut HashSet<usize>,
    depth: usize,
) {
    if depth > INCLUDE_DEPTH || !entered.insert(file.index) {
        return;
    }
    let mut part = 0;
    for item in items {
        if entries.len() >= MOST_CHANGE_SETS {
            return;
        }
        if let Item::ChangeSet(change_set) = item {
            let mut entry = Entry::new(change_set.name.clone(), file);
            entry.part = part;
            part += 1;
            entries.push(entry);
            continue;
        }
        for target in targets(seen, file, item) {
            match logs.get(target.path.as_str()) {
                Some((file, items)) => expand(seen, logs, file, items, entries, entered, depth + 1),
                // SQL without marks is one change set as a whole.
                None if target.extension() == "sql" && entered.insert(target.index) => {
                    entries.push(Entry::new(target.name(), target));
                }
                None => {}
            }
        }
    }
}

/// The files that an item includes, in order.
fn targets<'a>(seen: &Seen<'a>, file: &File, item: &Item) -> Vec<&'a File> {
    match item {
        Item::ChangeSet(_) => Vec::new(),
        Item::Include { path, relative } => {
            resolve(seen, file, path, *relative, |path| seen.tree.file(path).map(|file| vec![file]))
                .unwrap_or_default()
        }
        Item::IncludeAll { path, relative } => resolve(seen, file, path, *relative, |folder| {
            let mut files: Vec<&File> = candidates(seen)
                .filter(|file| {
                    file.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
                        && matches!(file.extension(), "xml" | "yaml" | "yml" | "json" | "sql")
                })
                .collect();
            files.sort_by(|a, b| a.path.cmp(&b.path));
            (!files.is_empty()).then_some(files)
        })
        .unwrap_or_default(),
    }
}

/// A path beside the log, or from a root of the class path, which is some folder above the log.
fn resolve<'a>(
    _: &Seen<'a>,
    file: &File,
    path: &str,
    relative: bool,
    look: impl Fn(&str) -> Option<Vec<&'a File>>,
) -> Option<Vec<&'a File>> {
    let path = path.trim_start_matches("classpath*:").trim_start_matches("classpath:").trim_end_matches('/');
    if relative {
        return look(&crate::tree::join(file.folder(), path)?);
    }
    let path = path.trim_start_matches('/');
    let mut folder = file.folder();
    loop {
        if let Some(found) = crate::tree::join(folder, path).and_then(|path| look(&path)) {
            return Some(found);
        }
        if folder == "." {
            return None;
        }
        folder = folder.rsplit_once('/').map_or(".", |(above, _)| above);
    }
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    let Some(text) = seen.tree.text(entry.file) else { return Draft::unreadable(entry.file) };
    let items = logs::items(entry.file, &text)
        .unwrap_or_else(|| vec![Item::ChangeSet(formatted::unmarked(entry.file.name(), &text))]);
    let change_set = items
        .into_iter()
        .filter_map(|item| match item {
            Item::ChangeSet(change_set) => Some(change_set),
            _ => None,
        })
        .nth(entry.part);
    let Some(change_set) = change_set else { return Draft::unreadable(entry.file) };
    let way_back = match change_set.rollback {
        Rollback::Given => WayBack::Yes,
        Rollback::Nothing => WayBack::NothingToReverse,
        Rollback::Missing(why) => {
            WayBack::No { why: why.to_owned(), at: entry.file.at_line(change_set.line) }
        }
    };
    Draft { way_back, steps: change_set.steps, line: Some(change_set.line) }
}

#[cfg(test)]
mod tests;
