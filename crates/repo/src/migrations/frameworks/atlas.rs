//! Atlas: a folder of SQL files with `atlas.sum`. Its plans are forward only; downs are worked out by its own service or
//! written beside.

use super::sql_files;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework, candidates, in_order, stem};

pub static FRAMEWORK: Framework = Framework { key: "atlas", has_downs: false, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    candidates(seen)
        .filter(|file| file.name() == "atlas.sum")
        .map(|sum| {
            let folder = sum.folder();
            let mut entries: Vec<Entry> = candidates(seen)
                .filter(|file| {
                    file.folder() == folder && sql_files::is_sql(file) && !sql_files::is_down(file)
                })
                .map(|file| {
                    let name = stem(file);
                    let name = name.strip_suffix(".up").unwrap_or(name);
                    let down = super::golang_migrate::down_of(seen, file)
                        .or_else(|| sql_files::beside(seen, file, false));
                    Entry::new(name, file).with_down(down)
                })
                .collect();
            in_order(&mut entries);
            Found { folders: vec![folder.to_owned()], entries, engine: None }
        })
        .collect()
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    sql_files::read(seen, entry)
}

#[cfg(test)]
mod tests {
    use crate::migrations::test_support::only_set;

    #[test]
    fn the_sum_file_shows_it() {
        let set = only_set(&[
            ("migrations/atlas.sum", "h1:x=\n"),
            ("migrations/20240101000000.sql", "CREATE TABLE t (a int);"),
        ]);
        assert_eq!((set.framework.as_str(), set.count), ("atlas", 1));
    }
}
