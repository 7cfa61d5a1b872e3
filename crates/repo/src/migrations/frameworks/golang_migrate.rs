//! golang-migrate: `<version>_<name>.up.sql` with `<version>_<name>.down.sql`.

use super::sql_files;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework, by_folder, candidates, in_order, version};
use crate::tree::File;

pub static FRAMEWORK: Framework = Framework { key: "golang-migrate", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let files =
        candidates(seen).filter(|file| file.name().ends_with(".up.sql") && version(file.name()).is_some());
    by_folder(files)
        .into_iter()
        .map(|(folder, files)| {
            let mut entries: Vec<Entry> = files
                .into_iter()
                .map(|file| {
                    Entry::new(file.name().trim_end_matches(".up.sql"), file).with_down(down_of(seen, file))
                })
                .collect();
            in_order(&mut entries);
            let engine = crate::migrations::engine::of_name(folder.rsplit('/').next().unwrap_or(folder));
            Found { folders: vec![folder.to_owned()], entries, engine }
        })
        .collect()
}

/// The way back of an `.up.sql`.
pub fn down_of<'a>(seen: &Seen<'a>, file: &File) -> Option<&'a File> {
    let name = file.name().strip_suffix(".up.sql")?;
    seen.tree.resolve(file.folder(), &format!("{name}.down.sql"))
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    sql_files::read(seen, entry)
}

#[cfg(test)]
mod tests {
    use crate::migrations::test_support::{only_set, outline};

    #[test]
    fn pairs_by_number() {
        let set = only_set(&[
            ("db/migrations/000001_a.up.sql", "CREATE TABLE t (a int);"),
            ("db/migrations/000001_a.down.sql", "DROP TABLE t;"),
            ("db/migrations/000002_b.up.sql", "DROP TABLE t;"),
        ]);
        assert_eq!(set.framework, "golang-migrate");
        assert_eq!(outline(&set), [("000002_b", false, vec!["drop-table"]), ("000001_a", true, vec![])]);
    }
}
