//! Addresses of Caddy sites that come from a variable: <https://caddyserver.com/docs/caddyfile/concepts#environment-variables>.

use seaworthy_facts::Switch;
use seaworthy_syntax::caddyfile::Segment;

use crate::launches::{can_ship, is_compose};
use crate::tree::Tree;

/// The variable that decides whether a site speaks TLS, where its default is an address in the clear.
pub fn switched_to_plain(tree: &Tree, site: &Segment) -> Option<Switch> {
    let mut switch = None;
    for word in site.words.iter().map(|word| word.trim_end_matches(',')).filter(|word| !word.is_empty()) {
        let inner = word.strip_prefix("{$").and_then(|rest| rest.strip_suffix('}'))?;
        let (name, default) = match inner.split_once(':') {
            Some((name, default)) => (name, Some(default.to_owned())),
            None => (inner, None),
        };
        // What starts the proxy sets the variable; else the Caddyfile's own default holds.
        let value = in_compose(tree, name).or(default).or_else(|| in_example(tree, name))?;
        if !is_plain(&value) {
            return None;
        }
        switch = Some(Switch { name: name.to_owned(), on: Some(false) });
    }
    switch
}

fn is_plain(address: &str) -> bool {
    address.starts_with("http://") || address.starts_with(':') && !address.ends_with(":443")
}

/// `NAME: ${OUTER:-default}` or `- NAME=value` of a Compose file that can ship.
fn in_compose(tree: &Tree, name: &str) -> Option<String> {
    let files = tree.files().iter().filter(|file| is_compose(file.name()) && can_ship(file));
    for file in tree.first(files, 50, "Compose files") {
        let Some(text) = tree.text(file) else { continue };
        for line in text.lines() {
            let line = line.trim().trim_start_matches("- ").trim_start_matches(['"', '\'']);
            let Some(rest) = line.strip_prefix(name) else { continue };
            let Some(value) = rest.strip_prefix([':', '=']) else { continue };
            let value = value.trim().trim_matches(['"', '\'']);
            let Some(variable) = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) else {
                return (!value.is_empty() && !value.contains('$')).then(|| value.to_owned());
            };
            return match variable.split_once(":-").or_else(|| variable.split_once('-')) {
                Some((_, default)) => Some(default.to_owned()),
                None => in_example(tree, variable.split([':', '?']).next().unwrap_or(variable)),
            };
        }
    }
    None
}

/// The value that a file to copy gives.
fn in_example(tree: &Tree, name: &str) -> Option<String> {
    let named =
        |name: &str| name.starts_with(".env") && (name.contains("example") || name.contains("sample"));
    let files = tree.files().iter().filter(|file| named(file.name()));
    tree.first(files, 20, "example environment files").into_iter().find_map(|file| {
        let text = tree.text(file)?;
        let value = text.lines().find_map(|line| {
            line.trim()
                .strip_prefix(name)?
                .strip_prefix('=')
                .map(|value| value.trim().trim_matches(['"', '\'']))
        })?;
        (!value.is_empty()).then(|| value.to_owned())
    })
}
