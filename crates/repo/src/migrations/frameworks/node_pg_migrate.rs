//! node-pg-migrate: functions that are given `pgm`; without `down` it works out the way back itself. Migrations in SQL keep
//! both directions in one file.

use std::collections::BTreeMap;

use seaworthy_facts::{Engine, WayBack};
use seaworthy_syntax::code::{self, Node};

use super::chains::{Link, Reading};
use super::columns::{self, Words};
use super::{goose, javascript};
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework, by_folder, candidates, in_order, stem};
use crate::migrations::operations::{Fill, Operation, Step};

pub static FRAMEWORK: Framework = Framework { key: "node-pg-migrate", has_downs: true, find, read };

const WORDS: Words = Words {
    refuses: &["notNull", "primaryKey"],
    allows: &[],
    not_null: false,
    default: "default",
    unique: "unique",
    references: "references",
    counted: &["sequenceGenerated", "expressionGenerated"],
};

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let mut sets = javascript::sets(
        seen,
        javascript::files(seen, |text| text.contains("pgm") && javascript::has_up(text)),
    );
    let in_sql = candidates(seen).filter(|file| {
        file.extension() == "sql"
            && seen.tree.text(file).is_some_and(|text| text.contains("Up Migration") && text.contains("--"))
    });
    let by_folder: BTreeMap<&str, Vec<_>> = by_folder(in_sql).into_iter().collect();
    for (folder, files) in by_folder {
        let entries = files.into_iter().map(|file| Entry::new(stem(file), file));
        match sets.iter_mut().find(|set| set.folders.iter().any(|known| known == folder)) {
            Some(set) => set.entries.extend(entries),
            None => sets.push(Found {
                folders: vec![folder.to_owned()],
                entries: entries.collect(),
                engine: None,
            }),
        }
    }
    for set in &mut sets {
        in_order(&mut set.entries);
        set.engine = Some(Engine::Postgresql);
    }
    sets
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    if entry.file.extension() == "sql" {
        return match seen.tree.text(entry.file) {
            Some(text) => goose::sections(entry, &text, "Up Migration", "Down Migration"),
            None => Draft::unreadable(entry.file),
        };
    }
    let Some(reading) = Reading::of(seen, entry.file) else { return Draft::unreadable(entry.file) };
    let up = reading.function("up");
    let mut reader = Reader { reading: &reading, steps: Vec::new(), one_way: None };
    for chain in up.map(|up| reading.chains(up)).unwrap_or_default() {
        for link in &chain.links {
            reader.link(link);
        }
    }
    let down = reading.function("down").filter(|down| reading.source.text(*down) != "undefined");
    let way_back = match (down, reader.one_way) {
        (None, None) if reader.steps.is_empty() => WayBack::NothingToReverse,
        (None, None) => WayBack::Yes,
        (None, Some((name, line))) => WayBack::No {
            why: format!("it has no down, and {name} cannot be worked out backwards"),
            at: entry.file.at_line(line),
        },
        (Some(down), _) => reading.way_back(entry.file, up, Some(down)),
    };
    Draft::new(way_back, reader.steps)
}

struct Reader<'r> {
    reading: &'r Reading,
    steps: Vec<Step>,
    /// The first operation that has no inverse of its own.
    one_way: Option<(String, u32)>,
}

impl<'r> Reader<'r> {
    fn push(&mut self, operation: Operation, line: u32) {
        self.steps.push(Step::new(operation, line));
    }

    /// A name as text, or as an object with its schema.
    fn name(&self, link: &Link<'r>, position: usize) -> String {
        link.arguments
            .get(position)
            .map(|node| self.reading.name(self.reading.property(*node, "name").unwrap_or(*node)))
            .unwrap_or_default()
    }

