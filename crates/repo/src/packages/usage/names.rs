//! Names that code uses, read only when a package was not found by the name that is expected of it.
//!
//! The names of modules and constants often differ from a package's own by dashes, case, or a prefix.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use seaworthy_facts::Location;

use crate::tree::Tree;

/// Most files that are read again.
const FILES: usize = 4_000;

/// Tells the names of a line.
type Reader = fn(&str, &mut dyn FnMut(&str));

/// The names, by language, read at the first question.
pub struct Names<'t> {
    tree: &'t Tree,
    modules: OnceCell<BTreeMap<String, Location>>,
    constants: OnceCell<BTreeMap<String, Location>>,
    aliases: OnceCell<BTreeMap<String, Location>>,
}

impl<'t> Names<'t> {
    /// Nothing is read yet.
    pub fn new(tree: &'t Tree) -> Names<'t> {
        Names { tree, modules: OnceCell::new(), constants: OnceCell::new(), aliases: OnceCell::new() }
    }

    /// Top-level Python modules that are imported, in lower case without `_`, each with the first place.
    pub fn modules(&self) -> &BTreeMap<String, Location> {
        self.modules.get_or_init(|| {
            self.read("python", |line, add| {
                let line = line.trim_start();
                let rest = line.strip_prefix("import ").or_else(|| line.strip_prefix("from "));
                if let Some(rest) = rest {
                    for part in rest.split(" import").next().unwrap_or(rest).split(',') {
                        add(part.trim().split(['.', ' ']).next().unwrap_or_default());
                    }
                }
            })
        })
    }

    /// Ruby constants with the prefixes of their paths, in lower case without `::`.
    pub fn constants(&self) -> &BTreeMap<String, Location> {
        self.constants.get_or_init(|| {
            self.read("ruby", |line, add| {
                if line.trim_start().starts_with('#') {
                    return;
                }
                for word in line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')) {
                    if word.starts_with(|c: char| c.is_ascii_uppercase()) {
                        let mut path = String::new();
                        for part in word.split("::").take(4) {
                            path.push_str(part);
                            add(&path);
                        }
                    }
                }
            })
        })
    }

    /// Elixir modules with the prefixes of their paths, in lower case without dots.
    pub fn aliases(&self) -> &BTreeMap<String, Location> {
        self.aliases.get_or_init(|| {
            self.read("elixir", |line, add| {
                if line.trim_start().starts_with(['#', '@']) {
                    return;
                }
                for word in line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')) {
                    if word.starts_with(|c: char| c.is_ascii_uppercase()) {
                        let mut path = String::new();
                        for part in word.split('.').take(4) {
                            path.push_str(part);
                            add(&path);
                        }
                    }
                }
            })
        })
    }

    fn read(&self, language: &str, names: Reader) -> BTreeMap<String, Location> {
        let mut found: BTreeMap<String, Location> = BTreeMap::new();
        let files = self.tree.files().iter().filter(|file| file.language == Some(language));
        for file in files.filter(|file| file.class != crate::tree::Class::Vendored).take(FILES) {
            let Some(text) = self.tree.text(file) else { continue };
            for (number, line) in text.lines().enumerate() {
                names(line, &mut |name| {
                    let plain = compact(name);
                    if plain.len() > 2 && found.len() < 200_000 {
                        found.entry(plain).or_insert_with(|| file.at_line(number as u32 + 1));
                    }
                });
            }
        }
        found
    }
}

/// A name without its separators and in lower case.
pub fn compact(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
