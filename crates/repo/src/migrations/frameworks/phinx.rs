//! Phinx, and CakePHP's migrations, which are built on it: `<timestamp>_name.php` with `change()`, or `up()` and `down()`.

use std::collections::HashMap;

use seaworthy_facts::WayBack;

use super::chains::{Chain, Link, Reading};
use super::php;
use crate::migrations::Seen;
use crate::migrations::frame::{
    Draft, Entry, Found, Framework, by_folder, candidates, in_order, stem, version,
};
use crate::migrations::operations::{Fill, Operation, Step};

pub static FRAMEWORK: Framework = Framework { key: "phinx", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let files = candidates(seen).filter(|file| {
        file.extension() == "php"
            && version(file.name()).is_some()
            && seen.tree.text(file).is_some_and(|text| is_phinx(&text))
    });
    by_folder(files)
        .into_iter()
        .map(|(_, files)| {
            let mut set = Found::default();
            for file in files {
                php::add(&mut set, Entry::new(stem(file), file));
            }
            in_order(&mut set.entries);
            set
        })
        .collect()
}

/// It uses the base class of Phinx or of CakePHP's plugin, or an own one that carries the usual name.
fn is_phinx(text: &str) -> bool {
    text.contains("Phinx\\Migration\\")
        || text.contains("Migrations\\AbstractMigration")
        || text.contains("Migrations\\BaseMigration")
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    let Some(reading) = Reading::of(seen, entry.file) else { return Draft::unreadable(entry.file) };
    let change = reading.function("change");
    let up = reading.function("up");
    // Where there is a `change`, the tool uses it and neither of the others.
    let Some(forward) = change.or(up) else {
        return Draft::one_way(Vec::new(), "it has neither change() nor up()", entry.file.at());
    };
    let chains = reading.chains(forward);
    let mut reader = Reader { reading: &reading, tables: HashMap::new(), steps: Vec::new(), one_way: None };
    for chain in &chains {
        reader.learn(chain, &chains);
    }
    for chain in &chains {
        reader.chain(chain);
    }
    let way_back = if change.is_none() {
        reading.way_back(entry.file, up, reading.function("down"))
    } else if let Some((name, line)) = reader.one_way {
        WayBack::No { why: format!("{name} in change() cannot be reversed"), at: entry.file.at_line(line) }
    } else if reading.does_nothing(forward) {
        WayBack::NothingToReverse
    } else {
        WayBack::Yes
    };
    Draft::new(way_back, reader.steps)
}

/// A table at hand.
#[derive(Clone)]
struct Table {
    name: String,
    new: bool,
}

struct Reader<'r> {
    reading: &'r Reading,
    /// Variables that hold a table.
    tables: HashMap<String, Table>,
    steps: Vec<Step>,
    /// The first operation that `change()` cannot turn around.
    one_way: Option<(String, u32)>,
}

impl<'r> Reader<'r> {
    fn push(&mut self, operation: Operation, line: u32) {
        self.steps.push(Step::new(operation, line));
    }

    fn name(&self, link: &Link, position: usize) -> String {
        link.arguments.get(position).map(|node| self.reading.name(*node)).unwrap_or_default()
    }

