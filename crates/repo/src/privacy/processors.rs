//! Third parties that get data: packages of their kits, their addresses in code and pages, the platforms it runs on.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use seaworthy_facts::{Certainty, Ecosystem, LegalText, Location, Packages, Processor, System, Usage};
use serde::Deserialize;

use super::places::{is_allow_list, is_data_flow};
use crate::capabilities::wildcard;
use crate::scan::{Needle, NeedleId, Needles, Scan};
use crate::tree::{Tree, is_template};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: String,
    company: String,
    purpose: String,
    data: String,
    link: String,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    uses: Vec<String>,
    #[serde(default)]
    platforms: Vec<String>,
    #[serde(default)]
    packages: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    processor: Vec<Entry>,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    // A file that does not parse is caught by a test of this module.
    toml::from_str::<File>(include_str!("processors.toml")).map(|file| file.processor).unwrap_or_default()
});

/// How many places of one company are kept.
const PLACES: usize = 8;

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan(Vec<Vec<NeedleId>>);

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut add = |text: &String| needles.add(Needle { text: text.clone(), whole_word: true, per_file: 2 });
    Plan(ENTRIES.iter().map(|entry| entry.uses.iter().map(&mut add).collect()).collect())
}

/// Whether an address is a third party's own: its policy is not that of the application.
pub fn is_foreign(address: &str) -> bool {
    let host = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = host.split(['/', ':', '?', '#']).next().unwrap_or(host).to_ascii_lowercase();
    let belongs = |own: &str| host == own || host.strip_suffix(own).is_some_and(|rest| rest.ends_with('.'));
    const OTHERS: &[&str] = &[
        "wikipedia.org",
        "creativecommons.org",
        "mozilla.org",
        "w3.org",
        "apple.com",
        "europa.eu",
        "purl.org",
        "schema.org",
    ];
    // Documents and pages of a team are kept with these: an address there may well be its own policy.
    const HOSTING: &[&str] = &["docs.google.com", "sites.google.com", "drive.google.com"];
    !HOSTING.contains(&host.as_str())
        && ENTRIES
            .iter()
            .flat_map(|entry| &entry.hosts)
            .map(String::as_str)
            .chain(OTHERS.iter().copied())
            .any(belongs)
}

/// What this room reads.
pub struct Seen<'a> {
    /// The files.
    pub tree: &'a Tree,
    /// The hits.
    pub scan: &'a Scan,
    /// The packages.
    pub packages: &'a Packages,
    /// Where it runs.
    pub system: &'a System,
    /// The repository's own texts.
    pub texts: &'a [LegalText],
}

/// The companies, by name, and which companies the policy names, used or not.
pub fn collect(seen: &Seen, plan: &Plan) -> (Vec<Processor>, Vec<String>) {
    let texts = texts(seen);
    let listed: Vec<String> = ENTRIES
        .iter()
        .filter(|entry| named(entry, &texts).is_some())
        .map(|entry| entry.company.clone())
        .collect();
    let mut found: Vec<Processor> = ENTRIES
        .iter()
        .zip(&plan.0)
        .filter_map(|(entry, needles)| {
            let mut at = packages(entry, seen.packages);
            at.extend(platforms(entry, seen.system));
            at.extend(addresses(seen, needles));
            at.dedup();
            at.truncate(PLACES);
            (!at.is_empty()).then(|| Processor {
                key: entry.key.clone(),
                company: entry.company.clone(),
                purpose: entry.purpose.clone(),
                data: entry.data.clone(),
                link: entry.link.clone(),
                at,
                named: named(entry, &texts),
            })
        })
        .collect();
    found.sort_by_key(|left| left.company.to_lowercase());
    (found, listed)
}

fn ecosystem(key: &str) -> &'static [Ecosystem] {
    match key {
        "npm" => &[Ecosystem::Npm, Ecosystem::Deno],
        "pypi" => &[Ecosystem::Pypi],
        "rubygems" => &[Ecosystem::Rubygems],
        "packagist" => &[Ecosystem::Packagist],
        "go" => &[Ecosystem::Go],
        "cargo" => &[Ecosystem::Cargo],
        "maven" => &[Ecosystem::Maven, Ecosystem::Gradle],
        "nuget" => &[Ecosystem::Nuget],
        "hex" => &[Ecosystem::Hex],
        "pub" => &[Ecosystem::Pub],
        _ => &[],
    }
}

