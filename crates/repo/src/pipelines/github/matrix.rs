//! `strategy.matrix`, as far as its values are written out.

use seaworthy_syntax::tree::{Node, Value};

use crate::pipelines::reader::cap;

/// One value for each axis.
pub type Combination = Vec<(String, String)>;

/// Combinations that are made of a matrix.
const COMBINATIONS: usize = 256;
/// Combinations that a step is followed for.
const TRIED: usize = 32;

/// The combinations of a matrix. Empty without one, or when its values are made at run time.
#[derive(Debug, Clone, Default)]
pub struct Matrix {
    /// The combinations.
    pub combinations: Vec<Combination>,
}

/// The fields of an entry; those of nested mappings with dotted names.
fn fields(name: &str, node: &Node, into: &mut Combination, depth: u32) {
    if depth > 4 || into.len() > 50 {
        return;
    }
    match &node.untagged().value {
        Value::Map(entries) => {
            for (key, value) in entries {
                let name = if name.is_empty() { key.text.clone() } else { format!("{name}.{}", key.text) };
                fields(&name, value, into, depth + 1);
            }
        }
        _ => {
            if let Some(text) = node.scalar() {
                into.push((name.to_owned(), cap(&text)));
            }
        }
    }
}

impl Matrix {
    /// Reads a matrix.
    pub fn read(node: Option<&Node>) -> Matrix {
        let Some(node) = node else { return Matrix::default() };
        let mut combinations: Vec<Combination> = Vec::new();
        let mut axes: Vec<&str> = Vec::new();
        for (key, values) in node.map() {
            if matches!(key.text.as_str(), "include" | "exclude") || values.list().is_empty() {
                continue;
            }
            axes.push(&key.text);
            let before =
                if combinations.is_empty() { vec![Vec::new()] } else { std::mem::take(&mut combinations) };
            'fill: for combination in &before {
                for value in values.list() {
                    if combinations.len() >= COMBINATIONS {
                        break 'fill;
                    }
                    let mut combination = combination.clone();
                    fields(&key.text, value, &mut combination, 0);
                    combinations.push(combination);
                }
            }
        }
        for entry in node.get("exclude").map(Node::list).unwrap_or_default() {
            let mut excluded = Combination::new();
            fields("", entry, &mut excluded, 0);
            if !excluded.is_empty() {
                combinations.retain(|combination| !excluded.iter().all(|pair| combination.contains(pair)));
            }
        }
        let mut added = Vec::new();
        for entry in node.get("include").map(Node::list).unwrap_or_default().iter().take(COMBINATIONS) {
            let mut fits = false;
            let mut pairs = Combination::new();
            fields("", entry, &mut pairs, 0);
            for combination in &mut combinations {
                // An entry extends every combination whose own axes it does not change.
                let changes = pairs.iter().any(|(name, value)| {
                    axes.iter().any(|axis| name == axis)
                        && combination.iter().any(|(other, own)| other == name && own != value)
                });
                if !changes {
                    fits = true;
                    for (name, value) in &pairs {
                        combination.retain(|(other, _)| other != name);
                        combination.push((name.clone(), value.clone()));
                    }
                }
            }
            if !fits {
                added.push(pairs);
            }
        }
        combinations.extend(added);
        combinations.truncate(COMBINATIONS);
        Matrix { combinations }
    }

    /// Its values by name.
    pub fn values(&self) -> Vec<(String, Vec<String>)> {
        let mut found: Vec<(String, Vec<String>)> = Vec::new();
        for (name, value) in self.combinations.iter().flatten() {
            match found.iter_mut().find(|(other, _)| other == name) {
                Some((_, values)) if values.contains(value) => {}
                Some((_, values)) => values.push(value.clone()),
                None => found.push((name.clone(), vec![value.clone()])),
            }
        }
        found
    }

    /// The combinations that make a difference to these texts: one that is empty when none is used.
    pub fn used_in(&self, texts: &[&str]) -> Vec<Option<Combination>> {
        let names: Vec<String> = texts.iter().flat_map(|text| names_in(text)).collect();
        if names.is_empty() || self.combinations.is_empty() {
            return vec![None];
        }
        let mut found: Vec<Option<Combination>> = Vec::new();
        for combination in &self.combinations {
            let projected: Combination =
                combination.iter().filter(|(name, _)| names.contains(name)).cloned().collect();
            let projected = Some(projected);
            if !found.contains(&projected) {
                found.push(projected);
            }
            if found.len() >= TRIED {
                break;
            }
        }
        found
    }
}

/// The names behind `matrix.` in a text.
fn names_in(text: &str) -> Vec<String> {
    text.match_indices("matrix.")
        .map(|(at, found)| {
            text[at + found.len()..]
                .chars()
                .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use seaworthy_syntax::{Limits, yaml};

    fn read(text: &str) -> Matrix {
        Matrix::read(Some(&yaml::parse(text, &Limits::default()).unwrap()))
    }

    #[test]
    fn products_excludes_and_includes() {
        let matrix = read(
            "os: [linux, mac]\nnode: [18, 20]\nexclude: [{os: mac, node: 18}]\ninclude:\n  - {node: 20, lint: true}\n  - {os: win, node: 22}\n",
        );
        assert_eq!(matrix.combinations.len(), 4);
        let nodes = matrix.values().into_iter().find(|(name, _)| name == "node").unwrap().1;
        assert_eq!(nodes, ["18", "20", "22"]);
        assert_eq!(matrix.used_in(&["x ${{ matrix.os }}"]).len(), 3);
        assert_eq!(matrix.used_in(&["plain"]), vec![None]);
    }

    #[test]
    fn mappings_and_expressions() {
        let matrix = read("app: [{name: web, dir: apps/web}]\nother: ${{ fromJSON(needs.x.outputs.y) }}\n");
        assert_eq!(
            matrix.combinations,
            [[("app.name".to_owned(), "web".to_owned()), ("app.dir".to_owned(), "apps/web".to_owned())]]
        );
    }

    #[test]
    fn large_products_are_bounded() {
        let axis = "[0,1,2,3,4,5,6,7,8,9]";
        let text: String = (0..9).map(|n| format!("a{n}: {axis}\n")).collect();
        assert_eq!(read(&text).combinations.len(), COMBINATIONS);
    }
}
