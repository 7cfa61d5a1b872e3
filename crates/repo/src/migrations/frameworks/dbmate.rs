//! dbmate: SQL with `-- migrate:up` and `-- migrate:down`.

use super::{goose, sql_files};
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework, by_folder, candidates, in_order, stem};

pub static FRAMEWORK: Framework = Framework { key: "dbmate", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let files = candidates(seen).filter(|file| {
        sql_files::is_sql(file) && seen.tree.text(file).is_some_and(|text| text.contains("migrate:up"))
    });
    by_folder(files)
        .into_iter()
        .map(|(folder, files)| {
            let mut entries: Vec<Entry> =
                files.into_iter().map(|file| Entry::new(stem(file), file)).collect();
            in_order(&mut entries);
            Found { folders: vec![folder.to_owned()], entries, engine: None }
        })
        .collect()
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    match seen.tree.text(entry.file) {
        Some(text) => goose::sections(entry, &text, "migrate:up", "migrate:down"),
        None => Draft::unreadable(entry.file),
    }
}

#[cfg(test)]
mod tests {
    use crate::migrations::test_support::{only_set, outline};

    #[test]
    fn an_empty_down_is_no_way_back() {
        let set = only_set(&[
            (
                "db/migrations/20240101000000_a.sql",
                "-- migrate:up\nCREATE TABLE t (a int);\n\n-- migrate:down\n\n",
            ),
            (
                "db/migrations/20240102000000_b.sql",
                "-- migrate:up\nALTER TABLE t ADD COLUMN b int;\n-- migrate:down\nALTER TABLE t DROP COLUMN b;\n",
            ),
        ]);
        assert_eq!(set.framework, "dbmate");
        assert_eq!(outline(&set), [("20240102000000_b", true, vec![]), ("20240101000000_a", false, vec![])]);
    }
}
