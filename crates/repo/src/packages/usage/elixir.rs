//! How Elixir code uses an application of Hex.

use seaworthy_facts::Usage;

use super::Clues;
use super::known::{self, ELIXIR};
use super::managed::by_entry;
use super::names::{Names, compact};
use crate::packages::draft::Draft;
use crate::scan::Hit;
use crate::tree::File;

/// Its atom, the module that its name makes, or those that are known.
pub fn clues(name: &str, _draft: &Draft, clues: &mut Clues) {
    clues.word(format!(":{name}"), in_elixir);
    clues.word(parts(name).concat(), in_elixir);
    clues.word(parts(name).join("."), in_elixir);
    if let Some(entry) = known::find(&ELIXIR, name) {
        for shown in entry.names(name) {
            clues.word(shown, in_elixir);
        }
    }
}

fn parts(name: &str) -> Vec<String> {
    name.split('_')
        .map(|part| part.chars().take(1).flat_map(char::to_uppercase).chain(part.chars().skip(1)).collect())
        .collect()
}

fn in_elixir(file: &File, hit: &Hit) -> bool {
    file.language == Some("elixir") && !hit.comment && file.name() != "mix.exs"
}

/// Its module by any case (`httpoison` is `HTTPoison`), what loads it, and what cannot be told.
pub fn implied(name: &str, draft: &Draft, drafts: &[Draft], names: &Names) -> Option<Usage> {
    if let Some(at) = names.aliases().get(&compact(name)) {
        return Some(Usage::Used { at: at.clone() });
    }
    let Some(entry) = known::find(&ELIXIR, name) else { return Some(Usage::NotLooked) };
    if let Some(usage) = by_entry(entry, draft) {
        return Some(usage);
    }
    // Applications of an umbrella may use what another of them declares.
    let others = drafts
        .iter()
        .any(|other| other.manifest.ecosystem == draft.manifest.ecosystem && other.path() != draft.path());
    (!entry.complete || others).then_some(Usage::NotLooked)
}
