//! Keys whose form names their issuer, as `secrets.toml` lists them.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use regex::Regex;
use serde::Deserialize;

use super::values;

#[derive(Deserialize)]
struct File {
    shape: Vec<Written>,
}

/// A shape as its file describes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    literals: Vec<String>,
    pattern: String,
    check: Option<Check>,
    near: Option<String>,
    unless: Option<String>,
    #[serde(default)]
    anywhere: bool,
    #[serde(default)]
    server_key: bool,
    docs: String,
}

/// What is asked beyond the form.
#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Check {
    /// The last six characters are a checksum of the others.
    Base62Crc32,
    /// An access key id says nothing alone: the secret stands near it.
    AwsPair,
    /// A JSON web token whose payload names the role `service_role`, not of the local stack.
    ServiceRole,
}

/// A form of key.
pub struct Shape {
    /// What it is, with its article.
    pub name: String,
    /// One of these is in every file that holds one.
    pub literals: Vec<String>,
    /// It is looked for in tests, documentation and examples as well.
    pub anywhere: bool,
    /// Only servers may hold it; in the code of a front end everybody reads it.
    pub server_key: bool,
    /// How it is revoked.
    pub docs: String,
    pattern: Regex,
    near: Option<Regex>,
    unless: Option<Regex>,
    check: Option<Check>,
}

/// A key in a text.
pub struct Match<'t> {
    /// Its value.
    pub value: &'t str,
    /// Line, counted from 1.
    pub line: u32,
}

/// All shapes. A test reads the file strictly; here, what cannot be read is left out.
pub static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| read().unwrap_or_default());

fn read() -> Result<Vec<Shape>, String> {
    let file: File = toml::from_str(include_str!("secrets.toml")).map_err(|error| error.to_string())?;
    let compile = |pattern: &str| Regex::new(pattern).map_err(|error| error.to_string());
    file.shape
        .into_iter()
        .map(|written| {
            Ok(Shape {
                pattern: compile(&written.pattern)?,
                near: written.near.as_deref().map(compile).transpose()?,
                unless: written.unless.as_deref().map(compile).transpose()?,
                name: written.name,
                literals: written.literals,
                anywhere: written.anywhere,
                server_key: written.server_key,
                docs: written.docs,
                check: written.check,
            })
        })
        .collect()
}

/// Most keys of one shape that are named in one file.
const IN_FILE: usize = 5;

/// The keys of a shape in a text, each value once.
pub fn find<'t>(shape: &Shape, text: &'t str) -> Vec<Match<'t>> {
    let mut found: Vec<Match<'t>> = Vec::new();
    for captures in shape.pattern.captures_iter(text).take(200) {
        let Some(whole) = captures.get(0) else { continue };
        let value = captures.get(1).unwrap_or(whole);
        let around = around(text, whole.start(), whole.end());
        if shape.near.as_ref().is_some_and(|near| !near.is_match(around))
            || shape.unless.as_ref().is_some_and(|unless| unless.is_match(around))
        {
            continue;
        }
        let value = match shape.check {
            None if is_real(value.as_str()) => value.as_str(),
            Some(Check::Base62Crc32) if values::checksum_fits(value.as_str()) && is_real(value.as_str()) => {
                value.as_str()
            }
            Some(Check::ServiceRole) if is_service_role(value.as_str()) => value.as_str(),
            Some(Check::AwsPair) if !whole.as_str().contains("EXAMPLE") => {
                match aws_secret(text, whole.start(), whole.end()) {
                    Some(secret) => secret,
                    None => continue,
                }
            }
            _ => continue,
        };
        if found.iter().any(|known| known.value == value) {
            continue;
        }
        let before = &text.as_bytes()[..whole.start()];
        let line = u32::try_from(memchr::memchr_iter(b'\n', before).count()).unwrap_or(u32::MAX - 1) + 1;
        found.push(Match { value, line });
        if found.len() >= IN_FILE {
            break;
        }
    }
    found
}

/// The end of a key is random; what stands there in manuals is not.
fn is_real(value: &str) -> bool {
    let tail = tail(value, 24);
    !values::is_placeholder(tail) && values::entropy(tail) >= 2.9
}

fn tail(value: &str, most: usize) -> &str {
    let mut from = value.len().saturating_sub(most);
    while !value.is_char_boundary(from) {
        from += 1;
    }
    &value[from..]
}

