//! The expressions of Go templates that follow from values alone.

use seaworthy_syntax::tree::{Node, Value};

/// A value, when it is known.
pub type Known = Option<Node>;

/// Deepest nesting of parentheses.
const DEPTH: usize = 12;
/// Longest text that is made, in bytes.
const LENGTH: usize = 64 * 1024;

/// Evaluates a pipeline.
pub fn evaluate(source: &str, root: &Node, dot: &Known, variables: &[(String, Known)]) -> Known {
    Evaluator { root, dot, variables }.pipeline(source, DEPTH)
}

/// Whether a value counts as true.
pub fn truth(node: &Node) -> bool {
    match &node.value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(text) => text.parse::<f64>().ok().is_none_or(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::List(items) => !items.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
        Value::Tagged { .. } | Value::Expression(_) => true,
    }
}

/// What a value prints, when it prints as text.
pub fn printed(node: &Node) -> Option<String> {
    match &node.value {
        Value::Null => Some(String::new()),
        // Texts that are templates themselves would need another round.
        Value::String(text) if text.contains("{{") => None,
        _ => node.scalar(),
    }
}

struct Evaluator<'a> {
    root: &'a Node,
    dot: &'a Known,
    variables: &'a [(String, Known)],
}

fn leaf(value: Value) -> Known {
    Some(Node::new(value, 1, 1))
}

fn text(text: String) -> Known {
    (text.len() <= LENGTH).then(|| Node::new(Value::String(text), 1, 1))
}

