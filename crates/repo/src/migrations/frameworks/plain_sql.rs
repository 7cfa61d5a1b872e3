//! Numbered SQL files in a `migrations` folder that no known framework claims: the application runs them itself.

use std::collections::BTreeMap;

use seaworthy_facts::Engine;

use super::sql_files;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework, candidates, in_order, stem, version};

pub static FRAMEWORK: Framework = Framework { key: "own", has_downs: false, find, read };

/// Folders below `migrations` that hold the same migrations for each engine.
const DIALECTS: &[(&str, Engine)] = &[
    ("postgres", Engine::Postgresql),
    ("postgresql", Engine::Postgresql),
    ("pg", Engine::Postgresql),
    ("mysql", Engine::Mysql),
    ("mariadb", Engine::Mariadb),
    ("sqlite", Engine::Sqlite),
    ("sqlite3", Engine::Sqlite),
    ("mssql", Engine::Sqlserver),
    ("sqlserver", Engine::Sqlserver),
];

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let mut sets: BTreeMap<&str, (Option<Engine>, Vec<Entry>)> = BTreeMap::new();
    for file in candidates(seen) {
        if !sql_files::is_sql(file) || version(file.name()).is_none() || sql_files::is_down(file) {
            continue;
        }
        let Some(place) = place(file.folder()) else { continue };
        // The version of a folder comes before that of its files: `0.22/00__add.sql`.
        let name = match place.release {
            Some(release) => format!("{release}_{}", stem(file)),
            None => stem(file).to_owned(),
        };
        let entry = Entry::new(name, file).with_down(sql_files::beside(seen, file, false));
        let (engine, entries) = sets.entry(place.root).or_default();
        *engine = place.engine;
        entries.push(entry);
    }
    sets.into_iter()
        .filter(|(_, (_, entries))| entries.len() > 1)
        .map(|(root, (engine, mut entries))| {
            in_order(&mut entries);
            Found { folders: vec![root.to_owned()], entries, engine }
        })
        .collect()
}

/// Where in a tree of migrations a folder stands.
struct Place<'f> {
    /// The folder of the whole sequence.
    root: &'f str,
    /// The engine that a folder names.
    engine: Option<Engine>,
    /// The release that the last folder names.
    release: Option<&'f str>,
}

/// `migrations`, `migration/sqlite`, `migrations/0.22`, `migration/postgres/0.22`; nothing else.
fn place(folder: &str) -> Option<Place<'_>> {
    // A folder named for a store that is not relational holds no migrations of one that is.
    if folder.split('/').any(|part| matches!(part, "clickhouse" | "cassandra" | "scylla")) {
        return None;
    }
    let last = |folder: &str| folder.rsplit('/').next().unwrap_or(folder).to_ascii_lowercase();
    let above = |folder: &str| folder.rfind('/');
    let mut root = folder;
    let mut release = None;
    if version(&last(root)).is_some() {
        let at = above(root)?;
        release = Some(&root[at + 1..]);
        root = &root[..at];
    }
    let engine = DIALECTS.iter().find(|(name, _)| *name == last(root)).map(|(_, engine)| *engine);
    let holder = match engine {
        Some(_) => &root[..above(root)?],
        None => root,
    };
    matches!(last(holder).as_str(), "migrations" | "migration" | "migrate").then_some(Place {
        root,
        engine,
        release,
    })
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    sql_files::read(seen, entry)
}

#[cfg(test)]
mod tests {
    use seaworthy_facts::Engine;

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
    fn folders_by_engine_and_release_are_one_sequence_for_each_engine() {
        let found = migrations(&[
            ("store/migration/sqlite/0.9/00__a.sql", "CREATE TABLE t (a int);"),
            ("store/migration/sqlite/0.10/00__b.sql", "ALTER TABLE t ADD COLUMN b int;"),
            ("store/migration/sqlite/0.10/01__c.sql", "ALTER TABLE t ADD COLUMN c int;"),
            ("store/migration/postgres/0.9/00__a.sql", "CREATE TABLE t (a int);"),
            ("store/migration/postgres/0.10/00__b.sql", "ALTER TABLE t ADD COLUMN b int;"),
        ]);
        let sets: Vec<_> =
            found.sets.iter().map(|set| (set.engine, set.count, set.newest[0].name.as_str())).collect();
        assert_eq!(
            sets,
            [(Some(Engine::Postgresql), 2, "0.10_00__b"), (Some(Engine::Sqlite), 3, "0.10_01__c")]
        );
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
