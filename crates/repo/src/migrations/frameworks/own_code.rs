//! An application's own migrations in code: a folder of files named by version, with SQL in them, registered elsewhere.

use seaworthy_facts::WayBack;
use seaworthy_syntax::code::{self, Language, Node};

use crate::migrations::Seen;
use crate::migrations::frame::{
    Draft, Entry, Found, Framework, by_folder, candidates, in_order, stem, version,
};
use crate::migrations::operations::Step;
use crate::migrations::source::{Source, is_function};
use crate::migrations::sql;
use crate::tree::File;

pub static FRAMEWORK: Framework = Framework { key: "own", has_downs: false, find, read };

/// How many files make a history.
const LEAST: usize = 3;
/// How many of them are looked at for whether they hold SQL.
const SAMPLED: usize = 40;

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let files = candidates(seen).filter(|file| {
        let in_migrations =
            file.folder().rsplit('/').next().is_some_and(|folder| folder.contains("migration"));
        in_migrations && version(stem(file)).is_some() && Language::from_path(&file.path).is_some()
    });
    by_folder(files)
        .into_iter()
        .filter(|(_, files)| files.len() >= LEAST)
        .filter_map(|(folder, files)| {
            // Histories of other tools look like this as well, and are long.
            let sample = files.iter().step_by(files.len().div_ceil(SAMPLED));
            let looked_at = sample.len();
            let with_sql = sample.filter(|file| holds_schema(seen, file)).count();
            if with_sql * 2 < looked_at.min(20) || !is_registered(seen, &files) {
                return None;
            }
            let mut entries: Vec<Entry> =
                files.into_iter().map(|file| Entry::new(stem(file), file)).collect();
            in_order(&mut entries);
            Some(Found { folders: vec![folder.to_owned()], entries, engine: None })
        })
        .collect()
}

fn holds_schema(seen: &Seen, file: &File) -> bool {
    seen.tree.text(file).is_some_and(|text| {
        let upper = text.to_ascii_uppercase();
        ["ALTER TABLE", "CREATE TABLE", "CREATE INDEX", "INSERT INTO", "CREATE TYPE", "UPDATE ", "DROP "]
            .iter()
            .any(|statement| upper.contains(statement))
    })
}

/// A function of the newest files is named in another file of the same language.
fn is_registered(seen: &Seen, files: &[&File]) -> bool {
    let Some(last) = files.iter().max_by_key(|file| version(stem(file))) else { return false };
    let Some(source) = Source::parse(seen, last) else { return false };
    let names: Vec<&str> = code::descendants(source.root())
        .into_iter()
        .filter(|node| is_function(*node))
        .map(|node| source.name_of(node))
        .filter(|name| name.len() > 3)
        .take(5)
        .collect();
    candidates(seen)
        .filter(|file| file.language == last.language && file.index != last.index)
        .take(5_000)
        .any(|file| seen.tree.text(file).is_some_and(|text| names.iter().any(|name| text.contains(name))))
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    let Some(source) = Source::parse(seen, entry.file) else { return Draft::unreadable(entry.file) };
    let backward: Vec<Node> = code::descendants(source.root())
        .into_iter()
        .filter(|node| is_function(*node) && goes_back(source.name_of(*node)))
        .collect();
    let steps = sql_outside(&source, source.root(), &backward);
    let way_back = if backward.iter().any(|function| !source.body_statements(*function).is_empty()) {
        WayBack::Yes
    } else if steps.is_empty() {
        WayBack::NothingToReverse
    } else {
        WayBack::No { why: "it goes forward only".to_owned(), at: entry.file.at() }
    };
    Draft::new(way_back, steps)
}

fn goes_back(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("down") || name.ends_with("down") || name.contains("rollback") || name.contains("revert")
}

/// The steps of all SQL literals below a node that are not inside one of these.
pub fn sql_outside(source: &Source, node: Node, except: &[Node]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut covered = 0;
    for node in code::descendants(node) {
        let inside = except.iter().any(|range| range.byte_range().contains(&node.start_byte()));
        if node.start_byte() < covered || inside || !crate::migrations::source::is_string(node) {
            continue;
        }
        covered = node.end_byte();
        for (text, line) in source.strings(node) {
            if sql::looks_like_sql(&text) {
                steps.extend(sql::steps(&text, line));
            }
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use crate::migrations::test_support::{migrations, only_set, outline};

    fn version(name: &str, statement: &str) -> String {
        format!(
            "package migrations\n\nfunc {name}(db *sql.DB) error {{\n\t_, err := db.Exec(`\n\t\t{statement};\n\t`)\n\treturn err\n}}\n"
        )
    }

    fn files(registry: &str) -> Vec<(String, String)> {
        vec![
            ("internal/migrations/v0.9.0.go".into(), version("V0_9_0", "CREATE TABLE t (a int)")),
            ("internal/migrations/v0.10.0.go".into(), version("V0_10_0", "ALTER TABLE t DROP COLUMN a")),
            ("internal/migrations/v1.0.0.go".into(), version("V1_0_0", "ALTER TABLE t ADD COLUMN b jsonb")),
            ("cmd/upgrade.go".into(), registry.into()),
        ]
    }

    #[test]
    fn versions_in_code_that_go_forward_only() {
        let files = files("package main\n\nvar list = []m{{\"v1.0.0\", migrations.V1_0_0}}\n");
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let set = only_set(&files);
        assert_eq!((set.framework.as_str(), set.has_downs), ("own", false));
        assert_eq!(
            outline(&set),
            [("v1.0.0", false, vec![]), ("v0.10.0", false, vec!["drop-column"]), ("v0.9.0", false, vec![])]
        );
        assert_eq!(set.newest[1].hazards[0].at.line_number(), Some(5));
    }

    #[test]
    fn files_that_nothing_registers_are_no_migrations() {
        let files = files("package main\n");
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        assert!(migrations(&files).sets.is_empty());
    }
}
