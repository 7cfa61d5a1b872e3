//! The value of an expression, as far as it follows from literals and from what the caller knows.
//!
//! Only what has no effect and no input is worked out: references, conditions, comparisons, templates and a few
//! functions. Whatever remains open stays a [`Value::Expression`] with its source, so that a caller can tell it from a
//! value.

use std::cell::Cell;

use hcl_edit::expr::{
    BinaryOperator, Expression, FuncCall, ObjectKey, Traversal, TraversalOperator, UnaryOperator,
};
use hcl_edit::template::{Element, Template};

use crate::tree::{Key, MapBuilder, Node, Value};

/// Most values that one expression may grow to.
const NODES: usize = 20_000;
/// Longest text that a template may grow to, in bytes.
const TEXT: usize = 64 * 1024;
/// Deepest nesting of an expression.
const DEPTH: usize = 80;

/// Gives the value of a reference such as `var.name` or `each.value`, when it is known.
pub type Lookup<'a> = &'a dyn Fn(&str, &str) -> Option<Node>;

/// Evaluates the source text of an expression. Every value in the result stands at the given position.
pub fn evaluate(source: &str, at: (u32, u32), lookup: Lookup) -> Node {
    let unknown = || Node::new(Value::Expression(source.to_owned()), at.0, at.1);
    // Heredocs need the line break that ends them.
    let parsed = source.parse::<Expression>().or_else(|_| format!("{source}\n").parse::<Expression>());
    let Ok(expression) = parsed else { return unknown() };
    let evaluator = Evaluator { at, lookup, left: Cell::new(NODES) };
    evaluator.value(&expression, DEPTH)
}

struct Evaluator<'a> {
    at: (u32, u32),
    lookup: Lookup<'a>,
    left: Cell<usize>,
}

