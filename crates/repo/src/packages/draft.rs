//! What the readers of all ecosystems share: a manifest in the making, where it ships, and its lockfile's state.

use std::collections::HashMap;
use std::sync::Arc;

use seaworthy_facts::{Dependency, Ecosystem, Location, Lock, Manifest, Scope, Usage};
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, ParseError};

use crate::tree::{Class, File, Tree, join};

/// How many differences between a manifest and its lockfile are kept.
const DIFFERENCES: usize = 8;
/// Longest requirement that is kept, in characters.
const REQUIREMENT: usize = 200;
/// Most manifests of one ecosystem that are read.
pub const MANIFESTS: usize = 2_000;

/// A manifest, and what its ecosystem knows about the packages that it names.
#[derive(Debug)]
pub struct Draft {
    /// The manifest as it becomes a fact.
    pub manifest: Manifest,
    /// What the lockfile (or the manifest) tells about the packages, by package name.
    pub known: Arc<HashMap<String, Known>>,
    /// The folder below which its code stands.
    pub code: String,
    /// Commands and settings inside the manifest that may use its dependencies, with their lines.
    pub texts: Vec<(u32, String)>,
    /// How many of the texts are commands; they stand first.
    pub commands: usize,
    /// The lockfile tells which packages install programs.
    pub programs_told: bool,
}

/// What a lockfile tells about a package.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Programs that it installs.
    pub programs: Vec<String>,
    /// It installs programs whose names are not told.
    pub unnamed_programs: bool,
    /// Packages that it expects to be installed beside it.
    pub peers: Vec<String>,
    /// Names (namespaces, modules) under which code reaches it.
    pub names: Vec<String>,
    /// Short names that it registers for code to call it by.
    pub aliases: Vec<String>,
    /// It has functions of its own, whose names are not known here.
    pub functions: bool,
    /// The framework loads it by itself: how.
    pub discovered: Option<String>,
}

impl Draft {
    /// A manifest without dependencies yet.
    pub fn new(tree: &Tree, file: &File, ecosystem: Ecosystem) -> Draft {
        Draft {
            manifest: Manifest {
                ecosystem,
                at: file.at(),
                folder: file.folder().to_owned(),
                ships: ships(tree, file),
                member_of: None,
                lock: Lock::Missing,
                dependencies: Vec::new(),
                partial: false,
            },
            known: Arc::default(),
            code: file.folder().to_owned(),
            texts: Vec::new(),
            commands: 0,
            programs_told: false,
        }
    }

    /// The manifest's path.
    pub fn path(&self) -> &str {
        self.manifest.at.path().unwrap_or_default()
    }

    /// Adds a direct dependency.
    pub fn depend(&mut self, name: &str, requirement: &str, scope: Scope, exact: bool, at: Location) {
        self.manifest.dependencies.push(Dependency {
            name: name.chars().take(REQUIREMENT).collect(),
            requirement: without_credentials(requirement),
            scope,
            exact,
            resolved: None,
            at,
            usage: Usage::NotLooked,
        });
    }

    /// Tells what each dependency resolves to.
    pub fn resolve(&mut self, version: impl Fn(&str) -> Option<String>) {
        for dependency in &mut self.manifest.dependencies {
            dependency.resolved = version(&dependency.name);
        }
    }

    /// Sets the lockfile's state by what differs.
    pub fn compared(&mut self, at: Location, differences: Vec<String>) {
        self.manifest.lock = if differences.is_empty() {
            Lock::InStep { at }
        } else {
            Lock::OutOfStep { at, differences: differences.into_iter().take(DIFFERENCES).collect() }
        };
    }
}

/// A requirement may be an address with a password in it; that part is left out.
fn without_credentials(requirement: &str) -> String {
    let short: String = requirement.trim().chars().take(REQUIREMENT).collect();
    let Some((scheme, rest)) = short.split_once("://") else { return short };
    let host_end = rest.find('/').unwrap_or(rest.len());
    match rest[..host_end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => short,
    }
}

/// Whether a manifest is read at all: not somebody else's, not an example, not a fixture.
pub fn counts(file: &File) -> bool {
    match file.class {
        Class::Vendored | Class::Example | Class::Generated => false,
        Class::Test => !file.path.split('/').any(|part| {
            matches!(
                part.to_ascii_lowercase().as_str(),
                "fixtures" | "fixture" | "__fixtures__" | "testdata" | "test-data" | "mocks" | "__mocks__"
            )
        }),
        _ => !file.path.split('/').any(|part| {
            part.eq_ignore_ascii_case("fixtures") || part == "__fixtures__" || part == "node_modules"
        }),
    }
}

