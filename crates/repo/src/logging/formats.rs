//! Signs in code and configuration, each with the conditions under which it holds.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use regex::Regex;
use seaworthy_facts::{
    LogFile, LogFilter, LogFormat, LogLimit, LogShape, LogShipper, Logging, Observed, Side, System,
};
use seaworthy_syntax::code::Language;

use super::conditions::{self, Branch, Condition};
use super::filters;
use super::signature::{Kind, Replaces, SIGNS, Sign};
use crate::scan::{Needle, NeedleId, Needles, Scan, is_comment};
use crate::tree::{File, Tree};

/// How many files of a sign are looked into.
const FILES: usize = 40;
/// How many places of a sign in a file.
const PLACES: usize = 4;

/// For each sign its literals.
#[derive(Debug, Default)]
pub struct Plan {
    literals: Vec<Vec<NeedleId>>,
}

/// Adds the literals of all signs.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut add = |text: &String| needles.add(Needle { text: text.clone(), whole_word: false, per_file: 1 });
    Plan { literals: SIGNS.iter().map(|sign| sign.literals.iter().map(&mut add).collect()).collect() }
}

/// A place that a sign matched.
struct Place<'a> {
    sign: &'a Sign,
    file: &'a File,
    line: u32,
    off: Option<String>,
    text: Arc<str>,
    at: usize,
    end: usize,
}

/// Reads what all signs show.
pub fn collect(tree: &Tree, scan: &Scan, plan: &Plan, system: &System, logging: &mut Logging) {
    let mut places = Vec::new();
    for (sign, literals) in SIGNS.iter().zip(&plan.literals) {
        let mut files: Vec<usize> =
            literals.iter().flat_map(|needle| scan.hits(*needle)).map(|hit| hit.file).collect();
        files.sort_unstable();
        files.dedup();
        let mut looked = 0;
        for file in files.into_iter().map(|index| &tree.files()[index]) {
            if looked < FILES && counts(sign, file, scan, system) {
                looked += 1;
                matches(tree, sign, file, &mut places);
            }
        }
    }
    replace(&mut places);
    for place in &places {
        add(tree, scan, place, logging);
    }
}

fn counts(sign: &Sign, file: &File, scan: &Scan, system: &System) -> bool {
    if !scan.ships(file) || !sign.reads(file.language) {
        return false;
    }
    // Settings of a framework lie in folders of all names.
    file.language.is_none() || sign.kind != Kind::Format && sign.kind != Kind::RequestLine || {
        let side = system.side(&file.path);
        side == Side::Server || side == Side::Tool && !file.path.contains("script")
    }
}

fn matches<'a>(tree: &'a Tree, sign: &'a Sign, file: &'a File, places: &mut Vec<Place<'a>>) {
    let Some(compiled) = sign.compiled() else { return };
    if compiled.path.as_ref().is_some_and(|path| !path.is_match(&file.path)) {
        return;
    }
    let Some(text) = tree.text(file) else { return };
    if !sign.literals.iter().any(|literal| text.contains(literal.as_str()))
        || !sign.beside.is_empty() && !sign.beside.iter().any(|word| text.contains(word.as_str()))
        || compiled.unless.as_ref().is_some_and(|unless| unless.is_match(&text))
    {
        return;
    }
    let mut found = 0;
    for matched in compiled.pattern.find_iter(&text) {
        // The end of a match is what the sign is about; its beginning may lie above a comment.
        let start = text[..matched.start()].rfind('\n').map_or(0, |at| at + 1);
        if is_comment(file.language, text[start..].trim_start()) || in_markup_comment(&text, matched.start())
        {
            continue;
        }
        let line = text[..matched.start()].bytes().filter(|byte| *byte == b'\n').count() + 1;
        let off = development(&file.path).or_else(|| {
            let at = inside(&text, matched.start(), matched.end());
            switched(tree, file, &text, at).or_else(|| switched_uses(tree, file, &text, at))
        });
        places.push(Place {
            sign,
            file,
            line: u32::try_from(line).unwrap_or(u32::MAX),
            off,
            text: text.clone(),
            at: matched.start(),
            end: matched.end(),
        });
        found += 1;
        if found >= PLACES {
            break;
        }
    }
}

