//! Go templates as far as their result follows from the values. What does not stays as it is written.

use seaworthy_syntax::tree::{Node, Value};

use super::expression::{self, Known, truth};

/// Longest result, in bytes.
const LENGTH: usize = 512 * 1024;
/// Most actions that are worked out.
const STEPS: usize = 20_000;
/// Most rounds of one `range`.
const ROUNDS: usize = 50;
/// Deepest nesting of blocks.
const DEPTH: usize = 40;

/// A template with values put in.
pub struct Rendered {
    /// The text.
    pub text: String,
    /// For each line of the text, the line of the template that it comes from.
    lines: Vec<u32>,
    /// Lines that would not be there by default, and why.
    off: Vec<(u32, u32, String)>,
}

impl Rendered {
    /// Why what begins on a line of the text is not there by default.
    pub fn off_at(&self, line: u32) -> Option<String> {
        self.off.iter().find(|(from, to, _)| (*from..=*to).contains(&line)).map(|(.., why)| why.clone())
    }

    /// Gives every value its line in the template.
    pub fn put_back(&self, node: &mut Node) {
        let line = |line: u32| self.lines.get(line.saturating_sub(1) as usize).copied().unwrap_or(1);
        let mut pending = vec![node];
        while let Some(node) = pending.pop() {
            node.line = line(node.line);
            match &mut node.value {
                Value::List(items) => pending.extend(items),
                Value::Map(entries) => {
                    for (key, item) in entries {
                        key.line = line(key.line);
                        pending.push(item);
                    }
                }
                Value::Tagged { node, .. } => pending.push(node),
                _ => {}
            }
        }
    }
}

enum Token<'t> {
    Text(&'t str, u32),
    Action { source: &'t str, inner: &'t str, line: u32, left: bool, right: bool },
}

/// Renders a template; `root` is its `.`.
pub fn render(text: &str, root: &Node) -> Rendered {
    let tokens = tokens(text);
    let mut renderer = Renderer {
        tokens: &tokens,
        root,
        variables: Vec::new(),
        out: Rendered { text: String::new(), lines: Vec::new(), off: Vec::new() },
        trim_next: false,
        steps: STEPS,
    };
    renderer.run(0, tokens.len(), &Some(root.clone()), DEPTH);
    renderer.out
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(start) = rest.find("{{") {
        let Some(length) = rest[start..].find("}}") else { break };
        let (before, action) = (&rest[..start], &rest[start..start + length + 2]);
        tokens.push(Token::Text(before, line));
        line += before.matches('\n').count() as u32;
        let inner = &action[2..action.len() - 2];
        let left = inner.starts_with("- ") || inner.starts_with("-\n") || inner.starts_with("-/*");
        let right = inner.ends_with(" -") || inner.ends_with("\n-") || inner.ends_with("*/-");
        let inner = if left { &inner[1..] } else { inner };
        let inner = if right && !inner.is_empty() { &inner[..inner.len() - 1] } else { inner };
        tokens.push(Token::Action { source: action, inner: inner.trim(), line, left, right });
        line += action.matches('\n').count() as u32;
        rest = &rest[start + length + 2..];
    }
    tokens.push(Token::Text(rest, line));
    tokens
}

struct Renderer<'t> {
    tokens: &'t [Token<'t>],
    root: &'t Node,
    variables: Vec<(String, Known)>,
    out: Rendered,
    trim_next: bool,
    steps: usize,
}

