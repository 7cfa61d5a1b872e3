//! Alembic and Flask-Migrate: revisions that name the one before, with `upgrade()` and `downgrade()`.

use std::collections::HashMap;

use seaworthy_facts::WayBack;
use seaworthy_syntax::code::{Call, Node};

use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework, candidates};
use crate::migrations::operations::{Fill, Operation, Step};
use crate::migrations::source::Source;
use crate::migrations::sql;
use crate::tree::File;

pub static FRAMEWORK: Framework = Framework { key: "alembic", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let mut sets: std::collections::BTreeMap<String, Vec<Revision>> = std::collections::BTreeMap::new();
    for file in candidates(seen).filter(|file| file.extension() == "py") {
        // Only folders below an environment, or the usual folder of versions.
        let Some(environment) = environment(seen, file) else { continue };
        if let Some(revision) = seen.tree.text(file).and_then(|text| Revision::of(file, &text)) {
            sets.entry(environment).or_default().push(revision);
        }
    }
    sets.into_values()
        .map(|revisions| {
            let mut folders: Vec<String> = revisions.iter().map(|r| r.file.folder().to_owned()).collect();
            folders.sort();
            folders.dedup();
            let entries = in_order(revisions);
            Found { folders, entries, engine: None }
        })
        .collect()
}

/// The folder with `env.py` above a revision.
fn environment(seen: &Seen, file: &File) -> Option<String> {
    let mut folder = file.folder();
    for _ in 0..4 {
        if seen.tree.resolve(folder, "env.py").is_some() && file.name() != "env.py" {
            return Some(folder.to_owned());
        }
        folder = folder.rsplit_once('/')?.0;
    }
    file.folder().ends_with("versions").then(|| file.folder().to_owned())
}

struct Revision<'a> {
    file: &'a File,
    id: String,
    before: Vec<String>,
    date: String,
}

impl<'a> Revision<'a> {
    /// The assignments `revision = …` and `down_revision = …` at the top of a file.
    fn of(file: &'a File, text: &str) -> Option<Revision<'a>> {
        let mut id = None;
        let mut before = None;
        let mut date = String::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(stated) = line.strip_prefix("Create Date:") {
                date = stated.trim().to_owned();
            }
            let Some((name, value)) = line.split_once('=') else { continue };
            let name = name.split(':').next().unwrap_or(name).trim_end();
            let mut value = value.to_owned();
            if value.contains('(') && !value.contains(')') {
                // A tuple over several lines.
                for line in lines.by_ref().take(50) {
                    value.push_str(line);
                    if line.contains(')') {
                        break;
                    }
                }
            }
            match name {
                "revision" => id = quoted(&value).into_iter().next(),
                "down_revision" => before = Some(quoted(&value)),
                _ => {}
            }
            if id.is_some() && before.is_some() {
                break;
            }
        }
        Some(Revision { file, id: id?, before: before?, date })
    }
}

fn quoted(text: &str) -> Vec<String> {
    let text = text.split(" #").next().unwrap_or(text);
    text.split(['"', '\'']).skip(1).step_by(2).map(str::to_owned).collect()
}

/// By the length of the chain before each, then by the stated date: a merge comes after what it merges.
fn in_order(revisions: Vec<Revision>) -> Vec<Entry> {
    let index: HashMap<&str, usize> = revisions.iter().enumerate().map(|(i, r)| (r.id.as_str(), i)).collect();
    let before: Vec<Vec<usize>> = revisions
        .iter()
        .map(|revision| revision.before.iter().filter_map(|id| index.get(id.as_str()).copied()).collect())
        .collect();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); revisions.len()];
    let mut missing: Vec<usize> = before.iter().map(Vec::len).collect();
    for (revision, before) in before.iter().enumerate() {
        for parent in before {
            after[*parent].push(revision);
        }
    }
    let mut depth = vec![0usize; revisions.len()];
    let mut ready: Vec<usize> = (0..revisions.len()).filter(|i| missing[*i] == 0).collect();
    while let Some(revision) = ready.pop() {
        for next in &after[revision] {
            depth[*next] = depth[*next].max(depth[revision] + 1);
            missing[*next] -= 1;
            if missing[*next] == 0 {
                ready.push(*next);
            }
        }
    }
    let mut order: Vec<usize> = (0..revisions.len()).collect();
    order.sort_by(|a, b| {
        (depth[*a], &revisions[*a].date, &revisions[*a].id).cmp(&(
            depth[*b],
            &revisions[*b].date,
            &revisions[*b].id,
        ))
    });
    order.into_iter().map(|i| Entry::new(revisions[i].id.clone(), revisions[i].file)).collect()
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    let Some(source) = Source::parse(seen, entry.file) else { return Draft::unreadable(entry.file) };
    let upgrade = source.function("upgrade");
    let forward_is_empty = upgrade.is_none_or(|function| is_empty(&source, function));
    let steps = upgrade.map(|function| steps(&source, function)).unwrap_or_default();
    let way_back = match source.function("downgrade") {
        Some(downgrade) if !is_empty(&source, downgrade) => WayBack::Yes,
        _ if forward_is_empty => WayBack::NothingToReverse,
        Some(downgrade) => WayBack::No {
            why: "its downgrade() is empty or refuses".to_owned(),
            at: entry.file.at_line(seaworthy_syntax::code::line(downgrade)),
        },
        None => WayBack::No { why: "it has no downgrade()".to_owned(), at: entry.file.at() },
    };
    Draft::new(way_back, steps)
}

