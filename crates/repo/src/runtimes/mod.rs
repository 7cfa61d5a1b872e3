//! Versions of runtimes, frameworks and databases, compared with the end-of-life table.

mod frameworks;
mod infrastructure;
mod table;
#[cfg(test)]
mod tests;
mod toolchains;

use seaworthy_facts::{Containers, Location, Packages, Pipelines, RuntimeVersion, Runtimes};

use crate::tree::Tree;
use table::TABLE;

/// How much a place says about what ships.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// The image, infrastructure or build that ships.
    Ships,
    /// A CI job that builds: it counts where no image or deployment says what ships.
    Built,
    /// What developers are told to use: it counts where nothing says what ships.
    Stated,
    /// Development or tests only.
    Development,
}

/// A version as found.
struct Found {
    product: &'static str,
    version: String,
    weight: Weight,
    at: Location,
}

/// Every version that can be told.
pub fn collect(tree: &Tree, packages: &Packages, containers: &Containers, pipelines: &Pipelines) -> Runtimes {
    let mut found = infrastructure::images(containers);
    found.extend(infrastructure::terraform(tree));
    found.extend(toolchains::pipelines(pipelines));
    found.extend(toolchains::files(tree));
    found.extend(frameworks::packages(packages));
    found.extend(frameworks::builds(tree));
    // Of each product, the most telling kind of place counts.
    let best = |product: &str| found.iter().filter(|one| one.product == product).map(|one| one.weight).min();
    let mut versions: Vec<RuntimeVersion> = Vec::new();
    for one in &found {
        let Some((_, known)) = TABLE.product.get_key_value(one.product) else { continue };
        let cycle = known.cycle(&one.version);
        let ships = one.weight != Weight::Development && Some(one.weight) == best(one.product);
        let version = RuntimeVersion {
            product: one.product.to_owned(),
            name: known.name.clone(),
            version: one.version.clone(),
            cycle: cycle.map(|(cycle, _)| cycle.to_owned()),
            end_of_life: cycle.and_then(|(_, end)| end).map(str::to_owned),
            source: Some(known.source.clone()),
            ships,
            operating_system: known.os,
            at: one.at.clone(),
        };
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    Runtimes { versions, table_date: TABLE.date.clone() }
}

/// The version at the beginning of a text: digits and dots after a `v` or nothing; none where it names a range with a
/// lower bound only, a word or a variable.
fn leading(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches(['v', 'V', '^', '~', '=', ' ']);
    let version: String = text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let version = version.trim_end_matches('.');
    (!version.is_empty() && version.starts_with(|c: char| c.is_ascii_digit())).then(|| version.to_owned())
}
