//! Flyway: `V1_2__name.sql`, undone by `U1_2__name.sql`, with repeatable `R__name.sql`; and refinery, which uses the same
//! names (and has no way back).

use super::sql_files;
use crate::migrations::Seen;
use crate::migrations::frame::{
    Draft, Entry, Found, Framework, by_folder, candidates, manifest_mentions, version,
};
use crate::tree::File;

pub static FRAMEWORK: Framework = Framework { key: "flyway", has_downs: true, find: find_flyway, read };
pub static REFINERY: Framework = Framework { key: "refinery", has_downs: false, find: find_refinery, read };

fn find_flyway<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    find(seen, |folder| !is_refinery(seen, folder))
}

fn find_refinery<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    find(seen, |folder| is_refinery(seen, folder))
}

fn is_refinery(seen: &Seen, folder: &str) -> bool {
    manifest_mentions(seen, folder, &["Cargo.toml"], &["refinery"])
}

/// Folders that are named for different engines hold sets of their own; the others of one location are one set.
fn find<'a>(seen: &Seen<'a>, wanted: impl Fn(&str) -> bool) -> Vec<Found<'a>> {
    let files = candidates(seen).filter(|file| sql_files::is_sql(file) && versioned(file).is_some());
    let mut sets: std::collections::BTreeMap<String, Found> = std::collections::BTreeMap::new();
    for (folder, files) in by_folder(files) {
        if !wanted(folder) {
            continue;
        }
        let set = sets.entry(location(folder)).or_default();
        set.folders.push(folder.to_owned());
        set.engine = set
            .engine
            .or_else(|| crate::migrations::engine::of_name(folder.rsplit('/').next().unwrap_or(folder)));
        for file in files {
            let undo = format!("U{}", file.name().get(1..).unwrap_or_default());
            set.entries.push(Entry::new(crate::migrations::frame::stem(file), file).with_down(
                seen.tree.resolve(folder, &undo).or_else(|| sql_files::beside(seen, file, false)),
            ));
        }
    }
    sets.into_values()
        .map(|mut set| {
            set.entries.sort_by(|a, b| (versioned(a.file), &a.name).cmp(&(versioned(b.file), &b.name)));
            set
        })
        .filter(|set| !set.entries.is_empty())
        .collect()
}

/// The location that a folder belongs to: `db/migration/v2` is a part of `db/migration`, `db/migration/mysql` is not.
fn location(folder: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').collect();
    while parts.len() > 1 && parts.last().is_some_and(|last| version(last).is_some()) {
        parts.pop();
    }
    parts.join("/")
}

/// The version of `V1_2_3__name.sql`. Repeatable ones are left out: they are no history.
fn versioned(file: &File) -> Option<Vec<u64>> {
    let rest = file.name().strip_prefix('V')?;
    rest.contains("__").then(|| version(rest)).flatten()
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    sql_files::read(seen, entry)
}

#[cfg(test)]
mod tests {
    use crate::migrations::test_support::{migrations, only_set, outline};

    #[test]
    fn versions_compare_as_numbers_and_undo_scripts_count() {
        let folder = "src/main/resources/db/migration";
        let set = only_set(&[
            (&format!("{folder}/V1_10__c.sql"), "ALTER TABLE t RENAME TO u;"),
            (&format!("{folder}/V1_9__b.sql"), "ALTER TABLE t ADD COLUMN b int;"),
            (&format!("{folder}/U1_9__b.sql"), "ALTER TABLE t DROP COLUMN b;"),
            (&format!("{folder}/V1__a.sql"), "CREATE TABLE t (a int);"),
            (&format!("{folder}/R__view.sql"), "CREATE OR REPLACE VIEW v AS SELECT 1;"),
        ]);
        assert_eq!(
            outline(&set),
            [("V1_10__c", false, vec!["rename-table"]), ("V1_9__b", true, vec![]), ("V1__a", false, vec![])]
        );
    }

    #[test]
    fn refinery_uses_the_same_names() {
        let found = migrations(&[
            ("Cargo.toml", "[dependencies]\nrefinery = \"0.8\"\n"),
            ("migrations/V1__a.sql", "CREATE TABLE t (a int);"),
        ]);
        assert_eq!(found.sets[0].framework, "refinery");
    }
}
