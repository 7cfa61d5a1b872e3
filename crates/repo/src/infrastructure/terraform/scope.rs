//! What names mean inside a module.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};

use seaworthy_syntax::hcl;
use seaworthy_syntax::tree::{Node, Value};

/// Deepest chain of local values.
const CHAIN: usize = 40;
/// Deepest nesting of a value.
const DEPTH: usize = 60;

/// The variables and local values of a module as it is used.
pub struct Scope<'m> {
    defaults: &'m BTreeMap<String, Node>,
    locals: &'m BTreeMap<String, Node>,
    arguments: &'m BTreeMap<String, Node>,
    known: RefCell<HashMap<String, Option<Node>>>,
    chain: Cell<usize>,
}

impl<'m> Scope<'m> {
    /// A scope.
    pub fn new(
        defaults: &'m BTreeMap<String, Node>,
        locals: &'m BTreeMap<String, Node>,
        arguments: &'m BTreeMap<String, Node>,
    ) -> Self {
        Scope { defaults, locals, arguments, known: RefCell::default(), chain: Cell::new(CHAIN) }
    }

    /// A value with everything worked out that follows; nulls mean "as if it were not there".
    pub fn resolve(&self, node: &Node) -> Node {
        self.deep(node, DEPTH)
    }

    fn deep(&self, node: &Node, depth: usize) -> Node {
        let Some(depth) = depth.checked_sub(1) else { return node.clone() };
        let at = (node.line, node.column);
        let value = match &node.value {
            Value::Expression(source) => return self.evaluate(source, at),
            // Templates inside JSON.
            Value::String(text) if text.contains("${") => {
                let whole = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
                return match whole.filter(|inner| !inner.contains("${")) {
                    Some(inner) => self.evaluate(inner, at),
                    None => self.evaluate(&format!("\"{}\"", text.replace('\n', "\\n")), at),
                };
            }
            Value::List(items) => Value::List(items.iter().map(|item| self.deep(item, depth)).collect()),
            Value::Map(entries) => Value::Map(
                entries
                    .iter()
                    .map(|(key, item)| (key.clone(), self.deep(item, depth)))
                    .filter(|(_, item)| !item.is_null())
                    .collect(),
            ),
            other => other.clone(),
        };
        Node::new(value, at.0, at.1)
    }

    fn evaluate(&self, source: &str, at: (u32, u32)) -> Node {
        hcl::evaluate(source, at, &|root, name| self.lookup(root, name))
    }

    fn lookup(&self, root: &str, name: &str) -> Option<Node> {
        match root {
            "var" => match self.arguments.get(name) {
                // Null asks for the default.
                Some(given) if !given.is_null() => Some(given.clone()),
                _ => self.defaults.get(name).cloned(),
            },
            "local" => {
                if let Some(known) = self.known.borrow().get(name) {
                    return known.clone();
                }
                let left = self.chain.get().checked_sub(1)?;
                // Until it is known it is not: a local value may name itself.
                self.known.borrow_mut().insert(name.to_owned(), None);
                self.chain.set(left);
                let value = self.locals.get(name).map(|node| self.resolve(node));
                self.chain.set(left + 1);
                self.known.borrow_mut().insert(name.to_owned(), value.clone());
                value
            }
            _ => None,
        }
    }
}
