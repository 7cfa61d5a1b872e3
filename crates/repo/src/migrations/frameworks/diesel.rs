//! Diesel: `migrations/<version>_<name>/up.sql` with `down.sql`.

use super::sql_files;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework, candidates, in_order};

pub static FRAMEWORK: Framework = Framework { key: "diesel", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let mut sets: std::collections::BTreeMap<&str, Vec<Entry>> = std::collections::BTreeMap::new();
    for file in candidates(seen).filter(|file| file.name() == "up.sql") {
        let Some((above, name)) = file.folder().rsplit_once('/') else { continue };
        sets.entry(above)
            .or_default()
            .push(Entry::new(name, file).with_down(seen.tree.resolve(file.folder(), "down.sql")));
    }
    sets.into_iter()
        .map(|(folder, mut entries)| {
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
    fn up_and_down_in_a_folder() {
        let set = only_set(&[
            ("Cargo.toml", "[dependencies]\ndiesel = \"2\"\n"),
            ("migrations/2024-01-02-000000_b/up.sql", "ALTER TABLE t ADD COLUMN b int;"),
            ("migrations/2024-01-02-000000_b/down.sql", "-- This file should undo anything in `up.sql`\n"),
            ("migrations/2024-01-01-000000_a/up.sql", "CREATE TABLE t (a int);"),
            ("migrations/2024-01-01-000000_a/down.sql", "DROP TABLE t;"),
        ]);
        assert_eq!(
            outline(&set),
            [("2024-01-02-000000_b", false, vec![]), ("2024-01-01-000000_a", true, vec![])]
        );
    }
}
