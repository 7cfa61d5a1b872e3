//! What a redaction filter covers, and whether something uses it.

use std::sync::LazyLock;

use regex::Regex;

use crate::scan::Scan;
use crate::tree::{File, Tree};

/// Longest text of a filter's own place that is read.
const REGION: usize = 4_000;
/// How many keys are named.
const NAMED: usize = 12;
/// How many files are asked for a name that is defined elsewhere.
const ASKED: usize = 20_000;

/// Literals: quoted text, symbols, and lists of words.
static LITERAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"["'`]([^"'`\n]{1,60})["'`]|(?:^|[\s\[(,]):([a-z_]\w*)|(?:%[iwIW]|~w)[\[({|]([^\])}|]*)|/([a-z_\\A^]{3,40})/|<(?:path|value|field)>([^<\n]{1,60})<"#,
    )
    .ok()
});
/// Names of values that no log should hold.
static SENSITIVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)passw|passphrase|\bpwd\b|secret|token|authorization|cookie|api[_-]?key|_key\b|private[_-]?key|credential|\bcards?\b|card[_-]?(number|no|num)|cardnumber|\bcvv|\bcvc|\bssn\b|\botp\b|\bjwt\b|\bbearer\b|session[_-]?id|^auth$|^crypt$|^pin$|\biban\b",
    )
    .ok()
});
/// Names that a filter is likely to be called by.
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[A-Za-z_]\w{3,60}").ok());

/// The sensitive keys that the filter at a place names, itself or where what it uses is defined.
pub fn keys(tree: &Tree, scan: &Scan, file: &File, text: &str, start: usize, end: usize) -> Vec<String> {
    if file.path.ends_with(".xml") {
        return sensitive(text);
    }
    let region = region(text, start, end);
    let found = sensitive(region);
    if !found.is_empty() {
        return found;
    }
    // `redact: paths`, `addFilter(RedactFilter())`: the keys stand where the name is defined.
    for name in names(&text[start..end]) {
        if let Some(definition) = definition(&name) {
            if let Some(at) = definition.find(text) {
                let found = sensitive(self::region(text, at.start(), at.end()));
                if !found.is_empty() {
                    return found;
                }
                let found = sensitive(text);
                if !found.is_empty() {
                    return found;
                }
            }
            for other in tree.files().iter().take(ASKED) {
                if other.index == file.index || other.language != file.language || !scan.ships(other) {
                    continue;
                }
                let Some(text) = tree.text(other).filter(|text| text.contains(&name)) else { continue };
                if definition.is_match(&text) {
                    let found = sensitive(&text);
                    if !found.is_empty() {
                        return found;
                    }
                }
            }
        }
    }
    Vec::new()
}

/// Why the logger that a filter sits on is not in use: its file is a module that no other file loads.
pub fn unused(tree: &Tree, scan: &Scan, file: &File, text: &str) -> Option<String> {
    let script = |file: &File| matches!(file.language, Some("javascript" | "typescript" | "vue" | "svelte"));
    if !script(file) || !(text.contains("export ") || text.contains("module.exports")) {
        return None;
    }
    let path = file.path.as_str();
    let stem = |path: &str| -> Option<String> {
        let name = path.rsplit('/').next()?;
        Some(name.split('.').next().unwrap_or(name).to_owned())
    };
    let mut module = stem(path)?;
    // A framework loads these by itself, and an entry point needs nobody.
    if matches!(module.as_str(), "instrumentation" | "main" | "server" | "app") {
        return None;
    }
    if module == "index" {
        let folder = path.rsplit_once('/').and_then(|(folder, _)| folder.rsplit('/').next());
        let folder = folder.filter(|folder| !matches!(*folder, "src" | "lib"))?;
        module = folder.to_owned();
    }
    let loads = Regex::new(&format!(
        r#"(?:from|require\(|import\(|import)\s*['"`](?:[^'"`\n]*/)?{}(?:\.\w+|/index(?:\.\w+)?)?['"`]"#,
        regex::escape(&module)
    ))
    .ok()?;
    let others = tree.files().iter().take(ASKED).filter(|other| other.index != file.index && script(other));
    let loaded = others
        .filter(|other| scan.ships(other))
        .any(|other| tree.text(other).is_some_and(|text| text.contains(&module) && loads.is_match(&text)));
    (!loaded).then(|| format!("nothing loads {path}"))
}

/// From a match to the end of the brackets that it opens.
fn region(text: &str, start: usize, end: usize) -> &str {
    let mut depth = 0i32;
    let limit = text.floor_char_boundary((start + REGION).min(text.len()));
    for (offset, letter) in text[start..limit].char_indices() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        let at = start + offset;
        if at >= end && (depth < 0 || depth == 0 && letter == '\n') {
            return &text[start..at];
        }
    }
    &text[start..limit]
}

/// The sensitive names among the literals of a text.
fn sensitive(text: &str) -> Vec<String> {
    let (Some(literal), Some(sensitive)) = (LITERAL.as_ref(), SENSITIVE.as_ref()) else { return Vec::new() };
    let mut keys: Vec<String> = Vec::new();
    for found in literal.captures_iter(text) {
        let words = found.iter().skip(1).flatten().next().map_or("", |group| group.as_str());
        let list = found.get(3).is_some();
        for word in words.split_whitespace() {
            // A sentence, or the dotted name of a class, is no key.
            let class =
                word.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_uppercase()));
            let sentence = !list && words.contains(' ');
            if sentence || class && word.contains('.') || word.contains("://") || !sensitive.is_match(word) {
                continue;
            }
            let key = word.trim_matches(['*', '.', '[', ']', '\\', '^', '$']).to_owned();
            if keys.len() < NAMED && !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    keys
}

fn names(text: &str) -> Vec<String> {
    const WORDS: [&str; 12] = [
        "redact",
        "filter",
        "filters",
        "pushProcessor",
        "addFilter",
        "combine",
        "processors",
        "patcher",
        "paths",
        "logger",
        "class",
        "ReplaceAttr",
    ];
    let Some(names) = NAMES.as_ref() else { return Vec::new() };
    let mut names: Vec<String> = names
        .find_iter(text)
        .map(|name| name.as_str().to_owned())
        .filter(|name| !WORDS.contains(&name.as_str()))
        .collect();
    // The last is what the match ends with.
    names.reverse();
    names.truncate(4);
    names
}

/// What defines a name, in any of the languages.
fn definition(name: &str) -> Option<Regex> {
    let name = regex::escape(name);
    Regex::new(&format!(
        r"(?m)\b(?:class|def|function|func|fn|const|let|var|type|struct)\s+(?:\([^)]*\)\s*)?{name}\b|^\s*(?:export\s+)?{name}\s*(?::[^=\n]+)?(?::=|=)"
    ))
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensitive_names_among_literals() {
        assert_eq!(sensitive("redact: ['foo', 'req.headers.authorization']"), ["req.headers.authorization"]);
        assert_eq!(sensitive("filter_parameters += [:passw, :email]"), ["passw"]);
        assert_eq!(sensitive("filter_parameters += %i[passw secret]"), ["passw", "secret"]);
        assert!(sensitive("'app.logs.SecretFilter', 'a token was sent'").is_empty());
        assert!(sensitive("redact: ['foo']").is_empty());
    }

    #[test]
    fn a_region_ends_with_its_brackets() {
        let text = "a = pino({ redact: ['x'] })\nconst token = 'password'";
        assert_eq!(region(text, 11, 20), "redact: ['x'] ");
    }
}
