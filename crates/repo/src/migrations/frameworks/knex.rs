//! Knex: functions `up` and `down` that are given a query builder. AdonisJS' Lucid, which is built on it, describes schemas
//! alike.

use super::chains::{Chain, Link, Reading, Scopes, fill_of};
use super::javascript;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework};
use crate::migrations::operations::{Fill, Operation, Step};

pub static FRAMEWORK: Framework = Framework { key: "knex", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    javascript::sets(
        seen,
        javascript::files(seen, |text| {
            javascript::has_up(text)
                && (text.contains("knex")
                    || text.contains("Knex")
                    || text.contains("adonis") && text.contains("BaseSchema"))
                && !text.contains("kysely")
        }),
    )
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    let Some(reading) = Reading::of(seen, entry.file) else { return Draft::unreadable(entry.file) };
    let up = reading.function("up");
    let way_back = reading.way_back(entry.file, up, reading.function("down"));
    let mut reader = Reader { reading: &reading, scopes: Scopes::default(), steps: Vec::new() };
    for chain in up.map(|up| reading.chains(up)).unwrap_or_default() {
        reader.chain(&chain);
    }
    Draft::new(way_back, reader.steps)
}

struct Reader<'r> {
    reading: &'r Reading,
    scopes: Scopes,
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
        if let Some(table) = self.scopes.table_of(chain) {
            let table = table.to_owned();
            self.described(&table, chain);
            return;
        }
        let mut queried = None;
        for link in &chain.links {
            self.link(link, &mut queried);
        }
    }

    fn link(&mut self, link: &Link<'r>, queried: &mut Option<String>) {
        let (first, line) = (self.name(link, 0), link.line);
        let rows = |table: &Option<String>| table.clone();
        match link.name.as_str() {
            "createTable" | "createTableIfNotExists" | "createTableLike" => {
                self.push(Operation::CreateTable { table: first.clone() }, line);
                self.scopes.enter(self.reading, link, &first);
            }
            "alterTable" | "table" => self.scopes.enter(self.reading, link, &first),
            "dropTable" | "dropTableIfExists" => self.push(Operation::DropTable { table: first }, line),
            "renameTable" => {
                let to = self.name(link, 1);
                self.push(Operation::RenameTable { table: first, to }, line);
            }
            "createView"
            | "createViewOrReplace"
            | "createMaterializedView"
            | "createSchema"
            | "createSchemaIfNotExists"
            | "createExtension"
            | "createExtensionIfNotExists" => {
                let kind = link.name.trim_start_matches("create").to_ascii_lowercase();
                let kind = if kind.contains("view") { "view".to_owned() } else { kind };
                self.push(Operation::CreateObject { kind, name: first }, line);
            }
            "dropView"
            | "dropViewIfExists"
            | "dropMaterializedView"
            | "dropMaterializedViewIfExists"
            | "dropSchema"
            | "dropSchemaIfExists"
            | "dropExtension"
            | "dropExtensionIfExists" => {
                let kind = link.name.trim_start_matches("drop").to_ascii_lowercase();
                let kind = if kind.contains("view") { "view".to_owned() } else { kind };
                self.push(Operation::DropObject { kind, name: first }, line);
            }
            "raw" | "rawQuery" => {
                if let Some(argument) = link.arguments.first()
                    && !is_a_value(self.reading, *argument)
                {
                    let steps = self.reading.sql(*argument, line);
                    self.steps.extend(steps);
                }
            }
            "batchInsert" => self.push(Operation::InsertRows { table: first }, line),
            "from" | "into" => *queried = Some(first),
            // A plain call whose name is the builder's.
            "knex" | "trx" | "tx" | "db" | "transaction" if !first.is_empty() => *queried = Some(first),
            "insert" | "insertMultiple" | "multiInsert" => {
                self.push(Operation::InsertRows { table: rows(queried).unwrap_or_default() }, line);
            }
            "update" | "del" | "delete" | "increment" | "decrement" | "upsert" | "merge" => {
                self.push(Operation::ChangeRows { table: rows(queried) }, line);
            }
            "truncate" => self.push(Operation::Truncate { table: rows(queried).unwrap_or_default() }, line),
            _ => {}
        }
    }

    /// One line of a table's description.
    fn described(&mut self, table: &str, chain: &Chain<'r>) {
        let Some(link) = chain.links.first() else { return };
        let (line, owned) = (link.line, table.to_owned());
        match link.name.as_str() {
            "index" => {
                self.push(Operation::AddIndex { table: owned, unique: false, concurrently: false }, line);
            }
            "unique" | "primary" => {
                self.push(Operation::AddUnique { table: owned, using_index: false }, line);
            }
            "foreign" => {
                let column =
                    link.arguments.first().and_then(|node| self.reading.names(*node).into_iter().next());
                self.push(Operation::AddForeignKey { table: owned, column, validated: true }, line);
            }
            "check" | "checkPositive" | "checkNegative" | "checkIn" | "checkNotIn" | "checkBetween"
            | "checkRegex" => self.push(Operation::AddCheck { table: owned, validated: true }, line),
            "dropColumn" | "dropColumns" => {
                let columns: Vec<String> =
                    link.arguments.iter().flat_map(|node| self.reading.names(*node)).collect();
                for column in columns {
                    self.push(Operation::DropColumn { table: owned.clone(), column }, line);
                }
            }
            "dropTimestamps" => {
                self.push(Operation::DropColumn { table: owned, column: "updated_at".into() }, line);
            }
            "renameColumn" => {
                let column = self.name(link, 0);
                self.push(Operation::RenameColumn { table: owned, column }, line);
            }
            "setNullable" => self.push(Operation::DropNotNull { table: owned }, line),
            "dropNullable" => {
                let column = self.name(link, 0);
                self.push(Operation::SetNotNull { table: owned, column }, line);
            }
            "dropIndex" => {
                self.push(Operation::DropIndex { table: Some(owned), concurrently: false }, line);
            }
            "dropForeign" | "dropUnique" | "dropPrimary" | "dropChecks" => {
                self.push(Operation::Other { table: Some(owned) }, line);
            }
            "comment" | "engine" | "charset" | "collate" | "inherits" | "queryContext" => {}
            _ => self.column(table, chain),
        }
    }

    fn column(&mut self, table: &str, chain: &Chain<'r>) {
        let Some(link) = chain.links.first() else { return };
        let (line, table) = (link.line, table.to_owned());
        let column = match link.name.as_str() {
            "timestamps" => "updated_at".to_owned(),
            "increments" | "bigIncrements" if link.arguments.is_empty() => "id".to_owned(),
            _ => self.name(link, 0),
        };
        if chain.has("alter") {
            self.push(Operation::ChangeType { table, column }, line);
            return;
        }
        let given_now = link.name == "timestamps" && link.arguments.len() > 1;
        let default = if link.name.to_ascii_lowercase().ends_with("increments") {
            Fill::PerRow
        } else if let Some(default) = chain.link("defaultTo") {
            default
                .arguments
                .first()
                .map_or(Fill::Constant, |value| fill_of(self.reading.source.text(*value)))
        } else if given_now {
            Fill::Constant
        } else {
            Fill::Nothing
        };
        let is_primary = chain.has("primary");
        self.push(
            Operation::AddColumn {
                table: table.clone(),
                column: column.clone(),
                not_null: chain.has("notNullable") || chain.has("notNull") || is_primary,
                default,
                unique: chain.has("unique") || is_primary,
                references: false,
            },
            line,
        );
        if chain.has("index") {
            self.push(Operation::AddIndex { table: table.clone(), unique: false, concurrently: false }, line);
        }
        if chain.has("references") {
            self.push(Operation::AddForeignKey { table, column: Some(column), validated: true }, line);
        }
    }
}

