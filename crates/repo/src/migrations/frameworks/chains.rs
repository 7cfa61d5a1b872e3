//! Chains of calls (`$table->string('name')->nullable()`, `knex.schema.createTable('t', …)`) of languages whose frameworks
//! describe schemas in them.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use seaworthy_syntax::code::{self, Call, Node};

use crate::migrations::Seen;
use crate::migrations::operations::{Fill, Operation, Step, plain};
use crate::migrations::source::{Source, is_string};
use crate::migrations::sql;
use crate::tree::File;

/// One call of a chain.
#[derive(Debug, Clone)]
pub struct Link<'t> {
    /// The method's own name.
    pub name: String,
    /// Its arguments.
    pub arguments: Vec<Node<'t>>,
    /// The line of the name.
    pub line: u32,
}

/// Calls on each other's results.
#[derive(Debug, Clone)]
pub struct Chain<'t> {
    /// What the first one is called on, as text without sigils; empty for a plain function.
    pub root: String,
    /// The calls, the first one first. There is always one.
    pub links: Vec<Link<'t>>,
    /// The outermost call.
    pub node: Node<'t>,
}

impl<'t> Chain<'t> {
    /// The first call of this name.
    pub fn link(&self, name: &str) -> Option<&Link<'t>> {
        self.links.iter().find(|link| link.name == name)
    }

    /// Whether there is a call of this name.
    pub fn has(&self, name: &str) -> bool {
        self.link(name).is_some()
    }

    /// The name of the first call.
    pub fn first(&self) -> &str {
        self.links.first().map_or("", |link| &link.name)
    }
}

/// The longest chain that is put together.
const MOST_LINKS: usize = 64;
/// How deep calls of the file's own functions are followed.
const CALL_DEPTH: usize = 4;
/// The most chains that one migration is read for.
const MOST_CHAINS: usize = 4_000;

/// A migration in code whose constants are known.
pub struct Reading {
    /// The file.
    pub source: Source,
    constants: HashMap<String, Option<String>>,
}

impl Reading {
    /// Parses a file.
    pub fn of(seen: &Seen, file: &File) -> Option<Reading> {
        let source = Source::parse(seen, file)?;
        let constants = constants(&source);
        Some(Reading { source, constants })
    }

    /// A name of a table or column: a literal, a constant's value, else the expression itself.
    pub fn name(&self, node: Node) -> String {
        if is_string(node) {
            return self.source.name(node);
        }
        let text = self.source.text(node);
        let own = text.rsplit(['.', '>', ':']).next().unwrap_or(text).trim_start_matches('$');
        match self.constants.get(own) {
            Some(Some(value)) => plain(value),
            // Nodes without a literal keep their own text, so that two uses of one variable are the same table.
            _ => self.source.name(node).chars().take(120).collect(),
        }
    }

    /// The names in an array of literals, or the one name.
    pub fn names(&self, node: Node) -> Vec<String> {
        if matches!(node.kind(), "array" | "array_creation_expression") {
            return self.source.strings(node).into_iter().map(|(text, _)| plain(&text)).collect();
        }
        vec![self.name(node)]
    }

    /// The value of a property of an object or an array with keys.
    pub fn property<'t>(&'t self, node: Node<'t>, name: &str) -> Option<Node<'t>> {
        code::property(node, name, &self.source.text)
    }

