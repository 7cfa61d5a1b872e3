//! Sequelize: functions that are given a query interface, run by its command line or by umzug.

use seaworthy_syntax::code::Node;

use super::chains::{Link, Reading};
use super::columns::{self, Words};
use super::javascript;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework};
use crate::migrations::operations::{Operation, Step};

pub static FRAMEWORK: Framework = Framework { key: "sequelize", has_downs: true, find, read };

const WORDS: Words = Words {
    refuses: &["primaryKey"],
    allows: &["allowNull"],
    not_null: false,
    default: "defaultValue",
    unique: "unique",
    references: "references",
    counted: &["autoIncrement"],
};

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    javascript::sets(
        seen,
        javascript::files(seen, |text| {
            javascript::has_up(text)
                && (text.contains("ueryInterface") || text.contains("equelize") && text.contains("umzug"))
        }),
    )
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    let Some(reading) = Reading::of(seen, entry.file) else { return Draft::unreadable(entry.file) };
    let up = reading.function("up");
    let way_back = reading.way_back(entry.file, up, reading.function("down"));
    let mut reader = Reader { reading: &reading, steps: Vec::new() };
    for chain in up.map(|up| reading.chains(up)).unwrap_or_default() {
        for link in &chain.links {
            reader.link(link);
        }
    }
    Draft::new(way_back, reader.steps)
}

struct Reader<'r> {
    reading: &'r Reading,
    steps: Vec<Step>,
}

impl<'r> Reader<'r> {
    fn push(&mut self, operation: Operation, line: u32) {
        self.steps.push(Step::new(operation, line));
    }

    /// A table as text, or as an object with its schema.
    fn name(&self, link: &Link<'r>, position: usize) -> String {
        link.arguments
            .get(position)
            .map(|node| self.reading.name(self.reading.property(*node, "tableName").unwrap_or(*node)))
            .unwrap_or_default()
    }

