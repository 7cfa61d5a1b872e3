//! What a Rails migration does, and which of it Rails reverses by itself.

use std::ops::Range;

use seaworthy_facts::WayBack;
use seaworthy_syntax::code::{self, Call, Node};

use super::chains::fill_of;
use crate::migrations::frame::Draft;
use crate::migrations::operations::{Fill, Operation, Step, plain};
use crate::migrations::source::Source;
use crate::migrations::sql;
use crate::tree::File;

/// Reads `change`, or `up` and `down`.
pub fn read(file: &File, source: &Source) -> Draft {
    let change = source.function("change");
    let up = source.function("up");
    let Some(forward) = up.or(change) else {
        return Draft::one_way(Vec::new(), "it has neither change nor up", file.at());
    };
    let mut reader = Reader {
        source,
        scopes: Vec::new(),
        one_direction: Vec::new(),
        reverted: Vec::new(),
        steps: Vec::new(),
        one_way: None,
    };
    for call in source.calls_from(forward) {
        reader.call(&call);
    }
    let way_back = match (change, source.function("down")) {
        (_, Some(down)) if !is_empty(source, down) => WayBack::Yes,
        (Some(change), None) if up.is_none() => match reader.one_way {
            Some((why, line)) => WayBack::No { why, at: file.at_line(line) },
            None if is_empty(source, change) => WayBack::NothingToReverse,
            None => WayBack::Yes,
        },
        _ if is_idle(source, forward) => WayBack::NothingToReverse,
        (_, Some(down)) => {
            WayBack::No { why: "its down is empty or refuses".to_owned(), at: file.at_line(code::line(down)) }
        }
        (_, None) => WayBack::No { why: "it has no down".to_owned(), at: file.at_line(code::line(forward)) },
    };
    Draft::new(way_back, reader.steps)
}

/// Nothing at all, without refusing.
fn is_idle(source: &Source, method: Node) -> bool {
    is_empty(source, method) && !source.text(method).contains("raise")
}

/// No statement, only literals and returns, or a refusal before anything else.
fn is_empty(source: &Source, method: Node) -> bool {
    for statement in source.body_statements(method) {
        let text = source.text(statement).trim();
        if text.starts_with("raise") || text == "return" {
            return true;
        }
        let idle = matches!(
            statement.kind(),
            "nil" | "true" | "false" | "simple_symbol" | "string" | "integer" | "empty_statement"
        ) || ["say ", "say(", "puts ", "puts(", "say_with_time \"noop", "Rails.logger"]
            .iter()
            .any(|start| text.starts_with(start))
            || text == "noop"
            || text == "no_op";
        if !idle {
            return false;
        }
    }
    true
}

/// A block that describes a table.
struct Scope {
    range: Range<usize>,
    parameter: String,
    table: String,
    new: bool,
}

struct Reader<'r> {
    source: &'r Source,
    scopes: Vec<Scope>,
    /// Blocks that run in one direction only: whether it is forward.
    one_direction: Vec<(Range<usize>, bool)>,
    /// Blocks whose operations are turned around.
    reverted: Vec<Range<usize>>,
    steps: Vec<Step>,
    /// The first operation that Rails cannot reverse, and its line.
    one_way: Option<(String, u32)>,
}

/// Literals and options of a call.
struct Arguments<'r, 'c> {
    source: &'r Source,
    call: &'c Call<'r>,
    /// Arguments without a key.
    plain: Vec<Node<'r>>,
}

impl<'r, 'c> Arguments<'r, 'c> {
    fn of(source: &'r Source, call: &'c Call<'r>) -> Self {
        let plain = call
            .arguments
            .iter()
            .copied()
            .filter(|node| !matches!(node.kind(), "pair" | "hash" | "block_argument" | "hash_splat_argument"))
            .collect();
        Arguments { source, call, plain }
    }

    fn name(&self, position: usize) -> String {
        self.plain.get(position).map(|node| name(self.source, *node)).unwrap_or_default()
    }

    fn names(&self, from: usize) -> Vec<String> {
        self.plain
            .iter()
            .skip(from)
            .flat_map(|node| match node.kind() {
                "array" | "symbol_array" | "string_array" => {
                    let mut cursor = node.walk();
                    node.named_children(&mut cursor).map(|inner| name(self.source, inner)).collect()
                }
                _ => vec![name(self.source, *node)],
            })
            .collect()
    }