    /// Whether a property is the literal `true` or `false`.
    pub fn flag(&self, node: Node, name: &str) -> Option<bool> {
        match self.source.text(self.property(node, name)?).trim().to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// What a default gives to existing rows.
    pub fn fill(&self, value: Node) -> Fill {
        fill_of(self.source.text(value))
    }

    /// The SQL that an argument holds as text, as steps; what is put together elsewhere is not known.
    pub fn sql(&self, argument: Node, line: u32) -> Vec<Step> {
        let own = self.source.sql_in(argument);
        if !own.is_empty() {
            return own;
        }
        let text = self.source.text(argument);
        let name = text.rsplit(['.', '>', ':']).next().unwrap_or(text).trim_start_matches('$');
        match self.constants.get(name) {
            Some(Some(statement)) => {
                sql::steps(statement, line).into_iter().map(|step| Step::new(step.operation, line)).collect()
            }
            _ => vec![Step::new(Operation::Other { table: None }, line)],
        }
    }

    /// The chains below a node in source order; calls of the file's own functions are replaced by the chains inside them.
    pub fn chains<'t>(&'t self, node: Node<'t>) -> Vec<Chain<'t>> {
        let mut found = Vec::new();
        let mut pending: Vec<(Chain, usize)> =
            self.below(node).into_iter().rev().map(|chain| (chain, 0)).collect();
        let mut entered: HashSet<(usize, usize)> = HashSet::new();
        while let Some((chain, depth)) = pending.pop() {
            if found.len() >= MOST_CHAINS {
                break;
            }
            let is_own = chain.links.len() == 1
                && depth < CALL_DEPTH
                && matches!(chain.root.as_str(), "" | "this" | "self" | "static");
            match is_own.then(|| self.function(chain.first())).flatten() {
                Some(function) if entered.insert((chain.node.start_byte(), function.start_byte())) => {
                    // The arguments of the call are evaluated before, but hold no schema operations of their own.
                    let inner = self.below(function);
                    pending.extend(inner.into_iter().rev().map(|chain| (chain, depth + 1)));
                }
                _ => found.push(chain),
            }
        }
        found
    }

    fn below<'t>(&'t self, node: Node<'t>) -> Vec<Chain<'t>> {
        let calls = code::calls(node, &self.source.text);
        let by_node: HashMap<usize, &Call> = calls.iter().map(|call| (call.node.id(), call)).collect();
        let mut inner: HashSet<usize> = HashSet::new();
        let mut chains = Vec::new();
        for call in &calls {
            if inner.contains(&call.node.id()) {
                continue;
            }
            let mut links = Vec::new();
            let mut root = String::new();
            let mut current = call.node;
            while let Some(call) = by_node.get(&current.id()).filter(|_| links.len() < MOST_LINKS) {
                inner.insert(current.id());
                links.push(Link {
                    name: call.name().trim_end_matches("()").to_owned(),
                    arguments: call.arguments.clone(),
                    line: code::line(name_node(call.node)),
                });
                let Some(before) = receiver(call.node) else {
                    root.clear();
                    break;
                };
                let text = self.source.text(before);
                root = text.get(..text.floor_char_boundary(200)).unwrap_or_default().replace("->", ".");
                root.retain(|c| c != '$' && !c.is_whitespace());
                current = before;
            }
            links.reverse();
            if !links.is_empty() {
                chains.push(Chain { root, links, node: call.node });
            }
        }
        chains
    }

    /// What a function or method of this name is, however it is declared or exported: the function itself, or whatever
    /// stands in its place (`false`, a wrapper's call).
    pub fn function<'t>(&'t self, name: &str) -> Option<Node<'t>> {
        if name.is_empty() {
            return None;
        }
        code::descendants(self.source.root()).into_iter().find_map(|node| {
            let field = |name| node.child_by_field_name(name);
            match node.kind() {
                "function_declaration"
                | "function_definition"
                | "method_definition"
                | "method_declaration" => (self.source.name_of(node) == name).then_some(node),
                "variable_declarator" | "public_field_definition" | "field_definition" => {
                    let declared = field("name").or_else(|| field("property"))?;
                    let value = field("value")?;
                    (self.source.text(declared) == name && is_value(value, node.kind())).then_some(value)
                }
                "assignment_expression" => {
                    let left = self.source.text(field("left")?);
                    let exported = left.strip_prefix("module.").unwrap_or(left).strip_prefix("exports.")?;
                    (exported == name).then(|| field("right")).flatten()
                }
                "pair" => {
                    let key = self.source.text(field("key")?).trim_matches(['"', '\'']);
                    let value = field("value")?;
                    (key == name && is_value(value, "pair")).then_some(value)
                }
                _ => None,
            }
        })
    }

    /// Whether a way forward or back does nothing: it is empty, only logs or returns, or refuses.
    pub fn does_nothing(&self, function: Node) -> bool {
        let function = unwrapped(function);
        if matches!(self.source.text(function), "false" | "null" | "undefined") {
            return true;
        }
        let Some(body) = function.child_by_field_name("body") else {
            // A wrapper around a function: what is inside counts.
            return !matches!(function.kind(), "call_expression" | "identifier" | "member_expression");
        };
        if !matches!(body.kind(), "statement_block" | "compound_statement") {
            return self.is_idle(body);
        }
        let mut cursor = body.walk();
        for statement in body.named_children(&mut cursor) {
            if refuses(statement) {
                // What follows is never reached.
                return true;
            }
            let inner = match statement.kind() {
                "comment" | "empty_statement" => continue,
                "return_statement" => match statement.named_child(0) {
                    Some(value) => value,
                    None => return true,
                },
                "expression_statement" => match statement.named_child(0) {
                    Some(value) => value,
                    None => continue,
                },
                "lexical_declaration" | "variable_declaration" => {
                    // Preparations alone change nothing.
                    if code::calls(statement, &self.source.text).is_empty() {
                        continue;
                    }
                    return false;
                }
                _ => return false,
            };
            if self.text_of(inner).contains("throwIrreversible") {
                return true;
            }
            if !self.is_idle(inner) {
                return false;
            }
        }
        true
    }

    fn text_of(&self, node: Node) -> &str {
        let text = self.source.text(node);
        text.get(..text.floor_char_boundary(200)).unwrap_or(text)
    }

    /// An expression that touches no schema: a resolved promise, a log line, a literal, a guard.
    fn is_idle(&self, node: Node) -> bool {
        let text = self.text_of(node).trim_start_matches("await ").trim_start();
        if matches!(node.kind(), "string" | "number" | "true" | "false" | "null" | "undefined" | "object")
            || matches!(text, "undefined" | "null" | "true" | "false" | "()")
        {
            return true;
        }
        [
            "Promise.resolve(",
            "console.",
            "logger.",
            "Log::",
            "$this->abortIf(",
            "$this->skipIf(",
            "$this->warnIf(",
            "$this->write(",
            "$this->output",
            "$this->command",
            "parent::",
            "Promise.reject(",
        ]
        .iter()
        .any(|start| text.starts_with(start))
    }

    /// Ways back and forward of a framework where both are functions of the file.
    pub fn way_back(&self, file: &File, up: Option<Node>, down: Option<Node>) -> seaworthy_facts::WayBack {
        use seaworthy_facts::WayBack;
        match down {
            Some(down) if !self.does_nothing(down) => WayBack::Yes,
            _ if up.is_some_and(|up| !refuses_outright(up) && self.does_nothing(up)) => {
                WayBack::NothingToReverse
            }
            Some(down) => WayBack::No {
                why: "its down() is empty or refuses".to_owned(),
                at: file.at_line(code::line(down)),
            },
            None => WayBack::No { why: "it has no down()".to_owned(), at: file.at() },
        }
    }
}

