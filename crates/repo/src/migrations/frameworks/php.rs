//! What the frameworks of PHP share.

use crate::migrations::Seen;
use crate::migrations::frame::{Entry, Found};
use crate::tree::File;

/// The nearest folder above a file that holds this marker; the root when there is none.
pub fn project<'a>(seen: &Seen, file: &'a File, marker: &str) -> &'a str {
    let mut folder = file.folder();
    loop {
        if seen.tree.resolve(folder, marker).is_some() {
            return folder;
        }
        match folder.rsplit_once('/') {
            Some((above, _)) => folder = above,
            None => return ".",
        }
    }
}

/// Adds a migration and its folder to a set.
pub fn add<'a>(set: &mut Found<'a>, entry: Entry<'a>) {
    let folder = entry.file.folder();
    if set.folders.iter().all(|known| known != folder) {
        set.folders.push(folder.to_owned());
    }
    set.entries.push(entry);
}