impl Evaluator<'_> {
    fn node(&self, value: Value) -> Node {
        Node::new(value, self.at.0, self.at.1)
    }

    fn unknown(&self, expression: &Expression) -> Node {
        let mut source = expression.to_string().trim().to_owned();
        source.truncate(source.floor_char_boundary(2_000));
        self.node(Value::Expression(source))
    }

    fn value(&self, expression: &Expression, depth: usize) -> Node {
        let (Some(depth), Some(left)) = (depth.checked_sub(1), self.left.get().checked_sub(1)) else {
            return self.unknown(expression);
        };
        self.left.set(left);
        let value = match expression {
            Expression::Null(_) => Value::Null,
            Expression::Bool(truth) => Value::Bool(*truth.value()),
            Expression::Number(number) => Value::Number(number.value().to_string()),
            Expression::String(text) => Value::String(text.value().clone()),
            Expression::Array(array) => {
                Value::List(array.iter().map(|item| self.value(item, depth)).collect())
            }
            Expression::Object(object) => {
                let mut entries = MapBuilder::default();
                for (key, item) in object.iter() {
                    let text = self.key(key, depth);
                    let key = Key { text, line: self.at.0, column: self.at.1 };
                    entries.insert(key, self.value(item.expr(), depth));
                }
                Value::Map(entries.into_entries())
            }
            Expression::StringTemplate(template) => return self.template(expression, template, depth),
            Expression::HeredocTemplate(heredoc) => {
                return self.template(expression, &heredoc.template, depth);
            }
            Expression::Parenthesis(inner) => return self.value(inner.inner(), depth),
            Expression::Conditional(conditional) => {
                let met = truth(&self.value(&conditional.cond_expr, depth));
                return match met {
                    Some(true) => self.value(&conditional.true_expr, depth),
                    Some(false) => self.value(&conditional.false_expr, depth),
                    None => {
                        let yes = self.value(&conditional.true_expr, depth);
                        let no = self.value(&conditional.false_expr, depth);
                        if is_known(&yes) && yes == no { yes } else { self.unknown(expression) }
                    }
                };
            }
            Expression::FuncCall(call) => {
                return self.call(call, depth).unwrap_or_else(|| self.unknown(expression));
            }
            Expression::Traversal(traversal) => {
                return self.traversal(traversal, depth).unwrap_or_else(|| self.unknown(expression));
            }
            Expression::UnaryOp(operation) => {
                let operand = self.value(&operation.expr, depth);
                match (*operation.operator, truth(&operand), number(&operand)) {
                    (UnaryOperator::Not, Some(met), _) => Value::Bool(!met),
                    (UnaryOperator::Neg, _, Some(amount)) => Value::Number((-amount).to_string()),
                    _ => return self.unknown(expression),
                }
            }
            Expression::BinaryOp(operation) => {
                let left = self.value(&operation.lhs_expr, depth);
                let right = self.value(&operation.rhs_expr, depth);
                match binary(*operation.operator.value(), &left, &right) {
                    Some(value) => value,
                    None => return self.unknown(expression),
                }
            }
            Expression::Variable(_) | Expression::ForExpr(_) => return self.unknown(expression),
        };
        self.node(value)
    }

    fn key(&self, key: &ObjectKey, depth: usize) -> String {
        match key {
            ObjectKey::Ident(name) => name.as_str().to_owned(),
            ObjectKey::Expression(Expression::Variable(name)) => name.as_str().to_owned(),
            ObjectKey::Expression(other) => {
                let value = self.value(other, depth);
                value.scalar().or_else(|| value.expression().map(str::to_owned)).unwrap_or_default()
            }
        }
    }

    /// The text of a template; parts that are not known stay in it as they were written, and make it an expression.
    fn template(&self, whole: &Expression, template: &Template, depth: usize) -> Node {
        let mut text = String::new();
        let mut open = false;
        for element in template.iter() {
            match element {
                Element::Literal(part) => text.push_str(part.as_str()),
                Element::Interpolation(interpolation) => {
                    let value = self.value(&interpolation.expr, depth);
                    match value.scalar() {
                        Some(part) => text.push_str(&part),
                        None => {
                            open = true;
                            let source = interpolation.expr.to_string();
                            text.push_str("${");
                            text.push_str(source.trim());
                            text.push('}');
                        }
                    }
                }
                Element::Directive(_) => return self.unknown(whole),
            }
            if text.len() > TEXT {
                return self.unknown(whole);
            }
        }
        self.node(if open { Value::Expression(format!("\"{text}\"")) } else { Value::String(text) })
    }

    fn traversal(&self, traversal: &Traversal, depth: usize) -> Option<Node> {
        let mut operators = traversal.operators.iter().map(|operator| operator.value());
        let mut value = match &traversal.expr {
            Expression::Variable(root) => {
                let name = match operators.next()? {
                    TraversalOperator::GetAttr(name) => name.as_str().to_owned(),
                    TraversalOperator::Index(index) => self.value(index, depth).scalar()?,
                    _ => return None,
                };
                self.known((self.lookup)(root.as_str(), &name)?)?
            }
            other => self.value(other, depth),
        };
        for operator in operators {
            value = match operator {
                TraversalOperator::GetAttr(name) => value.get(name.as_str())?.clone(),
                TraversalOperator::Index(index) => {
                    let index = self.value(index, depth).scalar()?;
                    match &value.value {
                        Value::List(items) => items.get(index.parse::<usize>().ok()?)?.clone(),
                        _ => value.get(&index)?.clone(),
                    }
                }
                TraversalOperator::LegacyIndex(index) => {
                    value.list().get(usize::try_from(*index.value()).ok()?)?.clone()
                }
                TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => return None,
            };
        }
        Some(value)
    }

    /// A value from outside, put at this place, if the budget can pay for it.
    fn known(&self, mut value: Node) -> Option<Node> {
        let mut left = self.left.get();
        let mut pending = vec![&mut value];
        while let Some(node) = pending.pop() {
            left = left.checked_sub(1)?;
            (node.line, node.column) = self.at;
            match &mut node.value {
                Value::List(items) => pending.extend(items),
                Value::Map(entries) => pending.extend(entries.iter_mut().map(|(_, item)| item)),
                Value::Tagged { node, .. } => pending.push(node),
                _ => {}
            }
        }
        self.left.set(left);
        Some(value)
    }

    fn call(&self, call: &FuncCall, depth: usize) -> Option<Node> {
        let arguments: Vec<Node> = call.args.iter().map(|argument| self.value(argument, depth)).collect();
        let first = arguments.first();
        let text = || first.and_then(Node::scalar);
        let value = match call.name.name.as_str() {
            "coalesce" | "try" | "coalescelist" => {
                // What comes before a value that is not known may be the one.
                for argument in &arguments {
                    if !is_known(argument) {
                        return None;
                    }
                    let empty = argument.is_null()
                        || argument.as_str() == Some("")
                        || matches!(&argument.value, Value::List(items) if items.is_empty());
                    if !empty || call.name.name.as_str() == "try" {
                        return Some(argument.clone());
                    }
                }
                return None;
            }
            // The text of a structure is as good as the structure.
            "jsonencode" | "yamlencode" | "jsondecode" | "yamldecode" | "toset" | "tolist" | "tomap"
            | "tostring" | "tonumber" | "tobool" | "sensitive" | "nonsensitive" | "trimspace" => {
                return first.cloned();
            }
            "lower" => Value::String(text()?.to_lowercase()),
            "upper" => Value::String(text()?.to_uppercase()),
            "length" => match &first?.value {
                Value::List(items) => Value::Number(items.len().to_string()),
                Value::Map(entries) => Value::Number(entries.len().to_string()),
                Value::String(text) => Value::Number(text.chars().count().to_string()),
                _ => return None,
            },
            "concat" => {
                let mut items = Vec::new();
                for argument in &arguments {
                    match &argument.value {
                        Value::List(more) => items.extend(more.iter().cloned()),
                        _ => return None,
                    }
                }
                Value::List(items)
            }
            "merge" => {
                let mut entries = MapBuilder::default();
                for argument in &arguments {
                    match &argument.value {
                        Value::Map(more) => {
                            more.iter().for_each(|(key, item)| entries.insert(key.clone(), item.clone()));
                        }
                        Value::Null => {}
                        _ => return None,
                    }
                }
                Value::Map(entries.into_entries())
            }
            "lookup" => {
                let key = arguments.get(1)?.scalar()?;
                match &first?.value {
                    Value::Map(_) => return first?.get(&key).or(arguments.get(2)).cloned(),
                    _ => return None,
                }
            }
            "contains" => {
                let wanted = arguments.get(1).filter(|wanted| is_known(wanted))?.scalar()?;
                match &first?.value {
                    Value::List(items) if items.iter().all(is_known) => {
                        Value::Bool(items.iter().any(|item| item.scalar().as_deref() == Some(&wanted)))
                    }
                    _ => return None,
                }
            }
            "join" => {
                let items = arguments.get(1)?.list().iter().map(Node::scalar).collect::<Option<Vec<_>>>()?;
                Value::String(items.join(&text()?))
            }
            _ => return None,
        };
        Some(self.node(value))
    }
}

