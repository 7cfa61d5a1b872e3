//! Header files of hosting platforms: `_headers`, `vercel.json`, `netlify.toml`, `firebase.json`,
//! `staticwebapp.config.json`, `serve.json`.

use seaworthy_facts::{Certainty, Edge, HeaderScope, HeaderValue, Layer, Location, ResponseHeader, System};
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, json, toml};

use super::application::context::is_every_path;
use super::application::known;
use crate::tree::{Class, File, Tree};

/// Reads all of them.
pub fn read(tree: &Tree, system: &System, edge: &mut Edge) {
    for (name, key, reader) in [
        ("_headers", "netlify cloudflare", plain as Reader),
        ("vercel.json", "vercel", listed),
        ("serve.json", "", listed),
        ("netlify.toml", "netlify", netlify),
        ("firebase.json", "firebase", firebase),
        ("staticwebapp.config.json", "", static_web_app),
    ] {
        for file in tree.named(name).filter(|file| file.class == Class::Shipped) {
            let Some(text) = tree.text(file) else { continue };
            let first = edge.headers.len();
            let mut found = Vec::new();
            reader(&text, &mut found);
            for (path, header, value, line) in found {
                push(edge, file, name, &path, &header, value, line);
            }
            // Where another platform is the one that counts, this file is an offer.
            if let Some(unused) = unused(system, key) {
                for header in &mut edge.headers[first..] {
                    header.unused = Some(format!("{unused} reads {name}"));
                }
            }
        }
    }
}

/// What a reader finds: path, header, value, line.
type Found = Vec<(String, String, String, u32)>;
type Reader = fn(&str, &mut Found);

fn unused(system: &System, keys: &str) -> Option<String> {
    if keys.is_empty() {
        return None;
    }
    let counts = |key: &str| {
        system
            .platforms
            .iter()
            .any(|platform| platform.key == key && platform.certainty <= Certainty::Configured)
    };
    if keys.split(' ').any(counts) {
        return None;
    }
    let other = system.platforms.iter().any(|platform| platform.certainty <= Certainty::Configured);
    let named = system.platforms.iter().any(|platform| keys.split(' ').any(|key| key == platform.key));
    // Without any platform that is sure, a file that only one platform reads names it.
    if !other && !named && keys != "netlify cloudflare" {
        return None;
    }
    Some(format!(
        "only {} (not where it is deployed as far as this repository tells)",
        keys.replace(' ', " or ")
    ))
}

fn push(edge: &mut Edge, file: &File, set_by: &str, path: &str, header: &str, value: String, line: u32) {
    let Some(name) = known(header.trim()) else { return };
    let scope =
        if is_every_path(path) { HeaderScope::Everywhere } else { HeaderScope::Part(path.to_owned()) };
    let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
    edge.headers.push(ResponseHeader {
        name: name.to_owned(),
        value: if value.is_empty() { HeaderValue::Removed } else { HeaderValue::Text(value) },
        scope,
        set_by: set_by.to_owned(),
        layer: Layer::Platform,
        at: Location::line(file.path.clone(), line),
        switch: None,
        lost: Vec::new(),
        unused: None,
    });
}

/// `_headers`: a path at the beginning of a line, headers indented below.
fn plain(text: &str, found: &mut Found) {
    let mut path = String::new();
    for (number, line) in (1u32..).zip(text.lines()) {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            if let Some((name, value)) = content.split_once(':') {
                found.push((path.clone(), name.to_owned(), value.trim().to_owned(), number));
            } else if let Some(name) = content.strip_prefix("! ") {
                found.push((path.clone(), name.to_owned(), String::new(), number));
            }
        } else {
            path = content.to_owned();
        }
    }
}

/// `headers: [{ source, headers: [{ key, value }] }]`
fn listed(text: &str, found: &mut Found) {
    if let Ok(node) = json::parse(text, &Limits::default()) {
        rules(node.get("headers"), found);
    }
}

fn rules(headers: Option<&Node>, found: &mut Found) {
    for rule in headers.map(Node::list).unwrap_or_default() {
        // A rule with conditions is for some requests only.
        let some = rule.get("has").is_some() || rule.get("missing").is_some();
        let source = ["source", "glob", "regex"]
            .iter()
            .find_map(|key| rule.get(key))
            .and_then(Node::as_str)
            .unwrap_or_default();
        let source = if some { format!("{source} under conditions") } else { source.to_owned() };
        for header in rule.get("headers").map(Node::list).unwrap_or_default() {
            if let (Some(key), Some(value)) = (header.get("key").and_then(Node::as_str), header.get("value"))
            {
                found.push((source.clone(), key.to_owned(), value.scalar().unwrap_or_default(), value.line));
            }
        }
    }
}

fn firebase(text: &str, found: &mut Found) {
    let Ok(node) = json::parse(text, &Limits::default()) else { return };
    for hosting in node.get("hosting").map(Node::list_or_single).unwrap_or_default() {
        rules(hosting.get("headers"), found);
    }
}

fn netlify(text: &str, found: &mut Found) {
    let Ok(node) = toml::parse(text, &Limits::default()) else { return };
    for rule in node.get("headers").map(Node::list).unwrap_or_default() {
        let path = rule.get("for").and_then(Node::as_str).unwrap_or_default();
        for (name, value) in rule.get("values").map(Node::map).unwrap_or_default() {
            found.push((path.to_owned(), name.text.clone(), value.scalar().unwrap_or_default(), name.line));
        }
    }
}

fn static_web_app(text: &str, found: &mut Found) {
    let Ok(node) = json::parse(text, &Limits::default()) else { return };
    for (name, value) in node.get("globalHeaders").map(Node::map).unwrap_or_default() {
        found.push(("/*".to_owned(), name.text.clone(), value.scalar().unwrap_or_default(), name.line));
    }
    for route in node.get("routes").map(Node::list).unwrap_or_default() {
        let path = route.get("route").and_then(Node::as_str).unwrap_or_default();
        for (name, value) in route.get("headers").map(Node::map).unwrap_or_default() {
            found.push((path.to_owned(), name.text.clone(), value.scalar().unwrap_or_default(), name.line));
        }
    }
}
