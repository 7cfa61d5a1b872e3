//! Drizzle: SQL files beside `meta/_journal.json`, which gives their order; newer versions keep a folder for each.

use super::sql_files;
use crate::migrations::Seen;
use crate::migrations::engine;
use crate::migrations::frame::{Draft, Entry, Found, Framework, candidates, in_order};
use seaworthy_syntax::{Limits, json};

pub static FRAMEWORK: Framework = Framework { key: "drizzle", has_downs: false, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let mut sets = Vec::new();
    for journal in candidates(seen).filter(|file| file.name() == "_journal.json") {
        let Some(folder) =
            journal.folder().strip_suffix("/meta").or((journal.folder() == "meta").then_some("."))
        else {
            continue;
        };
        let Some(text) = seen.tree.text(journal) else { continue };
        let Ok(value) = json::parse(&text, &Limits::default()) else { continue };
        let mut entries: Vec<Entry> = value
            .get("entries")
            .map(|entries| entries.list())
            .unwrap_or_default()
            .iter()
            .filter_map(|entry| {
                let tag = entry.get("tag")?.as_str()?;
                let file = seen.tree.resolve(folder, &format!("{tag}.sql"))?;
                Some(Entry::new(tag, file).with_down(sql_files::beside(seen, file, false)))
            })
            .collect();
        if entries.is_empty() {
            // A journal that names nothing: the files by their numbers.
            entries = candidates(seen)
                .filter(|file| {
                    file.folder() == folder && sql_files::is_sql(file) && !sql_files::is_down(file)
                })
                .map(|file| Entry::new(crate::migrations::frame::stem(file), file))
                .collect();
            in_order(&mut entries);
        }
        let engine = value.get("dialect").and_then(|dialect| engine::of_name(dialect.as_str()?));
        sets.push(Found { folders: vec![folder.to_owned()], entries, engine });
    }
    sets.extend(by_snapshot(seen));
    sets
}

/// The layout without a journal: `<timestamp>_<name>/migration.sql` beside `snapshot.json`.
fn by_snapshot<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let mut folders: std::collections::BTreeMap<&str, (Vec<Entry>, Option<_>)> =
        std::collections::BTreeMap::new();
    for file in candidates(seen).filter(|file| file.name() == "migration.sql") {
        let Some((above, name)) = file.folder().rsplit_once('/') else { continue };
        let Some(snapshot) = seen.tree.resolve(file.folder(), "snapshot.json") else { continue };
        let set = folders.entry(above).or_default();
        set.0.push(Entry::new(name, file).with_down(sql_files::beside(seen, file, true)));
        set.1 = Some(snapshot);
    }
    folders
        .into_iter()
        .map(|(folder, (mut entries, snapshot))| {
            in_order(&mut entries);
            let engine = snapshot
                .and_then(|file| seen.tree.text(file))
                .and_then(|text| json::parse(&text, &Limits::default()).ok())
                .and_then(|value| engine::of_name(value.get("dialect")?.as_str()?));
            Found { folders: vec![folder.to_owned()], entries, engine }
        })
        .collect()
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    sql_files::read(seen, entry)
}

#[cfg(test)]
mod tests {
    use crate::migrations::test_support::{only_set, outline};
    use seaworthy_facts::Engine;

    #[test]
    fn the_journal_gives_the_order() {
        let set = only_set(&[
            (
                "drizzle/meta/_journal.json",
                r#"{"version":"7","dialect":"postgresql","entries":[{"idx":0,"tag":"0000_b"},{"idx":1,"tag":"0001_a"}]}"#,
            ),
            (
                "drizzle/0000_b.sql",
                "CREATE TABLE \"t\" (\"a\" text);\n--> statement-breakpoint\nCREATE INDEX \"i\" ON \"t\" USING btree (\"a\");",
            ),
            ("drizzle/0001_a.sql", "ALTER TABLE \"t\" ALTER COLUMN \"a\" SET NOT NULL;"),
        ]);
        assert_eq!((set.framework.as_str(), set.engine), ("drizzle", Some(Engine::Postgresql)));
        assert_eq!(outline(&set), [("0001_a", false, vec!["set-not-null"]), ("0000_b", false, vec![])]);
    }
}
