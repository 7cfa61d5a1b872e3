//! Prisma: `migrations/<timestamp>_<name>/migration.sql`, beside a schema.

use super::sql_files;
use crate::migrations::Seen;
use crate::migrations::engine;
use crate::migrations::frame::{Draft, Entry, Found, Framework, candidates, in_order};

pub static FRAMEWORK: Framework = Framework { key: "prisma", has_downs: false, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let mut sets: std::collections::BTreeMap<&str, Vec<Entry>> = std::collections::BTreeMap::new();
    for file in candidates(seen).filter(|file| file.name() == "migration.sql") {
        let Some((above, name)) = file.folder().rsplit_once('/') else { continue };
        sets.entry(above)
            .or_default()
            .push(Entry::new(name, file).with_down(sql_files::beside(seen, file, true)));
    }
    sets.into_iter()
        .filter(|(folder, _)| {
            seen.tree.resolve(folder, "migration_lock.toml").is_some()
                || folder.rsplit('/').next() == Some("migrations")
        })
        .map(|(folder, mut entries)| {
            in_order(&mut entries);
            Found { folders: vec![folder.to_owned()], entries, engine: provider(seen, folder) }
        })
        .collect()
}

/// The engine by the lock file, or by the datasource of the schema above the folder.
fn provider(seen: &Seen, folder: &str) -> Option<seaworthy_facts::Engine> {
    let lock = seen.tree.resolve(folder, "migration_lock.toml").and_then(|file| seen.tree.text(file));
    let named = |text: &str| {
        text.lines()
            .map(str::trim)
            .filter_map(|line| line.strip_prefix("provider")?.trim_start().strip_prefix('='))
            .find_map(|value| engine::of_name(value.trim().trim_matches('"')))
    };
    lock.and_then(|text| named(&text)).or_else(|| {
        let schema = seen.tree.resolve(folder, "../schema.prisma")?;
        named(&seen.tree.text(schema)?)
    })
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    sql_files::read(seen, entry)
}

#[cfg(test)]
mod tests {
    use crate::migrations::test_support::{migrations, only_set, outline};
    use seaworthy_facts::Engine;

    #[test]
    fn in_order_with_a_written_down() {
        let set = only_set(&[
            ("prisma/schema.prisma", "datasource db {\n  provider = \"postgresql\"\n}\n"),
            ("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n"),
            ("prisma/migrations/02_b/migration.sql", "CREATE INDEX \"i\" ON \"t\"(\"a\");\n"),
            ("prisma/migrations/10_c/migration.sql", "ALTER TABLE \"t\" DROP COLUMN \"a\";\n"),
            ("prisma/migrations/10_c/down.sql", "ALTER TABLE \"t\" ADD COLUMN \"a\" text;\n"),
            ("prisma/migrations/01_a/migration.sql", "CREATE TABLE \"t\" (\"a\" text);\n"),
        ]);
        assert_eq!((set.count, set.engine, set.has_downs), (3, Some(Engine::Postgresql), false));
        assert_eq!(
            outline(&set),
            [
                ("10_c", true, vec!["drop-column"]),
                ("02_b", false, vec!["index-not-concurrent"]),
                ("01_a", false, vec![]),
            ]
        );
        assert_eq!(set.newest[2].creates, ["t"]);
    }

    #[test]
    fn fixtures_do_not_count() {
        assert!(
            migrations(&[("tests/prisma/migrations/1_a/migration.sql", "CREATE TABLE t (a int);")])
                .sets
                .is_empty()
        );
    }
}