    /// Whether a table is made: `create()` says so, and so do options that only a new table has.
    fn learn(&mut self, chain: &Chain<'r>, all: &[Chain<'r>]) {
        let Some(variable) = assigned(self.reading, chain) else { return };
        let Some(link) = chain.link("table") else { return };
        let new =
            is_new(chain, link) || all.iter().any(|other| other.root == variable && other.has("create"));
        let name = self.name(link, 0);
        self.tables.insert(variable, Table { name, new });
    }

    fn chain(&mut self, chain: &Chain<'r>) {
        let mut table = self.tables.get(&chain.root).cloned();
        for link in &chain.links {
            let line = link.line;
            match link.name.as_str() {
                "table" => {
                    let known = assigned(self.reading, chain).and_then(|name| self.tables.get(&name));
                    let at_hand = match known {
                        Some(known) => known.clone(),
                        None => Table { name: self.name(link, 0), new: is_new(chain, link) },
                    };
                    if at_hand.new {
                        self.push(Operation::CreateTable { table: at_hand.name.clone() }, line);
                    }
                    table = Some(at_hand);
                }
                "execute" | "query" => {
                    if let Some(argument) = link.arguments.first() {
                        let steps = self.reading.sql(*argument, line);
                        self.steps.extend(steps);
                    }
                    if link.name == "execute" && !self.is_guarded(chain) {
                        self.cannot(link);
                    }
                }
                "dropTable" => {
                    let table = self.name(link, 0);
                    self.push(Operation::DropTable { table }, line);
                    self.cannot(link);
                }
                _ => {
                    if let Some(table) = table.clone() {
                        self.described(&table, link);
                    }
                }
            }
        }
    }

    fn cannot(&mut self, link: &Link) {
        if self.one_way.is_none() {
            self.one_way = Some((link.name.chars().take(40).collect(), link.line));
        }
    }

    /// Inside `if ($this->isMigratingUp())`.
    fn is_guarded(&self, chain: &Chain) -> bool {
        let mut node = chain.node;
        for _ in 0..40 {
            let Some(parent) = node.parent() else { return false };
            node = parent;
            if node.kind() == "if_statement"
                && node
                    .child_by_field_name("condition")
                    .is_some_and(|condition| self.reading.source.text(condition).contains("isMigratingUp"))
            {
                return true;
            }
        }
        false
    }

    fn described(&mut self, table: &Table, link: &Link<'r>) {
        let line = link.line;
        let name = table.name.clone();
        let operation = match link.name.as_str() {
            "addColumn" => self.column(name, link),
            "addTimestamps" | "addTimestampsWithTimezone" => Operation::AddColumn {
                table: name,
                column: "created_at".into(),
                not_null: true,
                default: Fill::Constant,
                unique: false,
                references: false,
            },
            "addIndex" => {
                let unique = link
                    .arguments
                    .get(1)
                    .is_some_and(|options| self.reading.flag(*options, "unique") == Some(true));
                Operation::AddIndex { table: name, unique, concurrently: false }
            }
            "addForeignKey" | "addForeignKeyWithName" => {
                let position = usize::from(link.name == "addForeignKeyWithName");
                let column = link
                    .arguments
                    .get(position)
                    .and_then(|node| self.reading.names(*node).into_iter().next());
                Operation::AddForeignKey { table: name, column, validated: true }
            }
            "renameColumn" => Operation::RenameColumn { table: name, column: self.name(link, 0) },
            "rename" | "renameTable" => Operation::RenameTable { table: name, to: self.name(link, 0) },
            "removeColumn" | "dropColumn" => {
                Operation::DropColumn { table: name, column: self.name(link, 0) }
            }
            "changeColumn" => Operation::ChangeType { table: name, column: self.name(link, 0) },
            "removeIndex" | "removeIndexByName" => {
                Operation::DropIndex { table: Some(name), concurrently: false }
            }
            "dropForeignKey" | "changePrimaryKey" => Operation::Other { table: Some(name) },
            "changeComment" => Operation::Neutral,
            "drop" => Operation::DropTable { table: name },
            "truncate" => Operation::Truncate { table: name },
            "insert" => Operation::InsertRows { table: name },
            _ => return,
        };
        let has_inverse = link.name.starts_with("add")
            || link.name.starts_with("rename")
            || matches!(link.name.as_str(), "insert" | "truncate");
        if !has_inverse {
            self.cannot(link);
        }
        self.push(operation, line);
    }

    fn column(&self, table: String, link: &Link<'r>) -> Operation {
        let options = link.arguments.get(2).copied();
        let flag = |name: &str| options.and_then(|options| self.reading.flag(options, name));
        let default = if flag("identity") == Some(true) {
            Fill::PerRow
        } else {
            options
                .and_then(|options| self.reading.property(options, "default"))
                .map_or(Fill::Nothing, |value| self.reading.fill(value))
        };
        // What is said of nulls counts: what holds when nothing is said differs between versions.
        let not_null = flag("null") == Some(false);
        Operation::AddColumn {
            table,
            column: self.name(link, 0),
            not_null,
            default,
            unique: false,
            references: false,
        }
    }
}

fn is_new(chain: &Chain, table: &Link) -> bool {
    chain.has("create") || table.arguments.len() > 1 && !chain.has("update")
}

/// The variable that a chain's result is kept in.
fn assigned(reading: &Reading, chain: &Chain) -> Option<String> {
    let parent = chain.node.parent().filter(|parent| parent.kind() == "assignment_expression")?;
    let left = parent.child_by_field_name("left")?;
    Some(reading.source.text(left).trim_start_matches('$').to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::migrations::test_support::{only_set, outline};

    #[test]
    fn change_reverses_what_it_can() {
        let class = |body: &str| {
            format!(
                "<?php\n// postgresql\nuse Phinx\\Migration\\AbstractMigration;\nfinal class X extends AbstractMigration\n{{\n{body}\n}}\n"
            )
        };
        let texts = [
            class(
                "public function change(): void {\n  $table = $this->table('t');\n  $table->addColumn('a', 'string', ['null' => false])->addIndex(['a'], ['unique' => true]);\n  $table->create();\n}",
            ),
            class(
                "public function change(): void {\n  $this->table('t')\n    ->addColumn('b', 'string', ['null' => false])\n    ->addColumn('c', 'integer', ['null' => true])\n    ->addIndex('c')\n    ->addForeignKey('c', 'u', 'id')\n    ->update();\n}",
            ),
            class("public function change(): void {\n  $this->table('t')->removeColumn('b')->save();\n}"),
            class("public function change(): void {\n  $this->execute('UPDATE t SET a = 1');\n}"),
            class(
                "public function up(): void {\n  $this->execute('ALTER TABLE t RENAME COLUMN a TO z');\n}\npublic function down(): void {\n  $this->execute('ALTER TABLE t RENAME COLUMN z TO a');\n}",
            ),
        ];
        let files: Vec<(String, &str)> = texts
            .iter()
            .enumerate()
            .map(|(i, text)| (format!("db/migrations/2024010100000{i}_m{i}.php"), text.as_str()))
            .collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let set = only_set(&files);
        assert_eq!(set.framework, "phinx");
        assert_eq!(
            outline(&set),
            [
                ("20240101000004_m4", true, vec!["rename-column"]),
                ("20240101000003_m3", false, vec![]),
                ("20240101000002_m2", false, vec!["drop-column"]),
                (
                    "20240101000001_m1",
                    true,
                    vec!["required-column", "index-not-concurrent", "foreign-key-not-valid"]
                ),
                ("20240101000000_m0", true, vec![]),
            ]
        );
    }
}