/// Whether nothing in a value is open.
fn is_known(node: &Node) -> bool {
    let mut known = true;
    node.walk(&mut |_, node| known &= !matches!(node.value, Value::Expression(_)));
    known
}

fn truth(node: &Node) -> Option<bool> {
    match &node.value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text == "true" => Some(true),
        Value::String(text) if text == "false" => Some(false),
        _ => None,
    }
}

fn number(node: &Node) -> Option<f64> {
    match &node.value {
        Value::Number(text) | Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn binary(operator: BinaryOperator, left: &Node, right: &Node) -> Option<Value> {
    use BinaryOperator::*;
    let numbers = || Some((number(left)?, number(right)?));
    Some(match operator {
        And => match (truth(left), truth(right)) {
            (Some(false), _) | (_, Some(false)) => Value::Bool(false),
            (Some(true), Some(true)) => Value::Bool(true),
            _ => return None,
        },
        Or => match (truth(left), truth(right)) {
            (Some(true), _) | (_, Some(true)) => Value::Bool(true),
            (Some(false), Some(false)) => Value::Bool(false),
            _ => return None,
        },
        Eq | NotEq => {
            if !is_known(left) || !is_known(right) {
                return None;
            }
            let same = match (left.scalar(), right.scalar()) {
                (Some(left), Some(right)) => left == right,
                _ => left.value == right.value,
            };
            Value::Bool(same == (operator == Eq))
        }
        Less => numbers().map(|(left, right)| Value::Bool(left < right))?,
        LessEq => numbers().map(|(left, right)| Value::Bool(left <= right))?,
        Greater => numbers().map(|(left, right)| Value::Bool(left > right))?,
        GreaterEq => numbers().map(|(left, right)| Value::Bool(left >= right))?,
        Plus => numbers().map(|(left, right)| Value::Number((left + right).to_string()))?,
        Minus => numbers().map(|(left, right)| Value::Number((left - right).to_string()))?,
        Mul => numbers().map(|(left, right)| Value::Number((left * right).to_string()))?,
        Div => {
            numbers().filter(|(_, by)| *by != 0.0).map(|(left, by)| Value::Number((left / by).to_string()))?
        }
        Mod => {
            numbers().filter(|(_, by)| *by != 0.0).map(|(left, by)| Value::Number((left % by).to_string()))?
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_support::hostile_text;
    use proptest::prelude::*;

    fn known(root: &str, name: &str) -> Option<Node> {
        let value = match (root, name) {
            ("var", "days") => Value::Number("7".to_owned()),
            ("var", "env") => Value::String("prod".to_owned()),
            ("local", "tags") => evaluate("{ a = { b = [\"x\"] } }", (1, 1), &known).value,
            _ => return None,
        };
        Some(Node::new(value, 1, 1))
    }

    fn of(source: &str) -> Option<String> {
        evaluate(source, (3, 4), &known).scalar()
    }

    #[test]
    fn what_follows_is_worked_out() {
        for (source, value) in [
            ("var.days", "7"),
            ("var.env == \"prod\" ? 35 : 1", "35"),
            ("\"db-${var.env}\"", "db-prod"),
            ("local.tags.a.b[0]", "x"),
            ("local.tags[\"a\"][\"b\"][0]", "x"),
            ("!(var.days > 7) && true", "true"),
            ("coalesce(null, \"\", var.env)", "prod"),
            ("lookup({ prod = 3 }, var.env, 1)", "3"),
            ("contains([\"dev\"], var.env)", "false"),
            ("length([])", "0"),
            ("var.other ? 5 : 5", "5"),
            ("false && var.other", "false"),
            ("var.days * 24", "168"),
            ("<<EOT\nx ${var.env}\nEOT", "x prod\n"),
        ] {
            assert_eq!(of(source).as_deref(), Some(value), "{source}");
        }
        let node = evaluate("jsonencode([{ name = var.env, image = var.other }])", (3, 4), &known);
        assert_eq!(node.path("0.name").unwrap().as_str(), Some("prod"));
        assert_eq!(node.path("0.image").unwrap().expression(), Some("var.other"));
        assert_eq!((node.path("0.name").unwrap().line, node.line), (3, 3));
    }

    #[test]
    fn what_is_open_stays_open() {
        for source in
            ["var.other", "aws_db.x.id", "var.other == 1", "file(\"x\")", "coalesce(var.other, 1)", "1 +"]
        {
            assert_eq!(evaluate(source, (1, 1), &known).expression(), Some(source));
        }
        assert_eq!(
            evaluate("\"a-${var.other}-${var.env}\"", (1, 1), &known).expression(),
            Some("\"a-${var.other}-prod\"")
        );
    }

    proptest! {
        #[test]
        fn survives_anything(text in hostile_text("[{}\\[\\]()=.,\"$%a1 \n#<?:!*+-]")) {
            let _ = evaluate(&text, (1, 1), &known);
        }
    }
}
