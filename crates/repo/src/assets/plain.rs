//! Scripts and style sheets that are sent as they are written.

use seaworthy_facts::PlainSources;

use super::{Reach, Seen, reach};

/// How many files are looked at.
const LOOKED_AT: usize = 5_000;

/// What lies in served folders and is neither minified nor made by a program. A site of plain pages serves everything.
pub fn collect(seen: &Seen) -> PlainSources {
    let mut plain = PlainSources::default();
    let mut largest = 0;
    // Pages of PHP without a framework are served from where they lie, with what lies beside them.
    let plain_site = seen.tree.file("index.html").is_some()
        || seen.tree.file("index.php").is_some() && seen.tree.file("composer.json").is_none();
    let sources = seen.tree.files().iter().filter(|file| {
        matches!(file.extension(), "js" | "mjs" | "css")
            && seen.scan.ships(file)
            && (reach(file) == Reach::Served || plain_site && reach(file) == Reach::ByName)
            && !file.name().contains(".config.")
    });
    for file in seen.tree.first(sources, LOOKED_AT, "scripts and styles") {
        let Some(bytes) = seen.tree.size(file) else { continue };
        plain.files += 1;
        plain.bytes += bytes;
        if bytes > largest {
            largest = bytes;
            plain.largest = Some(file.at());
        }
    }
    plain
}
