//! Phinx, and CakePHP's migrations, which are built on it: `<timestamp>_name.php` with `change()`, or `up()` and `down()`.

use super::php;
use crate::migrations::Seen;
use crate::migrations::frame::{
    Draft, Entry, Found, Framework, by_folder, candidates, in_order, stem, version,
};

pub static FRAMEWORK: Framework = Framework { key: "phinx", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let files = candidates(seen).filter(|file| {
        file.extension() == "php"
            && version(file.name()).is_some()
            && seen.tree.text(file).is_some_and(|text| is_phinx(&text))
    });
    by_folder(files)
        .into_iter()
        .map(|(_, files)| {
            let mut set = Found::default();
            for file in files {
                php::add(&mut set, Entry::new(stem(file), file));
            }
            in_order(&mut set.entries);
            set
        })
        .collect()
}

/// It uses the base class of Phinx or of CakePHP's plugin, or an own one that carries the usual name.
fn is_phinx(text: &str) -> bool {
    text.contains("Phinx\\Migration\\")
        || text.contains("Migrations\\AbstractMigration")
        || text.contains("Migrations\\BaseMigration")
}

fn read<'a>(_: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    Draft::unreadable(entry.file)
}