/// Nothing but `pass`, `…`, a bare return, or an exception.
fn is_empty(source: &Source, function: Node) -> bool {
    source.body_statements(function).into_iter().all(|statement| {
        let text = source.text(statement).trim();
        matches!(statement.kind(), "pass_statement" | "raise_statement")
            || text == "..."
            || text == "return"
            || text == "return None"
    })
}

fn steps(source: &Source, function: Node) -> Vec<Step> {
    let mut steps = Vec::new();
    for call in source.calls_from(function) {
        let receiver = call.callee.rsplit_once('.').map_or("", |(receiver, _)| receiver);
        let batch = batch_table(source, &call, receiver);
        let is_op = receiver == "op" || receiver.ends_with(".op") || batch.is_some();
        if is_op {
            operations(source, &call, batch, &mut steps);
        } else if matches!(call.name(), "execute" | "exec_driver_sql" | "scalar" | "executescript") {
            for argument in call.arguments.iter().take(1) {
                steps.extend(executed(source, *argument, call.line));
            }
        } else if call.name() == "create"
            && call.callee.contains("()")
            && call.callee.to_ascii_lowercase().contains("enum")
        {
            steps.push(Step::new(
                Operation::CreateObject { kind: "type".into(), name: String::new() },
                call.line,
            ));
        }
    }
    steps
}

/// The SQL of an argument; a construct without text changes rows of a table that is not told.
fn executed(source: &Source, argument: Node, line: u32) -> Vec<Step> {
    let found = source.sql_in(argument);
    let is_text = source.strings(argument).iter().any(|(text, _)| sql::looks_like_sql(text));
    if is_text {
        return found;
    }
    let text = source.text(argument);
    let operation = if text.contains(".insert(") {
        Operation::InsertRows { table: String::new() }
    } else if text.contains(".update(") || text.contains(".delete(") {
        Operation::ChangeRows { table: None }
    } else {
        Operation::Neutral
    };
    vec![Step::new(operation, line)]
}

/// The table of `with op.batch_alter_table("t") as name`, when the receiver is that name.
fn batch_table(source: &Source, call: &Call, receiver: &str) -> Option<String> {
    if receiver.is_empty() || receiver.contains('.') || receiver == "op" {
        return None;
    }
    let mut node = call.node;
    for _ in 0..40 {
        node = node.parent()?;
        if node.kind() != "with_statement" {
            continue;
        }
        let head = source.text(node).split(":\n").next().unwrap_or_default();
        if !head.contains("batch_alter_table") || !head.contains(&format!("as {receiver}")) {
            continue;
        }
        let inner = seaworthy_syntax::code::calls(node, &source.text)
            .into_iter()
            .find(|call| call.name() == "batch_alter_table")?;
        let table = inner.keyword("table_name", &source.text).or_else(|| inner.arguments.first().copied())?;
        return Some(source.name(table));
    }
    None
}