/// What a written default gives to existing rows.
pub fn fill_of(text: &str) -> Fill {
    let bare = text.trim().trim_matches(['"', '\'', '`', ':']).to_ascii_lowercase();
    if matches!(bare.as_str(), "null" | "nil" | "undefined" | "") {
        // An empty string is a value.
        return if bare.is_empty() && !text.is_empty() { Fill::Constant } else { Fill::Nothing };
    }
    let mut start = 0;
    for (position, c) in text.char_indices() {
        if c == '(' && sql::gives_each_row_its_own(text.get(start..position).unwrap_or_default()) {
            return Fill::PerRow;
        }
        if !c.is_alphanumeric() && c != '_' {
            start = position + c.len_utf8();
        }
    }
    Fill::Constant
}

fn refuses_outright(function: Node) -> bool {
    function.child_by_field_name("body").is_some_and(|body| body.named_child(0).is_some_and(refuses))
}

/// A statement that throws.
fn refuses(statement: Node) -> bool {
    statement.kind() == "throw_statement"
        || statement.kind() == "expression_statement"
            && statement.named_child(0).is_some_and(|inner| inner.kind() == "throw_expression")
}

/// Out of parentheses and of TypeScript's assertions.
fn unwrapped(mut node: Node) -> Node {
    for _ in 0..8 {
        if !matches!(
            node.kind(),
            "parenthesized_expression" | "as_expression" | "satisfies_expression" | "await_expression"
        ) {
            break;
        }
        match node.named_child(0) {
            Some(inner) => node = inner,
            None => break,
        }
    }
    node
}