/// The byte from which the conditions around a match are looked for: its first that is no space.
fn inside(text: &str, start: usize, end: usize) -> usize {
    text[start..end].find(|c: char| !c.is_whitespace()).map_or(start, |at| start + at)
}

fn in_markup_comment(text: &str, at: usize) -> bool {
    let before = &text[..at];
    before.rfind("<!--").is_some_and(|open| before[open..].find("-->").is_none())
        || before
            .rfind("/*")
            .is_some_and(|open| before[open..].find("*/").is_none() && !before[open..].contains("//"))
}

/// Names of files that only developers and tests load.
pub fn development(path: &str) -> Option<String> {
    let lower = path.to_ascii_lowercase();
    let stem = lower.rsplit('/').next().unwrap_or(&lower);
    let words = stem.split(['.', '-', '_']).chain(lower.rsplit('/').skip(1));
    let mut words = words.filter(|word| !word.is_empty());
    words
        .any(|word| {
            matches!(
                word,
                "development"
                    | "dev"
                    | "local"
                    | "test"
                    | "tests"
                    | "testing"
                    | "localhost"
                    | "staging"
                    | "qa"
            )
        })
        .then(|| format!("{stem} is not for production"))
}

/// The grammar for a file.
fn language(file: &File) -> Option<Language> {
    Language::from_path(&file.path)
}

/// Why production does not reach a place.
fn switched(tree: &Tree, file: &File, text: &str, at: usize) -> Option<String> {
    for condition in conditions::around(language(file)?, text, at) {
        match conditions::branch(&condition) {
            Branch::Production => return None,
            Branch::Development => return Some(format!("only where `{}`", shown(&condition))),
            Branch::Switch => {
                if let Some(off) = switch(tree, text, &condition) {
                    return Some(off);
                }
            }
            Branch::Other => {}
        }
    }
    None
}

/// Why production does not use what is declared at a place: each use of its name is kept from it.
fn switched_uses(tree: &Tree, file: &File, text: &str, at: usize) -> Option<String> {
    let name = conditions::declared_name(language(file)?, text, at)?;
    let pattern = Regex::new(&format!(r"\b{}\b", regex::escape(&name))).ok()?;
    let mut why = None;
    for found in pattern.find_iter(&text[at..]).take(12) {
        let place = at + found.start();
        if text[..place].trim_end().ends_with("export") {
            return None;
        }
        why = Some(switched(tree, file, text, place)?);
    }
    why
}

fn shown(condition: &Condition) -> String {
    let text: String = condition.text.chars().take(80).collect();
    if condition.holds { text } else { format!("not ({text})") }
}

/// Why a switch keeps a place from being reached, as far as its default tells.
fn switch(tree: &Tree, text: &str, condition: &Condition) -> Option<String> {
    let on = default(tree, text, condition);
    match on {
        Some(true) => None,
        Some(false) => Some(format!("off by default: only where `{}`", shown(condition))),
        None => Some(format!("only where `{}`, whose default could not be told", shown(condition))),
    }
}

