//! goose: SQL with `-- +goose Up` and `-- +goose Down`, or Go functions registered by `goose.AddMigration…`.

use seaworthy_facts::WayBack;

use seaworthy_syntax::code;

use super::own_code::sql_outside;
use super::sql_files;
use crate::migrations::Seen;
use crate::migrations::frame::{
    Draft, Entry, Found, Framework, by_folder, candidates, in_order, stem, version,
};
use crate::migrations::source::{Source, is_string};
use crate::migrations::sql;

pub static FRAMEWORK: Framework = Framework { key: "goose", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let files = candidates(seen).filter(|file| {
        version(file.name()).is_some()
            && match file.extension() {
                "sql" => seen.tree.text(file).is_some_and(|text| text.contains("+goose Up")),
                "go" => seen.tree.text(file).is_some_and(|text| {
                    text.contains("goose.AddMigration") || text.contains("goose.AddNamedMigration")
                }),
                _ => false,
            }
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
    let Some(text) = seen.tree.text(entry.file) else { return Draft::unreadable(entry.file) };
    if sql_files::is_sql(entry.file) {
        return sections(entry, &text, "+goose Up", "+goose Down");
    }
    go(seen, entry)
}

/// A file with a section for each direction, begun by a comment.
pub fn sections(entry: &Entry, text: &str, up: &str, down: &str) -> Draft {
    let mut forward: Option<(usize, usize)> = None;
    let mut back: Option<(usize, usize)> = None;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let comment = line.trim_start().starts_with("--");
        if comment && line.contains(up) {
            forward = Some((offset, text.len()));
        } else if comment && line.contains(down) {
            if let Some((start, _)) = forward {
                forward = Some((start, offset));
            }
            back = Some((offset, text.len()));
        }
        offset += line.len();
    }
    let part =
        |range: Option<(usize, usize)>| range.and_then(|(start, end)| text.get(start..end)).unwrap_or("");
    let (forward_text, back_text) = (part(forward), part(back));
    let line_at = |offset: usize| 1 + text[..offset].matches('\n').count() as u32;
    let steps = sql::steps(forward_text, forward.map_or(1, |(start, _)| line_at(start)));
    let way_back = if sql::has_statements(back_text) {
        WayBack::Yes
    } else if !sql::has_statements(forward_text) {
        WayBack::NothingToReverse
    } else {
        let at = back.map_or_else(|| entry.file.at(), |(start, _)| entry.file.at_line(line_at(start)));
        WayBack::No { why: "its way back is empty".to_owned(), at }
    };
    Draft::new(way_back, steps)
}

/// A migration in Go: the functions that it registers, the way forward before the way back.
fn go(seen: &Seen, entry: &Entry) -> Draft {
    let Some(source) = Source::parse(seen, entry.file) else { return Draft::unreadable(entry.file) };
    let calls = code::calls(source.root(), &source.text);
    let registered = calls.iter().find(|call| call.callee.starts_with("goose.Add"));
    let Some(call) = registered else { return Draft::unreadable(entry.file) };
    let functions: Vec<&str> = call
        .arguments
        .iter()
        .filter(|argument| !is_string(**argument))
        .map(|argument| source.text(*argument))
        .collect();
    let body = |position: usize| functions.get(position).and_then(|name| source.function(name));
    let steps = body(0).map(|up| sql_outside(&source, up, &[])).unwrap_or_default();
    let back = body(1).filter(|down| {
        let statements = source.body_statements(*down);
        !statements.iter().all(|statement| source.text(*statement).trim_start_matches("return ") == "nil")
    });
    let way_back = match back {
        Some(_) => WayBack::Yes,
        None => WayBack::No { why: "its way back is empty".to_owned(), at: entry.file.at_line(call.line) },
    };
    Draft::new(way_back, steps)
}

#[cfg(test)]
mod tests {
    use crate::migrations::test_support::{only_set, outline};

    #[test]
    fn sections_of_one_file() {
        let set = only_set(&[
            ("db/00002_b.sql", "-- +goose Up\nALTER TABLE t DROP COLUMN a;\n\n-- +goose Down\n-- nothing\n"),
            ("db/00001_a.sql", "-- +goose Up\nCREATE TABLE t (a text);\n-- +goose Down\nDROP TABLE t;\n"),
        ]);
        assert_eq!(outline(&set), [("00002_b", false, vec!["drop-column"]), ("00001_a", true, vec![])]);
        assert_eq!(set.newest[0].hazards[0].at.line_number(), Some(2));
    }

    #[test]
    fn functions_in_go() {
        let set = only_set(&[(
            "db/00001_a.go",
            "package db\n\nfunc init() {\n\tgoose.AddMigrationContext(upA, downA)\n}\n\nfunc upA(ctx context.Context, tx *sql.Tx) error {\n\t_, err := tx.Exec(\"ALTER TABLE t RENAME TO u\")\n\treturn err\n}\n\nfunc downA(ctx context.Context, tx *sql.Tx) error {\n\treturn nil\n}\n",
        )]);
        assert_eq!(outline(&set), [("00001_a", false, vec!["rename-table"])]);
    }
}
