//! FluentMigrator: classes with a `[Migration(number)]` attribute whose statements are chains of calls.

use seaworthy_facts::WayBack;
use seaworthy_syntax::code::{self, Call};

use super::ef_core::down;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework, by_folder, candidates};
use crate::migrations::operations::{Fill, Operation, Step};
use crate::migrations::source::Source;

pub static FRAMEWORK: Framework = Framework { key: "fluent-migrator", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let files = candidates(seen).filter(|file| {
        file.extension() == "cs"
            && seen
                .tree
                .text(file)
                .is_some_and(|text| text.contains("FluentMigrator") && number(&text).is_some())
    });
    by_folder(files)
        .into_iter()
        .map(|(folder, files)| {
            let mut numbered: Vec<(String, Entry)> = files
                .into_iter()
                .filter_map(|file| {
                    let number = number(&seen.tree.text(file)?)?;
                    Some((number.clone(), Entry::new(number, file)))
                })
                .collect();
            numbered.sort_by(|a, b| (a.0.len(), &a.0).cmp(&(b.0.len(), &b.0)));
            Found {
                folders: vec![folder.to_owned()],
                entries: numbered.into_iter().map(|(_, entry)| entry).collect(),
                engine: None,
            }
        })
        .collect()
}

/// The number of `[Migration(20240101)]`.
fn number(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("Migration(").filter(|(before, _)| before.ends_with('['))?;
    let digits: String = rest.chars().filter(|c| *c != '_').take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    let Some(source) = Source::parse(seen, entry.file) else { return Draft::unreadable(entry.file) };
    let mut steps = Vec::new();
    for statement in source.function("Up").map(|up| source.body_statements(up)).unwrap_or_default() {
        let calls = code::calls(statement, &source.text);
        // The outermost call of a chain comes first and names the whole of it.
        if let Some(chain) = calls.first() {
            steps.extend(
                of_chain(&source, &calls, &chain.callee)
                    .into_iter()
                    .map(|operation| Step::new(operation, chain.line)),
            );
            if chain.callee.starts_with("Execute.Sql") {
                steps.extend(chain.arguments.first().map(|node| source.sql_in(*node)).unwrap_or_default());
            }
        }
    }
    let way_back = if source.text.contains(": AutoReversingMigration") {
        WayBack::Yes
    } else {
        down(&source, entry, steps.is_empty())
    };
    Draft::new(way_back, steps)
}

fn of_chain(source: &Source, calls: &[Call], callee: &str) -> Vec<Operation> {
    let argument = |name: &str| {
        calls
            .iter()
            .find(|call| call.name() == name)
            .and_then(|call| call.arguments.first())
            .map(|node| source.name(*node))
            .unwrap_or_default()
    };
    let chained = |name: &str| calls.iter().any(|call| call.name() == name);
    let one = |operation| vec![operation];
    let head = callee.replace("()", "");
    let starts = |prefix: &str| head == prefix || head.starts_with(&format!("{prefix}."));
    if starts("Create.Table") {
        one(Operation::CreateTable { table: argument("Table") })
    } else if starts("Delete.Table") {
        one(Operation::DropTable { table: argument("Table") })
    } else if starts("Delete.Column") {
        one(Operation::DropColumn { table: argument("FromTable"), column: argument("Column") })
    } else if starts("Rename.Table") {
        one(Operation::RenameTable { table: argument("Table"), to: argument("To") })
    } else if starts("Rename.Column") {
        one(Operation::RenameColumn { table: argument("OnTable"), column: argument("Column") })
    } else if starts("Create.Index") {
        one(Operation::AddIndex {
            table: argument("OnTable"),
            unique: chained("Unique"),
            concurrently: chained("Online") || chained("AsConcurrently"),
        })
    } else if starts("Create.ForeignKey") {
        one(Operation::AddForeignKey {
            table: argument("FromTable"),
            column: Some(argument("ForeignColumn")),
            validated: true,
        })
    } else if starts("Create.UniqueConstraint") || starts("Create.PrimaryKey") {
        one(Operation::AddUnique { table: argument("OnTable"), using_index: false })
    } else if starts("Create.Column") || starts("Alter.Table") && chained("AddColumn") {
        let table = if starts("Create.Column") { argument("OnTable") } else { argument("Table") };
        one(Operation::AddColumn {
            table,
            column: if starts("Create.Column") { argument("Column") } else { argument("AddColumn") },
            not_null: chained("NotNullable"),
            default: if chained("WithDefaultValue") || chained("SetExistingRowsTo") {
                Fill::Constant
            } else {
                Fill::Nothing
            },
            unique: chained("Unique"),
            references: chained("ForeignKey"),
        })
    } else if starts("Alter.Column") || starts("Alter.Table") && chained("AlterColumn") {
        let table = if starts("Alter.Column") { argument("OnTable") } else { argument("Table") };
        one(Operation::ChangeType { table, column: String::new() })
    } else if starts("Insert.IntoTable") {
        one(Operation::InsertRows { table: argument("IntoTable") })
    } else if starts("Update.Table") || starts("Delete.FromTable") {
        one(Operation::ChangeRows { table: None })
    } else if starts("Execute.Sql") {
        Vec::new()
    } else {
        one(Operation::Other { table: None })
    }
}

#[cfg(test)]
mod tests {
    use crate::migrations::test_support::{only_set, outline};

    #[test]
    fn chains_by_number() {
        let file = |number: &str, base: &str, up: &str, down: &str| {
            format!(
                "using FluentMigrator;\n\n[Migration({number})]\npublic class A : {base}\n{{\n    public override void Up()\n    {{\n        {up}\n    }}\n\n    public override void Down()\n    {{\n        {down}\n    }}\n}}\n"
            )
        };
        let set = only_set(&[
            (
                "Db/A.cs",
                &file(
                    "2",
                    "Migration",
                    "Delete.Column(\"a\").FromTable(\"t\");",
                    "throw new NotSupportedException();",
                ),
            ),
            (
                "Db/B.cs",
                &file(
                    "10",
                    "AutoReversingMigration",
                    "Create.Table(\"u\").WithColumn(\"id\").AsInt64();",
                    "",
                ),
            ),
        ]);
        assert_eq!(outline(&set), [("10", true, vec![]), ("2", false, vec!["drop-column"])]);
    }
}
