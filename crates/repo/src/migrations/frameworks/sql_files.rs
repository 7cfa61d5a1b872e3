//! What frameworks with migrations in SQL files share.

use seaworthy_facts::WayBack;

use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, stem};
use crate::migrations::sql;
use crate::tree::File;

/// Whether a file is SQL.
pub fn is_sql(file: &File) -> bool {
    file.extension() == "sql"
}

/// Reads a migration whose file goes forward, and whose way back, when there is one, is a file of its own.
pub fn read(seen: &Seen, entry: &Entry) -> Draft {
    let Some(text) = seen.tree.text(entry.file) else { return Draft::unreadable(entry.file) };
    Draft::new(way_back(seen, entry, &text), sql::steps(&text, 1))
}

/// The way back by the entry's down file.
pub fn way_back(seen: &Seen, entry: &Entry, forward: &str) -> WayBack {
    let has_down =
        entry.down.and_then(|down| seen.tree.text(down)).is_some_and(|text| sql::has_statements(&text));
    if has_down {
        return WayBack::Yes;
    }
    if !sql::has_statements(forward) {
        return WayBack::NothingToReverse;
    }
    match entry.down {
        Some(down) => WayBack::No { why: "its way back is empty".to_owned(), at: down.at() },
        None => WayBack::No { why: "it has no way back".to_owned(), at: entry.file.at() },
    }
}

/// A file that reverses `file` by one of the usual names beside it: `down.sql`, `x.down.sql`, `x_down.sql`,
/// `down/x.sql`, `rollback/x.sql`.
pub fn beside<'a>(seen: &Seen<'a>, file: &File, alone_in_folder: bool) -> Option<&'a File> {
    let (folder, stem) = (file.folder(), stem(file));
    let mut names = vec![
        format!("{stem}.down.sql"),
        format!("{stem}_down.sql"),
        format!("{stem}-down.sql"),
        format!("{stem}.rollback.sql"),
        format!("{stem}_rollback.sql"),
        format!("down/{stem}.sql"),
        format!("downs/{stem}.sql"),
        format!("rollback/{stem}.sql"),
        format!("rollbacks/{stem}.sql"),
        format!("../rollback/{stem}.sql"),
        format!("../rollbacks/{stem}.sql"),
    ];
    if alone_in_folder {
        names.extend(["down.sql".to_owned(), "rollback.sql".to_owned()]);
    }
    names.iter().find_map(|name| seen.tree.resolve(folder, name))
}

/// Whether a file is a way back by its name, and so no migration of its own.
pub fn is_down(file: &File) -> bool {
    let stem = stem(file);
    ["down", "rollback", "undo"].iter().any(|word| {
        stem == *word || stem.strip_suffix(word).is_some_and(|before| before.ends_with(['.', '_', '-']))
    }) || file.folder().rsplit('/').next().is_some_and(|folder| {
        matches!(folder, "down" | "downs" | "rollback" | "rollbacks" | "undo" | "reverts" | "revert")
    })
}