impl<'t> Renderer<'t> {
    fn run(&mut self, from: usize, to: usize, dot: &Known, depth: usize) {
        let mut at = from;
        while at < to {
            if self.steps == 0 || self.out.text.len() > LENGTH {
                return;
            }
            self.steps -= 1;
            match &self.tokens[at] {
                Token::Text(text, line) => {
                    self.text(text, *line);
                    at += 1;
                }
                Token::Action { source, inner, line, left, right } => {
                    let word = inner.split_whitespace().next().unwrap_or_default();
                    if matches!(word, "if" | "with" | "range" | "define" | "block") {
                        let block = self.block(at, to);
                        if *left {
                            self.trim();
                        }
                        self.trim_next = *right;
                        if depth > 0 {
                            self.enter(word, inner, &block, dot, depth - 1);
                        }
                        if let Some(Token::Action { left, right, .. }) = self.tokens.get(block.end) {
                            if *left {
                                self.trim();
                            }
                            self.trim_next = *right;
                        }
                        at = block.end + 1;
                        continue;
                    }
                    at += 1;
                    if inner.starts_with("/*") || word == "end" || word == "else" {
                        if *left {
                            self.trim();
                        }
                        self.trim_next = *right;
                        continue;
                    }
                    let value = if let Some((name, given)) = assignment(inner) {
                        let value = expression::evaluate(given, self.root, dot, &self.variables);
                        self.variables.push((name.to_owned(), value));
                        Some(Node::new(Value::Null, 1, 1))
                    } else {
                        expression::evaluate(inner, self.root, dot, &self.variables)
                    };
                    let printed = value.as_ref().and_then(expression::printed);
                    match printed {
                        Some(text) => {
                            if *left {
                                self.trim();
                            }
                            self.generated(&text, *line);
                            self.trim_next = *right;
                        }
                        // Left as it is, blanks around it too: it may stand for lines of its own.
                        None => self.generated(source, *line),
                    }
                }
            }
        }
    }

    fn enter(&mut self, word: &str, inner: &str, block: &Block, dot: &Known, depth: usize) {
        let condition = inner[word.len()..].trim();
        let known = self.variables.len();
        match word {
            "if" | "with" => {
                // The branches in order: the first whose condition holds, or may hold, is taken.
                let mut condition = condition;
                let mut with = word == "with";
                for (place, (from, to)) in block.branches.iter().enumerate() {
                    let (name, source) = match assignment(condition) {
                        Some((name, source)) => (Some(name), source),
                        None => (None, condition),
                    };
                    let value = if condition.is_empty() {
                        None
                    } else {
                        expression::evaluate(source, self.root, dot, &self.variables)
                    };
                    let holds = if condition.is_empty() { Some(true) } else { value.as_ref().map(truth) };
                    if let Some(name) = name {
                        self.variables.push((name.to_owned(), value.clone()));
                    }
                    if holds != Some(false) {
                        let dot = if with { &value } else { dot };
                        self.run(*from, *to, dot, depth);
                        break;
                    }
                    if place == 0 && self.holds_objects(*from, *to) {
                        let first = self.out.lines.len() as u32;
                        self.run(*from, *to, dot, depth);
                        let why = match source.split_once(".Values.") {
                            Some(_) => format!("`{}` does not hold by default", shortened(source)),
                            None => format!("`{}` does not hold", shortened(source)),
                        };
                        self.out.off.push((first.max(1), self.out.lines.len() as u32, why));
                    }
                    condition = block.conditions.get(place).copied().unwrap_or_default();
                    with = false;
                }
            }
            "range" => {
                let Some((from, to)) = block.branches.first().copied() else { return };
                let (names, source) = match assignment(condition) {
                    Some((names, source)) => {
                        (names.split(',').map(|name| name.trim().to_owned()).collect(), source)
                    }
                    None => (Vec::new(), condition),
                };
                match expression::evaluate(source, self.root, dot, &self.variables) {
                    Some(node) => {
                        let members: Vec<(Known, Node)> = match &node.value {
                            Value::List(items) => items
                                .iter()
                                .enumerate()
                                .map(|(place, item)| {
                                    (Some(Node::new(Value::Number(place.to_string()), 1, 1)), item.clone())
                                })
                                .collect(),
                            Value::Map(entries) => entries
                                .iter()
                                .map(|(key, item)| {
                                    (Some(Node::new(Value::String(key.text.clone()), 1, 1)), item.clone())
                                })
                                .collect(),
                            _ => Vec::new(),
                        };
                        for (key, item) in members.into_iter().take(ROUNDS) {
                            let before = self.variables.len();
                            match names.as_slice() {
                                [value] => self.variables.push((value.clone(), Some(item.clone()))),
                                [first, second] => {
                                    self.variables.push((first.clone(), key));
                                    self.variables.push((second.clone(), Some(item.clone())));
                                }
                                _ => {}
                            }
                            self.run(from, to, &Some(item), depth);
                            self.variables.truncate(before);
                        }
                    }
                    None => {
                        for name in names {
                            self.variables.push((name, None));
                        }
                        self.run(from, to, &None, depth);
                    }
                }
            }
            // Definitions print nothing where they stand.
            _ => {}
        }
        self.variables.truncate(known);
    }