fn operations(source: &Source, call: &Call, batch: Option<String>, steps: &mut Vec<Step>) {
    let text = &source.text;
    let keyword = |name: &str| call.keyword(name, text);
    let is_true = |name: &str| keyword(name).is_some_and(|node| source.text(node) == "True");
    let is_false = |name: &str| keyword(name).is_some_and(|node| source.text(node) == "False");
    let positional: Vec<Node> =
        call.arguments.iter().copied().filter(|argument| argument.kind() != "keyword_argument").collect();
    // In a batch the table is told before: what would be the second argument is the first.
    let shift = usize::from(batch.is_some());
    let table_at = |position: usize, name: &str| -> String {
        match &batch {
            Some(table) => table.clone(),
            None => keyword(name)
                .or_else(|| positional.get(position).copied())
                .map(|node| source.name(node))
                .unwrap_or_default(),
        }
    };
    let mut push = |operation| steps.push(Step::new(operation, call.line));
    match call.name() {
        "create_table" => push(Operation::CreateTable { table: table_at(0, "table_name") }),
        "drop_table" => push(Operation::DropTable { table: table_at(0, "table_name") }),
        "rename_table" => push(Operation::RenameTable {
            table: table_at(0, "old_table_name"),
            to: positional.get(1).map(|node| source.name(*node)).unwrap_or_default(),
        }),
        "add_column" => {
            let table = table_at(0, "table_name");
            let column = keyword("column").or_else(|| positional.get(1 - shift).copied());
            push(column.map_or(Operation::Other { table: Some(table.clone()) }, |column| {
                new_column(source, table, column)
            }));
        }
        "drop_column" => push(Operation::DropColumn {
            table: table_at(0, "table_name"),
            column: positional
                .get(1 - shift)
                .or(keyword("column_name").as_ref())
                .map(|node| source.name(*node))
                .unwrap_or_default(),
        }),
        "alter_column" => {
            let table = table_at(0, "table_name");
            let column = positional
                .get(1 - shift)
                .copied()
                .or_else(|| keyword("column_name"))
                .map(|node| source.name(node))
                .unwrap_or_default();
            let before = steps.len();
            let mut push = |operation| steps.push(Step::new(operation, call.line));
            if keyword("new_column_name").is_some() {
                push(Operation::RenameColumn { table: table.clone(), column: column.clone() });
            }
            if keyword("type_").is_some() {
                push(Operation::ChangeType { table: table.clone(), column: column.clone() });
            }
            if is_false("nullable") {
                push(Operation::SetNotNull { table: table.clone(), column });
            } else if is_true("nullable") {
                push(Operation::DropNotNull { table });
            }
            if steps.len() == before {
                steps.push(Step::new(Operation::Neutral, call.line));
            }
        }
        "create_index" => push(Operation::AddIndex {
            table: table_at(1, "table_name"),
            unique: is_true("unique"),
            concurrently: is_true("postgresql_concurrently"),
        }),
        "drop_index" => {
            let table = table_at(1, "table_name");
            push(Operation::DropIndex {
                table: (!table.is_empty()).then_some(table),
                concurrently: is_true("postgresql_concurrently"),
            });
        }
        "create_foreign_key" => push(Operation::AddForeignKey {
            table: table_at(1, "source_table"),
            column: positional
                .get(3 - shift)
                .copied()
                .or_else(|| keyword("local_cols"))
                .map(|node| source.name(node))
                .filter(|name| !name.is_empty()),
            validated: !is_true("postgresql_not_valid"),
        }),
        "create_check_constraint" => push(Operation::AddCheck {
            table: table_at(1, "table_name"),
            validated: !is_true("postgresql_not_valid"),
        }),
        "create_unique_constraint" | "create_primary_key" | "create_exclude_constraint" => {
            push(Operation::AddUnique { table: table_at(1, "table_name"), using_index: false });
        }
        "drop_constraint" => push(Operation::Other { table: Some(table_at(1, "table_name")) }),
        "bulk_insert" => push(Operation::InsertRows { table: table_at(0, "table") }),
        "execute" => {
            let argument = keyword("sqltext").or_else(|| positional.first().copied());
            if let Some(argument) = argument {
                let executed = executed(source, argument, call.line);
                steps.extend(executed);
            }
        }
        "create_table_comment"
        | "drop_table_comment"
        | "get_bind"
        | "get_context"
        | "f"
        | "batch_alter_table"
        | "inline_literal"
        | "autocommit_block" => {}
        _ => push(Operation::Other { table: None }),
    }
}

/// `sa.Column("name", type, nullable=…, server_default=…)`.
fn new_column(source: &Source, table: String, column: Node) -> Operation {
    let calls = seaworthy_syntax::code::calls(column, &source.text);
    let Some(call) = calls.first() else { return Operation::Other { table: Some(table) } };
    let keyword = |name: &str| call.keyword(name, &source.text).map(|node| source.text(node));
    let default = match keyword("server_default") {
        Some(text) if text != "None" => {
            let own = text.split(|c: char| !c.is_alphanumeric() && c != '_').any(sql::gives_each_row_its_own);
            if own { Fill::PerRow } else { Fill::Constant }
        }
        _ => Fill::Nothing,
    };
    let type_text = call.arguments.get(1).map(|node| source.text(*node)).unwrap_or_default();
    Operation::AddColumn {
        table,
        column: call.arguments.first().map(|node| source.name(*node)).unwrap_or_default(),
        not_null: keyword("nullable") == Some("False") || keyword("primary_key") == Some("True"),
        default: if type_text.contains("Computed") || calls.iter().any(|call| call.name() == "Computed") {
            Fill::PerRow
        } else {
            default
        },
        unique: keyword("unique") == Some("True"),
        references: calls.iter().any(|call| call.name() == "ForeignKey"),
    }
}