    fn option(&self, key: &str) -> Option<&'r str> {
        self.call.keyword(key, &self.source.text).map(|node| self.source.text(node).trim())
    }

    fn is(&self, key: &str, value: &str) -> bool {
        self.option(key) == Some(value)
    }

    /// A lock that lets writes go on.
    fn concurrently(&self) -> bool {
        self.option("algorithm").is_some_and(|value| {
            let value = value.trim_start_matches(':').trim_matches(['"', '\'']);
            matches!(value, "concurrently" | "inplace" | "instant")
        })
    }
}

fn name(source: &Source, node: Node) -> String {
    match source.literal(node) {
        Some(literal) => plain(&literal),
        None => plain(source.text(node).trim_start_matches([':', '@'])),
    }
}

impl<'r> Reader<'r> {
    fn call(&mut self, call: &Call<'r>) {
        let at = call.node.start_byte();
        let direction =
            self.one_direction.iter().rev().find(|(range, _)| range.contains(&at)).map(|(_, up)| *up);
        if direction == Some(false) {
            return;
        }
        let before = self.steps.len();
        let receiver = call.callee.rsplit_once('.').map_or("", |(receiver, _)| receiver);
        let scope = self
            .scopes
            .iter()
            .filter(|scope| scope.range.contains(&at) && scope.parameter == receiver)
            .min_by_key(|scope| scope.range.len())
            .map(|scope| (scope.table.clone(), scope.new));
        let trouble = match scope {
            Some((table, new)) if !receiver.is_empty() => self.described(&table, call).filter(|_| !new),
            _ => self.operation(call, receiver),
        };
        let reverted = self.reverted.iter().any(|range| range.contains(&at));
        if reverted {
            for step in self.steps.iter_mut().skip(before) {
                step.operation = turned(&step.operation);
            }
        }
        let rows_only = self.steps.iter().skip(before).all(|step| {
            matches!(
                step.operation,
                Operation::Neutral
                    | Operation::LockTimeout
                    | Operation::InsertRows { .. }
                    | Operation::ChangeRows { .. }
            )
        });
        let trouble = match direction {
            // Rows that were filled in on the way forward need nothing on the way back.
            Some(_) if rows_only => None,
            Some(_) if !self.has_other_direction(at) => {
                Some("a block for one direction changes the schema and has no counterpart")
            }
            Some(_) => None,
            None => trouble,
        };
        if let Some(why) = trouble.filter(|_| self.one_way.is_none() && !reverted) {
            self.one_way = Some((why.to_owned(), call.line));
        }
    }

    /// Whether the block around this place stands beside one for the way back.
    fn has_other_direction(&self, at: usize) -> bool {
        let Some((range, _)) = self.one_direction.iter().rev().find(|(range, _)| range.contains(&at)) else {
            return false;
        };
        self.one_direction.iter().any(|(other, up)| !up && other.start >= range.end)
            || self.one_direction.iter().any(|(other, up)| !up && other.end <= range.start)
    }

    fn push(&mut self, operation: Operation, line: u32) {
        self.steps.push(Step::new(operation, line));
    }

    fn enter(&mut self, call: &Call<'r>, table: &str, new: bool) {
        let Some(block) = call.node.child_by_field_name("block") else { return };
        let parameter = block.child_by_field_name("parameters").and_then(|list| list.named_child(0));
        self.scopes.push(Scope {
            range: block.byte_range(),
            parameter: parameter.map(|node| self.source.text(node).to_owned()).unwrap_or_default(),
            table: table.to_owned(),
            new,
        });
    }