/// Whether the condition's own default reaches the place.
fn default(tree: &Tree, text: &str, condition: &Condition) -> Option<bool> {
    let compared = first(r#"[!=]==?\s*['"`]?([A-Za-z]\w*)['"`]?"#, &condition.text)
        .or_else(|| first(r#"^['"]([A-Za-z]\w*)['"]$"#, &condition.text));
    let negated = condition.text.contains("!=")
        || condition.text.starts_with('!')
        || condition.text.starts_with("not ");
    let holds = |value: &str| -> Option<bool> {
        let value = value.trim().trim_matches(['"', '\'', '`', ';', ',', ')']).to_ascii_lowercase();
        let yes = match (&compared, value.as_str()) {
            (Some(wanted), value) => value == wanted.to_ascii_lowercase(),
            (None, "true" | "1" | "yes" | "on" | "json") => true,
            (
                None,
                "false" | "0" | "no" | "off" | "" | "null" | "none" | "nil" | "text" | "console" | "plain",
            ) => false,
            _ => return None,
        };
        Some((yes != negated) == condition.holds)
    };
    // `os.getenv("LOG_FORMAT", "json") == "json"`, `process.env.LOG_FORMAT ?? "json"`
    if let Some(value) =
        first(r#"['"][A-Z][A-Z0-9_]+['"]\s*,\s*(?:default\s*=\s*)?['"]?(\w+)['"]?\s*\)"#, &condition.text)
            .or_else(|| first(r#"(?:\?\?|\|\|)\s*['"](\w+)['"]"#, &condition.text))
    {
        return holds(&value);
    }
    let names = Regex::new(r"[A-Za-z_][A-Za-z0-9_]*").ok()?;
    let mut names: Vec<&str> = names.find_iter(&condition.text).map(|name| name.as_str()).collect();
    names.retain(|name| {
        !matches!(
            *name,
            "process"
                | "env"
                | "os"
                | "environ"
                | "get"
                | "getenv"
                | "settings"
                | "config"
                | "if"
                | "not"
                | "self"
                | "this"
        ) && compared.as_deref() != Some(*name)
    });
    names.reverse();
    for name in &names {
        if name.chars().any(|c| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
            && let Some(value) = deployed(tree, name)
        {
            return holds(&value);
        }
    }
    for name in names {
        let pattern = format!(
            r#"(?m)\b{name}\b["']?\s*(?::\s*[\w.\[\] |]+)?\s*(?::=|=|:)\s*(?:[\w.]+\(\s*['"]\w+['"]\s*,\s*(?:default\s*=\s*)?)?['"]?(true|True|false|False|json|text|console|plain|none|None|null|1|0)\b"#
        );
        if let Some(value) = first(&pattern, text) {
            return holds(&value);
        }
    }
    None
}

/// The first capture of a pattern.
fn first(pattern: &str, text: &str) -> Option<String> {
    Some(Regex::new(pattern).ok()?.captures(text)?.get(1)?.as_str().to_owned())
}

/// Files that set the environment where the system is operated.
const DEPLOYED: &[&str] = &[
    "Dockerfile",
    "docker-compose.yml",
    "docker-compose.yaml",
    "compose.yml",
    "compose.yaml",
    "docker-compose.prod.yml",
    "fly.toml",
    "render.yaml",
    "app.yaml",
    "values.yaml",
    "app.json",
    ".env.production",
    ".env.example",
    "template.yaml",
];

/// The value of an environment variable where the system is deployed.
pub fn deployed(tree: &Tree, name: &str) -> Option<String> {
    let pattern = format!(r#"(?m)^[^#\n]*\b{name}["']?\s*[:=]\s*["']?(?:\$\{{\w+:-)?([\w./-]+)"#);
    let listed = format!(r#"(?m)^\s*-?\s*(?:name|key):\s*["']?{name}["']?\s*\n\s*value:\s*["']?([\w./-]+)"#);
    let (pattern, listed) = (Regex::new(&pattern).ok()?, Regex::new(&listed).ok()?);
    DEPLOYED.iter().flat_map(|file| tree.named(file)).find_map(|file| {
        let text = tree.text(file).filter(|text| text.contains(name))?;
        let value = listed.captures(&text).or_else(|| pattern.captures(&text))?;
        Some(value.get(1)?.as_str().to_owned())
    })
}

/// A text format that is always on takes the place of the library's others.
fn replace(places: &mut [Place<'_>]) {
    let mut by_file: HashMap<(&str, usize), u32> = HashMap::new();
    let mut everywhere: BTreeMap<&str, String> = BTreeMap::new();
    for place in places.iter().filter(|place| place.off.is_none()) {
        match place.sign.replaces {
            Some(Replaces::File) => {
                by_file.insert((&place.sign.library, place.file.index), place.line);
            }
            Some(Replaces::Everywhere) => {
                everywhere.insert(&place.sign.library, format!("{}:{}", place.file.path, place.line));
            }
            None => {}
        }
    }
    for place in places.iter_mut().filter(|place| place.off.is_none() && place.sign.replaces.is_none()) {
        let library = place.sign.library.as_str();
        if let Some(line) = by_file.get(&(library, place.file.index)) {
            place.off = Some(format!("line {line} formats every line for people"));
        } else if let Some(at) = everywhere.get(library) {
            place.off = Some(format!("{at} formats every line for people"));
        }
    }
}

fn add(tree: &Tree, scan: &Scan, place: &Place<'_>, logging: &mut Logging) {
    let at = place.file.at_line(place.line);
    let sign = place.sign;
    match sign.kind {
        Kind::Format => {
            let shape = sign.shape.unwrap_or(LogShape::Text);
            let off = place.off.clone().or_else(|| unused(place));
            let library = sign.library.clone();
            logging.formats.push(LogFormat { library, shape, at, off, docs: sign.docs.clone() });
        }
        Kind::Filter => {
            let by_type = sign.by_type || place.text[place.at..place.end].contains("{:keep");
            let keys = || filters::keys(tree, scan, place.file, &place.text, place.at, place.end);
            logging.filters.push(LogFilter {
                library: sign.library.clone(),
                keys: if by_type { Vec::new() } else { keys() },
                by_type,
                off: place.off.clone().or_else(|| filters::unused(tree, scan, place.file, &place.text)),
                at,
            });
        }
        Kind::RequestLine if place.off.is_none() => {
            logging.request_lines.push(Observed::new(sign.library.clone(), at));
        }
        Kind::Shipper => {
            // One of several that the operator of the software can switch on.
            let chosen =
                ["/modules/", "/plugins/", "/adapters/"].iter().any(|part| place.file.path.contains(part));
            let off = place
                .off
                .clone()
                .or_else(|| chosen.then(|| "it is a module that has to be switched on".to_owned()));
            logging.shippers.push(LogShipper { name: sign.library.clone(), at, off });
        }
        Kind::Limit if place.off.is_none() => {
            logging.limits.push(LogLimit { says: sign.library.clone(), at, ends: true });
        }
        Kind::File if place.off.is_none() => {
            let matched = &place.text[place.at..place.end];
            let path = matched.rsplit(['"', '\'']).find(|part| part.contains(".log")).unwrap_or(matched);
            let served = served(path);
            logging.files.push(LogFile { path: path.to_owned(), served, at });
        }
        Kind::RequestLine | Kind::Limit | Kind::File => {}
    }
}

/// Whether a path lies below what web servers usually serve.
pub fn served(path: &str) -> bool {
    path.split('/')
        .any(|part| matches!(part, "public" | "static" | "wwwroot" | "htdocs" | "public_html" | "www"))
        && !path.starts_with("/var/www/")
}

/// Why a formatter that is defined is not used: no handler of a configuration names it.
fn unused(place: &Place<'_>) -> Option<String> {
    let text = &place.text;
    match place.file.language {
        Some("python") => {
            // `"formatters": { "json": { "()": "…JsonFormatter" } }`: a handler must name `json`.
            let before = &text[..place.at];
            let matched = text[place.at..place.end].trim_start_matches(['"', '\'']);
            if !matched.starts_with("()")
                && !matched.starts_with("class")
                && !matched.starts_with("format_class")
                && !before.ends_with(": ")
            {
                return None;
            }
            let open = before.rfind('{')?;
            let name = first(r#"['"]([\w.-]+)['"]\s*:\s*$"#, &before[..open])?;
            if !text.contains("formatters") {
                return None;
            }
            let used = Regex::new(&format!(r#"['"]formatter['"]\s*:[^\n]*['"]{}['"]"#, regex::escape(&name)))
                .ok()?;
            let chosen = Regex::new(r#"['"]formatter['"]\s*:\s*[a-zA-Z_(]"#).ok()?;
            (!used.is_match(text) && !chosen.is_match(text))
                .then(|| format!("no handler uses the formatter `{name}`"))
        }
        // Logback: the appender that holds the encoder must be referenced.
        None if place.file.path.ends_with(".xml") => {
            let before = &text[..place.at];
            let appender = first(r#"(?s).*<appender[^>]*\bname="([^"]+)""#, before)?;
            let reference = Regex::new(&format!(r#"ref="{}""#, regex::escape(&appender))).ok()?;
            let profile =
                before.rfind("<springProfile").filter(|open| !before[*open..].contains("</springProfile"));
            if let Some(open) = profile {
                let name = first(r#"name="([^"]+)""#, &before[open..])?;
                let lower = name.to_ascii_lowercase();
                let only =
                    ["dev", "local", "test"].iter().any(|word| lower.contains(word)) && !lower.contains('!');
                if only {
                    return Some(format!("only in the profile {name}"));
                }
            }
            (!reference.is_match(text)).then(|| format!("no logger refers to the appender `{appender}`"))
        }
        _ => None,
    }
}