/// Uses of a company's packages in manifests that ship.
fn packages(entry: &Entry, packages: &Packages) -> Vec<Location> {
    let mut found = Vec::new();
    for manifest in packages.manifests.iter().filter(|manifest| manifest.ships) {
        let patterns = entry
            .packages
            .iter()
            .filter(|(key, _)| ecosystem(key).contains(&manifest.ecosystem))
            .flat_map(|(_, patterns)| patterns);
        for pattern in patterns {
            // Most names differ in their first letters, which costs less to see than the whole pattern.
            let begins = pattern.split('*').next().unwrap_or_default();
            let candidates = manifest.dependencies.iter().filter(|dependency| {
                dependency.name.get(..begins.len()).is_some_and(|head| head.eq_ignore_ascii_case(begins))
                    && wildcard(pattern, &dependency.name)
            });
            for dependency in candidates {
                if let Usage::Used { at } = &dependency.usage
                    && at.path().is_some_and(is_data_flow)
                {
                    found.push(at.clone());
                }
            }
        }
    }
    found
}

fn platforms(entry: &Entry, system: &System) -> Vec<Location> {
    system
        .platforms
        .iter()
        .filter(|platform| {
            platform.certainty <= Certainty::Configured && entry.platforms.contains(&platform.key)
        })
        .map(|platform| platform.at.clone())
        .collect()
}

fn addresses(seen: &Seen, needles: &[NeedleId]) -> Vec<Location> {
    needles
        .iter()
        .flat_map(|needle| seen.scan.hits(*needle))
        .filter(|hit| {
            let file = &seen.tree.files()[hit.file];
            let link = hit.text.contains("<a ")
                || hit.text.contains("rel=\"noopener")
                || hit.text.contains("](http");
            // Lists of names and of settings of tools hold addresses to which nothing is sent.
            let extension = file.extension();
            let read = file.language.is_some()
                || is_template(extension)
                || matches!(
                    extension,
                    "yml" | "yaml" | "toml" | "xml" | "properties" | "conf" | "env" | "example"
                );
            !hit.comment
                && read
                && seen.scan.ships(file)
                && is_data_flow(&file.path)
                && !link
                && !is_allow_list(seen.tree, file, hit)
        })
        .map(|hit| seen.tree.files()[hit.file].at_line(hit.line))
        .take(PLACES)
        .collect()
}

/// The lines of the repository's own policy, in lower case.
fn texts(seen: &Seen) -> Vec<(Location, String)> {
    let mut lines = Vec::new();
    for text in seen.texts.iter().filter(|text| text.kind == seaworthy_facts::LegalKind::Privacy) {
        let Some(path) = text.at.path() else { continue };
        let Some(content) = seen.tree.text_at(path) else { continue };
        for (number, line) in (1u32..).zip(content.lines()).take(5_000) {
            lines.push((Location::line(path, number), line.to_lowercase()));
        }
    }
    lines
}

/// Where the policy names a company: by a whole word of its name.
fn named(entry: &Entry, texts: &[(Location, String)]) -> Option<Location> {
    let company = entry.company.to_lowercase();
    let (name, parent) = company
        .split_once(" (")
        .map_or((company.as_str(), ""), |(name, parent)| (name, parent.trim_end_matches(')')));
    let short = match entry.key.as_str() {
        "aws" => "aws",
        _ => "",
    };
    texts
        .iter()
        .find(|(_, line)| {
            [name, parent, short].iter().filter(|name| name.len() > 1).any(|name| {
                line.match_indices(name).any(|(at, found)| {
                    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
                    edge(line[..at].chars().next_back()) && edge(line[at + found.len()..].chars().next())
                })
            })
        })
        .map(|(at, _)| at.clone())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_file_is_whole() {
        let file: File = toml::from_str(include_str!("processors.toml")).unwrap();
        let keys: HashSet<_> = file.processor.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys.len(), file.processor.len(), "a key twice");
        for entry in &file.processor {
            assert!(entry.link.starts_with("https://"), "{}", entry.key);
            assert!(
                !entry.uses.is_empty() || !entry.packages.is_empty() || !entry.platforms.is_empty(),
                "{} cannot be found",
                entry.key
            );
            for key in entry.packages.keys() {
                assert!(!ecosystem(key).is_empty(), "{}: {key}", entry.key);
            }
        }
    }

    #[test]
    fn addresses_of_third_parties_are_told() {
        assert!(is_foreign("https://policies.google.com/privacy"));
        assert!(is_foreign("https://stripe.com/privacy"));
        assert!(!is_foreign("https://harbour.io/privacy"));
        assert!(!is_foreign("https://notstripe.com/privacy"));
        assert!(!is_foreign("https://docs.google.com/document/d/1"));
    }
}
