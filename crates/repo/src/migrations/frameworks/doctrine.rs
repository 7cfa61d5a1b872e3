//! Doctrine Migrations: classes `Version…` with `up()`, `down()` and SQL.

use std::collections::{BTreeMap, HashMap};

use super::chains::{Chain, Link, Reading};
use super::php;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework, candidates, stem, version};
use crate::migrations::operations::{Fill, Operation, Step};

pub static FRAMEWORK: Framework = Framework { key: "doctrine", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let mut sets: BTreeMap<&str, Found> = BTreeMap::new();
    let files = candidates(seen).filter(|file| {
        file.extension() == "php"
            && file.name().strip_prefix("Version").is_some_and(|rest| version(rest).is_some())
            && seen.tree.text(file).is_some_and(|text| text.contains("AbstractMigration"))
    });
    for file in files {
        let set = sets.entry(php::project(seen, file, "composer.json")).or_default();
        php::add(set, Entry::new(stem(file), file));
    }
    sets.into_values()
        .map(|mut set| {
            set.entries.sort_by(|a, b| (&a.name, &a.file.path).cmp(&(&b.name, &b.file.path)));
            set
        })
        .collect()
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    let Some(reading) = Reading::of(seen, entry.file) else { return Draft::unreadable(entry.file) };
    let up = reading.function("up");
    let way_back = reading.way_back(entry.file, up, reading.function("down"));
    let mut reader = Reader { reading: &reading, tables: HashMap::new(), steps: Vec::new() };
    for chain in up.map(|up| reading.chains(up)).unwrap_or_default() {
        reader.chain(&chain);
    }
    Draft::new(way_back, reader.steps)
}

struct Reader<'r> {
    reading: &'r Reading,
    /// Variables that hold a table.
    tables: HashMap<String, String>,
    steps: Vec<Step>,
}

impl<'r> Reader<'r> {
    fn push(&mut self, operation: Operation, line: u32) {
        self.steps.push(Step::new(operation, line));
    }

    fn name(&self, link: &Link, position: usize) -> String {
        link.arguments.get(position).map(|node| self.reading.name(*node)).unwrap_or_default()
    }

    fn chain(&mut self, chain: &Chain<'r>) {
        let mut table = self.tables.get(&chain.root).cloned();
        for link in &chain.links {
            let line = link.line;
            match link.name.as_str() {
                "addSql" | "executeStatement" | "executeQuery" | "exec" | "executeUpdate" => {
                    if let Some(argument) = link.arguments.first() {
                        let steps = self.reading.sql(*argument, line);
                        self.steps.extend(steps);
                    }
                }
                "createTable" => {
                    let created = self.name(link, 0);
                    self.push(Operation::CreateTable { table: created.clone() }, line);
                    table = Some(created);
                }
                "getTable" => table = Some(self.name(link, 0)),
                "dropTable" => {
                    let table = self.name(link, 0);
                    self.push(Operation::DropTable { table }, line);
                }
                "renameTable" => {
                    let (table, to) = (self.name(link, 0), self.name(link, 1));
                    self.push(Operation::RenameTable { table, to }, line);
                }
                "insert" if chain.root.ends_with("connection") => {
                    let table = self.name(link, 0);
                    self.push(Operation::InsertRows { table }, line);
                }
                "update" | "delete" if chain.root.ends_with("connection") => {
                    let table = Some(self.name(link, 0));
                    self.push(Operation::ChangeRows { table }, line);
                }
                _ => {
                    if let Some(table) = &table {
                        let table = table.clone();
                        self.described(table, link);
                    }
                }
            }
        }
        // `$table = $schema->getTable('t')`: later calls are made on the variable.
        if let Some(table) = table
            && let Some(parent) = chain.node.parent()
            && parent.kind() == "assignment_expression"
            && let Some(left) = parent.child_by_field_name("left")
        {
            self.tables.insert(self.reading.source.text(left).trim_start_matches('$').to_owned(), table);
        }
    }

