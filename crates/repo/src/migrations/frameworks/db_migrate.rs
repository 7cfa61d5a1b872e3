//! db-migrate: functions that are given `db`, which describe tables, run SQL, or run the file `NAME-up.sql` that stands
//! below the folder of migrations. <https://db-migrate.readthedocs.io/en/latest/API/SQL/>

use super::chains::{Link, Reading};
use super::columns::{self, Words};
use super::javascript;
use crate::migrations::frame::{Draft, Entry, Found, Framework, manifest_mentions, stem};
use crate::migrations::operations::{Operation, Step};
use crate::migrations::{Seen, sql};
use crate::tree::File;

pub static FRAMEWORK: Framework = Framework { key: "db-migrate", has_downs: true, find, read };

const WORDS: Words = Words {
    refuses: &["notNull", "primaryKey"],
    allows: &[],
    not_null: false,
    default: "defaultValue",
    unique: "unique",
    references: "foreignKey",
    counted: &["autoIncrement"],
};

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let files = javascript::files(seen, |text| {
        text.contains("exports.up") && text.contains("db") && !text.contains("knex") && !text.contains("pgm")
    });
    let run_by_it = files.into_iter().filter(|file| {
        // Its template keeps what the program gives; older ones only stand in a package that depends on it.
        seen.tree.text(file).is_some_and(|text| text.contains("options.dbmigrate"))
            || manifest_mentions(seen, file.folder(), &["package.json"], &["\"db-migrate\""])
    });
    let mut sets = javascript::sets(seen, run_by_it.collect());
    for entry in sets.iter_mut().flat_map(|set| &mut set.entries) {
        entry.down = in_sql(seen, entry.file, "down");
    }
    sets
}

/// The file with the SQL of one direction.
fn in_sql<'a>(seen: &Seen<'a>, file: &File, direction: &str) -> Option<&'a File> {
    let below = format!("{}/", file.folder());
    let tree = seen.tree;
    tree.named(&format!("{}-{direction}.sql", stem(file))).find(|sql| sql.path.starts_with(&below))
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    let Some(reading) = Reading::of(seen, entry.file) else { return Draft::unreadable(entry.file) };
    let up = reading.function("up");
    let mut steps = Vec::new();
    for chain in up.map(|up| reading.chains(up)).unwrap_or_default() {
        for link in &chain.links {
            one(&reading, link, &mut steps);
        }
    }
    if let Some(text) = in_sql(seen, entry.file, "up").and_then(|file| seen.tree.text(file)) {
        let line = up.map_or(1, seaworthy_syntax::code::line);
        steps.extend(sql::steps(&text, 1).into_iter().map(|step| Step::new(step.operation, line)));
    } else if steps.is_empty() && up.is_some_and(|up| reading.source.text(up).contains("runSql")) {
        // SQL from a place that cannot be told.
        return Draft::unreadable(entry.file);
    }
    if let Some(down) = entry.down
        && seen.tree.text(down).is_some_and(|text| sql::steps(&text, 1).is_empty())
        && !steps.is_empty()
    {
        return Draft::one_way(steps, "the file of its way back has no statement", down.at());
    }
    Draft::new(reading.way_back(entry.file, up, reading.function("down")), steps)
}

/// <https://db-migrate.readthedocs.io/en/latest/API/SQL/>
fn one(reading: &Reading, link: &Link, steps: &mut Vec<Step>) {
    let name =
        |position: usize| link.arguments.get(position).map(|node| reading.name(*node)).unwrap_or_default();
    let (table, line) = (name(0), link.line);
    let operation = match link.name.as_str() {
        "createTable" => Operation::CreateTable { table },
        "dropTable" => Operation::DropTable { table },
        "renameTable" => Operation::RenameTable { table, to: name(1) },
        "addColumn" => {
            let Some(description) = link.arguments.get(2) else { return };
            columns::added(reading, &WORDS, &table, name(1), *description)
        }
        "removeColumn" => Operation::DropColumn { table, column: name(1) },
        "renameColumn" => Operation::RenameColumn { table, column: name(1) },
        "changeColumn" => Operation::ChangeType { table, column: name(1) },
        "addIndex" => {
            let unique = link.arguments.get(3).is_some_and(|node| reading.source.text(*node) == "true");
            Operation::AddIndex { table, unique, concurrently: false }
        }
        "removeIndex" => Operation::DropIndex { table: Some(table), concurrently: false },
        "addForeignKey" => Operation::AddForeignKey { table, column: None, validated: true },
        "removeForeignKey" => Operation::Other { table: Some(table) },
        "insert" => Operation::InsertRows { table },
        "runSql" => {
            if let Some(argument) = link.arguments.first() {
                steps.extend(reading.sql(*argument, line));
            }
            return;
        }
        _ => return,
    };
    steps.push(Step::new(operation, line));
}

#[cfg(test)]
mod tests {
    use crate::migrations::test_support::{only_set, outline};

    #[test]
    fn calls_and_files_of_sql() {
        let by_file = "const sql = require('./read')(__filename);\nexports.up = function (db) {\n  return db.runSql(sql.up);\n};\nexports.down = function (db) {\n  return db.runSql(sql.down);\n};\n";
        let set = only_set(&[
            (
                "package.json",
                "{\"dependencies\": {\"db-migrate\": \"^0.11.6\", \"db-migrate-pg\": \"^1.0.0\"}}",
            ),
            ("database.json", "{\"dev\": {\"driver\": \"pg\"}}"),
            (
                "migrations/20240101000000-a.js",
                "exports.up = function (db) {\n  return db.createTable('t', { id: 'int' });\n};\nexports.down = function (db) {\n  return db.dropTable('t');\n};\n",
            ),
            (
                "migrations/20240102000000-b.js",
                "exports.up = (db) => db.addColumn('t', 'b', { type: 'string', notNull: true });\nexports.down = (db) => null;\n",
            ),
            ("migrations/20240103000000-c.js", by_file),
            ("migrations/sqls/20240103000000-c-up.sql", "ALTER TABLE t RENAME COLUMN b TO c;\n"),
            ("migrations/sqls/20240103000000-c-down.sql", "ALTER TABLE t RENAME COLUMN c TO b;\n"),
            ("migrations/20240104000000-d.js", by_file),
            ("migrations/sqls/20240104000000-d-up.sql", "CREATE TABLE u (a int);\n"),
            ("migrations/sqls/20240104000000-d-down.sql", "/* Replace with your SQL commands */\n"),
        ]);
        assert_eq!((set.framework.as_str(), set.count), ("db-migrate", 4));
        assert_eq!(
            outline(&set),
            [
                ("20240104000000-d", false, vec![]),
                ("20240103000000-c", true, vec!["rename-column"]),
                ("20240102000000-b", false, vec!["required-column"]),
                ("20240101000000-a", true, vec![]),
            ]
        );
    }
}
