//! Entity Framework Core: classes in `Migrations` with `Up` and `Down` over a `MigrationBuilder`.

use seaworthy_facts::WayBack;
use seaworthy_syntax::code::{self, Call, Node};

use crate::migrations::Seen;
use crate::migrations::frame::{
    Draft, Entry, Found, Framework, by_folder, candidates, in_order, stem, version,
};
use crate::migrations::operations::{Fill, Operation, Step};
use crate::migrations::source::Source;
use crate::migrations::sql;

pub static FRAMEWORK: Framework = Framework { key: "ef-core", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let files = candidates(seen).filter(|file| {
        file.extension() == "cs"
            && !file.name().ends_with(".Designer.cs")
            && version(file.name()).is_some()
            && seen
                .tree
                .text(file)
                .is_some_and(|text| text.contains("MigrationBuilder") && text.contains("void Up("))
    });
    by_folder(files)
        .into_iter()
        .map(|(folder, files)| {
            let mut entries: Vec<Entry> =
                files.into_iter().map(|file| Entry::new(stem(file), file)).collect();
            in_order(&mut entries);
            // Generated columns name the provider: `Npgsql:ValueGenerationStrategy`.
            let engine = entries.iter().rev().take(50).find_map(|entry| {
                let text = seen.tree.text(entry.file)?;
                ["Npgsql", "SqlServer", "MySql", "Sqlite"]
                    .into_iter()
                    .find(|provider| text.contains(&format!("\"{provider}:")))
                    .and_then(crate::migrations::engine::of_name)
            });
            Found { folders: vec![folder.to_owned()], entries, engine }
        })
        .collect()
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    let Some(source) = Source::parse(seen, entry.file) else { return Draft::unreadable(entry.file) };
    let steps: Vec<Step> = source
        .function("Up")
        .map(|up| source.calls_from(up))
        .unwrap_or_default()
        .iter()
        .filter(|call| {
            call.callee.to_ascii_lowercase().starts_with("migrationbuilder.")
                && call.callee.matches('.').count() == 1
        })
        .flat_map(|call| {
            operations(&source, call)
                .into_iter()
                .map(|operation| Step::new(operation, call.line))
                .chain(raw(&source, call))
        })
        .collect();
    Draft::new(down(&source, entry, steps.is_empty()), steps)
}

/// The way back by the method `Down`.
pub fn down(source: &Source, entry: &Entry, nothing_forward: bool) -> WayBack {
    let down = source.function("Down");
    let goes_back = down.is_some_and(|down| {
        source.body_statements(down).iter().any(|statement| statement.kind() != "throw_statement")
    });
    match down {
        Some(_) if goes_back => WayBack::Yes,
        _ if nothing_forward => WayBack::NothingToReverse,
        Some(down) => WayBack::No {
            why: "its Down() is empty or throws".to_owned(),
            at: entry.file.at_line(code::line(down)),
        },
        None => WayBack::No { why: "it has no Down()".to_owned(), at: entry.file.at() },
    }
}

fn raw(source: &Source, call: &Call) -> Vec<Step> {
    if call.name() != "Sql" {
        return Vec::new();
    }
    call.arguments.first().map(|argument| source.sql_in(*argument)).unwrap_or_default()
}

