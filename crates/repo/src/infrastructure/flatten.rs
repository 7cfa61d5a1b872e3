//! Values with their positions become a flat list of settings, bounded and without secrets.

use seaworthy_facts::{Location, Setting};
use seaworthy_syntax::tree::{Node, Value};

use crate::commands::redacted;

/// Most settings of one resource.
const SETTINGS: usize = 600;
/// Longest value, in characters; the beginning of what is longer is kept.
const VALUE: usize = 2_000;
/// Deepest setting.
const DEPTH: usize = 40;
/// Longest path.
const PATH: usize = 400;

/// Flattens a value that stands in a file.
pub fn flatten(node: &Node, file: &str) -> Vec<Setting> {
    flatten_below("", node, file, false)
}

/// The same below a path; `secret` for values of which nothing may be shown.
pub fn flatten_below(path: &str, node: &Node, file: &str, secret: bool) -> Vec<Setting> {
    let mut flattener = Flattener { file, settings: Vec::new() };
    flattener.node(path, node, DEPTH, secret);
    flattener.settings
}

struct Flattener<'f> {
    file: &'f str,
    settings: Vec<Setting>,
}

impl Flattener<'_> {
    fn node(&mut self, path: &str, node: &Node, depth: usize, secret: bool) {
        if self.settings.len() >= SETTINGS || depth == 0 || path.len() > PATH {
            return;
        }
        let below = |part: &str| if path.is_empty() { part.to_owned() } else { format!("{path}.{part}") };
        let value = match &node.value {
            Value::Map(entries) if !entries.is_empty() => {
                // `{name: DB_PASSWORD, value: …}` names its secret beside it.
                let named = ["name", "key", "Name", "Key", "ParameterKey"]
                    .iter()
                    .any(|key| node.get(key).and_then(Node::as_str).is_some_and(is_secret));
                for (key, item) in entries {
                    let hidden = secret
                        || is_secret(&key.text)
                        || named && matches!(key.text.as_str(), "value" | "Value" | "ParameterValue");
                    self.node(&below(&key.text), item, depth - 1, hidden);
                }
                return;
            }
            Value::List(items) if !items.is_empty() => {
                for (place, item) in items.iter().enumerate() {
                    self.node(&below(&place.to_string()), item, depth - 1, secret);
                }
                return;
            }
            Value::Map(_) | Value::List(_) | Value::Null => Some(String::new()),
            Value::Bool(truth) => Some(truth.to_string()),
            // A single placeholder: what is put there is not known here.
            Value::String(text) if is_open(text) => None,
            Value::Number(text) => Some(if secret { hidden(text) } else { text.clone() }),
            Value::String(text) => Some(if secret { hidden(text) } else { shown(text) }),
            Value::Expression(source) => open(source),
            Value::Tagged { node, .. } => return self.node(path, node, depth - 1, secret),
        };
        if path.is_empty() {
            return;
        }
        let at = Location::line(self.file, node.line.max(1));
        self.settings.push(Setting { path: path.to_owned(), value, at });
    }
}

fn shown(text: &str) -> String {
    redacted(&text.chars().take(VALUE).collect::<String>())
}

/// Whether a text is nothing but a place for a value from outside: `${NAME}`, `{{ name }}`, `<%= name %>`.
fn is_open(text: &str) -> bool {
    let text = text.trim();
    [("${", "}"), ("{{", "}}"), ("<%=", "%>"), ("$((", "))")].iter().any(|(open, close)| {
        text.strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
            .is_some_and(|inner| !inner.contains(open) && !inner.contains(close))
    })
}

/// What may be shown of a secret: that there is one, or where it is taken from.
fn hidden(text: &str) -> String {
    let put_in =
        text.starts_with(['$', '<', '{']) || text.contains("{{") || matches!(text, "" | "true" | "false");
    if put_in { shown(text) } else { "[redacted]".to_owned() }
}

/// Whether a setting's name says that its value is secret. Names of what only points at one are not.
pub fn is_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase().replace('-', "_");
    let secret = [
        "password",
        "passwd",
        "secret",
        "token",
        "apikey",
        "api_key",
        "private_key",
        "privatekey",
        "access_key",
        "accesskey",
        "credential",
        "connection_string",
        "connectionstring",
        "passphrase",
    ]
    .iter()
    .any(|sign| lower.contains(sign));
    let points = [
        "name",
        "arn",
        "ref",
        "_id",
        "path",
        "file",
        "policy",
        "length",
        "age",
        "expiry",
        "ttl",
        "lifetime",
        "url",
        "uri",
        "version",
        "enabled",
        "existingsecret",
        "secretkeyref",
        "keyvault",
        "provider",
        "class",
        "method",
        "type",
        "imagepullsecrets",
        "namespace",
        "period",
        "days",
        "rotation",
        "uppercase",
        "lowercase",
        "numbers",
        "symbols",
    ]
    .iter()
    .any(|end| lower.ends_with(end));
    secret && !points
}

