//! Whether something uses a direct dependency: an import, a setting, a script, a plugin convention, a peer.
//!
//! Each ecosystem says by which literals a package shows itself and which of the places count. What is not found is
//! reported only where the ecosystem's rules are tight enough to say so; otherwise it stays "not looked for".

mod compiled;
mod deno;
mod elixir;
mod known;
mod managed;
mod names;
mod npm;
mod php;
mod python;
mod ruby;

use seaworthy_facts::{Ecosystem, Scope, Usage};

use super::draft::{Draft, parent};
use crate::scan::{Hit, Needle, NeedleId, Needles, Scan};
use crate::tree::{Class, File, Tree};

/// Most dependencies that are looked for; a larger tree keeps the rest unlooked.
const DEPENDENCIES: usize = 3_000;

/// The literals that show the use of one dependency.
#[derive(Debug)]
struct Wanted {
    draft: usize,
    dependency: usize,
    clues: Vec<Clue>,
}

/// A literal and the places where it counts.
#[derive(Debug)]
pub struct Clue {
    needle: NeedleId,
    accept: fn(&File, &Hit) -> bool,
}

/// What is looked for.
#[derive(Debug, Default)]
pub struct Plan {
    wanted: Vec<Wanted>,
}

/// Collects the clues of one dependency.
pub struct Clues<'n> {
    needles: &'n mut Needles,
    clues: Vec<Clue>,
}

impl Clues<'_> {
    /// A literal that counts anywhere in a line.
    pub fn text(&mut self, text: impl Into<String>, accept: fn(&File, &Hit) -> bool) {
        self.add(text.into(), false, accept);
    }

    /// A literal that counts as a whole word.
    pub fn word(&mut self, text: impl Into<String>, accept: fn(&File, &Hit) -> bool) {
        self.add(text.into(), true, accept);
    }

    fn add(&mut self, text: String, whole_word: bool, accept: fn(&File, &Hit) -> bool) {
        if text.len() >= 2 {
            let needle = self.needles.add(Needle { text, whole_word, per_file: 6 });
            self.clues.push(Clue { needle, accept });
        }
    }
}

/// Adds the literals of every run-time dependency that ships.
pub fn plan(drafts: &[Draft], needles: &mut Needles) -> Plan {
    let mut plan = Plan::default();
    for (index, draft) in drafts.iter().enumerate() {
        if !draft.manifest.ships {
            continue;
        }
        let describe: fn(&str, &Draft, &mut Clues) = match draft.manifest.ecosystem {
            Ecosystem::Npm => npm::clues,
            Ecosystem::Pypi => python::clues,
            Ecosystem::Rubygems => ruby::clues,
            Ecosystem::Packagist => php::clues,
            Ecosystem::Go => compiled::go,
            Ecosystem::Cargo => compiled::cargo,
            Ecosystem::Hex => elixir::clues,
            Ecosystem::Maven | Ecosystem::Gradle => managed::java,
            Ecosystem::Nuget => managed::dotnet,
            Ecosystem::Deno => deno::clues,
            Ecosystem::Pub => compiled::dart,
            Ecosystem::Swift => continue,
        };
        for (number, dependency) in draft.manifest.dependencies.iter().enumerate() {
            // What sets the versions of others is known to be needed already.
            let asked = dependency.scope == Scope::Runtime && dependency.usage == Usage::NotLooked;
            if !asked || plan.wanted.len() >= DEPENDENCIES {
                continue;
            }
            let mut clues = Clues { needles, clues: Vec::new() };
            describe(&dependency.name, draft, &mut clues);
            plan.wanted.push(Wanted { draft: index, dependency: number, clues: clues.clues });
        }
    }
    plan
}

