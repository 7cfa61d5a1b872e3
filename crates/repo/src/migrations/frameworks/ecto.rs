//! Ecto: `priv/*/migrations/<timestamp>_<name>.exs` with `change`, or `up` and `down`.

use seaworthy_facts::WayBack;
use seaworthy_syntax::code::{self, Call, Node};

use crate::migrations::Seen;
use crate::migrations::frame::{
    Draft, Entry, Found, Framework, by_folder, candidates, in_order, stem, version,
};
use crate::migrations::operations::{Fill, Operation, Step};
use crate::migrations::source::Source;
use crate::migrations::sql;

pub static FRAMEWORK: Framework = Framework { key: "ecto", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let files = candidates(seen).filter(|file| {
        file.extension() == "exs"
            && version(file.name()).is_some()
            && seen.tree.text(file).is_some_and(|text| text.contains("Ecto.Migration"))
    });
    by_folder(files)
        .into_iter()
        .map(|(folder, files)| {
            let mut entries: Vec<Entry> =
                files.into_iter().map(|file| Entry::new(stem(file), file)).collect();
            in_order(&mut entries);
            Found { folders: vec![folder.to_owned()], entries, engine: None }
        })
        .collect()
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    let Some(source) = Source::parse(seen, entry.file) else { return Draft::unreadable(entry.file) };
    let all = code::calls(source.root(), &source.text);
    let defined = |name: &str| {
        all.iter().find(|call| {
            matches!(call.callee.as_str(), "def" | "defp")
                && call.arguments.first().is_some_and(|head| {
                    source.text(*head).split(|c: char| !c.is_alphanumeric() && c != '_').next() == Some(name)
                })
        })
    };
    if let Some(change) = defined("change") {
        let mut one_way = None;
        let steps = steps(&source, change.node, &mut one_way);
        return match one_way {
            Some((why, line)) => Draft::one_way(steps, why, entry.file.at_line(line)),
            None => Draft::reversible(steps),
        };
    }
    let steps = defined("up").map(|up| steps(&source, up.node, &mut None)).unwrap_or_default();
    let way_back = match defined("down") {
        Some(down)
            if code::calls(down.node, &source.text)
                .iter()
                .any(|call| !matches!(call.callee.as_str(), "def" | "down" | "raise")) =>
        {
            WayBack::Yes
        }
        Some(down) => {
            WayBack::No { why: "its down is empty or raises".to_owned(), at: entry.file.at_line(down.line) }
        }
        None if steps.is_empty() => WayBack::NothingToReverse,
        None => WayBack::No { why: "it has no down".to_owned(), at: entry.file.at() },
    };
    Draft::new(way_back, steps)
}

/// What the calls of a function do; in `change`, also the first that Ecto cannot reverse.
fn steps(source: &Source, function: Node, one_way: &mut Option<(String, u32)>) -> Vec<Step> {
    let mut steps = Vec::new();
    for call in code::calls(function, &source.text) {
        let mut cannot = |why: &str| {
            one_way.get_or_insert_with(|| (why.to_owned(), call.line));
        };
        let first = call.arguments.first().copied();
        match call.callee.as_str() {
            "create" | "create_if_not_exists" => {
                steps.extend(first.and_then(|node| created(source, node)).map(|o| Step::new(o, call.line)))
            }
            "drop" | "drop_if_exists" => {
                let Some((kind, table, concurrently)) = first.and_then(|node| object(source, node)) else {
                    continue;
                };
                let operation = match kind.as_str() {
                    "table" => {
                        cannot("a dropped table cannot be made again");
                        Operation::DropTable { table }
                    }
                    "index" | "unique_index" => Operation::DropIndex { table: Some(table), concurrently },
                    _ => {
                        cannot("a dropped constraint cannot be made again");
                        Operation::Other { table: Some(table) }
                    }
                };
                steps.push(Step::new(operation, call.line));
            }
            "rename" => {
                let Some((_, table, _)) = first.and_then(|node| object(source, node)) else { continue };
                let operation = match call.arguments.get(1) {
                    Some(column) if column.kind() == "atom" => {
                        Operation::RenameColumn { table, column: atom(source, *column) }
                    }
                    _ => Operation::RenameTable { table, to: String::new() },
                };
                steps.push(Step::new(operation, call.line));
            }
            "add" | "add_if_not_exists" | "modify" | "remove" | "remove_if_exists" => {
                let Some((within, table)) = around(source, call.node) else { continue };
                if within.starts_with("create") {
                    continue;
                }
                steps.extend(column(source, &call, table, &mut cannot));
            }
            "execute" => {
                if call.arguments.len() < 2 {
                    cannot("execute without a second statement cannot be reversed");
                }
                steps.extend(first.map(|node| source.sql_in(node)).unwrap_or_default());
            }
            _ => {}
        }
    }
    steps
}

