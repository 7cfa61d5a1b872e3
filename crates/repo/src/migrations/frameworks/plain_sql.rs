//! Numbered SQL files in a `migrations` folder that no known framework claims: the application runs them itself.

use super::sql_files;
use crate::migrations::Seen;
use crate::migrations::frame::{
    Draft, Entry, Found, Framework, by_folder, candidates, in_order, stem, version,
};

pub static FRAMEWORK: Framework = Framework { key: "own", has_downs: false, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let files = candidates(seen).filter(|file| {
        sql_files::is_sql(file) && version(file.name()).is_some() && !sql_files::is_down(file)
    });
    by_folder(files)
        .into_iter()
        .filter(|(folder, files)| {
            let last = folder.rsplit('/').next().unwrap_or(folder);
            // A folder named for a store that is not relational holds no migrations of one that is.
            let other_store =
                folder.split('/').any(|part| matches!(part, "clickhouse" | "cassandra" | "scylla"));
            matches!(last, "migrations" | "migration" | "migrate") && !other_store && files.len() > 1
        })
        .map(|(folder, files)| {
            let mut entries: Vec<Entry> = files
                .into_iter()
                .map(|file| Entry::new(stem(file), file).with_down(sql_files::beside(seen, file, false)))
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
    use crate::migrations::test_support::{migrations, only_set};

    #[test]
    fn numbered_files_are_the_applications_own() {
        let set = only_set(&[
            ("server/migrations/001_a.sql", "CREATE TABLE t (a int);"),
            ("server/migrations/002_b.sql", "ALTER TABLE t ADD COLUMN b int;"),
        ]);
        assert_eq!((set.framework.as_str(), set.count), ("own", 2));
    }

    #[test]
    fn other_stores_and_other_folders_do_not_count() {
        assert!(
            migrations(&[
                ("db/clickhouse/migrations/01_a.sql", "CREATE TABLE t (a int);"),
                ("db/clickhouse/migrations/02_b.sql", "CREATE TABLE u (a int);"),
                ("seeds/01_a.sql", "INSERT INTO t VALUES (1);"),
                ("seeds/02_a.sql", "INSERT INTO t VALUES (1);"),
            ])
            .sets
            .is_empty()
        );
    }
}
