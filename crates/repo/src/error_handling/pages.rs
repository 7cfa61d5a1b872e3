//! Error pages: files by their framework's convention, handlers in code, and settings of web servers.

use std::collections::HashSet;
use std::sync::LazyLock;

use globset::{Glob, GlobSet, GlobSetBuilder};
use seaworthy_facts::{ErrorPage, Location, System};
use serde::Deserialize;

use super::Seen;
use crate::scan::{Hit, NeedleId, Needles};
use crate::tree::File;

/// Most pages that are kept.
const PAGES: usize = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Entry {
    frameworks: Vec<String>,
    not_found: Vec<String>,
    server_error: Vec<String>,
    both: Vec<String>,
    generated: Vec<String>,
    beside: Vec<String>,
    unless: Vec<String>,
    unless_in_file: Vec<String>,
    docs: String,
}

impl Entry {
    /// Each text with what it answers: not found, server error.
    fn texts(&self) -> impl Iterator<Item = (&str, bool, bool)> {
        let not_found = self.not_found.iter().map(|text| (text.as_str(), true, false));
        let server_error = self.server_error.iter().map(|text| (text.as_str(), false, true));
        let both = self.both.iter().map(|text| (text.as_str(), true, true));
        not_found.chain(server_error).chain(both)
    }

    fn is_used(&self, system: &System) -> bool {
        let used = |key: &String| {
            system.components.iter().any(|component| {
                component.ships && component.frameworks.iter().any(|framework| framework.value == *key)
            })
        };
        self.frameworks.iter().any(used)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    convention: Vec<Entry>,
    handler: Vec<Entry>,
}

static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("pages.toml")).unwrap_or_default());

/// For each pattern the place of its entry and what it stands for.
type Owners = Vec<(usize, bool, bool)>;

/// The patterns of all conventions, and which entry and answer each belongs to.
static PATTERNS: LazyLock<(GlobSet, Owners)> = LazyLock::new(|| {
    let mut builder = GlobSetBuilder::new();
    let mut owners = Vec::new();
    for (index, entry) in TABLE.convention.iter().enumerate() {
        for (pattern, not_found, server_error) in entry.texts() {
            if let Ok(glob) = Glob::new(&format!("**/{pattern}")) {
                builder.add(glob);
                owners.push((index, not_found, server_error));
            }
        }
    }
    (builder.build().unwrap_or_else(|_| GlobSet::empty()), owners)
});

/// The literals of handlers and of web servers.
#[derive(Debug, Default)]
pub struct Plan {
    handlers: Vec<Vec<(NeedleId, bool, bool)>>,
    error_page: Option<NeedleId>,
    error_document: Option<NeedleId>,
    handle_errors: Option<NeedleId>,
}

/// Adds them.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut of = |entry: &Entry| {
        entry
            .texts()
            .map(|(text, not_found, server_error)| (needles.text(text), not_found, server_error))
            .collect()
    };
    Plan {
        handlers: TABLE.handler.iter().map(&mut of).collect(),
        error_page: Some(needles.word("error_page")),
        error_document: Some(needles.word("ErrorDocument")),
        handle_errors: Some(needles.word("handle_errors")),
    }
}

/// Every page, those of files first.
pub fn pages(seen: &Seen) -> Vec<ErrorPage> {
    let mut found = conventions(seen);
    found.extend(handlers(seen));
    found.extend(servers(seen));
    let mut known = HashSet::new();
    found.retain(|page| known.insert((page.at.clone(), page.not_found, page.server_error)));
    if let Some(cut) = found.get(PAGES) {
        let what = format!("more than {PAGES} error pages; this one and those after it were not looked at");
        seen.tree.cut(cut.at.clone(), what);
    }
    found.truncate(PAGES);
    found
}

fn conventions(seen: &Seen) -> Vec<ErrorPage> {
    let (set, owners) = &*PATTERNS;
    let used: Vec<bool> = TABLE.convention.iter().map(|entry| entry.is_used(seen.system)).collect();
    let mut found = Vec::new();
    for file in seen.tree.files() {
        let name = file.name();
        // Most files are told apart by their names alone.
        let may_be = ["404", "500", "4xx", "5xx", "rror", "not-found", "not-Found", "production.php", "[..."]
            .iter()
            .any(|part| name.contains(part))
            || file.folder().ends_with("error")
            || file.folder().ends_with("error_html");
        if !may_be || !seen.scan.ships(file) {
            continue;
        }
        for matched in set.matches(&file.path) {
            let (entry, not_found, server_error) = owners[matched];
            if !used[entry] {
                continue;
            }
            let entry = &TABLE.convention[entry];
            let generated = !entry.generated.is_empty()
                && seen.tree.text(file).is_some_and(|text| {
                    let plain = text.replace('’', "'").replace("<br>", " ");
                    entry.generated.iter().any(|mark| plain.contains(mark.as_str()))
                });
            found.push(ErrorPage {
                not_found,
                server_error,
                frameworks: entry.frameworks.clone(),
                how: name.to_owned(),
                generated,
                at: file.at(),
            });
        }
    }
    found
}

