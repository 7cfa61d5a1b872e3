//! SeaORM: modules `m<timestamp>_<name>.rs` that implement `MigrationTrait` with `up` and `down`.

use seaworthy_facts::WayBack;
use seaworthy_syntax::code::{self, Call};

use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework, by_folder, candidates, stem};
use crate::migrations::operations::{Fill, Operation, Step};
use crate::migrations::source::Source;

pub static FRAMEWORK: Framework = Framework { key: "sea-orm", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let files = candidates(seen).filter(|file| {
        file.extension() == "rs"
            && file
                .name()
                .strip_prefix('m')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            && seen.tree.text(file).is_some_and(|text| text.contains("MigrationTrait"))
    });
    by_folder(files)
        .into_iter()
        .map(|(folder, mut files)| {
            files.sort_by(|a, b| a.name().cmp(b.name()));
            let entries = files.into_iter().map(|file| Entry::new(stem(file), file)).collect();
            Found { folders: vec![folder.to_owned()], entries, engine: None }
        })
        .collect()
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    let Some(source) = Source::parse(seen, entry.file) else { return Draft::unreadable(entry.file) };
    let mut steps: Vec<Step> = Vec::new();
    for call in source.function("up").map(|up| code::calls(up, &source.text)).unwrap_or_default() {
        steps.extend(step(&source, &call));
    }
    steps.sort_by_key(|step| step.line);
    let way_back = match source.function("down") {
        Some(down) => {
            let calls = code::calls(down, &source.text);
            let goes_back = calls.iter().any(|call| {
                !matches!(
                    call.name(),
                    "Ok" | "Err"
                        | "todo"
                        | "panic"
                        | "unimplemented"
                        | "Migration"
                        | "Custom"
                        | "into"
                        | "to_owned"
                )
            });
            if goes_back {
                WayBack::Yes
            } else if steps.is_empty() {
                WayBack::NothingToReverse
            } else {
                WayBack::No {
                    why: "its down() is empty or refuses".to_owned(),
                    at: entry.file.at_line(code::line(down)),
                }
            }
        }
        // The trait's own down() refuses.
        None => WayBack::No { why: "it has no down()".to_owned(), at: entry.file.at() },
    };
    Draft::new(way_back, steps)
}

/// A call and what it does. Statements are chains that begin with `Table::alter()` and the like.
fn step(source: &Source, call: &Call) -> Vec<Step> {
    if matches!(call.name(), "execute_unprepared" | "from_string" | "raw_sql") {
        return call.arguments.iter().flat_map(|node| source.sql_in(*node)).collect();
    }
    // The call that names the table is where a chain is told from others.
    let table = |call: &Call| call.arguments.first().map(|node| source.name(*node)).unwrap_or_default();
    let chain = call.callee.as_str();
    let of = |head: &str| chain.starts_with(&format!("{head}()."));
    let operation = match call.name() {
        "table" if of("Table.create") => Operation::CreateTable { table: table(call) },
        "table" if of("Table.drop") => Operation::DropTable { table: table(call) },
        "table" if of("Table.rename") => Operation::RenameTable { table: table(call), to: String::new() },
        "table" if of("Index.create") || of("sea_query.Index.create") => Operation::AddIndex {
            table: table(call),
            unique: chain.contains(".unique()"),
            concurrently: chain.contains(".concurrently()"),
        },
        "table" if of("Index.drop") => {
            Operation::DropIndex { table: Some(table(call)), concurrently: chain.contains(".concurrently()") }
        }
        "from" | "from_tbl" if of("ForeignKey.create") => {
            Operation::AddForeignKey { table: table(call), column: None, validated: true }
        }
        "add_column" | "add_column_if_not_exists" if of("Table.alter") => {
            let text = call.arguments.first().map(|node| source.text(*node)).unwrap_or_default();
            Operation::AddColumn {
                table: altered(source, call),
                column: text.split("::").nth(2).unwrap_or(text).chars().take(60).collect(),
                not_null: text.contains(".not_null()"),
                default: if text.contains(".default(") { Fill::Constant } else { Fill::Nothing },
                unique: text.contains(".unique_key()"),
                references: false,
            }
        }
        "drop_column" if of("Table.alter") => {
            Operation::DropColumn { table: altered(source, call), column: table(call) }
        }
        "rename_column" if of("Table.alter") => {
            Operation::RenameColumn { table: altered(source, call), column: table(call) }
        }
        "modify_column" if of("Table.alter") => {
            Operation::ChangeType { table: altered(source, call), column: String::new() }
        }
        "add_foreign_key" if of("Table.alter") => {
            Operation::AddForeignKey { table: altered(source, call), column: None, validated: true }
        }
        "insert" | "exec_insert" => Operation::InsertRows { table: String::new() },
        _ => return Vec::new(),
    };
    vec![Step::new(operation, call.line)]
}

/// The table of the chain that a call is part of.
fn altered(source: &Source, call: &Call) -> String {
    code::calls(call.node, &source.text)
        .iter()
        .find(|inner| inner.name() == "table")
        .and_then(|inner| inner.arguments.first())
        .map(|node| source.name(*node))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::migrations::test_support::{only_set, outline};

    fn module(up: &str, down: &str) -> String {
        format!(
            "use sea_orm_migration::prelude::*;\n\n#[async_trait::async_trait]\nimpl MigrationTrait for Migration {{\n    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {{\n        {up}\n    }}\n\n    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {{\n        {down}\n    }}\n}}\n"
        )
    }

    #[test]
    fn chains_in_order() {
        let set = only_set(&[
            (
                "migration/src/m20240101_000001_a.rs",
                &module(
                    "manager.create_table(Table::create().table(Item::Table).col(ColumnDef::new(Item::Id).integer()).to_owned()).await",
                    "manager.drop_table(Table::drop().table(Item::Table).to_owned()).await",
                ),
            ),
            (
                "migration/src/m20240102_000001_b.rs",
                &module(
                    "manager.alter_table(Table::alter().table(User::Table).drop_column(User::Old).to_owned()).await?;\n        manager.get_connection().execute_unprepared(\"CREATE INDEX CONCURRENTLY i ON u (a)\").await?;\n        Ok(())",
                    "Ok(())",
                ),
            ),
        ]);
        assert_eq!(set.framework, "sea-orm");
        assert_eq!(
            outline(&set),
            [("m20240102_000001_b", false, vec!["drop-column"]), ("m20240101_000001_a", true, vec![])]
        );
    }
}