    /// An operation of the schema's own interface on a table.
    fn described(&mut self, table: String, link: &Link<'r>) {
        let line = link.line;
        let operation = match link.name.as_str() {
            "addColumn" => {
                let options = link.arguments.get(2).copied();
                let not_null =
                    options.is_none_or(|options| self.reading.flag(options, "notnull") != Some(false));
                let default = options
                    .and_then(|options| self.reading.property(options, "default"))
                    .map_or(Fill::Nothing, |value| self.reading.fill(value));
                let column = self.name(link, 0);
                Operation::AddColumn { table, column, not_null, default, unique: false, references: false }
            }
            "dropColumn" => Operation::DropColumn { table, column: self.name(link, 0) },
            "changeColumn" | "modifyColumn" => Operation::ChangeType { table, column: self.name(link, 0) },
            "renameColumn" => Operation::RenameColumn { table, column: self.name(link, 0) },
            "addIndex" => Operation::AddIndex { table, unique: false, concurrently: false },
            "addUniqueIndex" => Operation::AddIndex { table, unique: true, concurrently: false },
            "addUniqueConstraint" | "setPrimaryKey" => Operation::AddUnique { table, using_index: false },
            "addForeignKeyConstraint" => {
                let column =
                    link.arguments.get(1).and_then(|node| self.reading.names(*node).into_iter().next());
                Operation::AddForeignKey { table, column, validated: true }
            }
            "dropIndex" => Operation::DropIndex { table: Some(table), concurrently: false },
            "removeForeignKey" | "removeUniqueConstraint" | "dropPrimaryKey" => {
                Operation::Other { table: Some(table) }
            }
            _ => return,
        };
        self.push(operation, line);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::migrations::test_support::{only_set, outline};

    #[test]
    fn sql_and_the_schemas_own_interface() {
        let class = |version: &str, body: &str| {
            format!(
                "<?php\ndeclare(strict_types=1);\nnamespace DoctrineMigrations;\nuse Doctrine\\DBAL\\Schema\\Schema;\nuse Doctrine\\Migrations\\AbstractMigration;\nfinal class {version} extends AbstractMigration\n{{\n{body}\n}}\n"
            )
        };
        let first = class(
            "Version20240101000000",
            "public function up(Schema $schema): void {\n  $this->abortIf($this->connection->getDatabasePlatform()->getName() !== 'postgresql');\n  $this->addSql('CREATE TABLE t (id UUID NOT NULL, meta JSONB)');\n  $this->addSql('CREATE INDEX i ON t (id)');\n}\npublic function down(Schema $schema): void {\n  $this->addSql('DROP TABLE t');\n}",
        );
        let second = class(
            "Version20240102000000",
            "public function up(Schema $schema): void {\n  $this->addSql(<<<'SQL'\n    ALTER TABLE t ALTER COLUMN id DROP DEFAULT, RENAME COLUMN a TO b\n  SQL);\n  $table = $schema->getTable('t');\n  $table->addColumn('c', 'string', ['notnull' => false]);\n  $table->addColumn('d', 'string');\n  $table->addIndex(['c']);\n}\npublic function down(Schema $schema): void {\n  $this->throwIrreversibleMigrationException();\n}",
        );
        let third = class(
            "Version20240103000000",
            "public function up(Schema $schema): void {\n  $this->addSql('ALTER TABLE t ADD e INT DEFAULT NULL');\n}",
        );
        let set = only_set(&[
            ("composer.json", "{}"),
            ("migrations/Version20240101000000.php", &first),
            ("migrations/2024/Version20240102000000.php", &second),
            ("migrations/2024/Version20240103000000.php", &third),
        ]);
        assert_eq!(set.framework, "doctrine");
        assert_eq!(
            outline(&set),
            [
                ("Version20240103000000", false, vec![]),
                (
                    "Version20240102000000",
                    false,
                    vec!["rename-column", "required-column", "index-not-concurrent"]
                ),
                ("Version20240101000000", true, vec![]),
            ]
        );
        assert!(set.newest[0].only_adds);
    }
}
