//! How Deno code uses an entry of its import map: by exactly its key.

use seaworthy_facts::Usage;

use super::{Clues, because, has_word};
use crate::packages::draft::Draft;
use crate::packages::{deno as manifest, remote};
use crate::scan::Hit;
use crate::tree::{File, Tree};

/// Entries that Fresh reads from the import map of its user.
const FRESH: &[&str] =
    &["preact", "preact/", "preact-render-to-string", "@preact/signals", "@preact/signals-core"];

/// The key as a whole, or with a path behind it.
pub fn clues(name: &str, _draft: &Draft, clues: &mut Clues) {
    let plain = name.strip_suffix('/').unwrap_or(name);
    for quote in ['\'', '"', '`'] {
        if !name.ends_with('/') {
            clues.text(format!("{quote}{plain}{quote}"), in_code);
        }
        clues.text(format!("{quote}{plain}/"), in_code);
    }
    clues.word(format!("@jsxImportSource {plain}"), |file, _| is_code(file));
}

fn in_code(file: &File, hit: &Hit) -> bool {
    is_code(file)
        && (!hit.comment || hit.text.contains("@deno-types") || hit.text.contains("reference types"))
}

fn is_code(file: &File) -> bool {
    matches!(file.language, Some("javascript" | "typescript" | "vue" | "svelte" | "astro"))
        || matches!(file.extension(), "mdx" | "html" | "css")
}

/// Settings and tasks of the manifest, what others expect beside themselves, and what cannot be told.
pub fn implied(name: &str, draft: &Draft, tree: &Tree) -> Option<Usage> {
    let plain = name.strip_suffix('/').unwrap_or(name);
    let named = draft.texts.iter().find(|(_, text)| has_word(text, plain));
    if let Some((line, _)) = named {
        return Some(Usage::Used { at: seaworthy_facts::Location::line(draft.path(), *line) });
    }
    let dependencies = &draft.manifest.dependencies;
    if FRESH.contains(&name)
        && dependencies.iter().any(|other| matches!(other.name.as_str(), "$fresh/" | "fresh" | "@fresh/core"))
    {
        return because("Fresh loads it");
    }
    // Modules that are served with their imports left bare find them in this map.
    let bare = |requirement: &str| requirement.contains("esm.sh/*") || requirement.contains("external");
    if dependencies.iter().any(|other| bare(&other.requirement)) {
        return Some(Usage::NotLooked);
    }
    let requirement = dependencies.iter().find(|other| other.name == name).map(|other| &other.requirement)?;
    let package = remote::package(requirement);
    let programs = super::npm::PROGRAMS.iter().find(|(known, _)| *known == package);
    let called =
        |text: &str| programs.is_some_and(|(_, names)| names.iter().any(|name| has_word(text, name)));
    if let Some((line, _)) = draft.texts.iter().find(|(_, text)| called(text)) {
        return Some(Usage::Used { at: seaworthy_facts::Location::line(draft.path(), *line) });
    }
    // Type declarations are found without being named.
    if package.starts_with("@types/") {
        return Some(Usage::NotLooked);
    }
    // npm packages may expect it beside themselves; the lockfile writes such packages behind the name.
    if requirement.starts_with("npm:") {
        let Some(lock) =
            manifest::lockfile(tree, &draft.manifest.folder).and_then(|lockfile| tree.text(lockfile))
        else {
            return Some(Usage::NotLooked);
        };
        if lock.contains(&format!("_{package}@"))
            || lock.contains(&format!("_{}@", package.replace('/', "+")))
        {
            return because("another package expects it beside itself");
        }
    }
    None
}