/// Whether the value of a declaration can stand for a function.
fn is_value(value: Node, declaration: &str) -> bool {
    match unwrapped(value).kind() {
        "arrow_function" | "function_expression" | "function" | "generator_function" => true,
        "call_expression" | "false" | "identifier" => {
            declaration != "pair" || value.kind() != "call_expression"
        }
        _ => false,
    }
}

fn name_node(call: Node) -> Node {
    call.child_by_field_name("name")
        .or_else(|| {
            let function = call.child_by_field_name("function")?;
            function.child_by_field_name("property")
        })
        .unwrap_or(call)
}

/// What a call is made on.
fn receiver(call: Node) -> Option<Node> {
    let field = |name| call.child_by_field_name(name);
    let before = match call.kind() {
        "call_expression" => field("function")?.child_by_field_name("object")?,
        "member_call_expression" | "nullsafe_member_call_expression" => field("object")?,
        "scoped_call_expression" => field("scope")?,
        _ => return None,
    };
    Some(unwrapped(before))
}

/// Constants, variables and properties that are given one string and nothing else.
fn constants(source: &Source) -> HashMap<String, Option<String>> {
    let mut constants: HashMap<String, Option<String>> = HashMap::new();
    for node in code::descendants(source.root()) {
        let field = |name| node.child_by_field_name(name);
        let (name, value) = match node.kind() {
            "variable_declarator" | "public_field_definition" | "field_definition" => {
                (field("name").or_else(|| field("property")), field("value"))
            }
            "const_element" => (node.named_child(0), node.named_child(1)),
            "property_element" => (field("name"), field("default_value")),
            "assignment_expression" => (field("left"), field("right")),
            _ => continue,
        };
        let (Some(name), Some(value)) = (name, value) else { continue };
        let text = source.text(name);
        let own = text.rsplit(['.', '>']).next().unwrap_or(text).trim_start_matches('$');
        let value = code::string_value(unwrapped(value), &source.text);
        constants
            .entry(own.to_owned())
            .and_modify(|known| {
                if *known != value {
                    *known = None;
                }
            })
            .or_insert(value);
    }
    constants
}

/// A function that describes a table: where it stands, what its parameter is called, and the table.
#[derive(Debug, Clone)]
pub struct Scope {
    range: Range<usize>,
    parameter: String,
    /// The table.
    pub table: String,
}

/// Functions that describe tables, as they were met.
#[derive(Debug, Default)]
pub struct Scopes {
    known: Vec<Scope>,
}

impl Scopes {
    /// Notes the function among a call's arguments that describes this table.
    pub fn enter(&mut self, reading: &Reading, link: &Link, table: &str) {
        for argument in &link.arguments {
            let mut function = unwrapped(*argument);
            if function.kind() == "identifier"
                && let Some(declared) = reading.function(reading.source.text(function))
            {
                function = declared;
            }
            let parameter = function
                .child_by_field_name("parameter")
                .or_else(|| function.child_by_field_name("parameters")?.named_child(0));
            let Some(parameter) = parameter else { continue };
            let name = parameter
                .child_by_field_name("name")
                .or_else(|| parameter.child_by_field_name("pattern"))
                .unwrap_or(parameter);
            self.known.push(Scope {
                range: function.byte_range(),
                parameter: reading.source.text(name).trim_start_matches('$').to_owned(),
                table: table.to_owned(),
            });
        }
    }

    /// The table that a chain describes: that of the innermost function around it whose parameter it is called on.
    pub fn table_of(&self, chain: &Chain) -> Option<&str> {
        let at = chain.node.start_byte();
        self.known
            .iter()
            .filter(|scope| scope.range.contains(&at) && scope.parameter == chain.root)
            .min_by_key(|scope| scope.range.len())
            .map(|scope| scope.table.as_str())
    }
}