#[cfg(test)]
mod tests {
    use crate::migrations::test_support::{only_set, outline};

    fn revision(id: &str, before: &str, upgrade: &str, downgrade: &str) -> String {
        format!(
            "\"\"\"x\n\nRevision ID: {id}\nCreate Date: 2024-01-01\n\"\"\"\nfrom alembic import op\nimport sqlalchemy as sa\n\nrevision: str = '{id}'\ndown_revision: Union[str, None] = {before}\n\n\ndef upgrade() -> None:\n    {upgrade}\n\n\ndef downgrade() -> None:\n    {downgrade}\n"
        )
    }

    fn set(revisions: &[(&str, String)]) -> seaworthy_facts::MigrationSet {
        let mut files = vec![("db/env.py", "from alembic import context\n"), ("main.py", "import alembic\n")];
        files.extend(revisions.iter().map(|(path, text)| (*path, text.as_str())));
        let mut set = only_set(&files);
        set.engine = None;
        set
    }

    fn kinds_on_postgresql(upgrade: &str) -> Vec<String> {
        let text = revision("a", "None", upgrade, "op.execute('SELECT 1')");
        let set = only_set(&[
            ("db/env.py", ""),
            ("db/versions/a.py", &text),
            ("db/versions/z.py", &revision("z", "'other'", "op.execute('CREATE EXTENSION x')", "pass")),
        ]);
        let found = set.newest.iter().find(|migration| migration.name == "a");
        found.map(|m| m.hazards.iter().map(|h| h.kind.clone()).collect()).unwrap_or_default()
    }

    #[test]
    fn the_chain_gives_the_order_and_a_merge_has_nothing_to_reverse() {
        let set = set(&[
            (
                "db/versions/1_c.py",
                revision(
                    "c",
                    "'a'",
                    "op.add_column('t', sa.Column('c', sa.Integer()))",
                    "op.drop_column('t', 'c')",
                ),
            ),
            ("db/versions/2_m.py", revision("m", "('b', 'c')", "pass", "pass")),
            ("db/versions/3_b.py", revision("b", "'a'", "op.drop_table('t')", "pass")),
            ("db/versions/4_a.py", revision("a", "None", "op.create_table('t')", "op.drop_table('t')")),
            (
                "db/versions/5_z.py",
                revision("z", "'m'", "op.rename_table('t', 'u')", "raise NotImplementedError()"),
            ),
        ]);
        assert_eq!(
            outline(&set),
            [
                ("z", false, vec!["rename-table"]),
                ("m", true, vec![]),
                ("c", true, vec![]),
                ("b", false, vec!["drop-table"]),
                ("a", true, vec![]),
            ]
        );
    }

    #[test]
    fn operations_and_their_safe_forms() {
        for (upgrade, expected) in [
            ("op.create_index(op.f('i'), 't', ['a'], unique=False)", vec!["index-not-concurrent"]),
            ("op.create_index('i', 't', ['a'], postgresql_concurrently=True)", vec![]),
            ("op.create_table('t')\n    op.create_index('i', 't', ['a'])", vec![]),
            ("op.add_column('t', sa.Column('a', sa.Text(), nullable=False))", vec!["required-column"]),
            ("op.add_column('t', sa.Column('a', sa.Text(), nullable=False, server_default='x'))", vec![]),
            (
                "op.add_column('t', sa.Column('a', sa.Uuid(), server_default=sa.text('gen_random_uuid()')))",
                vec!["volatile-default"],
            ),
            ("op.alter_column('t', 'a', existing_type=sa.Text(), nullable=False)", vec!["set-not-null"]),
            ("op.alter_column('t', 'a', type_=sa.Text())", vec!["type-change"]),
            ("op.alter_column('t', 'a', new_column_name='b')", vec!["rename-column"]),
            ("op.create_foreign_key(None, 't', 'u', ['a'], ['id'])", vec!["foreign-key-not-valid"]),
            ("op.create_foreign_key(None, 't', 'u', ['a'], ['id'], postgresql_not_valid=True)", vec![]),
            ("op.create_unique_constraint('q', 't', ['a'])", vec!["unique-constraint"]),
            ("op.execute('ALTER TABLE t DROP COLUMN a')", vec!["drop-column"]),
            ("op.get_bind().execute(sa.text('TRUNCATE TABLE t'))", vec!["truncate"]),
            (
                "with op.batch_alter_table('t', schema=None) as batch_op:\n        batch_op.drop_column('a')",
                vec!["drop-column"],
            ),
            ("helper()\n\n\ndef helper():\n    op.drop_column('t', 'a')", vec!["drop-column"]),
        ] {
            assert_eq!(kinds_on_postgresql(upgrade), expected, "{upgrade}");
        }
    }
}