    /// An operation of the migration itself; gives why Rails cannot reverse it, if so.
    fn operation(&mut self, call: &Call<'r>, receiver: &str) -> Option<&'static str> {
        let arguments = Arguments::of(self.source, call);
        let line = call.line;
        let table = arguments.name(0);
        let has_block = call.node.child_by_field_name("block").is_some()
            || call.arguments.iter().any(|node| node.kind() == "block_argument");
        let named = call.name();
        match named {
            "create_table" => {
                self.push(Operation::CreateTable { table: table.clone() }, line);
                self.enter(call, &table, true);
            }
            "create_join_table" => {
                let mut parts = [table, arguments.name(1)];
                parts.sort();
                let table = match arguments.option("table_name") {
                    Some(given) => plain(given.trim_start_matches(':')),
                    None => parts.join("_"),
                };
                self.push(Operation::CreateTable { table: table.clone() }, line);
                self.enter(call, &table, true);
            }
            "change_table" => self.enter(call, &table, false),
            "drop_table" | "drop_join_table" => {
                self.push(Operation::DropTable { table }, line);
                if named == "drop_table" && !has_block {
                    return Some("drop_table without a block cannot be reversed");
                }
            }
            "rename_table" => {
                let to = arguments.name(1);
                self.push(Operation::RenameTable { table, to }, line);
            }
            "add_column" => {
                let columns: Vec<String> = arguments.names(1).into_iter().take(1).collect();
                self.add_column(&table, &arguments, &columns, &arguments.name(2));
            }
            "add_columns" => self.add_column(&table, &arguments, &arguments.names(1), ""),
            "add_timestamps" => {
                self.add_column(&table, &arguments, &["updated_at".to_owned()], "timestamps");
            }
            "add_reference" | "add_belongs_to" => {
                let column = arguments.name(1);
                self.reference(&table, &arguments, column);
            }
            "remove_column" => {
                let column = arguments.name(1);
                self.push(Operation::DropColumn { table, column }, line);
                if arguments.plain.len() < 3 && arguments.option("type").is_none() {
                    return Some("remove_column without a type cannot be reversed");
                }
            }
            "remove_columns" => {
                for column in arguments.names(1) {
                    self.push(Operation::DropColumn { table: table.clone(), column }, line);
                }
                if arguments.option("type").is_none() {
                    return Some("remove_columns without a type cannot be reversed");
                }
            }
            "remove_timestamps" => {
                self.push(Operation::DropColumn { table, column: "updated_at".into() }, line);
            }
            "remove_reference" | "remove_belongs_to" => {
                let column = format!("{}_id", arguments.name(1));
                self.push(Operation::DropColumn { table, column }, line);
            }
            "rename_column" => {
                let column = arguments.name(1);
                self.push(Operation::RenameColumn { table, column }, line);
            }
            "change_column" => {
                let column = arguments.name(1);
                self.push(Operation::ChangeType { table, column }, line);
                return Some("change_column cannot be reversed");
            }
            "change_column_null" => {
                let column = arguments.name(1);
                self.null(table, column, arguments.plain.get(2).copied(), line);
            }
            "change_column_default" => {
                self.push(Operation::Neutral, line);
                if arguments.option("from").is_none() {
                    return Some("change_column_default without from: and to: cannot be reversed");
                }
            }
            "change_column_comment" | "change_table_comment" => {
                self.push(Operation::Neutral, line);
                if arguments.option("from").is_none() {
                    return Some("a comment that is changed without from: and to: cannot be reversed");
                }
            }
            "rename_index" | "enable_index" | "rename_enum_value" | "rename_enum" => {
                self.push(Operation::Neutral, line);
            }
            "add_index" => self.index(table, &arguments),
            "remove_index" => {
                self.push(
                    Operation::DropIndex { table: Some(table), concurrently: arguments.concurrently() },
                    line,
                );
                if arguments.plain.len() < 2 && arguments.option("column").is_none() {
                    return Some("remove_index without its columns cannot be reversed");
                }
            }
            "add_foreign_key" => {
                let column = arguments
                    .option("column")
                    .map(|column| plain(column.trim_start_matches(':')))
                    .or_else(|| Some(format!("{}_id", singular(&arguments.name(1)))));
                let validated = !arguments.is("validate", "false");
                self.push(Operation::AddForeignKey { table, column, validated }, line);
            }
            "remove_foreign_key" => {
                self.push(Operation::Other { table: Some(table) }, line);
                if arguments.plain.len() < 2 && arguments.option("to_table").is_none() {
                    return Some("remove_foreign_key without the other table cannot be reversed");
                }
            }
            "add_check_constraint" => {
                let validated = !arguments.is("validate", "false");
                self.push(Operation::AddCheck { table, validated }, line);
            }
            "remove_check_constraint" => {
                self.push(Operation::Other { table: Some(table) }, line);
                if arguments.plain.len() < 2 {
                    return Some("remove_check_constraint without its expression cannot be reversed");
                }
            }
            "add_unique_constraint" | "add_exclusion_constraint" => {
                let using_index = arguments.option("using_index").is_some();
                self.push(Operation::AddUnique { table, using_index }, line);
            }
            "remove_unique_constraint" | "remove_exclusion_constraint" => {
                self.push(Operation::Other { table: Some(table) }, line);
                if arguments.plain.len() < 2 {
                    return Some("a constraint that is removed without its definition cannot be reversed");
                }
            }
            "validate_foreign_key" | "validate_check_constraint" | "validate_constraint" => {
                self.push(Operation::Validate { table }, line);
            }
            "enable_extension" | "create_enum" | "create_schema" | "create_view" | "create_function"
            | "create_trigger" | "update_view" | "update_function" | "update_trigger" | "add_enum_value"
            | "replace_view" => {
                let kind = named.rsplit('_').next().unwrap_or_default().to_owned();
                self.push(Operation::CreateObject { kind, name: table }, line);
                let needs_version = named.starts_with("update_") || named == "replace_view";
                if needs_version && arguments.option("revert_to_version").is_none() {
                    return Some(
                        "a view or function that is updated without revert_to_version cannot be reversed",
                    );
                }
            }
            "disable_extension" | "drop_enum" | "drop_schema" | "drop_view" | "drop_function"
            | "drop_trigger" => {
                let kind = named.rsplit('_').next().unwrap_or_default().to_owned();
                self.push(Operation::DropObject { kind, name: table }, line);
                let named_again =
                    arguments.plain.len() > 1 || arguments.option("revert_to_version").is_some();
                if !named_again && !matches!(named, "disable_extension" | "drop_schema") {
                    return Some("an object that is dropped without its definition cannot be reversed");
                }
            }
            "execute" | "exec_query" | "exec_update" | "exec_insert" | "exec_delete" | "select_all"
            | "update_sql" => {
                if let Some(argument) = call.arguments.first() {
                    let steps = self.sql(*argument, line);
                    self.steps.extend(steps);
                }
                if named == "execute" {
                    return Some("execute cannot be reversed");
                }
            }
            "truncate" | "truncate_tables" => self.push(Operation::Truncate { table }, line),
            "raise" if self.source.text(call.node).contains("IrreversibleMigration") => {
                return Some("it refuses to be reversed");
            }
            "up_only" => self.block(call, true),
            "up" | "down" if !receiver.is_empty() && !receiver.starts_with(char::is_uppercase) => {
                self.block(call, named == "up");
            }
            "revert" => match call.node.child_by_field_name("block") {
                Some(block) => self.reverted.push(block.byte_range()),
                None => self.push(Operation::Other { table: None }, line),
            },
            "update_all" | "delete_all" | "destroy_all" | "upsert_all" | "update_columns"
            | "update_column" | "update!" | "update" | "save!" | "save" | "destroy" | "destroy!"
            | "touch_all"
                if !receiver.is_empty() =>
            {
                self.push(Operation::ChangeRows { table: None }, line);
            }
            "create!" | "insert_all" | "insert_all!" | "find_or_create_by!" | "find_or_create_by"
                if !receiver.is_empty() =>
            {
                self.push(Operation::InsertRows { table: String::new() }, line);
            }
            _ => {}
        }
        None
    }

    /// A line inside `create_table` or `change_table`.
    fn described(&mut self, table: &str, call: &Call<'r>) -> Option<&'static str> {
        let arguments = Arguments::of(self.source, call);
        let line = call.line;
        let owned = table.to_owned();
        match call.name() {
            "index" => {
                let unique = arguments.is("unique", "true");
                let concurrently = arguments.concurrently();
                self.push(Operation::AddIndex { table: owned, unique, concurrently }, line);
            }
            "remove" => {
                for column in arguments.names(0) {
                    self.push(Operation::DropColumn { table: owned.clone(), column }, line);
                }
                if arguments.option("type").is_none() {
                    return Some("remove without a type cannot be reversed");
                }
            }
            "remove_references" | "remove_belongs_to" => {
                let column = format!("{}_id", arguments.name(0));
                self.push(Operation::DropColumn { table: owned, column }, line);
            }
            "remove_timestamps" => {
                self.push(Operation::DropColumn { table: owned, column: "updated_at".into() }, line);
            }
            "remove_index" => {
                let concurrently = arguments.concurrently();
                self.push(Operation::DropIndex { table: Some(owned), concurrently }, line);
                if arguments.plain.is_empty() && arguments.option("column").is_none() {
                    return Some("remove_index without its columns cannot be reversed");
                }
            }
            "rename" => {
                let column = arguments.name(0);
                self.push(Operation::RenameColumn { table: owned, column }, line);
            }
            "change" => {
                let column = arguments.name(0);
                self.push(Operation::ChangeType { table: owned, column }, line);
                return Some("change cannot be reversed");
            }
            "change_null" => {
                let column = arguments.name(0);
                self.null(owned, column, arguments.plain.get(1).copied(), line);
            }
            "change_default" => {
                self.push(Operation::Neutral, line);
                if arguments.option("from").is_none() {
                    return Some("change_default without from: and to: cannot be reversed");
                }
            }
            "foreign_key" => {
                let column = Some(format!("{}_id", singular(&arguments.name(0))));
                let validated = !arguments.is("validate", "false");
                self.push(Operation::AddForeignKey { table: owned, column, validated }, line);
            }
            "check_constraint" => {
                let validated = !arguments.is("validate", "false");
                self.push(Operation::AddCheck { table: owned, validated }, line);
            }
            "unique_constraint" | "exclusion_constraint" => {
                self.push(Operation::AddUnique { table: owned, using_index: false }, line);
            }
            "remove_foreign_key" | "remove_check_constraint" | "remove_unique_constraint" => {
                self.push(Operation::Other { table: Some(owned) }, line);
            }
            "references" | "belongs_to" => {
                for column in arguments.names(0) {
                    self.reference(table, &arguments, column);
                }
            }
            "timestamps" => {
                self.add_column(table, &arguments, &["updated_at".to_owned()], "timestamps");
            }
            "column" => {
                let (column, kind) = (arguments.name(0), arguments.name(1));
                self.add_column(table, &arguments, &[column], &kind);
            }
            "column_exists?" | "index_exists?" | "comment" => {}
            kind => {
                let kind = kind.to_owned();
                self.add_column(table, &arguments, &arguments.names(0), &kind);
            }
        }
        None
    }

    fn block(&mut self, call: &Call<'r>, forward: bool) {
        if let Some(block) = call.node.child_by_field_name("block") {
            self.one_direction.push((block.byte_range(), forward));
            if forward {
                // Its counterpart comes later, or came before: both are looked for around it.
                self.note_counterpart(block);
            }
        }
    }

    /// Notes the `dir.down` beside a `dir.up` at once, so that the calls inside can be judged.
    fn note_counterpart(&mut self, block: Node<'r>) {
        let mut around = block;
        for _ in 0..4 {
            match around.parent() {
                Some(parent) => around = parent,
                None => return,
            }
        }
        for call in code::calls(around, &self.source.text) {
            if call.name() == "down"
                && call.callee.contains('.')
                && let Some(block) = call.node.child_by_field_name("block")
            {
                self.one_direction.push((block.byte_range(), false));
            }
        }
    }

    fn null(&mut self, table: String, column: String, value: Option<Node>, line: u32) {
        let refuses = value.is_none_or(|node| self.source.text(node).trim() == "false");
        self.push(
            if refuses { Operation::SetNotNull { table, column } } else { Operation::DropNotNull { table } },
            line,
        );
    }

    fn index(&mut self, table: String, arguments: &Arguments<'r, '_>) {
        let unique = arguments.is("unique", "true");
        let concurrently = arguments.concurrently();
        self.push(Operation::AddIndex { table, unique, concurrently }, arguments.call.line);
    }

    fn add_column(&mut self, table: &str, arguments: &Arguments<'r, '_>, columns: &[String], kind: &str) {
        let line = arguments.call.line;
        let not_null = match arguments.option("null") {
            Some(value) => value == "false",
            None => kind == "timestamps",
        };
        let default = match arguments.option("default") {
            _ if arguments.is("stored", "true") || kind.ends_with("serial") || kind == "primary_key" => {
                Fill::PerRow
            }
            Some(default) => fill_of(default),
            None if kind == "virtual" => Fill::Constant,
            None => Fill::Nothing,
        };
        let key = arguments.option("foreign_key").is_some_and(|value| value != "false");
        for column in columns {
            let table = table.to_owned();
            self.push(
                Operation::AddColumn {
                    table: table.clone(),
                    column: column.clone(),
                    not_null,
                    default,
                    unique: false,
                    references: key,
                },
                line,
            );
            if let Some(index) = arguments.option("index").filter(|value| *value != "false") {
                let unique = index.contains("unique");
                let concurrently = index.contains("concurrently");
                self.push(Operation::AddIndex { table, unique, concurrently }, line);
            }
        }
    }

    /// A column for another table's key, with an index unless told otherwise.
    fn reference(&mut self, table: &str, arguments: &Arguments<'r, '_>, column: String) {
        let line = arguments.call.line;
        let column = format!("{column}_id");
        let not_null = arguments.is("null", "false");
        let default = arguments.option("default").map_or(Fill::Nothing, fill_of);
        self.push(
            Operation::AddColumn {
                table: table.to_owned(),
                column: column.clone(),
                not_null,
                default,
                unique: false,
                references: false,
            },
            line,
        );
        let index = arguments.option("index").unwrap_or("true");
        if index != "false" {
            self.push(
                Operation::AddIndex {
                    table: table.to_owned(),
                    unique: index.contains("unique"),
                    concurrently: index.contains("concurrently"),
                },
                line,
            );
        }
        if let Some(key) = arguments.option("foreign_key").filter(|value| *value != "false") {
            let validated = !(key.contains("validate: false") || key.contains(":validate => false"));
            self.push(
                Operation::AddForeignKey { table: table.to_owned(), column: Some(column), validated },
                line,
            );
        }
    }

    /// SQL in a literal, or in a heredoc, whose body stands after the statement.
    fn sql(&self, argument: Node<'r>, line: u32) -> Vec<Step> {
        let beginning =
            code::descendants(argument).into_iter().find(|node| node.kind() == "heredoc_beginning");
        let node = match beginning {
            Some(beginning) => self.heredoc(beginning),
            None => Some(argument),
        };
        let steps = node.map(|node| self.source.sql_in(node)).unwrap_or_default();
        if steps.is_empty() {
            let text = self.source.text(argument);
            // A query that is put together elsewhere: nothing is known of it.
            let known = node.is_some_and(|node| {
                self.source.literal(node).is_some_and(|text| !sql::has_statements(&text))
            });
            return if known || text.is_empty() {
                Vec::new()
            } else {
                vec![Step::new(Operation::Other { table: None }, line)]
            };
        }
        steps
    }

    /// Heredocs' bodies stand in the order of their beginnings.
    fn heredoc(&self, beginning: Node<'r>) -> Option<Node<'r>> {
        let all = code::descendants(self.source.root());
        let place = all
            .iter()
            .filter(|node| node.kind() == "heredoc_beginning")
            .position(|node| node.start_byte() == beginning.start_byte())?;
        let mut bodies: Vec<Node> = all.into_iter().filter(|node| node.kind() == "heredoc_body").collect();
        bodies.sort_by_key(|node| node.start_byte());
        bodies.get(place).copied()
    }
}

/// What undoing an operation does.
fn turned(operation: &Operation) -> Operation {
    match operation {
        Operation::CreateTable { table } => Operation::DropTable { table: table.clone() },
        Operation::DropTable { table } => Operation::CreateTable { table: table.clone() },
        Operation::AddColumn { table, column, .. } => {
            Operation::DropColumn { table: table.clone(), column: column.clone() }
        }
        Operation::AddIndex { table, .. } => {
            Operation::DropIndex { table: Some(table.clone()), concurrently: false }
        }
        Operation::AddForeignKey { table, .. }
        | Operation::AddCheck { table, .. }
        | Operation::AddUnique { table, .. } => Operation::Other { table: Some(table.clone()) },
        Operation::RenameTable { table, to } => {
            Operation::RenameTable { table: to.clone(), to: table.clone() }
        }
        _ => Operation::Other { table: None },
    }
}

/// A table's name for one of its rows, by the regular forms.
fn singular(table: &str) -> String {
    if let Some(stem) = table.strip_suffix("ies") {
        format!("{stem}y")
    } else if let Some(stem) = table.strip_suffix("sses") {
        format!("{stem}ss")
    } else {
        table.strip_suffix('s').unwrap_or(table).to_owned()
    }
}