/// Fills in how each dependency is used.
pub fn fill(tree: &Tree, scan: &Scan, plan: &Plan, drafts: &mut [Draft]) {
    let mut found: Vec<(usize, usize, Usage)> = Vec::new();
    for wanted in &plan.wanted {
        let draft = &drafts[wanted.draft];
        found.push((wanted.draft, wanted.dependency, seen(tree, scan, draft, wanted)));
    }
    // What one package implies about another is asked after all code was looked at.
    for (draft, dependency, usage) in found {
        drafts[draft].manifest.dependencies[dependency].usage = usage;
    }
    let names = names::Names::new(tree);
    for wanted in &plan.wanted {
        let draft = &drafts[wanted.draft];
        let dependency = &draft.manifest.dependencies[wanted.dependency];
        if dependency.usage != Usage::NotFound {
            continue;
        }
        let name = dependency.name.clone();
        let implied = match draft.manifest.ecosystem {
            Ecosystem::Npm => npm::implied(&name, draft, drafts, tree),
            Ecosystem::Pypi => python::implied(&name, draft, &names),
            Ecosystem::Rubygems => ruby::implied(&name, draft, &names),
            Ecosystem::Packagist => php::implied(&name, draft),
            Ecosystem::Go => compiled::implied_go(&name, draft, tree, scan),
            Ecosystem::Cargo => compiled::implied_cargo(&name),
            Ecosystem::Hex => elixir::implied(&name, draft, drafts, &names),
            Ecosystem::Maven | Ecosystem::Gradle | Ecosystem::Nuget => {
                managed::implied(&name, draft, drafts, tree)
            }
            Ecosystem::Deno => deno::implied(&name, draft, tree),
            Ecosystem::Pub => compiled::implied_dart(&name),
            Ecosystem::Swift => Some(Usage::NotLooked),
        };
        if let Some(usage) = implied {
            drafts[wanted.draft].manifest.dependencies[wanted.dependency].usage = usage;
        }
    }
}

/// The first place that counts.
fn seen(tree: &Tree, scan: &Scan, draft: &Draft, wanted: &Wanted) -> Usage {
    // A member of a workspace may be used by its siblings.
    let folder = match draft.manifest.member_of.as_deref() {
        Some(root) => root.rsplit_once('/').map_or(".", |(folder, _)| folder),
        None => draft.code.as_str(),
    };
    let mut test = None;
    for clue in &wanted.clues {
        for hit in scan.hits(clue.needle) {
            let file = &tree.files()[hit.file];
            let inside =
                folder == "." || file.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
            let page = matches!(file.extension(), "mdx");
            let counts = match file.class {
                Class::Shipped | Class::Test | Class::Development => true,
                Class::Documentation => page || file.language.is_some(),
                _ => false,
            };
            if !inside || !counts || file.path == draft.path() || !(clue.accept)(file, hit) {
                continue;
            }
            let at = file.at_line(hit.line);
            if file.class == Class::Shipped {
                return Usage::Used { at };
            }
            test = test.or(Some(at));
        }
    }
    test.map_or(Usage::NotFound, |at| Usage::Used { at })
}

/// Settings, scripts and image descriptions: files in which a program may be named.
fn runs_programs(file: &File) -> bool {
    let name = file.name();
    super::is_dockerfile(file)
        || matches!(name, "Procfile" | "Makefile" | "Justfile" | "justfile" | "Taskfile.yml" | "Caddyfile")
        || name.starts_with("Procfile")
        || matches!(
            file.extension(),
            "sh" | "bash"
                | "yml"
                | "yaml"
                | "toml"
                | "mk"
                | "service"
                | "conf"
                | "ini"
                | "cfg"
                | "just"
                | "bat"
                | "ps1"
                | "erb"
                | "nix"
        )
        || file.path.starts_with("bin/")
        || file.path.starts_with(".husky/")
}

/// Whether a manifest of another ecosystem or the like holds the hit: no use.
fn is_manifest(file: &File) -> bool {
    let name = file.name();
    matches!(
        name,
        "package.json"
            | "composer.json"
            | "pyproject.toml"
            | "Cargo.toml"
            | "Gemfile"
            | "pnpm-workspace.yaml"
            | "Pipfile"
            | "setup.py"
            | "setup.cfg"
            | "environment.yml"
            | "dependabot.yml"
            | "renovate.json"
            | "bun.lockb"
            | ".pre-commit-config.yaml"
    ) || name.starts_with("requirements")
        && (name.ends_with(".txt") || name.ends_with(".in") || name.ends_with(".lock"))
        || file.folder().ends_with("requirements")
}

/// Whether a manifest with this dependency stands at or above a folder.
fn depends(draft: &Draft, name: &str) -> bool {
    draft.manifest.dependencies.iter().any(|dependency| dependency.name.eq_ignore_ascii_case(name))
}

/// Used because something else is: why.
fn because(why: impl Into<String>) -> Option<Usage> {
    Some(Usage::Implied { why: why.into() })
}

/// Whether a file of this name stands in a folder or above it.
fn exists_at_or_above(tree: &Tree, folder: &str, name: &str) -> bool {
    let mut folder = Some(folder);
    while let Some(current) = folder {
        if tree.resolve(current, name).is_some() {
            return true;
        }
        folder = parent(current);
    }
    false
}

/// Whether a text holds a word that is not part of a longer name.
fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part))
}