impl Evaluator<'_> {
    fn pipeline(&self, source: &str, depth: usize) -> Known {
        let depth = depth.checked_sub(1)?;
        let mut piped: Option<Known> = None;
        for command in split(source, |c| c == '|')? {
            let words = split(command.trim(), char::is_whitespace)?;
            let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
            let (first, rest) = words.split_first()?;
            let is_function = first.starts_with(|c: char| c.is_ascii_alphabetic())
                && !matches!(*first, "true" | "false" | "nil");
            piped = Some(if is_function {
                let mut arguments: Vec<Known> = rest.iter().map(|word| self.term(word, depth)).collect();
                arguments.extend(piped.take());
                self.call(first, &arguments)
            } else if rest.is_empty() && piped.is_none() {
                self.term(first, depth)
            } else {
                None
            });
        }
        piped?
    }

    fn term(&self, word: &str, depth: usize) -> Known {
        if let Some(inner) = word.strip_prefix('(') {
            // `(…).field` as well.
            let end = inner.rfind(')')?;
            let value = self.pipeline(&inner[..end], depth)?;
            return field(&value, &inner[end + 1..]);
        }
        if let Some(inner) = word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            return text(inner.replace("\\n", "\n").replace("\\\"", "\""));
        }
        if let Some(inner) = word.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
            return text(inner.to_owned());
        }
        match word {
            "true" => return leaf(Value::Bool(true)),
            "false" => return leaf(Value::Bool(false)),
            "nil" => return leaf(Value::Null),
            "." => return self.dot.clone(),
            "$" => return Some(self.root.clone()),
            _ => {}
        }
        if word.parse::<f64>().is_ok() {
            return leaf(Value::Number(word.to_owned()));
        }
        if let Some(path) = word.strip_prefix("$.") {
            return self.of_root(path);
        }
        if word.starts_with('$') {
            let (name, path) = match word.split_once('.') {
                Some((name, path)) => (name, path),
                None => (word, ""),
            };
            let (_, value) = self.variables.iter().rev().find(|(known, _)| known == name)?;
            return field(value.as_ref()?, path);
        }
        let path = word.strip_prefix('.')?;
        let dot = self.dot.as_ref()?;
        if std::ptr::eq(dot, self.root) || dot.get("Values").is_some() {
            return self.of_root(path);
        }
        field(dot, path)
    }

    fn of_root(&self, path: &str) -> Known {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        // What Helm puts in at install time is not known.
        let node = self.root.get(first)?;
        if first == "Chart" {
            return node.path(rest).cloned();
        }
        field(node, rest)
    }

    fn call(&self, name: &str, arguments: &[Known]) -> Known {
        let argument = |place: usize| arguments.get(place).and_then(Option::as_ref);
        let last = || arguments.last().and_then(Option::as_ref);
        let flag = |truth: bool| leaf(Value::Bool(truth));
        let number = |node: &Node| node.scalar().and_then(|text| text.parse::<f64>().ok());
        match name {
            "not" => flag(!truth(argument(0)?)),
            // Both give the value that decides.
            "and" => {
                for argument in arguments {
                    match argument {
                        Some(node) if !truth(node) => return Some(node.clone()),
                        _ => {}
                    }
                }
                if arguments.iter().any(Option::is_none) { None } else { last().cloned() }
            }
            "or" => {
                for argument in arguments {
                    match argument {
                        Some(node) if truth(node) => return Some(node.clone()),
                        _ => {}
                    }
                }
                if arguments.iter().any(Option::is_none) { None } else { last().cloned() }
            }
            "eq" => {
                let first = argument(0)?;
                let mut open = false;
                for other in &arguments[1..] {
                    match other {
                        Some(other) if same(first, other) => return flag(true),
                        Some(_) => {}
                        None => open = true,
                    }
                }
                if open { None } else { flag(false) }
            }
            "ne" => flag(!same(argument(0)?, argument(1)?)),
            "gt" => flag(number(argument(0)?)? > number(argument(1)?)?),
            "ge" => flag(number(argument(0)?)? >= number(argument(1)?)?),
            "lt" => flag(number(argument(0)?)? < number(argument(1)?)?),
            "le" => flag(number(argument(0)?)? <= number(argument(1)?)?),
            "empty" => flag(!truth(argument(0)?)),
            "default" => {
                let given = last()?;
                if truth(given) { Some(given.clone()) } else { argument(0).cloned() }
            }
            "coalesce" => {
                for argument in arguments {
                    if truth(argument.as_ref()?) {
                        return argument.clone();
                    }
                }
                leaf(Value::Null)
            }
            "ternary" => {
                let holds = truth(argument(2)?);
                argument(usize::from(!holds)).cloned()
            }
            "hasKey" => flag(argument(0)?.get(&argument(1)?.scalar()?).is_some()),
            "index" => {
                let mut node = argument(0)?.clone();
                for key in &arguments[1..] {
                    let key = key.as_ref()?.scalar()?;
                    let inner = match &node.value {
                        Value::List(items) => items.get(key.parse::<usize>().ok()?).cloned(),
                        _ => node.get(&key).cloned(),
                    };
                    node = inner.unwrap_or(Node::new(Value::Null, 1, 1));
                }
                Some(node)
            }
            "get" => Some(argument(0)?.get(&argument(1)?.scalar()?).cloned().unwrap_or(Node::new(
                Value::Null,
                1,
                1,
            ))),
            "required" | "fail" => last().cloned(),
            "tpl" => {
                argument(0).filter(|node| node.as_str().is_none_or(|text| !text.contains("{{"))).cloned()
            }
            "quote" | "squote" => text(format!("\"{}\"", escaped(&printed(last()?)?))),
            "toString" | "int" | "int64" | "float64" | "trim" => text(printed(last()?)?),
            "lower" => text(printed(last()?)?.to_lowercase()),
            "upper" => text(printed(last()?)?.to_uppercase()),
            "trunc" => {
                let length = argument(0)?.scalar()?.parse::<usize>().ok()?;
                text(printed(last()?)?.chars().take(length).collect())
            }
            "trimSuffix" => {
                let end = argument(0)?.scalar()?;
                let whole = printed(last()?)?;
                text(whole.strip_suffix(&end).unwrap_or(&whole).to_owned())
            }
            "replace" => {
                text(printed(argument(2)?)?.replace(&argument(0)?.scalar()?, &argument(1)?.scalar()?))
            }
            "printf" => {
                let mut whole = argument(0)?.scalar()?;
                for value in &arguments[1..] {
                    let value = printed(value.as_ref()?)?;
                    let place = ["%s", "%d", "%v", "%q"].iter().filter_map(|mark| whole.find(mark)).min()?;
                    whole.replace_range(place..place + 2, &value);
                }
                text(whole)
            }
            "join" => {
                let parts: Option<Vec<String>> = last()?.list().iter().map(printed).collect();
                text(parts?.join(&argument(0)?.scalar()?))
            }
            "toYaml" => {
                let mut lines = String::new();
                to_yaml(last()?, 0, &mut lines, 40)?;
                text(lines.trim_end().to_owned())
            }
            "toJson" => {
                let mut whole = String::new();
                to_json(last()?, &mut whole, 40)?;
                text(whole)
            }
            "indent" | "nindent" => {
                let blanks =
                    " ".repeat(argument(0)?.scalar()?.parse::<usize>().ok().filter(|count| *count <= 100)?);
                let whole = last()?.scalar()?;
                let lines: Vec<String> = whole.lines().map(|line| format!("{blanks}{line}")).collect();
                let start = if name == "nindent" { "\n" } else { "" };
                text(format!("{start}{}", lines.join("\n")))
            }
            _ => None,
        }
    }
}

