//! The `content-hash` of `composer.lock`, as Composer itself makes it (`Locker::getContentHash`): MD5 of some keys of
//! `composer.json`, sorted, in the JSON that PHP's `json_encode` writes without options.

use std::fmt::Write as _;

use md5::{Digest as _, Md5};
use seaworthy_syntax::tree::{Node, Value};

/// The keys that decide what is installed, in their sorted order; `config` counts with its `platform` alone.
const RELEVANT: &[&str] = &[
    "config",
    "conflict",
    "extra",
    "minimum-stability",
    "name",
    "prefer-stable",
    "provide",
    "replace",
    "repositories",
    "require",
    "require-dev",
    "version",
];

/// The hash of a manifest; none where it cannot be told as PHP would make it.
pub fn content_hash(manifest: &Node) -> Option<String> {
    let mut text = String::from("{");
    for key in RELEVANT {
        let value = match *key {
            "config" => {
                manifest.path("config.platform").filter(|platform| !matches!(platform.value, Value::Null))
            }
            key => manifest.get(key),
        };
        let Some(value) = value else { continue };
        if text.len() > 1 {
            text.push(',');
        }
        string(key, &mut text);
        text.push(':');
        if *key == "config" {
            text.push_str("{\"platform\":");
            encode(value, &mut text)?;
            text.push('}');
        } else {
            encode(value, &mut text)?;
        }
    }
    text.push('}');
    if text == "{}" {
        // PHP does not tell an empty map from an empty list.
        text = "[]".to_owned();
    }
    let mut hash = String::new();
    for byte in Md5::digest(text.as_bytes()) {
        let _ = write!(hash, "{byte:02x}");
    }
    Some(hash)
}

fn encode(node: &Node, into: &mut String) -> Option<()> {
    match &node.value {
        Value::Null => into.push_str("null"),
        Value::Bool(truth) => into.push_str(if *truth { "true" } else { "false" }),
        // PHP writes fractions and large numbers in its own way.
        Value::Number(number) if number.len() < 16 && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            into.push_str(number);
        }
        Value::String(text) => string(text, into),
        Value::List(items) => {
            into.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    into.push(',');
                }
                encode(item, into)?;
            }
            into.push(']');
        }
        Value::Map(entries) if entries.is_empty() => into.push_str("[]"),
        Value::Map(entries) => {
            // Keys that are numbers become those of a list, or change their order.
            if entries.iter().any(|(key, _)| key.text.parse::<i64>().is_ok()) {
                return None;
            }
            into.push('{');
            for (place, (key, value)) in entries.iter().enumerate() {
                if place > 0 {
                    into.push(',');
                }
                string(&key.text, into);
                into.push(':');
                encode(value, into)?;
            }
            into.push('}');
        }
        _ => return None,
    }
    Some(())
}

fn string(text: &str, into: &mut String) {
    into.push('"');
    for character in text.chars() {
        match character {
            '"' => into.push_str("\\\""),
            '\\' => into.push_str("\\\\"),
            '/' => into.push_str("\\/"),
            '\u{8}' => into.push_str("\\b"),
            '\u{c}' => into.push_str("\\f"),
            '\n' => into.push_str("\\n"),
            '\r' => into.push_str("\\r"),
            '\t' => into.push_str("\\t"),
            ' '..='~' => into.push(character),
            '\u{7f}' => into.push(character),
            _ => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    let _ = write!(into, "\\u{unit:04x}");
                }
            }
        }
    }
    into.push('"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use seaworthy_syntax::{Limits, json};

    fn hash(text: &str) -> Option<String> {
        content_hash(&json::parse(text, &Limits::default()).unwrap())
    }

    #[test]
    fn the_hash_is_that_of_php() {
        let manifest = r#"{
            "name": "acme/shop é",
            "description": "does not count",
            "require": {"php": ">=8.2", "laravel/framework": "^11.0"},
            "extra": {"laravel": {"dont-discover": []}, "x": {}},
            "minimum-stability": "stable",
            "prefer-stable": true,
            "config": {"platform": {"php": "8.2.0"}, "sort-packages": true}
        }"#;
        // From PHP 8: md5(json_encode($relevant, 0)).
        assert_eq!(hash(manifest).unwrap(), "ad0f11526071c88cc85f9b63038197a7");
        assert_ne!(hash(&manifest.replace("^11.0", "^12.0")), hash(manifest));
        assert_eq!(hash(&manifest.replace("does not count", "at all")), hash(manifest));
    }

    #[test]
    fn what_php_writes_in_its_own_way_is_left_alone() {
        assert_eq!(hash(r#"{"extra": {"a": 1.0}}"#), None);
        assert_eq!(hash(r#"{"extra": {"0": "a"}}"#), None);
        assert!(hash("{}").is_some());
    }
}
