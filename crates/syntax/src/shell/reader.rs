//! Walks the syntax tree of a script and collects its commands.

mod redirects;

use super::nested::{self, Inner};
use super::words::{mask, unquote};
use super::{Function, Ignored, Options, Script, SimpleCommand};
use crate::position::PositionIndex;
use crate::treesitter::{self, Grammar};
use tree_sitter::Node;

/// Longest script that is read, in bytes.
const TEXT_LIMIT: usize = 1024 * 1024;
/// Most pipes and opening brackets in a script that is read as a whole.
const CHAIN_LIMIT: usize = 4_000;
/// Length of the pieces in which confusing scripts are read, in bytes.
const PIECE_LENGTH: usize = 8 * 1024;
/// Most commands that one script yields.
const COMMAND_LIMIT: usize = 20_000;
/// Deepest nesting of syntax that is followed.
const DEPTH_LIMIT: usize = 120;
/// How many conditions are kept for a command, and how much of each.
const GUARD_LIMIT: usize = 8;
const GUARD_LENGTH: usize = 160;
/// How many `sh -c` strings are followed into each other.
const NESTING_LIMIT: u32 = 4;

/// What surrounds a statement.
#[derive(Debug, Clone, Default)]
struct Context {
    guarded: Vec<String>,
    in_condition: bool,
    negated: bool,
    in_function: Option<String>,
    background: bool,
    ignored: Option<Ignored>,
    fallback: Option<Vec<String>>,
    in_substitution: bool,
    in_loop: bool,
    before_and: bool,
    in_last_statement: bool,
}

impl Context {
    fn guard(&mut self, condition: String) {
        if self.guarded.len() < GUARD_LIMIT {
            self.guarded.push(condition);
        }
    }
}

struct Reader<'t> {
    /// The text as it is; the tree is of the masked text of the same length.
    text: &'t str,
    index: PositionIndex<'t>,
    /// Line and column at which the text begins.
    origin: (u32, u32),
    options: Options,
    nesting: u32,
    script: &'t mut Script,
}

/// Reads a script at a position, adding its commands to those of `script`.
fn read(
    text: &str,
    origin: (u32, u32),
    options: Options,
    nesting: u32,
    context: &Context,
    script: &mut Script,
) {
    let tree = is_readable(text).then(|| treesitter::parse(Grammar::Bash, &mask(text))).flatten();
    let Some(tree) = tree else {
        script.has_errors = true;
        if text.len() <= TEXT_LIMIT {
            read_piecewise(text, origin, options, nesting, context, script);
        }
        return;
    };
    script.has_errors |= tree.root_node().has_error();
    let mut reader = Reader { text, index: PositionIndex::new(text), origin, options, nesting, script };
    reader.statement(tree.root_node(), context, 0);
}

/// Endless chains of pipes and brackets cost the parser more than their length, past any progress
/// report.
fn is_readable(text: &str) -> bool {
    text.len() <= TEXT_LIMIT
        && text.bytes().filter(|b| matches!(b, b'|' | b'&' | b'(' | b'{')).count() <= CHAIN_LIMIT
}

/// Reads a script that is too confusing to be read as a whole, some lines at a time.
fn read_piecewise(
    text: &str,
    origin: (u32, u32),
    options: Options,
    nesting: u32,
    context: &Context,
    script: &mut Script,
) {
    if text.len() <= PIECE_LENGTH {
        return;
    }
    let mut line = origin.0;
    let mut start = 0;
    while start < text.len() {
        let limit = text.floor_char_boundary((start + PIECE_LENGTH).min(text.len()));
        let end = match text[start..limit].rfind('\n') {
            Some(at) if limit < text.len() => start + at + 1,
            _ => limit,
        };
        let piece = &text[start..end];
        let column = if start == 0 { origin.1 } else { 1 };
        // A line longer than a piece has no place to be split.
        if piece.ends_with('\n') || end == text.len() {
            read(piece, (line, column), options, nesting, context, script);
        }
        line = line.saturating_add(piece.matches('\n').count() as u32);
        start = end;
    }
}