fn same(left: &Node, right: &Node) -> bool {
    match (left.scalar(), right.scalar()) {
        (Some(left), Some(right)) => left == right,
        _ => left.is_null() && right.is_null(),
    }
}

/// A value below another; null where there is none.
fn field(node: &Node, path: &str) -> Known {
    let path = path.trim_matches('.');
    if path.is_empty() {
        return Some(node.clone());
    }
    if !path.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-')) {
        return None;
    }
    Some(node.path(path).cloned().unwrap_or(Node::new(Value::Null, 1, 1)))
}

/// Splits outside quotes and parentheses; none where they are not closed.
fn split(source: &str, is_end: impl Fn(char) -> bool) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let (mut from, mut depth, mut quote, mut escaped) = (0, 0usize, None, false);
    for (at, c) in source.char_indices() {
        match (quote, c) {
            (Some('"'), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(open), c) if c == open && !escaped => quote = None,
            (Some(_), _) => {}
            (None, '"' | '`') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.checked_sub(1)?,
            (None, c) if depth == 0 && is_end(c) => {
                parts.push(&source[from..at]);
                from = at + c.len_utf8();
            }
            _ => {}
        }
        escaped = false;
    }
    (depth == 0 && quote.is_none()).then(|| {
        parts.push(&source[from..]);
        parts
    })
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn scalar(node: &Node) -> Option<String> {
    Some(match &node.value {
        Value::Null => "null".to_owned(),
        Value::String(text) => format!("\"{}\"", escaped(text)),
        Value::List(_) => "[]".to_owned(),
        Value::Map(_) => "{}".to_owned(),
        _ => node.scalar()?,
    })
}

fn to_yaml(node: &Node, indent: usize, lines: &mut String, depth: usize) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    if lines.len() > LENGTH {
        return None;
    }
    let blanks = " ".repeat(indent);
    let nested = |node: &Node| {
        matches!(&node.value, Value::List(items) if !items.is_empty())
            || matches!(&node.value, Value::Map(entries) if !entries.is_empty())
    };
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            for (key, item) in entries {
                lines.push_str(&format!("{blanks}\"{}\":", escaped(&key.text)));
                if nested(item) {
                    lines.push('\n');
                    to_yaml(item, indent + 2, lines, depth)?;
                } else {
                    lines.push_str(&format!(" {}\n", scalar(item)?));
                }
            }
        }
        Value::List(items) if !items.is_empty() => {
            for item in items {
                if nested(item) {
                    lines.push_str(&format!("{blanks}-\n"));
                    to_yaml(item, indent + 2, lines, depth)?;
                } else {
                    lines.push_str(&format!("{blanks}- {}\n", scalar(item)?));
                }
            }
        }
        _ => lines.push_str(&format!("{blanks}{}\n", scalar(node)?)),
    }
    Some(())
}

fn to_json(node: &Node, whole: &mut String, depth: usize) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    if whole.len() > LENGTH {
        return None;
    }
    match &node.value {
        Value::Map(entries) => {
            whole.push('{');
            for (place, (key, item)) in entries.iter().enumerate() {
                whole.push_str(&format!("{}\"{}\":", if place > 0 { "," } else { "" }, escaped(&key.text)));
                to_json(item, whole, depth)?;
            }
            whole.push('}');
        }
        Value::List(items) => {
            whole.push('[');
            for (place, item) in items.iter().enumerate() {
                whole.push_str(if place > 0 { "," } else { "" });
                to_json(item, whole, depth)?;
            }
            whole.push(']');
        }
        _ => whole.push_str(&scalar(node)?),
    }
    Some(())
}