    fn link(&mut self, link: &Link<'r>) {
        let (table, line) = (self.name(link, 0), link.line);
        let name = link.name.as_str();
        let before = self.steps.len();
        let option =
            |key: &str| link.arguments.iter().skip(1).any(|node| self.reading.flag(*node, key) == Some(true));
        match name {
            "createTable" => self.push(Operation::CreateTable { table }, line),
            "dropTable" => self.push(Operation::DropTable { table }, line),
            "renameTable" => {
                let to = self.name(link, 1);
                self.push(Operation::RenameTable { table, to }, line);
            }
            "addColumn" | "addColumns" => self.add_columns(&table, link),
            "dropColumn" | "dropColumns" => {
                let columns = link.arguments.get(1).map(|node| self.column_names(*node)).unwrap_or_default();
                for column in columns {
                    self.push(Operation::DropColumn { table: table.clone(), column }, line);
                }
            }
            "renameColumn" => {
                let column = self.name(link, 1);
                self.push(Operation::RenameColumn { table, column }, line);
            }
            "alterColumn" => self.alter_column(&table, link),
            "createIndex" | "addIndex" => {
                let (unique, concurrently) = (option("unique"), option("concurrently"));
                self.push(Operation::AddIndex { table, unique, concurrently }, line);
            }
            "dropIndex" => {
                let concurrently = option("concurrently");
                self.push(Operation::DropIndex { table: Some(table), concurrently }, line);
            }
            "addConstraint" | "createConstraint" => self.constraint(table, link),
            "dropConstraint" | "alterTable" => self.push(Operation::Other { table: Some(table) }, line),
            "renameConstraint" => self.push(Operation::Neutral, line),
            "sql" | "query" => {
                if let Some(argument) = link.arguments.first() {
                    let steps = self.reading.sql(*argument, line);
                    self.steps.extend(steps);
                }
            }
            "createExtension"
            | "addExtension"
            | "createType"
            | "addType"
            | "addTypeValue"
            | "createView"
            | "createMaterializedView"
            | "createFunction"
            | "createTrigger"
            | "createSequence"
            | "createSchema"
            | "createPolicy"
            | "createRole"
            | "createDomain"
            | "createOperator"
            | "createCast" => {
                let kind = name.trim_start_matches("create").trim_start_matches("add").to_ascii_lowercase();
                self.push(Operation::CreateObject { kind, name: table }, line);
            }
            "dropExtension"
            | "dropType"
            | "dropView"
            | "dropMaterializedView"
            | "dropFunction"
            | "dropTrigger"
            | "dropSequence"
            | "dropSchema"
            | "dropPolicy"
            | "dropRole"
            | "dropDomain"
            | "dropOperator"
            | "dropCast" => {
                let kind = name.trim_start_matches("drop").to_ascii_lowercase();
                self.push(Operation::DropObject { kind, name: table }, line);
            }
            _ => {}
        }
        let has_inverse =
            (name.starts_with("create") || name.starts_with("add") || name.starts_with("rename"))
                && name != "addTypeValue";
        if self.steps.len() > before && !has_inverse && self.one_way.is_none() {
            self.one_way = Some((name.chars().take(40).collect(), line));
        }
    }

    /// One name, a list of names, or an object whose keys are names.
    fn column_names(&self, node: Node<'r>) -> Vec<String> {
        match node.kind() {
            "object" => entries(node).into_iter().map(|(key, _)| self.key(key)).collect(),
            _ => self.reading.names(node),
        }
    }

    fn key(&self, key: Node) -> String {
        self.reading.source.text(key).trim_matches(['"', '\'', '`']).to_lowercase()
    }

    fn add_columns(&mut self, table: &str, link: &Link<'r>) {
        let Some(described) = link.arguments.get(1) else { return };
        for (key, value) in entries(*described) {
            let mut operation = columns::added(self.reading, &WORDS, table, self.key(key), value);
            if let Operation::AddColumn { default, .. } = &mut operation
                && let Some(kind) = self.reading.property(value, "type")
                && self.reading.name(kind).ends_with("serial")
            {
                *default = Fill::PerRow;
            }
            self.push(operation, code::line(key));
        }
    }

