//! Python: `pyproject.toml`, requirements files, `Pipfile`, `setup.cfg`, and their lockfiles.

mod project;
mod requirements;
mod resolved;

pub use resolved::always_needs;

use seaworthy_facts::Lock;

use super::draft::{self, Draft};
use super::installs::Installs;
use crate::tree::Tree;

/// Every Python manifest.
pub fn manifests(tree: &Tree, installs: &Installs) -> Vec<Draft> {
    let mut drafts = project::manifests(tree);
    let listed = requirements::manifests(tree, installs, &drafts);
    drafts.extend(listed);
    // Without anything else, what a package's own set-up declares is installed.
    let set_up = project::set_up(tree)
        .into_iter()
        .filter(|set_up| !drafts.iter().any(|draft| draft.manifest.folder == set_up.manifest.folder))
        .collect::<Vec<_>>();
    drafts.extend(set_up);
    for draft in &mut drafts {
        draft.code = code_folder(tree, &draft.manifest.folder);
        if draft.manifest.dependencies.is_empty() && draft.manifest.lock == Lock::Missing {
            draft.manifest.lock = Lock::NotNeeded { why: "no packages are declared".to_owned() };
        }
    }
    drafts
}

/// The nearest folder at or above this one that holds Python code: `requirements/` and `docker/` hold none.
fn code_folder(tree: &Tree, folder: &str) -> String {
    let mut folder = folder;
    loop {
        if tree.under(folder).any(|file| file.language == Some("python") && file.name() != "setup.py") {
            return folder.to_owned();
        }
        match draft::parent(folder) {
            Some(parent) => folder = parent,
            None => return ".".to_owned(),
        }
    }
}

/// The name by which PyPI knows a distribution: lower case, runs of `-`, `_` and `.` as one dash.
pub fn normalised(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for c in name.trim().chars() {
        let c = if matches!(c, '-' | '_' | '.') { '-' } else { c.to_ascii_lowercase() };
        if c != '-' || !normal.ends_with('-') {
            normal.push(c);
        }
    }
    normal
}

/// A requirement in the form of PEP 508: name, extras, version part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The name as written.
    pub name: String,
    /// Extras, lower case.
    pub extras: Vec<String>,
    /// What follows: versions or an address, without the marker.
    pub version: String,
    /// The marker limits it to some operating systems.
    pub some_platforms: bool,
}

/// Reads one requirement; none for what is no requirement.
pub fn requirement(text: &str) -> Option<Requirement> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(text.len());
    let name = text[..end].trim_end_matches('.');
    if name.is_empty() || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let mut rest = text[end..].trim_start();
    let mut extras = Vec::new();
    if let Some(inner) = rest.strip_prefix('[') {
        let (list, behind) = inner.split_once(']')?;
        extras = list
            .split(',')
            .map(|extra| extra.trim().to_ascii_lowercase())
            .filter(|e| !e.is_empty())
            .collect();
        rest = behind.trim_start();
    }
    let version = rest.split(';').next().unwrap_or(rest).trim().trim_start_matches('(').trim_end_matches(')');
    let marker = rest.split_once(';').map_or("", |(_, marker)| marker);
    let some_platforms = ["sys_platform", "platform_system", "os_name", "platform_machine"]
        .iter()
        .any(|key| marker.contains(key));
    Some(Requirement { name: name.to_owned(), extras, version: version.trim().to_owned(), some_platforms })
}

/// One version, one commit or one file.
pub fn is_exact(version: &str) -> bool {
    if let Some(address) = version.strip_prefix('@') {
        let reference = address.rsplit_once('@').map_or("", |(_, reference)| reference);
        let reference = reference.split('#').next().unwrap_or(reference);
        return address.contains(".whl")
            || address.contains(".tar.gz")
            || address.contains(".zip")
            || address.trim_start().starts_with("file:")
            || reference.len() >= 40 && reference.chars().all(|c| c.is_ascii_hexdigit())
            || reference.starts_with(|c: char| c == 'v' || c.is_ascii_digit()) && reference.contains('.');
    }
    let Some(exact) = version.strip_prefix("===").or_else(|| version.strip_prefix("==")) else {
        return false;
    };
    !exact.contains('*') && !exact.contains(',')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn requirements_with_extras_markers_and_addresses() {
        let read = requirement("psycopg[c, Binary]==3.1 ; python_version > '3'").unwrap();
        assert_eq!((read.name.as_str(), read.version.as_str()), ("psycopg", "==3.1"));
        assert_eq!(read.extras, ["c", "binary"]);
        assert!(is_exact(&read.version));
        assert!(!is_exact(&requirement("django>=4,<5").unwrap().version));
        assert!(!is_exact(&requirement("django==4.*").unwrap().version));
        assert!(requirement("-r base.txt").is_none());
        assert_eq!(normalised("Foo__bar.Baz"), "foo-bar-baz");
    }
}