fn operations(source: &Source, call: &Call) -> Vec<Operation> {
    let keyword = |name: &str| call.keyword(name, &source.text);
    let positional: Vec<Node> = call
        .arguments
        .iter()
        .copied()
        .filter(|node| node.child_by_field_name("name").is_none() || node.kind() != "argument")
        .collect();
    let name_at = |name: &str, position: usize| {
        keyword(name)
            .or_else(|| positional.get(position).copied())
            .map(|node| source.name(node))
            .unwrap_or_default()
    };
    let is = |name: &str, value: &str| keyword(name).is_some_and(|node| source.text(node) == value);
    let table = || name_at("table", 1);
    vec![match call.name() {
        "CreateTable" => Operation::CreateTable { table: name_at("name", 0) },
        "DropTable" => Operation::DropTable { table: name_at("name", 0) },
        "RenameTable" => Operation::RenameTable { table: name_at("name", 0), to: name_at("newName", 2) },
        "AddColumn" => {
            let stated = keyword("defaultValue").or_else(|| keyword("defaultValueSql"));
            let default = match stated.map(|node| source.text(node)) {
                Some(text)
                    if text
                        .split(|c: char| !c.is_alphanumeric() && c != '_')
                        .any(sql::gives_each_row_its_own) =>
                {
                    Fill::PerRow
                }
                Some("null") | None => Fill::Nothing,
                Some(_) => Fill::Constant,
            };
            Operation::AddColumn {
                table: table(),
                column: name_at("name", 0),
                not_null: !is("nullable", "true"),
                default,
                unique: false,
                references: false,
            }
        }
        "DropColumn" => Operation::DropColumn { table: table(), column: name_at("name", 0) },
        "RenameColumn" => Operation::RenameColumn { table: table(), column: name_at("name", 0) },
        "AlterColumn" => {
            let (table, column) = (table(), name_at("name", 0));
            let text = |name: &str| keyword(name).map(|node| source.text(node));
            let mut found = Vec::new();
            let retyped = text("oldType").is_some() && text("oldType") != text("type")
                || text("oldMaxLength").is_some() && text("oldMaxLength") != text("maxLength");
            if retyped {
                found.push(Operation::ChangeType { table: table.clone(), column: column.clone() });
            }
            match (is("nullable", "true"), is("oldNullable", "true")) {
                (false, true) => found.push(Operation::SetNotNull { table, column }),
                (true, false) => found.push(Operation::DropNotNull { table }),
                _ if found.is_empty() => found.push(Operation::Neutral),
                _ => {}
            }
            return found;
        }
        "CreateIndex" => Operation::AddIndex {
            table: table(),
            unique: is("unique", "true"),
            concurrently: chain(source, call.node).contains("Concurrently"),
        },
        "DropIndex" => Operation::DropIndex {
            table: Some(table()),
            concurrently: chain(source, call.node).contains("Concurrently"),
        },
        "AddForeignKey" => {
            Operation::AddForeignKey { table: table(), column: Some(name_at("column", 2)), validated: true }
        }
        "AddUniqueConstraint" | "AddPrimaryKey" => {
            Operation::AddUnique { table: table(), using_index: false }
        }
        "AddCheckConstraint" => Operation::AddCheck { table: table(), validated: true },
        "InsertData" => Operation::InsertRows { table: name_at("table", 0) },
        "UpdateData" | "DeleteData" => Operation::ChangeRows { table: Some(name_at("table", 0)) },
        "EnsureSchema" | "CreateSequence" => {
            Operation::CreateObject { kind: "object".into(), name: name_at("name", 0) }
        }
        "Sql" | "Annotation" => return Vec::new(),
        "AlterDatabase" => Operation::Neutral,
        _ => Operation::Other { table: Some(table()) },
    }]
}

/// The statement around a call, for what is chained to it.
fn chain<'s>(source: &'s Source, node: Node) -> &'s str {
    let mut node = node;
    for _ in 0..6 {
        match node.parent() {
            Some(parent) if parent.kind() != "block" => node = parent,
            _ => break,
        }
    }
    source.text(node)
}

#[cfg(test)]
mod tests {
    use crate::migrations::test_support::{only_set, outline};
    use seaworthy_facts::Engine;

    fn class(up: &str, down: &str) -> String {
        format!(
            "using Microsoft.EntityFrameworkCore.Migrations;\n\npublic partial class A : Migration\n{{\n    protected override void Up(MigrationBuilder migrationBuilder)\n    {{\n        {up}\n    }}\n\n    protected override void Down(MigrationBuilder migrationBuilder)\n    {{\n        {down}\n    }}\n}}\n"
        )
    }

    #[test]
    fn operations_with_named_arguments() {
        let set = only_set(&[
            (
                "Data/Migrations/20240101000000_A.cs",
                &class(
                    "migrationBuilder.CreateTable(name: \"T\", columns: table => new { Id = table.Column<int>(nullable: false).Annotation(\"Npgsql:ValueGenerationStrategy\", 1) });\n        migrationBuilder.CreateIndex(name: \"i\", table: \"T\", column: \"Id\");",
                    "migrationBuilder.DropTable(name: \"T\");",
                ),
            ),
            (
                "Data/Migrations/20240102000000_B.cs",
                &class(
                    "migrationBuilder.CreateIndex(name: \"j\", table: \"U\", column: \"Id\");\n        migrationBuilder.AddColumn<string>(name: \"C\", table: \"U\", nullable: false, defaultValue: \"\");\n        migrationBuilder.AlterColumn<int>(name: \"D\", table: \"U\", nullable: false, oldClrType: typeof(int), oldNullable: true);\n        migrationBuilder.Sql(@\"ALTER TABLE \"\"U\"\" DROP COLUMN \"\"E\"\"\");",
                    "",
                ),
            ),
        ]);
        assert_eq!((set.framework.as_str(), set.engine), ("ef-core", Some(Engine::Postgresql)));
        assert_eq!(
            outline(&set),
            [
                ("20240102000000_B", false, vec!["index-not-concurrent", "set-not-null", "drop-column"]),
                ("20240101000000_A", true, vec![]),
            ]
        );
    }
}