    fn alter_column(&mut self, table: &str, link: &Link<'r>) {
        let column = self.name(link, 1);
        let Some(options) = link.arguments.get(2).copied() else { return };
        let table = table.to_owned();
        let line = link.line;
        if self.reading.property(options, "type").is_some() {
            self.push(Operation::ChangeType { table: table.clone(), column: column.clone() }, line);
        }
        if self.reading.flag(options, "notNull") == Some(true)
            || self.reading.flag(options, "allowNull") == Some(false)
        {
            self.push(Operation::SetNotNull { table, column }, line);
        } else if self.reading.flag(options, "notNull") == Some(false)
            || self.reading.flag(options, "allowNull") == Some(true)
        {
            self.push(Operation::DropNotNull { table }, line);
        } else {
            self.push(Operation::Neutral, line);
        }
    }

    /// A constraint by its options, or as SQL.
    fn constraint(&mut self, table: String, link: &Link<'r>) {
        let Some(definition) = link.arguments.get(2).copied() else { return };
        let line = link.line;
        if definition.kind() != "object" {
            let text = self.reading.source.literal(definition).unwrap_or_default();
            let statement = format!("ALTER TABLE \"{table}\" ADD {text}");
            let steps = crate::migrations::sql::steps(&statement, line);
            self.steps.extend(steps.into_iter().map(|step| Step::new(step.operation, line)));
            return;
        }
        let operation = if let Some(keys) = self.reading.property(definition, "foreignKeys") {
            let column = javascript::members(keys).into_iter().find_map(|key| {
                let columns = self.reading.property(key, "columns")?;
                self.reading.names(columns).into_iter().next()
            });
            Operation::AddForeignKey { table, column, validated: true }
        } else if self.reading.property(definition, "check").is_some() {
            Operation::AddCheck { table, validated: true }
        } else {
            Operation::AddUnique { table, using_index: false }
        };
        self.push(operation, line);
    }
}

/// The keys of an object with their values.
fn entries(object: Node) -> Vec<(Node, Node)> {
    let mut cursor = object.walk();
    object
        .named_children(&mut cursor)
        .filter(|node| node.kind() == "pair")
        .filter_map(|pair| Some((pair.child_by_field_name("key")?, pair.child_by_field_name("value")?)))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::migrations::test_support::{only_set, outline};

    #[test]
    fn what_has_an_inverse_needs_no_down() {
        let set = only_set(&[
            (
                "migrations/1700000000001_a.js",
                "exports.up = (pgm) => {\n  pgm.createTable('t', { id: 'id' });\n  pgm.addConstraint('t', 'c', 'UNIQUE (id)');\n};\n",
            ),
            (
                "migrations/1700000000002_b.js",
                "exports.shorthands = undefined;\nexports.up = (pgm) => {\n  pgm.addColumns('t', { a: { type: 'text', notNull: true }, b: 'text' });\n  pgm.createIndex('t', 'a');\n  pgm.createIndex('t', 'b', { concurrently: true });\n  pgm.addConstraint('t', 'fk', 'FOREIGN KEY (b) REFERENCES u (id)');\n};\nexports.down = undefined;\n",
            ),
            (
                "migrations/1700000000003_c.js",
                "exports.up = (pgm) => {\n  pgm.alterColumn('t', 'a', { notNull: true });\n};\n",
            ),
            (
                "migrations/1700000000004_d.ts",
                "import { MigrationBuilder } from 'node-pg-migrate';\nexport async function up(pgm: MigrationBuilder): Promise<void> {\n  pgm.sql(`ALTER TABLE t ADD COLUMN c int`);\n}\nexport const down = false;\n",
            ),
            (
                "migrations/1700000000005_e.sql",
                "-- Up Migration\nALTER TABLE t RENAME COLUMN c TO d;\n-- Down Migration\nALTER TABLE t RENAME COLUMN d TO c;\n",
            ),
        ]);
        assert_eq!((set.framework.as_str(), set.count), ("node-pg-migrate", 5));
        assert_eq!(
            outline(&set),
            [
                ("1700000000005_e", true, vec!["rename-column"]),
                ("1700000000004_d", false, vec![]),
                ("1700000000003_c", false, vec!["set-not-null"]),
                (
                    "1700000000002_b",
                    true,
                    vec!["required-column", "index-not-concurrent", "foreign-key-not-valid"]
                ),
                ("1700000000001_a", true, vec![]),
            ]
        );
    }
}
