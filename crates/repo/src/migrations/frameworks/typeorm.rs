//! TypeORM: classes with `up` and `down` that are given a query runner.

use seaworthy_syntax::code::Node;

use super::chains::{Link, Reading};
use super::columns::{self, Words};
use super::javascript;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework, version};
use crate::migrations::operations::{Operation, Step};

pub static FRAMEWORK: Framework = Framework { key: "typeorm", has_downs: true, find, read };

const WORDS: Words = Words {
    refuses: &[],
    allows: &["isNullable"],
    not_null: true,
    default: "default",
    unique: "isUnique",
    references: "references",
    counted: &["isGenerated", "generationStrategy", "asExpression"],
};

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let mut sets = javascript::sets(
        seen,
        javascript::files(seen, |text| text.contains("MigrationInterface") && text.contains("typeorm")),
    );
    for set in &mut sets {
        // The time at the end of the class's name is what counts; by custom it begins the file's name as well.
        set.entries.sort_by_cached_key(|entry| {
            let time = version(&entry.name).or_else(|| class_time(&seen.tree.text(entry.file)?));
            (time, entry.name.clone())
        });
    }
    sets
}

/// The digits at the end of the name of the class that is a migration.
fn class_time(text: &str) -> Option<Vec<u64>> {
    let (before, _) = text.split_once("implements MigrationInterface")?;
    let name = before.trim_end().rsplit(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    let digits = name.len() - name.bytes().rev().take_while(u8::is_ascii_digit).count();
    version(name.get(digits..)?)
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

    /// A name as text, or inside `new Table({ name })`.
    fn name(&self, link: &Link<'r>, position: usize) -> String {
        link.arguments.get(position).map(|node| self.named(*node)).unwrap_or_default()
    }

    fn named(&self, node: Node<'r>) -> String {
        let object = object(node);
        match self.reading.property(object, "name") {
            Some(name) => self.reading.name(name),
            None => self.reading.name(node),
        }
    }

    fn link(&mut self, link: &Link<'r>) {
        let (table, line) = (self.name(link, 0), link.line);
        let described: Vec<Node<'r>> =
            link.arguments.get(1).map(|node| javascript::members(*node)).unwrap_or_default();
        match link.name.as_str() {
            "createTable" => self.push(Operation::CreateTable { table }, line),
            "dropTable" => self.push(Operation::DropTable { table }, line),
            "renameTable" => {
                let to = self.name(link, 1);
                self.push(Operation::RenameTable { table, to }, line);
            }
            "addColumn" | "addColumns" => {
                for column in described {
                    let name = self.named(column);
                    let operation = columns::added(self.reading, &WORDS, &table, name, object(column));
                    self.push(operation, line);
                }
            }
            "dropColumn" | "dropColumns" => {
                for column in described {
                    let column = self.named(column);
                    self.push(Operation::DropColumn { table: table.clone(), column }, line);
                }
            }
            "renameColumn" => {
                let column = self.name(link, 1);
                self.push(Operation::RenameColumn { table, column }, line);
            }
            "changeColumn" => {
                let (column, to) = (self.name(link, 1), self.name(link, 2));
                if column != to
                    && !to.is_empty()
                    && link.arguments.get(2).is_some_and(|node| node.kind() == "new_expression")
                {
                    self.push(Operation::RenameColumn { table: table.clone(), column: column.clone() }, line);
                }
                self.push(Operation::ChangeType { table, column }, line);
            }
            "changeColumns" => {
                self.push(Operation::ChangeType { table, column: String::new() }, line);
            }
            "createIndex" | "createIndices" => {
                for index in described {
                    let index = object(index);
                    let unique = self.reading.flag(index, "isUnique") == Some(true);
                    let concurrently = self.reading.flag(index, "isConcurrent") == Some(true);
                    self.push(Operation::AddIndex { table: table.clone(), unique, concurrently }, line);
                }
            }
            "dropIndex" | "dropIndices" => {
                self.push(Operation::DropIndex { table: Some(table), concurrently: false }, line);
            }
            "createForeignKey" | "createForeignKeys" => {
                for key in described {
                    let column = self
                        .reading
                        .property(object(key), "columnNames")
                        .and_then(|names| self.reading.names(names).into_iter().next());
                    self.push(
                        Operation::AddForeignKey { table: table.clone(), column, validated: true },
                        line,
                    );
                }
            }
            "createUniqueConstraint"
            | "createUniqueConstraints"
            | "createPrimaryKey"
            | "createExclusionConstraint"
            | "createExclusionConstraints" => {
                self.push(Operation::AddUnique { table, using_index: false }, line);
            }
            "createCheckConstraint" | "createCheckConstraints" => {
                self.push(Operation::AddCheck { table, validated: true }, line);
            }
            "dropForeignKey"
            | "dropForeignKeys"
            | "dropUniqueConstraint"
            | "dropUniqueConstraints"
            | "dropPrimaryKey"
            | "updatePrimaryKeys"
            | "dropCheckConstraint"
            | "dropCheckConstraints"
            | "dropExclusionConstraint" => self.push(Operation::Other { table: Some(table) }, line),
            "createView" | "createSchema" | "createDatabase" => {
                let kind = link.name.trim_start_matches("create").to_ascii_lowercase();
                self.push(Operation::CreateObject { kind, name: table }, line);
            }
            "dropView" | "dropSchema" | "dropDatabase" => {
                let kind = link.name.trim_start_matches("drop").to_ascii_lowercase();
                self.push(Operation::DropObject { kind, name: table }, line);
            }
            "clearTable" => self.push(Operation::Truncate { table }, line),
            "query" => {
                if let Some(argument) = link.arguments.first() {
                    let steps = self.reading.sql(*argument, line);
                    self.steps.extend(steps);
                }
            }
            "save" | "update" | "remove" | "softDelete" => {
                self.push(Operation::ChangeRows { table: None }, line);
            }
            "insert" => self.push(Operation::InsertRows { table: String::new() }, line),
            _ => {}
        }
    }
}

/// The object inside `new TableColumn({ … })`.
fn object(node: Node) -> Node {
    if node.kind() != "new_expression" {
        return node;
    }
    node.child_by_field_name("arguments").and_then(|list| list.named_child(0)).unwrap_or(node)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::migrations::test_support::{only_set, outline};

    #[test]
    fn sql_and_the_runners_own_operations() {
        let set = only_set(&[
            (
                "src/migrations/1700000000000-A.ts",
                "import { MigrationInterface, QueryRunner, Table } from 'typeorm';\nexport class A1700000000000 implements MigrationInterface {\n  public async up(queryRunner: QueryRunner): Promise<void> {\n    await queryRunner.createTable(new Table({ name: 't', columns: [{ name: 'id', type: 'uuid' }] }), true);\n    await queryRunner.createIndex('t', new TableIndex({ columnNames: ['id'] }));\n    await queryRunner.query(`CREATE INDEX \"i\" ON \"t\" (\"id\")`);\n  }\n  public async down(queryRunner: QueryRunner): Promise<void> {\n    await queryRunner.dropTable('t');\n  }\n}\n",
            ),
            (
                "src/migrations/AddThings.ts",
                "import { MigrationInterface, QueryRunner } from 'typeorm';\n// jsonb\nexport class AddThings1700000000001 implements MigrationInterface {\n  name = 'AddThings1700000000001';\n  public async up(queryRunner: QueryRunner): Promise<void> {\n    await queryRunner.query('ALTER TABLE \"t\" ' + 'ADD \"a\" text NOT NULL');\n    await queryRunner.addColumn('t', new TableColumn({ name: 'b', type: 'int', isNullable: true }));\n    await queryRunner.addColumns('t', [new TableColumn({ name: 'c', type: 'int' })]);\n    await queryRunner.createForeignKey('t', new TableForeignKey({ columnNames: ['b'], referencedTableName: 'u', referencedColumnNames: ['id'] }));\n    await queryRunner.changeColumn('t', 'd', new TableColumn({ name: 'e', type: 'int' }));\n  }\n  public async down(): Promise<void> {\n    // nothing\n  }\n}\n",
            ),
        ]);
        assert_eq!(set.framework, "typeorm");
        assert_eq!(
            outline(&set),
            [
                (
                    "AddThings",
                    false,
                    vec![
                        "required-column",
                        "required-column",
                        "foreign-key-not-valid",
                        "rename-column",
                        "type-change"
                    ]
                ),
                ("1700000000000-A", true, vec![]),
            ]
        );
    }
}