/// What is kept of an expression that could not be worked out: a text with open parts, or a reference to another
/// resource. Inputs that are not known (`var.x`) are none.
fn open(source: &str) -> Option<String> {
    if let Some(text) = source.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return Some(shown(text));
    }
    let root = source.split(['.', '[']).next().unwrap_or_default();
    let reference = source.contains('.')
        && !root.is_empty()
        && !matches!(root, "var" | "local" | "each" | "count" | "self" | "path" | "terraform" | "dependency")
        && root.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        && root.starts_with(|c: char| c.is_ascii_alphabetic())
        && source.chars().all(|c| c.is_ascii_alphanumeric() || "._-[]\"*".contains(c));
    reference.then(|| source.chars().take(VALUE).collect())
}

/// Puts the settings of an overlay over those of a base. Members of lists that carry a `name` are the same member when
/// their names agree; other lists, and what the overlay does not say, stay as they are.
pub fn overlay(base: &mut Vec<Setting>, patch: Vec<Setting>) {
    let named = |settings: &[Setting]| -> Vec<(String, String)> {
        settings
            .iter()
            .filter_map(|setting| {
                Some((setting.path.strip_suffix(".name")?.to_owned(), setting.value.clone()?))
            })
            .filter(|(path, _)| path.rsplit('.').next().is_some_and(|last| last.parse::<usize>().is_ok()))
            .collect()
    };
    let (of_base, of_patch) = (named(base), named(&patch));
    for mut setting in patch {
        // Outer lists first: each step may move the ones inside.
        for (place, name) in &of_patch {
            let Some(rest) = setting.path.strip_prefix(place.as_str()).filter(|rest| rest.starts_with('.'))
            else {
                continue;
            };
            let list = place.rsplit_once('.').map_or("", |(list, _)| list);
            let same = of_base.iter().find(|(other, other_name)| {
                other_name == name && other.rsplit_once('.').map_or("", |(list, _)| list) == list
            });
            if let Some((there, _)) = same {
                setting.path = format!("{there}{rest}");
                break;
            }
        }
        let known = base.iter().position(|known| known.path == setting.path);
        match known {
            Some(place) => base[place] = setting,
            None if base.len() < SETTINGS => base.push(setting),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use seaworthy_syntax::{Limits, yaml};

    use super::*;

    fn of(text: &str) -> Vec<Setting> {
        flatten(&yaml::parse(text, &Limits::default()).unwrap(), "a.yaml")
    }

    fn pairs(settings: &[Setting]) -> Vec<(&str, &str)> {
        settings.iter().map(|s| (s.path.as_str(), s.value.as_deref().unwrap_or("?"))).collect()
    }

    #[test]
    fn paths_values_and_places() {
        let settings = of("a:\n  b: [1, x]\n  c: {}\nd:\n");
        assert_eq!(pairs(&settings), [("a.b.0", "1"), ("a.b.1", "x"), ("a.c", ""), ("d", "")]);
        assert_eq!(settings[1].at.line_number(), Some(2));
    }

    #[test]
    fn secrets_are_taken_out() {
        let settings = of(
            "db_password: hunter2\nenv:\n- {name: API_TOKEN, value: abc}\n- {name: X, value: postgres://a:b@c/d}\nsecretName: tls\nsecretKeyRef: {name: a, key: b}\npassword: ${PW}\n",
        );
        let all = format!("{settings:?}");
        assert!(!all.contains("hunter2") && !all.contains("abc") && !all.contains(":b@c"), "{all}");
        assert!(pairs(&settings).contains(&("secretName", "tls")));
        assert!(pairs(&settings).contains(&("secretKeyRef.name", "a")));
        assert!(pairs(&settings).contains(&("password", "?")));
    }

    #[test]
    fn an_overlay_finds_members_by_name() {
        let mut base =
            of("spec:\n  replicas: 1\n  containers:\n  - {name: a, image: x}\n  - {name: b, image: y}\n");
        overlay(&mut base, of("spec:\n  replicas: 3\n  containers:\n  - {name: b, image: z}\n"));
        let seen = pairs(&base);
        assert!(seen.contains(&("spec.replicas", "3")) && seen.contains(&("spec.containers.1.image", "z")));
        assert!(seen.contains(&("spec.containers.0.image", "x")));
    }

    #[test]
    fn hostile_values_are_bounded() {
        let deep = format!("a: {}1{}", "[".repeat(90), "]".repeat(90));
        assert!(of(&deep).is_empty());
        let wide = format!("a: [{}]", "1,".repeat(10_000));
        assert_eq!(of(&wide).len(), SETTINGS);
        assert_eq!(of(&format!("a: {}", "x".repeat(10_000)))[0].value.as_ref().unwrap().len(), VALUE);
    }
}