    /// The value of an option in whichever argument it stands.
    fn option(&self, link: &Link<'r>, name: &str) -> Option<Node<'r>> {
        link.arguments.iter().skip(1).find_map(|node| self.reading.property(*node, name))
    }

    fn flag(&self, link: &Link<'r>, name: &str) -> bool {
        self.option(link, name).is_some_and(|value| self.reading.source.text(value) == "true")
    }

    fn link(&mut self, link: &Link<'r>) {
        let (table, line) = (self.name(link, 0), link.line);
        let column = || self.name(link, 1);
        match link.name.as_str() {
            "createTable" => self.push(Operation::CreateTable { table }, line),
            "dropTable" => self.push(Operation::DropTable { table }, line),
            "renameTable" => {
                let to = self.name(link, 1);
                self.push(Operation::RenameTable { table, to }, line);
            }
            "addColumn" => {
                let column = column();
                let operation = match link.arguments.get(2) {
                    Some(description) => columns::added(self.reading, &WORDS, &table, column, *description),
                    None => return,
                };
                self.push(operation, line);
            }
            "removeColumn" => {
                let column = column();
                self.push(Operation::DropColumn { table, column }, line);
            }
            "changeColumn" => {
                let column = column();
                self.push(Operation::ChangeType { table, column }, line);
            }
            "renameColumn" => {
                let column = column();
                self.push(Operation::RenameColumn { table, column }, line);
            }
            "addIndex" => {
                let unique = self.flag(link, "unique")
                    || self.option(link, "type").is_some_and(|kind| self.reading.name(kind) == "unique");
                let concurrently = self.flag(link, "concurrently");
                self.push(Operation::AddIndex { table, unique, concurrently }, line);
            }
            "removeIndex" => {
                let concurrently = self.flag(link, "concurrently");
                self.push(Operation::DropIndex { table: Some(table), concurrently }, line);
            }
            "addConstraint" => self.constraint(table, link),
            "removeConstraint" => self.push(Operation::Other { table: Some(table) }, line),
            "bulkInsert" | "insert" | "upsert" => self.push(Operation::InsertRows { table }, line),
            "bulkUpdate" | "bulkDelete" => self.push(Operation::ChangeRows { table: Some(table) }, line),
            "createFunction" | "createSchema" => {
                let kind = link.name.trim_start_matches("create").to_ascii_lowercase();
                self.push(Operation::CreateObject { kind, name: table }, line);
            }
            "dropFunction" | "dropSchema" => {
                let kind = link.name.trim_start_matches("drop").to_ascii_lowercase();
                self.push(Operation::DropObject { kind, name: table }, line);
            }
            "query" => {
                if let Some(argument) = link.arguments.first() {
                    let steps = self.reading.sql(*argument, line);
                    self.steps.extend(steps);
                }
            }
            _ => {}
        }
    }

    fn constraint(&mut self, table: String, link: &Link<'r>) {
        let kind = self.option(link, "type").map(|kind| self.reading.name(kind)).unwrap_or_default();
        let operation = if kind.contains("foreign") {
            let column = self
                .option(link, "fields")
                .or_else(|| link.arguments.get(1).copied().filter(|node| node.kind() == "array"))
                .and_then(|fields| self.reading.names(fields).into_iter().next());
            Operation::AddForeignKey { table, column, validated: true }
        } else if kind.contains("check") {
            Operation::AddCheck { table, validated: true }
        } else if kind.contains("default") {
            Operation::Neutral
        } else {
            Operation::AddUnique { table, using_index: false }
        };
        self.push(operation, link.line);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::migrations::test_support::{only_set, outline};

    #[test]
    fn operations_of_the_query_interface() {
        let set = only_set(&[
            (
                "server/migrations/20240101000000-a.js",
                "'use strict';\nmodule.exports = {\n  async up(queryInterface, Sequelize) {\n    await queryInterface.createTable('t', { id: { type: Sequelize.UUID, allowNull: false, primaryKey: true } });\n    await queryInterface.addIndex('t', ['id']);\n  },\n  async down(queryInterface) {\n    await queryInterface.dropTable('t');\n  },\n};\n",
            ),
            (
                "server/migrations/20240102000000-b.js",
                "// postgresql\nmodule.exports = {\n  up: async (queryInterface, Sequelize) => {\n    await queryInterface.sequelize.transaction(async (transaction) => {\n      await queryInterface.addColumn('t', 'a', { type: Sequelize.STRING, allowNull: false }, { transaction });\n      await queryInterface.addColumn('t', 'b', { type: Sequelize.INTEGER, references: { model: 'u', key: 'id' } });\n      await queryInterface.addIndex('t', ['a'], { concurrently: true });\n      await queryInterface.addIndex({ tableName: 't', schema: 's' }, ['b']);\n      await queryInterface.changeColumn('t', 'c', { type: Sequelize.TEXT });\n      await queryInterface.addConstraint('t', { fields: ['c'], type: 'foreign key', references: { table: 'u', field: 'id' } });\n      await queryInterface.sequelize.query(`ALTER TABLE t DROP COLUMN ${name}`);\n    });\n  },\n  down: () => Promise.resolve(),\n};\n",
            ),
            (
                "server/migrations/20240103000000-c.ts",
                "import type { Migration } from '../umzug';\nimport { DataTypes } from 'sequelize';\nexport const up: Migration = async ({ context: queryInterface }) => {\n  await queryInterface.addColumn('t', 'd', { type: DataTypes.STRING, allowNull: true });\n};\nexport const down: Migration = async ({ context: queryInterface }) => {\n  await queryInterface.removeColumn('t', 'd');\n};\n",
            ),
        ]);
        assert_eq!(set.framework, "sequelize");
        assert_eq!(
            outline(&set),
            [
                ("20240103000000-c", true, vec![]),
                (
                    "20240102000000-b",
                    false,
                    vec![
                        "required-column",
                        "foreign-key-not-valid",
                        "index-not-concurrent",
                        "type-change",
                        "foreign-key-not-valid",
                        "drop-column"
                    ]
                ),
                ("20240101000000-a", true, vec![]),
            ]
        );
    }
}