/// `knex.raw('now()')`, given as a value inside another call, is no statement.
fn is_a_value(reading: &Reading, argument: seaworthy_syntax::code::Node) -> bool {
    reading.source.literal(argument).is_some_and(|text| {
        let first = text.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        let word = first.to_ascii_uppercase();
        !matches!(
            word.as_str(),
            "CREATE"
                | "ALTER"
                | "DROP"
                | "UPDATE"
                | "DELETE"
                | "INSERT"
                | "TRUNCATE"
                | "WITH"
                | "DO"
                | "SET"
                | "COMMENT"
                | "GRANT"
                | "REVOKE"
                | "RENAME"
                | "REINDEX"
                | "BEGIN"
                | "REPLACE"
                | "MERGE"
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::migrations::test_support::{only_set, outline};

    #[test]
    fn functions_in_each_form() {
        let set = only_set(&[
            (
                "migrations/20240101000000_a.js",
                "exports.up = function (knex) {\n  return knex.schema.createTable('t', (table) => {\n    table.increments();\n    table.string('slug').notNullable().unique();\n    table.index('slug');\n  });\n};\nexports.down = (knex) => knex.schema.dropTable('t');\n",
            ),
            (
                "migrations/20240102000000_b.ts",
                "import type { Knex } from 'knex';\n// jsonb\nexport async function up(knex: Knex): Promise<void> {\n  await knex.schema.alterTable('t', (table) => {\n    table.string('name').notNullable();\n    table.integer('u').references('id').inTable('users').index();\n    table.dropColumn('old');\n    table.string('x').alter();\n    table.renameColumn('p', 'q');\n    table.dropNullable('z');\n  });\n  await knex.raw('DROP INDEX i');\n  await knex('t').update({ a: 1 });\n}\nexport async function down(): Promise<void> {}\n",
            ),
            (
                "migrations/20240103000000_c.js",
                "module.exports = {\n  up: async (knex) => { await knex.schema.table('t', (t) => { t.string('n').defaultTo(knex.raw('now()')); }); },\n  down: async () => { throw new Error('no'); },\n};\n",
            ),
        ]);
        assert_eq!(set.framework, "knex");
        assert_eq!(
            outline(&set),
            [
                ("20240103000000_c", false, vec![]),
                (
                    "20240102000000_b",
                    false,
                    vec![
                        "required-column",
                        "index-not-concurrent",
                        "foreign-key-not-valid",
                        "drop-column",
                        "type-change",
                        "rename-column",
                        "set-not-null",
                        "drop-index-not-concurrent"
                    ]
                ),
                ("20240101000000_a", true, vec![]),
            ]
        );
        assert!(set.newest[0].only_adds && !set.newest[1].only_adds);
        assert_eq!(set.newest[1].hazards[0].at.line_number(), Some(5));
    }
}
