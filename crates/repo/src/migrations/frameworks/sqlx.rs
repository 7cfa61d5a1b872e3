//! sqlx: `migrations/<version>_<name>.sql`, or `.up.sql` with `.down.sql`, in a crate that uses sqlx.

use super::{golang_migrate, sql_files};
use crate::migrations::Seen;
use crate::migrations::frame::{
    Draft, Entry, Found, Framework, by_folder, candidates, in_order, manifest_mentions, stem, version,
};

pub static FRAMEWORK: Framework = Framework { key: "sqlx", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let files = candidates(seen).filter(|file| {
        sql_files::is_sql(file) && version(file.name()).is_some() && !sql_files::is_down(file)
    });
    by_folder(files)
        .into_iter()
        .filter(|(folder, _)| {
            folder.split('/').any(|part| part.contains("migration"))
                && manifest_mentions(seen, folder, &["Cargo.toml"], &["sqlx"])
        })
        .map(|(folder, files)| {
            let mut entries: Vec<Entry> = files
                .into_iter()
                .map(|file| {
                    let name = stem(file);
                    let name = name.strip_suffix(".up").unwrap_or(name);
                    Entry::new(name, file).with_down(golang_migrate::down_of(seen, file))
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
    use crate::migrations::test_support::{only_set, outline};

    #[test]
    fn simple_and_reversible_files() {
        let set = only_set(&[
            ("Cargo.toml", "[dependencies]\nsqlx = \"0.8\"\n"),
            ("migrations/20240101000000_a.sql", "CREATE TABLE t (a int);"),
            ("migrations/20240102000000_b.up.sql", "ALTER TABLE t ADD COLUMN b int;"),
            ("migrations/20240102000000_b.down.sql", "ALTER TABLE t DROP COLUMN b;"),
        ]);
        assert_eq!(set.framework, "sqlx");
        assert_eq!(outline(&set), [("20240102000000_b", true, vec![]), ("20240101000000_a", false, vec![])]);
    }
}