fn handlers(seen: &Seen) -> Vec<ErrorPage> {
    let mut found = Vec::new();
    for (entry, literals) in TABLE.handler.iter().zip(&seen.plan.pages.handlers) {
        if !entry.is_used(seen.system) {
            continue;
        }
        for (literal, not_found, server_error) in literals {
            for hit in seen.scan.hits(*literal).iter().filter(|hit| !hit.comment) {
                let file = &seen.tree.files()[hit.file];
                if file.language.is_none() || !seen.scan.ships(file) || is_void(seen, entry, file, hit) {
                    continue;
                }
                found.push(ErrorPage {
                    not_found: *not_found,
                    server_error: *server_error,
                    frameworks: entry.frameworks.clone(),
                    how: "a handler in code".to_owned(),
                    generated: false,
                    at: file.at_line(hit.line),
                });
            }
        }
    }
    found
}

fn is_void(seen: &Seen, entry: &Entry, file: &File, hit: &Hit) -> bool {
    if entry.beside.is_empty() && entry.unless.is_empty() && entry.unless_in_file.is_empty() {
        return false;
    }
    let Some(text) = seen.tree.text(file) else { return true };
    let holds = |mark: &String| text.contains(mark.as_str());
    if !entry.beside.is_empty() && !entry.beside.iter().any(holds) || entry.unless_in_file.iter().any(holds) {
        return true;
    }
    let first = (hit.line as usize).saturating_sub(1);
    let window: Vec<&str> = text.lines().skip(first).take(3).collect();
    entry.unless.iter().any(|mark| window.iter().any(|line| line.contains(mark.as_str())))
}

/// nginx `error_page`, Apache `ErrorDocument`, Caddy `handle_errors`.
fn servers(seen: &Seen) -> Vec<ErrorPage> {
    let plan = &seen.plan.pages;
    let mut found = Vec::new();
    let mut add = |at: Location, how: &str, not_found: bool, server_error: bool| {
        if not_found || server_error {
            let how = how.to_owned();
            found.push(ErrorPage {
                not_found,
                server_error,
                frameworks: Vec::new(),
                how,
                generated: false,
                at,
            });
        }
    };
    let hits = |needle: Option<NeedleId>| {
        needle
            .map(|needle| seen.scan.hits(needle))
            .unwrap_or_default()
            .iter()
            .filter(|hit| !hit.comment)
            .filter_map(|hit| {
                let file = &seen.tree.files()[hit.file];
                let conf = file.language.is_none()
                    && !super::modes::is_development(&file.path)
                    && !file.path.ends_with(".md");
                (conf && seen.scan.ships(file)).then(|| (file.at_line(hit.line), hit.text.trim().to_owned()))
            })
    };
    for (at, line) in hits(plan.error_page) {
        let (not_found, server_error) = nginx(&line);
        add(at, "nginx error_page", not_found, server_error);
    }
    for (at, line) in hits(plan.error_document) {
        let code = line.split_whitespace().nth(1).unwrap_or_default();
        add(at, "Apache ErrorDocument", code == "404", code == "500");
    }
    for (at, line) in hits(plan.handle_errors) {
        let codes: Vec<&str> = line.split_whitespace().skip(1).filter(|word| *word != "{").collect();
        let covers = |code: &str, class: &str| {
            codes.is_empty() || codes.iter().any(|word| *word == code || *word == class)
        };
        add(at, "Caddy handle_errors", covers("404", "4xx"), covers("500", "5xx"));
    }
    found
}

/// What an `error_page` line answers. Sending unknown paths to the start page of a front end is no page for errors.
fn nginx(line: &str) -> (bool, bool) {
    let mut words = line.trim_start_matches("error_page").trim().trim_end_matches(';').split_whitespace();
    let codes: Vec<&str> =
        words.by_ref().take_while(|word| word.chars().all(|c| c.is_ascii_digit())).collect();
    let changed = line.contains("=200") || line.contains("index.html");
    if changed || !line.starts_with("error_page") {
        return (false, false);
    }
    (codes.contains(&"404"), codes.contains(&"500"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        let table: Table = toml::from_str(include_str!("pages.toml")).unwrap();
        for entry in table.convention.iter().chain(&table.handler) {
            assert!(entry.docs.starts_with("https://"), "{:?}", entry.frameworks);
            assert!(entry.texts().next().is_some(), "{:?}", entry.frameworks);
            for key in &entry.frameworks {
                let known = crate::capabilities::SIGNATURES.iter().any(|signature| signature.key() == *key);
                assert!(known, "{key} is no framework");
            }
        }
        assert_eq!(
            PATTERNS.0.len(),
            table.convention.iter().map(|entry| entry.texts().count()).sum::<usize>()
        );
    }

    #[test]
    fn an_nginx_line_names_its_codes() {
        assert_eq!(nginx("error_page 404 /404.html;"), (true, false));
        assert_eq!(nginx("error_page 500 502 503 504 /50x.html;"), (false, true));
        assert_eq!(nginx("error_page 404 =200 /index.html;"), (false, false));
        assert_eq!(nginx("error_page 404 /index.html;"), (false, false));
        assert_eq!(nginx("error_page 502 503 /down.html;"), (false, false));
    }
}