fn column(source: &Source, call: &Call, table: String, cannot: &mut dyn FnMut(&str)) -> Vec<Step> {
    let keyword = |name: &str| call.keyword(name, &source.text).map(|node| source.text(node));
    let column = call.arguments.first().map(|node| atom(source, *node)).unwrap_or_default();
    let required = keyword("null") == Some("false");
    let kind = call.arguments.get(1).map(|node| source.text(*node)).unwrap_or_default();
    let mut operations = Vec::new();
    match call.callee.as_str() {
        "modify" => {
            if keyword("from").is_none() {
                cannot("modify without `from:` cannot be reversed");
            }
            operations.push(Operation::ChangeType { table: table.clone(), column: column.clone() });
            if required {
                operations.push(Operation::SetNotNull { table, column });
            }
        }
        "remove" | "remove_if_exists" => {
            if call.arguments.len() < 2 {
                cannot("remove without a type cannot be reversed");
            }
            operations.push(Operation::DropColumn { table, column });
        }
        _ => {
            let default = match keyword("default") {
                Some("nil") | None => Fill::Nothing,
                Some(text)
                    if text
                        .split(|c: char| !c.is_alphanumeric() && c != '_')
                        .any(sql::gives_each_row_its_own) =>
                {
                    Fill::PerRow
                }
                Some(_) => Fill::Constant,
            };
            operations.push(Operation::AddColumn {
                table,
                column,
                not_null: required,
                default,
                unique: false,
                references: kind.starts_with("references") && !kind.contains("validate: false"),
            });
        }
    }
    operations.into_iter().map(|operation| Step::new(operation, call.line)).collect()
}

fn atom(source: &Source, node: Node) -> String {
    source.text(node).trim_start_matches(':').trim_matches('"').to_lowercase()
}

/// `table(:t)`, `index(:t, …)`, `constraint(:t, …)`: the kind, the table, and whether it is concurrent.
fn object(source: &Source, node: Node) -> Option<(String, String, bool)> {
    let call = code::calls(node, &source.text).into_iter().next()?;
    let table = call.arguments.first().map(|node| atom(source, *node))?;
    let concurrently =
        call.keyword("concurrently", &source.text).is_some_and(|node| source.text(node) == "true");
    Some((call.callee, table, concurrently))
}

fn created(source: &Source, node: Node) -> Option<Operation> {
    let (kind, table, concurrently) = object(source, node)?;
    let text = source.text(node);
    Some(match kind.as_str() {
        "table" => Operation::CreateTable { table },
        "index" | "unique_index" => Operation::AddIndex {
            table,
            unique: kind != "index" || text.contains("unique: true"),
            concurrently,
        },
        "constraint" => Operation::AddCheck { table, validated: !text.contains("validate: false") },
        _ => return None,
    })
}

/// The `alter` or `create` around a column, and its table.
fn around(source: &Source, node: Node) -> Option<(String, String)> {
    let mut node = node.parent()?;
    for _ in 0..12 {
        if node.kind() == "call" {
            let call = code::calls(node, &source.text).into_iter().next()?;
            if matches!(call.callee.as_str(), "alter" | "create" | "create_if_not_exists") {
                let (_, table, _) = object(source, call.arguments.first().copied()?)?;
                return Some((call.callee, table));
            }
        }
        node = node.parent()?;
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::migrations::test_support::{only_set, outline};

    fn module(body: &str) -> String {
        format!("defmodule Shop.Repo.Migrations.A do\n  use Ecto.Migration\n\n{body}\nend\n")
    }

    #[test]
    fn migrations_of_a_library_go_down_by_its_own_call() {
        let body = "  def up do\n    Oban.Migrations.up(version: 11)\n  end\n\n  def down do\n    Oban.Migrations.down(version: 1)\n  end";
        let set = only_set(&[("priv/repo/migrations/20240101000000_a.exs", &module(body))]);
        assert_eq!(outline(&set), [("20240101000000_a", true, vec![])]);
    }

    #[test]
    fn change_up_and_down() {
        let set = only_set(&[
            (
                "priv/repo/migrations/20240101000000_a.exs",
                &module(
                    "  def change do\n    create table(:items) do\n      add :name, :jsonb, null: false\n    end\n\n    create index(:items, [:name])\n  end",
                ),
            ),
            (
                "priv/repo/migrations/20240102000000_b.exs",
                &module(
                    "  @disable_ddl_transaction true\n  def change do\n    create index(:users, [:name], concurrently: true)\n    alter table(:users) do\n      add :age, :integer, null: false\n      remove :old\n    end\n  end",
                ),
            ),
            (
                "priv/repo/migrations/20240103000000_c.exs",
                &module(
                    "  def up do\n    rename table(:users), :a, to: :b\n    execute \"ALTER TABLE users ADD CONSTRAINT c CHECK (a > 0)\"\n  end\n\n  def down do\n    rename table(:users), :b, to: :a\n  end",
                ),
            ),
            (
                "priv/repo/migrations/20240104000000_d.exs",
                &module(
                    "  def up do\n    alter table(:users) do\n      modify :a, :text\n    end\n  end\n\n  def down do\n    raise \"no\"\n  end",
                ),
            ),
        ]);
        assert_eq!(set.framework, "ecto");
        assert_eq!(
            outline(&set),
            [
                ("20240104000000_d", false, vec!["type-change"]),
                ("20240103000000_c", true, vec!["rename-column", "check-not-valid"]),
                ("20240102000000_b", false, vec!["required-column", "drop-column"]),
                ("20240101000000_a", true, vec![]),
            ]
        );
    }
}