/// Reads a whole script.
pub(super) fn read_script(text: &str, first_line: u32, options: Options) -> Script {
    let mut script = Script::default();
    let options = with_shebang(text, options, &mut script);
    let context = Context { in_last_statement: true, ..Context::default() };
    read(text, (first_line.max(1), 1), options, 0, &context, &mut script);
    script
}

/// Takes the options of `#!/bin/sh -e` into account.
fn with_shebang(text: &str, mut options: Options, script: &mut Script) -> Options {
    let Some(line) = text.strip_prefix("#!").and_then(|rest| rest.lines().next()) else { return options };
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    if words.iter().any(|word| super::words::is_shell(word)) {
        apply_set(&words, &mut options, script);
    }
    options
}

/// Follows `set -euo pipefail` and its like.
fn apply_set(words: &[String], options: &mut Options, script: &mut Script) {
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        let (on, letters) = match (word.strip_prefix('-'), word.strip_prefix('+')) {
            (Some(letters), _) if !letters.starts_with('-') => (true, letters),
            (_, Some(letters)) => (false, letters),
            _ => continue,
        };
        for letter in letters.chars() {
            let errexit = match letter {
                'e' => true,
                'o' => match rest.next().map(String::as_str) {
                    Some("errexit") => true,
                    Some("pipefail") => {
                        options.pipefail = on;
                        script.sets_pipefail |= on;
                        false
                    }
                    _ => false,
                },
                _ => false,
            };
            if errexit {
                options.errexit = on;
                script.sets_errexit |= on;
                script.clears_errexit |= !on;
            }
        }
    }
}