/// The line of a match and a little more.
fn around(text: &str, start: usize, end: usize) -> &str {
    let mut from = start.saturating_sub(160);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let mut to = (end + 60).min(text.len());
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    let from = memchr::memrchr(b'\n', &text.as_bytes()[from..start]).map_or(from, |at| from + at + 1);
    let to = memchr::memchr(b'\n', &text.as_bytes()[end..to]).map_or(to, |at| end + at);
    &text[from..to]
}

/// The secret that belongs to an access key id: forty characters within the next or previous few lines.
fn aws_secret(text: &str, start: usize, end: usize) -> Option<&str> {
    static SECRET: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r#"(?i)secret[a-z_ ]*["']?\s*(?:=>|[:=,])\s*["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
        )
        .ok()
    });
    let mut from = start.saturating_sub(400);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let mut to = (end + 400).min(text.len());
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    let found = SECRET.as_ref()?.captures(&text[from..to])?.get(1)?;
    is_real(found.as_str()).then_some(found.as_str())
}

/// A token of a hosted project that passes over every policy. The local stack's tokens are the same on every machine.
fn is_service_role(token: &str) -> bool {
    let Some(payload) = token.split('.').nth(1) else { return false };
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(payload) else { return false };
    let Ok(claims) = serde_json::from_slice::<serde_json::Value>(&bytes) else { return false };
    let claim = |name: &str| claims.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    claim("role") == "service_role" && claim("iss") != "supabase-demo" && !claim("ref").is_empty()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Values are put together here, so that no scanner of this repository takes them for real ones.
    fn names(text: &str) -> Vec<String> {
        SHAPES.iter().filter(|shape| !find(shape, text).is_empty()).map(|shape| shape.name.clone()).collect()
    }

    fn token(role: &str, issuer: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!(
            "{}.{}.{}",
            part(r#"{"alg":"HS256","typ":"JWT"}"#),
            part(&format!(r#"{{"iss":"{issuer}","ref":"qwhzkxnvbnpl","role":"{role}","iat":1700000000}}"#)),
            "k".repeat(10) + "Zq81LmNwe0Tr5UyP2aSx9DcVb"
        )
    }

    #[test]
    fn the_file_can_be_read() {
        let shapes = read().unwrap();
        assert!(shapes.len() > 25);
        for shape in &shapes {
            assert!(shape.docs.starts_with("https://"), "{}", shape.name);
            assert!(shape.literals.iter().all(|literal| literal.len() >= 3), "{}", shape.name);
        }
    }

    #[test]
    fn live_keys_are_found_and_test_keys_are_not() {
        let random = "hS8kQ2vL0pZr7TnXw3BdYf6M";
        assert_eq!(names(&format!("key = \"sk_{}_{random}\"", "live")).len(), 1);
        assert!(names(&format!("key = \"sk_{}_{random}\"", "test")).is_empty());
        assert!(names(&format!("key = \"pk_{}_{random}\"", "live")).is_empty());
        assert!(names(&format!("key = \"sk_{}_xxxxxxxxxxxxxxxxxxxxxxxx\"", "live")).is_empty());
    }

    #[test]
    fn an_access_key_needs_its_secret() {
        let id = format!("AKIA{}", "Q3EGUZ7KLMNP4R2S");
        let secret = format!("{}{}", "p9Xk2LmQ7vR4tZ8nB1cY", "+w6HsJ3dF5gA0eUiO/Kr");
        assert!(names(&format!("aws_access_key_id = {id}")).is_empty());
        let both = format!("aws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
        assert_eq!(names(&both), ["an AWS secret access key"]);
        let documented = "AKIAIOSFODNN7EXAMPLE\nsecret = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n";
        assert!(names(documented).is_empty());
    }

    #[test]
    fn only_hosted_service_roles_count() {
        assert_eq!(names(&token("service_role", "supabase")).len(), 1);
        assert!(names(&token("anon", "supabase")).is_empty());
        assert!(names(&token("service_role", "supabase-demo")).is_empty());
    }

    #[test]
    fn keys_of_browsers_are_told_from_keys_of_servers() {
        let key = format!("AIza{}", "SyD3kQ9vLmZr7TnXw2BdYf6MhS8pJ4uEa1c");
        assert_eq!(key.len(), 39);
        assert!(names(&format!("const config = {{ apiKey: \"{key}\", authDomain: \"a\" }}")).is_empty());
        assert_eq!(names(&format!("GEMINI_API_KEY=\"{key}\"")).len(), 1);
    }
}