    /// Whether a branch holds whole objects rather than parts of one.
    fn holds_objects(&self, from: usize, to: usize) -> bool {
        self.tokens[from..to].iter().any(|token| match token {
            Token::Text(text, _) => text.lines().any(|line| line.starts_with("kind:")),
            Token::Action { .. } => false,
        })
    }

    /// The extent of the block that begins at an action.
    fn block(&self, at: usize, to: usize) -> Block<'t> {
        let mut block = Block { branches: Vec::new(), conditions: Vec::new(), end: to };
        let mut depth = 0usize;
        let mut from = at + 1;
        for place in at + 1..to {
            let Token::Action { inner, .. } = &self.tokens[place] else { continue };
            let mut words = inner.split_whitespace();
            match words.next().unwrap_or_default() {
                "if" | "with" | "range" | "define" | "block" => depth += 1,
                "else" if depth == 0 => {
                    block.branches.push((from, place));
                    from = place + 1;
                    let rest = inner["else".len()..].trim();
                    let rest =
                        rest.strip_prefix("if ").or_else(|| rest.strip_prefix("with ")).unwrap_or(rest);
                    block.conditions.push(rest);
                }
                "end" if depth == 0 => {
                    block.end = place;
                    break;
                }
                "end" => depth -= 1,
                _ => {}
            }
        }
        block.branches.push((from, block.end));
        block
    }

    fn text(&mut self, text: &str, line: u32) {
        let mut text = text;
        let mut line = line;
        if std::mem::take(&mut self.trim_next) {
            let rest = text.trim_start();
            line += text[..text.len() - rest.len()].matches('\n').count() as u32;
            text = rest;
        }
        for piece in text.split_inclusive('\n') {
            self.begin(line);
            self.out.text.push_str(piece);
            line += 1;
        }
    }

    fn generated(&mut self, text: &str, line: u32) {
        for piece in text.split_inclusive('\n') {
            self.begin(line);
            self.out.text.push_str(piece);
        }
    }

    fn begin(&mut self, line: u32) {
        if self.out.text.is_empty() || self.out.text.ends_with('\n') {
            self.out.lines.push(line);
        }
    }

    /// Takes blanks off the end of what was printed.
    fn trim(&mut self) {
        while self.out.text.ends_with(char::is_whitespace) {
            let last = self.out.text.pop();
            if self.out.text.is_empty() || self.out.text.ends_with('\n') && last != Some('\n') {
                self.out.lines.pop();
            }
            if last == Some('\n') && (self.out.text.is_empty() || self.out.text.ends_with('\n')) {
                // An empty line had an entry of its own.
                self.out.lines.pop();
            }
        }
    }
}

struct Block<'t> {
    /// Branches as ranges of tokens.
    branches: Vec<(usize, usize)>,
    /// The conditions of the branches after the first; empty for a plain `else`.
    conditions: Vec<&'t str>,
    end: usize,
}

/// `$name := …`, `$name = …`, `$a, $b := …`
fn assignment(inner: &str) -> Option<(&str, &str)> {
    if !inner.starts_with('$') {
        return None;
    }
    let (name, value) = inner.split_once(":=").or_else(|| inner.split_once(" = "))?;
    let name = name.trim();
    name.chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '$' | '_' | ',' | ' '))
        .then_some((name, value.trim()))
}

fn shortened(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(100).collect()
}
