//! The parts of a Terraform file in one shape, whether it is written in HCL or JSON.

use seaworthy_syntax::hcl::Block;
use seaworthy_syntax::tree::{Key, Node, Value};

/// Deepest nesting of blocks.
const DEPTH: usize = 30;

/// A top-level block.
#[derive(Debug, Clone)]
pub struct Part {
    /// `resource`, `data`, `module`, `variable`, `locals`, `provider`.
    pub kind: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Its attributes, and its blocks as lists of mappings.
    pub body: Node,
    /// Where it begins.
    pub line: u32,
}

impl Part {
    /// Where a module comes from.
    pub fn source(&self) -> Option<String> {
        if self.kind != "module" {
            return None;
        }
        self.body.get("source").and_then(Node::as_str).map(str::to_owned)
    }
}

/// The parts of a file in HCL. A Terragrunt file is one call of a module.
pub fn of_blocks(file: &Block, terragrunt: bool) -> Vec<Part> {
    if terragrunt {
        return terragrunt_call(file).into_iter().collect();
    }
    file.blocks
        .iter()
        .map(|block| Part {
            kind: block.kind.clone(),
            labels: block.labels.clone(),
            body: body(block, DEPTH),
            line: block.line,
        })
        .collect()
}

fn terragrunt_call(file: &Block) -> Option<Part> {
    let terraform = file.blocks_of("terraform").next()?;
    let source = terraform.attribute("source")?;
    let key = |text: &str| Key { text: text.to_owned(), line: source.line, column: source.column };
    let mut entries = file.attribute("inputs").map(Node::map).unwrap_or_default().to_vec();
    entries.push((key("source"), source.clone()));
    Some(Part {
        kind: "module".to_owned(),
        labels: vec!["terragrunt".to_owned()],
        body: Node::new(Value::Map(entries), terraform.line, terraform.column),
        line: terraform.line,
    })
}

fn body(block: &Block, depth: usize) -> Node {
    let mut entries = block.attributes.clone();
    if depth > 0 {
        for inner in &block.blocks {
            // `dynamic "x" { content { … } }` stands for blocks `x`.
            let (kind, content) = match (inner.kind.as_str(), inner.blocks_of("content").next()) {
                ("dynamic", Some(content)) => {
                    let none = inner
                        .attribute("for_each")
                        .is_some_and(|each| matches!(&each.value, Value::List(items) if items.is_empty()));
                    if none {
                        continue;
                    }
                    (inner.labels.first().cloned().unwrap_or_default(), content)
                }
                _ => (inner.kind.clone(), inner),
            };
            let node = body(content, depth - 1);
            match entries.iter_mut().find(|(key, _)| key.text == kind) {
                Some((_, Node { value: Value::List(items), .. })) => items.push(node),
                Some(_) => {}
                None => {
                    let key = Key { text: kind, line: inner.line, column: inner.column };
                    entries.push((key, Node::new(Value::List(vec![node]), inner.line, inner.column)));
                }
            }
        }
    }
    Node::new(Value::Map(entries), block.line, block.column)
}

/// The parts of a file in JSON.
pub fn of_json(file: &Node) -> Vec<Part> {
    let mut parts = Vec::new();
    for (key, node) in file.map() {
        let labels = match key.text.as_str() {
            "resource" | "data" => 2,
            "module" | "variable" | "provider" => 1,
            "locals" => 0,
            _ => continue,
        };
        labelled(&key.text, node, labels, &mut Vec::new(), &mut parts);
    }
    parts
}

fn labelled(kind: &str, node: &Node, labels: usize, above: &mut Vec<String>, parts: &mut Vec<Part>) {
    for node in node.list_or_single() {
        if labels == 0 {
            let (kind, labels) = (kind.to_owned(), above.clone());
            parts.push(Part { kind, labels, body: node.clone(), line: node.line });
            continue;
        }
        for (key, inner) in node.map() {
            above.push(key.text.clone());
            labelled(kind, inner, labels - 1, above, parts);
            above.pop();
        }
    }
}