/// Folders of tools, of documentation and of what only developers use.
const TOOLS: &[&str] = &[
    ".ci",
    ".circleci",
    ".devcontainer",
    ".github",
    ".gitlab",
    ".husky",
    ".storybook",
    ".vscode",
    "bench",
    "benchmark",
    "benchmarks",
    "build-tools",
    "contrib",
    "dev",
    "devtools",
    "dev-tools",
    "doc",
    "docs",
    "documentation",
    "e2e",
    "examples",
    "hack",
    "integration-tests",
    "load-test",
    "load-tests",
    "loadtest",
    "misc",
    "perf",
    "performance-tests",
    "qa",
    "script",
    "scripts",
    "test",
    "tests",
    "tooling",
    "tools",
    "utilities",
    "e2e-tests",
    "smoke-tests",
    "storybook",
    "sandbox",
    "playground",
    "templates",
    "template",
];

/// Whether what this manifest describes is part of what ships, by its place.
fn ships(_tree: &Tree, file: &File) -> bool {
    if matches!(file.class, Class::Test | Class::Documentation | Class::Development | Class::Example) {
        return false;
    }
    let mut folders = file.folder().split('/');
    // `apps/docs` and `packages/e2e` are as much a tool as `docs` is; deeper folders of these names are code.
    let near = folders.by_ref().take(2).collect::<Vec<_>>();
    let grouped = matches!(near.first(), Some(&("apps" | "packages" | "services" | "libs" | "crates")));
    let judged = if grouped { &near[..] } else { &near[..near.len().min(1)] };
    !judged.iter().any(|folder| {
        let lower = folder.to_ascii_lowercase();
        TOOLS.contains(&lower.as_str()) || lower.ends_with("-e2e") || lower.starts_with("e2e-")
    })
}

/// Limits for lockfiles, which are larger than what people write.
pub fn lock_limits() -> Limits {
    Limits { max_bytes: 16 * 1024 * 1024, max_nodes: 4_000_000, ..Limits::default() }
}

/// A kind of reader of [`seaworthy_syntax`].
pub type Reader = fn(&str, &Limits) -> Result<Node, ParseError>;

/// The parsed file; what is broken is noted as a problem.
pub fn parsed(tree: &Tree, file: &File, reader: Reader) -> Option<Node> {
    let text = tree.text(file)?;
    match reader(&text, &Limits::default()) {
        Ok(node) => Some(node),
        Err(error) => {
            tree.broken(&file.path, &error);
            None
        }
    }
}

/// A lockfile that could not be understood.
pub fn unreadable(file: &File, why: impl Into<String>) -> Lock {
    Lock::Unreadable { at: file.at(), why: why.into() }
}

/// The file of one of these names in a folder, the first that is there.
pub fn beside<'t>(tree: &'t Tree, folder: &str, names: &[&str]) -> Option<&'t File> {
    names.iter().find_map(|name| tree.resolve(folder, name))
}

/// No lockfile that git has: one that only lies on disk is untracked, else it is missing.
pub fn missing(tree: &Tree, folder: &str, names: &[&str]) -> Lock {
    names
        .iter()
        .filter_map(|name| join(folder, name))
        .find(|path| tree.exists_untracked(path))
        .map_or(Lock::Missing, |path| Lock::Untracked { at: Location::file(path) })
}

/// The folder above; none above the root.
pub fn parent(folder: &str) -> Option<&str> {
    match folder {
        "." => None,
        folder => Some(folder.rsplit_once('/').map_or(".", |(parent, _)| parent)),
    }
}

/// A path relative to a folder that it lies in; `.` for the folder itself.
pub fn relative<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    if folder == path {
        return Some(".");
    }
    if folder == "." {
        return Some(path);
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}

/// Whether a text is one exact version number: digits and dots, with a pre-release or build part at most.
pub fn is_version(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.contains('.')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_'))
        && !text.split(['.', '-']).any(|part| matches!(part, "x" | "X"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn passwords_in_addresses_are_left_out() {
        assert_eq!(without_credentials("git+https://user:secret@host/a.git#v1"), "git+https://host/a.git#v1");
        assert_eq!(without_credentials("^1.2"), "^1.2");
    }

    #[test]
    fn exact_versions_are_told_from_ranges() {
        assert!(is_version("1.2.3") && is_version("v1.0.0-beta.1") && is_version("1.2"));
        assert!(!is_version("^1.2.3") && !is_version("1.x") && !is_version("latest") && !is_version("*"));
    }

    #[test]
    fn paths_inside_a_folder() {
        assert_eq!(relative(".", "a/b"), Some("a/b"));
        assert_eq!(relative("a", "a/b"), Some("b"));
        assert_eq!(relative("a", "ab/c"), None);
        assert_eq!(parent("a/b"), Some("a"));
        assert_eq!(parent("a"), Some("."));
    }
}