fn children(node: Node<'_>) -> Vec<Node<'_>> {
    node.children(&mut node.walk()).collect()
}

fn named_children(node: Node<'_>) -> Vec<Node<'_>> {
    node.named_children(&mut node.walk()).filter(|child| child.kind() != "comment").collect()
}

/// A child with the name of its field.
type Part<'t> = (Option<&'t str>, Node<'t>);

/// Children with the names of their fields.
fn fields(node: Node<'_>) -> Vec<Part<'_>> {
    let mut cursor = node.walk();
    let mut found = Vec::new();
    let mut more = cursor.goto_first_child();
    while more {
        found.push((cursor.field_name(), cursor.node()));
        more = cursor.goto_next_sibling();
    }
    found
}

impl Reader<'_> {
    fn source(&self, node: Node<'_>) -> &str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn capped(&self, node: Node<'_>) -> String {
        let source = self.source(node);
        source[..source.floor_char_boundary(GUARD_LENGTH)].to_owned()
    }

    fn position(&self, offset: usize) -> (u32, u32) {
        let (line, column) = self.index.position(offset);
        let column = if line == 1 { column + self.origin.1 - 1 } else { column };
        (line.saturating_add(self.origin.0 - 1), column)
    }

    fn word(&self, node: Node<'_>) -> String {
        unquote(self.source(node))
    }

    /// Reads any statement.
    fn statement(&mut self, node: Node<'_>, context: &Context, depth: usize) {
        if depth > DEPTH_LIMIT || self.script.commands.len() >= COMMAND_LIMIT {
            self.script.has_errors = true;
            return;
        }
        let depth = depth + 1;
        match node.kind() {
            "program" | "compound_statement" | "do_group" => self.sequence(&children(node), context, depth),
            "subshell" => {
                let before = self.options;
                self.sequence(&children(node), context, depth);
                self.options = before;
            }
            "list" => self.list(node, context, depth),
            "pipeline" => self.pipeline(&named_children(node), context, depth),
            "negated_command" => {
                let mut inner = context.clone();
                inner.negated = true;
                if !context.in_condition {
                    inner.ignored = inner.ignored.or(Some(Ignored::Negated));
                }
                self.all(&named_children(node), &inner, depth);
            }
            "if_statement" => self.if_statement(node, context, depth),
            "while_statement" | "for_statement" | "c_style_for_statement" => {
                self.repetition(node, context, depth)
            }
            "case_statement" => self.case(node, context, depth),
            "function_definition" => self.function(node, context, depth),
            "redirected_statement" => self.redirected(node, context, depth),
            "command"
            | "declaration_command"
            | "unset_command"
            | "test_command"
            | "variable_assignment"
            | "variable_assignments" => self.command(node, context, depth),
            "ERROR" => {
                self.script.has_errors = true;
                self.broken(node, context, depth);
            }
            "comment" | "heredoc_body" | "heredoc_start" | "heredoc_end" => {}
            _ => self.substitutions(node, context, depth),
        }
    }

    fn all(&mut self, nodes: &[Node<'_>], context: &Context, depth: usize) {
        for node in nodes {
            self.statement(*node, context, depth);
        }
    }

    /// Reads statements that follow each other.
    fn sequence(&mut self, nodes: &[Node<'_>], context: &Context, depth: usize) {
        let last = nodes.iter().rposition(|node| node.is_named() && node.kind() != "comment");
        for (at, node) in nodes.iter().enumerate() {
            if !node.is_named() {
                continue;
            }
            let mut inner = context.clone();
            inner.in_last_statement &= Some(at) == last;
            if nodes.get(at + 1).is_some_and(|next| next.kind() == "&") {
                inner.background = true;
                inner.ignored = inner.ignored.or(Some(Ignored::Background));
            }
            self.statement(*node, &inner, depth);
        }
    }

    fn list(&mut self, node: Node<'_>, context: &Context, depth: usize) {
        let nodes = named_children(node);
        let (Some(left), Some(right)) = (nodes.first(), nodes.get(1)) else {
            return self.all(&nodes, context, depth);
        };
        let operator = children(node).into_iter().find(|child| matches!(child.kind(), "&&" | "||"));
        let is_or = operator.is_some_and(|operator| operator.kind() == "||");
        let mut before = context.clone();
        let mut after = context.clone();
        self.connect(is_or, *left, *right, &mut before, &mut after);
        self.statement(*left, &before, depth);
        self.statement(*right, &after, depth);
        self.all(&nodes[2..], context, depth);
    }

    /// What `&&` or `||` means for the statements on both sides.
    fn connect(
        &self,
        is_or: bool,
        left: Node<'_>,
        right: Node<'_>,
        before: &mut Context,
        after: &mut Context,
    ) {
        if is_or {
            let (ignored, fallback) = self.fallback(right);
            before.ignored = ignored.or(before.ignored);
            before.fallback = fallback;
            after.guard(format!("! ({})", self.capped(left)));
        } else {
            before.before_and = true;
            if self.is_test(left) {
                after.guard(self.capped(left));
            }
        }
    }

    /// Whether a statement asks a question: `[ … ]`, `test`, `command -v`, `grep -q`, …
    fn is_test(&self, node: Node<'_>) -> bool {
        let Some(last) = self.last_command(node) else { return false };
        if last.kind() == "test_command" {
            return true;
        }
        let words = self.words_of(last);
        matches!(
            words.iter().map(String::as_str).collect::<Vec<_>>().as_slice(),
            ["test" | "[" | "which" | "type" | "hash" | "grep", ..] | ["command", "-v" | "-V", ..]
        )
    }

    /// The last simple command of a statement, for classification.
    fn last_command<'n>(&self, node: Node<'n>) -> Option<Node<'n>> {
        let mut node = node;
        for _ in 0..DEPTH_LIMIT {
            node = match node.kind() {
                "list" | "pipeline" | "compound_statement" | "subshell" | "negated_command" => {
                    *named_children(node).last()?
                }
                "redirected_statement" => node.child_by_field_name("body")?,
                "command" | "test_command" | "variable_assignment" | "declaration_command" => {
                    return Some(node);
                }
                _ => return None,
            };
        }
        None
    }

    fn words_of(&self, node: Node<'_>) -> Vec<String> {
        if node.kind() != "command" {
            return vec![self.capped(node)];
        }
        fields(node)
            .into_iter()
            .filter(|(field, _)| matches!(field, Some("name" | "argument")))
            .map(|(_, word)| self.word(word))
            .collect()
    }

    /// What happens when the left side of `||` fails.
    fn fallback(&self, right: Node<'_>) -> (Option<Ignored>, Option<Vec<String>>) {
        let Some(last) = self.last_command(right) else { return (None, None) };
        let words = self.words_of(last);
        let name = words.first().map(|word| super::words::base_name(word));
        let ignored = match (name, words.get(1).map(String::as_str)) {
            _ if last.kind() != "command" => None,
            (Some("true"), _) => Some(Ignored::OrTrue),
            (Some(":"), _) => Some(Ignored::OrColon),
            (Some("echo" | "printf"), _) => Some(Ignored::OrEcho),
            (Some("exit" | "return"), Some("0")) => Some(Ignored::OrExitZero),
            _ => None,
        };
        (ignored, Some(words))
    }

    fn pipeline(&mut self, nodes: &[Node<'_>], context: &Context, depth: usize) {
        let mut starts = Vec::with_capacity(nodes.len() + 1);
        for (at, node) in nodes.iter().enumerate() {
            starts.push(self.script.commands.len());
            let mut inner = context.clone();
            if at + 1 < nodes.len() && !self.options.pipefail {
                inner.ignored = inner.ignored.or(Some(Ignored::Pipeline));
            }
            self.statement(*node, &inner, depth);
        }
        starts.push(self.script.commands.len());
        for pair in starts.windows(2).take(nodes.len().saturating_sub(1)) {
            self.pipe(pair[0], pair[1]);
        }
    }

    /// Notes that the commands from `from` up to `to` write to the command at `to`.
    fn pipe(&mut self, from: usize, to: usize) {
        if to >= self.script.commands.len() {
            return;
        }
        let substituted = self.script.commands.get(from).is_some_and(|command| command.in_substitution);
        for command in &mut self.script.commands[from..to] {
            if command.piped_to.is_none() && command.in_substitution == substituted {
                command.piped_to = Some(to);
            }
        }
    }

    fn if_statement(&mut self, node: Node<'_>, context: &Context, depth: usize) {
        let mut refused: Vec<String> = Vec::new();
        let mut condition = String::new();
        let mut inside = false;
        let mut body = Vec::new();
        for (_, child) in fields(node) {
            match child.kind() {
                "then" => inside = true,
                "elif_clause" | "else_clause" => {
                    self.branch(&body, &refused, &condition, context, depth);
                    body.clear();
                    refused.push(std::mem::take(&mut condition));
                    condition = self.alternative(child, &refused, context, depth);
                }
                _ if inside => body.push(child),
                _ if child.is_named() => condition = self.condition(child, context, depth),
                _ => {}
            }
        }
        self.branch(&body, &refused, &condition, context, depth);
    }

    fn condition(&mut self, node: Node<'_>, context: &Context, depth: usize) -> String {
        let mut inner = context.clone();
        inner.in_condition = true;
        inner.ignored = None;
        inner.fallback = None;
        inner.in_last_statement = false;
        self.statement(node, &inner, depth);
        self.capped(node)
    }

    fn branch(
        &mut self,
        body: &[Node<'_>],
        refused: &[String],
        condition: &str,
        context: &Context,
        depth: usize,
    ) {
        if body.is_empty() {
            return;
        }
        let mut inner = context.clone();
        for refused in refused {
            inner.guard(format!("! ({refused})"));
        }
        if !condition.is_empty() {
            inner.guard(condition.to_owned());
        }
        self.sequence(body, &inner, depth);
    }

    /// Reads `elif` or `else`, and gives the condition of an `elif`.
    fn alternative(&mut self, node: Node<'_>, refused: &[String], context: &Context, depth: usize) -> String {
        let mut condition = String::new();
        let mut inside = node.kind() == "else_clause";
        let mut body = Vec::new();
        for child in children(node) {
            match child.kind() {
                "then" => inside = true,
                _ if inside => body.push(child),
                _ if child.is_named() => condition = self.condition(child, context, depth),
                _ => {}
            }
        }
        self.branch(&body, refused, &condition, context, depth);
        condition
    }

    fn repetition(&mut self, node: Node<'_>, context: &Context, depth: usize) {
        for (field, child) in fields(node) {
            match field {
                Some("body") => {
                    let inner = Context { in_loop: true, ..context.clone() };
                    self.statement(child, &inner, depth);
                }
                Some("condition") if child.is_named() && node.kind() == "while_statement" => {
                    self.condition(child, context, depth);
                }
                _ if child.is_named() => self.substitutions(child, context, depth),
                _ => {}
            }
        }
    }

    fn case(&mut self, node: Node<'_>, context: &Context, depth: usize) {
        let value = node.child_by_field_name("value").map(|value| self.capped(value)).unwrap_or_default();
        for (field, child) in fields(node) {
            if field == Some("value") {
                self.substitutions(child, context, depth);
            } else if child.kind() == "case_item" {
                let parts = fields(child);
                let patterns: Vec<_> = parts
                    .iter()
                    .filter(|(field, _)| *field == Some("value"))
                    .map(|(_, pattern)| self.capped(*pattern))
                    .collect();
                let mut inner = context.clone();
                inner.guard(format!("case {value} in {}", patterns.join(" | ")));
                let body: Vec<_> =
                    parts.iter().filter(|(field, _)| field.is_none()).map(|(_, node)| *node).collect();
                self.sequence(&body, &inner, depth);
            }
        }
    }

    fn function(&mut self, node: Node<'_>, context: &Context, depth: usize) {
        let name = node.child_by_field_name("name").map(|name| self.word(name)).unwrap_or_default();
        let (line, _) = self.position(node.start_byte());
        self.script.functions.push(Function { name: name.clone(), line });
        let inner = Context {
            in_function: Some(name),
            in_last_statement: true,
            in_substitution: context.in_substitution,
            ..Context::default()
        };
        // What the body sets takes effect when it is called, which may be never.
        let before = self.options;
        if let Some(body) = node.child_by_field_name("body") {
            self.statement(body, &inner, depth);
        }
        self.options = before;
    }

    fn nested(&mut self, inner: Inner, origin: (u32, u32), context: &Context) {
        if self.nesting >= NESTING_LIMIT {
            return;
        }
        read(&inner.text, origin, inner.options, self.nesting + 1, context, self.script);
    }

    fn command(&mut self, node: Node<'_>, context: &Context, depth: usize) {
        let start = self.script.commands.len();
        let mut places = Vec::new();
        let mut command = self.simple_command(node, &mut places);
        if context.in_substitution {
            command.in_substitution = true;
        }
        command.guarded.clone_from(&context.guarded);
        command.in_condition = context.in_condition;
        command.negated = context.negated;
        command.in_function.clone_from(&context.in_function);
        command.background = context.background;
        command.ignored = context.ignored;
        command.fallback.clone_from(&context.fallback);
        command.in_loop = context.in_loop;
        command.before_and = context.before_and;
        command.in_last_statement = context.in_last_statement;
        command.errexit = self.options.errexit;
        command.pipefail = self.options.pipefail;
        command.nesting = self.nesting;
        let words = command.words.clone();
        self.script.commands.push(command);
        if words.first().is_some_and(|word| word == "set") {
            apply_set(&words, &mut self.options, self.script);
        }
        for (field, part) in fields(node) {
            if field == Some("redirect") {
                self.redirect(part, Some(start), depth);
            }
        }
        self.substitutions(node, context, depth);
        if let Some((at, inner)) = nested::inner_script(&words) {
            // The text begins behind its opening quote.
            let origin = places.get(at).map_or((1, 1), |offset| self.position(*offset));
            let quoted = places.get(at).is_some_and(|at| self.text[*at..].starts_with(['"', '\'']));
            let origin = (origin.0, origin.1 + u32::from(quoted));
            self.nested(inner, origin, context);
        }
    }

    /// Words, assignments and position of a command; `places` gets the offset of every word.
    fn simple_command(&self, node: Node<'_>, places: &mut Vec<usize>) -> SimpleCommand {
        let (line, column) = self.position(node.start_byte());
        let mut command = SimpleCommand { line, column, ..SimpleCommand::default() };
        let mut add = |node: Node<'_>, words: &mut Vec<String>| {
            places.push(node.start_byte());
            words.push(self.word(node));
        };
        match node.kind() {
            "variable_assignment" => command.assignments.extend(self.assignment(node)),
            "test_command" => {
                let mut pending: Vec<Node<'_>> = children(node).into_iter().rev().collect();
                while let Some(part) = pending.pop() {
                    if part.kind().ends_with("_expression") && part.kind() != "brace_expression" {
                        pending.extend(children(part).into_iter().rev());
                    } else {
                        add(part, &mut command.words);
                    }
                }
            }
            kind => {
                for (field, part) in fields(node) {
                    match part.kind() {
                        "variable_assignment" => {
                            command.assignments.extend(self.assignment(part));
                            if kind == "declaration_command" {
                                add(part, &mut command.words);
                            }
                        }
                        "comment" => {}
                        _ if field == Some("redirect") => {}
                        _ => add(part, &mut command.words),
                    }
                }
            }
        }
        command
    }

    fn assignment(&self, node: Node<'_>) -> Option<(String, String)> {
        let name = node.child_by_field_name("name")?;
        let value = node.child_by_field_name("value").map(|value| self.word(value)).unwrap_or_default();
        Some((self.source(name).to_owned(), value))
    }

    /// Reads the commands of `$(…)`, backquotes and `<(…)` anywhere below a node.
    fn substitutions(&mut self, node: Node<'_>, context: &Context, depth: usize) {
        let inner = Context {
            in_substitution: true,
            guarded: context.guarded.clone(),
            in_function: context.in_function.clone(),
            in_loop: context.in_loop,
            ..Context::default()
        };
        let mut pending = children(node);
        pending.reverse();
        while let Some(part) = pending.pop() {
            match part.kind() {
                "command_substitution" | "process_substitution" => {
                    let before = self.options;
                    self.sequence(&children(part), &inner, depth + 1);
                    self.options = before;
                }
                // Read on their own, wherever they stand.
                "command" | "pipeline" | "list" | "subshell" | "redirected_statement"
                    if !matches!(node.kind(), "command" | "declaration_command") =>
                {
                    if node.kind() != "heredoc_redirect" {
                        self.statement(part, context, depth + 1);
                    }
                }
                "ERROR" => {
                    self.script.has_errors = true;
                    self.broken(part, context, depth + 1);
                }
                _ => {
                    let below = children(part);
                    pending.extend(below.into_iter().rev());
                }
            }
        }
    }

    /// Makes what it can of a part that is not understood: whole statements inside it are read, and
    /// words that stand alone count as a command per line.
    fn broken(&mut self, node: Node<'_>, context: &Context, depth: usize) {
        if depth > DEPTH_LIMIT {
            return;
        }
        let mut loose: Vec<Node<'_>> = Vec::new();
        for child in children(node) {
            let same_line =
                loose.last().is_some_and(|last| last.end_position().row == child.start_position().row);
            let is_word = matches!(
                child.kind(),
                "command_name"
                    | "word"
                    | "string"
                    | "raw_string"
                    | "number"
                    | "concatenation"
                    | "simple_expansion"
                    | "expansion"
            );
            if !is_word || !same_line {
                self.loose_command(&std::mem::take(&mut loose), context);
            }
            if is_word {
                loose.push(child);
            } else if child.is_named() {
                self.statement(child, context, depth + 1);
            }
        }
        self.loose_command(&loose, context);
    }

    fn loose_command(&mut self, nodes: &[Node<'_>], context: &Context) {
        let Some(first) = nodes.first() else { return };
        let (line, column) = self.position(first.start_byte());
        let command = SimpleCommand {
            words: nodes.iter().map(|node| self.word(*node)).collect(),
            line,
            column,
            guarded: context.guarded.clone(),
            in_function: context.in_function.clone(),
            in_substitution: context.in_substitution,
            errexit: self.options.errexit,
            pipefail: self.options.pipefail,
            nesting: self.nesting,
            ..SimpleCommand::default()
        };
        self.script.commands.push(command);
    }
}
