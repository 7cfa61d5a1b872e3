//! Products and techniques, found by signatures: data files grouped by capability.
//!
//! Adding a vendor is a new entry in a file of `signatures/`; adding a capability a new file and its name in the list of
//! `signature.rs`.

mod guards;
mod metrics;
mod reports;
mod signature;
mod switches;
#[cfg(test)]
mod tests;
mod tracing;

use std::collections::{BTreeSet, HashSet};

use globset::{Glob, GlobSet, GlobSetBuilder};
use seaworthy_facts::{
    Capabilities, Containers, Ecosystem, ImageRole, Location, Observed, Packages, Product, Usage,
};

use crate::scan::{Hit, Needle, NeedleId, Needles, Scan};
use crate::tree::{File, Tree, is_template};

pub use signature::{SIGNATURES, Signature, of, wildcard};

/// How many places per product are kept.
const PLACES: usize = 50;

/// The literals that were asked for: for each signature its uses, companions and what voids it.
#[derive(Debug, Default)]
pub struct Plan {
    uses: Vec<Vec<NeedleId>>,
    beside: Vec<Vec<NeedleId>>,
    unless: Vec<Vec<NeedleId>>,
    switches: switches::Plan,
    metrics: metrics::Plan,
    reports: reports::Plan,
    tracing: tracing::Plan,
}

/// Adds the literals of all signatures.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut add = |literals: &[String]| {
        literals
            .iter()
            .map(|text| needles.add(Needle { text: text.clone(), whole_word: true, per_file: 3 }))
            .collect::<Vec<_>>()
    };
    let mut plan = Plan::default();
    for signature in SIGNATURES.iter() {
        plan.uses.push(add(&signature.uses));
        plan.beside.push(add(&signature.beside));
        plan.unless.push(add(&signature.unless));
    }
    plan.switches = switches::plan(needles);
    plan.metrics = metrics::plan(needles);
    plan.reports = reports::plan(needles);
    plan.tracing = tracing::plan(needles);
    plan
}

/// The products that are declared or used.
pub fn collect(
    tree: &Tree,
    scan: &Scan,
    plan: &Plan,
    packages: &Packages,
    containers: &Containers,
) -> Capabilities {
    let read: HashSet<Ecosystem> = packages
        .manifests
        .iter()
        .filter(|manifest| !manifest.dependencies.is_empty())
        .map(|manifest| manifest.ecosystem)
        .filter(|ecosystem| !packages.manifests.iter().any(|m| m.partial && m.ecosystem == *ecosystem))
        .collect();
    let present = present_files(tree, scan);
    let mut capabilities = Capabilities::default();
    for (index, signature) in SIGNATURES.iter().enumerate() {
        let (declared, imported) = declarations(signature, packages, containers);
        let mut used: Vec<Location> = Vec::new();
        if signature.uses.is_empty() && !signature.by_place {
            used.extend(imported);
        }
        used.extend(present[index].iter().cloned());
        used.extend(uses(tree, scan, plan, index, signature));
        if OPERATED.contains(&signature.capability) || SWITCHED.contains(&signature.capability) {
            used.retain(|at| !at.path().is_some_and(crate::packages::is_development));
        }
        // Code that names a package which nothing declares is a coincidence. Where nothing was read of the ecosystem, a
        // missing declaration says nothing.
        used.retain(|place| {
            let language = place.path().and_then(crate::tree::language_of);
            !read.iter().any(|ecosystem| {
                signature.is_packaged(*ecosystem)
                    && language.is_none_or(|language| is_language_of(*ecosystem, language))
                    && !declares(signature, packages, *ecosystem)
                    && declared.is_empty()
            })
        });
        // Where manifests were read and none is of its ecosystems, a file of a common name shows nothing.
        let foreign = !signature.packages.is_empty()
            && !packages.manifests.is_empty()
            && !packages.manifests.iter().any(|manifest| signature.is_packaged(manifest.ecosystem));
        used.retain(|place| {
            !foreign || place.path().and_then(crate::tree::language_of).is_some_and(|l| l != "sql")
        });
        if let Some(voided) = voided(tree, scan, &plan.unless[index]) {
            used.retain(|place| place.path().is_none_or(|path| !voided.iter().any(|v| same_part(v, path))));
        }
        // An image of others that is deployed runs; it is not built into anything.
        if signature.packages.is_empty() {
            used.extend(deployed(signature, containers));
        }
        if declared.is_empty() && used.is_empty() {
            continue;
        }
        let mut used = deduplicated(used);
        used.truncate(PLACES);
        let off = if SWITCHED.contains(&signature.capability) {
            switched_off(tree, scan, &mut used)
        } else {
            Vec::new()
        };
        capabilities.products.push(Product {
            capability: signature.capability.to_owned(),
            name: signature.name.clone(),
            declared: deduplicated(declared),
            used,
            off,
            docs: signature.docs.clone(),
        });
    }
    capabilities.products.extend(switches::product(tree, scan, &plan.switches));
    capabilities.products.extend(metrics::products(tree, scan, &plan.metrics));
    capabilities.products.extend(reports::products(tree, scan, &plan.reports));
    let traces = tracing::products(tree, scan, &plan.tracing, &capabilities.products);
    capabilities.products.extend(traces);
    capabilities
}

/// Capabilities that are often put behind a switch.
const SWITCHED: &[&str] = &["apm", "database-monitoring", "error-tracking", "error-tracking-browser"];

/// Capabilities that only count where the system is operated.
const OPERATED: &[&str] = &["database-monitoring", "security-alerts", "server-metrics", "uptime"];

/// Takes out the uses that are off by default.
fn switched_off(tree: &Tree, scan: &Scan, used: &mut Vec<Location>) -> Vec<Observed<String>> {
    let mut off = Vec::new();
    used.retain(|at| match guards::off_by_default(tree, scan, at) {
        Some(switch) => {
            off.push(Observed::new(switch, at.clone()));
            false
        }
        None => true,
    });
    off
}

/// Code that runs in browsers, as the conventions of frameworks that have both sides name it.
fn is_for_browsers(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.contains(".client.")
        || name.contains("-client.")
        || matches!(path.rsplit('.').next(), Some("vue" | "svelte" | "html" | "astro"))
        || path.contains("/client/")
}

/// Whether any manifest of an ecosystem declares a product, development and tools included.
fn declares(signature: &Signature, packages: &Packages, ecosystem: Ecosystem) -> bool {
    packages
        .manifests
        .iter()
        .filter(|manifest| manifest.ecosystem == ecosystem)
        .flat_map(|manifest| &manifest.dependencies)
        .any(|dependency| signature.has_package(ecosystem, &dependency.name))
}

fn is_language_of(ecosystem: Ecosystem, language: &str) -> bool {
    match ecosystem {
        Ecosystem::Npm => matches!(language, "javascript" | "typescript" | "vue" | "svelte" | "astro"),
        // Deno also takes packages by address, which no manifest needs to name.
        Ecosystem::Deno => false,
        Ecosystem::Pypi => language == "python",
        Ecosystem::Rubygems => language == "ruby",
        Ecosystem::Packagist => language == "php",
        Ecosystem::Go => language == "go",
        Ecosystem::Cargo => language == "rust",
        Ecosystem::Maven | Ecosystem::Gradle => matches!(language, "java" | "kotlin" | "scala" | "groovy"),
        Ecosystem::Nuget => matches!(language, "csharp" | "fsharp"),
        Ecosystem::Hex => matches!(language, "elixir" | "erlang"),
        Ecosystem::Pub => language == "dart",
        Ecosystem::Swift => language == "swift",
    }
}

/// Where a product is declared, and where its packages are imported.
fn declarations(
    signature: &Signature,
    packages: &Packages,
    containers: &Containers,
) -> (Vec<Location>, Vec<Location>) {
    let mut declared = Vec::new();
    let mut imported = Vec::new();
    for manifest in packages.manifests.iter().filter(|manifest| manifest.ships) {
        for dependency in &manifest.dependencies {
            if !signature.has_package(manifest.ecosystem, &dependency.name) {
                continue;
            }
            declared.push(dependency.at.clone());
            if let Usage::Used { at } = &dependency.usage {
                imported.push(at.clone());
            }
        }
    }
    declared.extend(
        containers
            .images
            .iter()
            .filter(|image| {
                !image.development && signature.images.iter().any(|name| wildcard(name, &image.name))
            })
            .map(|image| image.at.clone()),
    );
    (declared, imported)
}

/// Where a product's image is deployed.
fn deployed<'a>(signature: &'a Signature, containers: &'a Containers) -> impl Iterator<Item = Location> + 'a {
    containers
        .images
        .iter()
        .filter(|image| {
            !image.development
                && matches!(image.role, ImageRole::Compose | ImageRole::Kubernetes | ImageRole::Other)
                && signature.images.iter().any(|name| wildcard(name, &image.name))
        })
        .map(|image| image.at.clone())
}

/// Where shipped code uses a product.
fn uses(tree: &Tree, scan: &Scan, plan: &Plan, index: usize, signature: &Signature) -> Vec<Location> {
    let beside: Option<HashSet<usize>> = (!plan.beside[index].is_empty())
        .then(|| plan.beside[index].iter().flat_map(|id| scan.hits(*id)).map(|hit| hit.file).collect());
    plan.uses[index]
        .iter()
        .flat_map(|id| scan.hits(*id))
        .filter(|hit| !hit.comment)
        .map(|hit| (hit, &tree.files()[hit.file]))
        .filter(|(hit, file)| {
            scan.ships(file) && is_code(file) && signature.reads(file.language) && !quoted(hit)
        })
        .filter(|(_, file)| beside.as_ref().is_none_or(|beside| beside.contains(&file.index)))
        .map(|(hit, file)| file.at_line(hit.line))
        .collect()
}

/// Code or configuration; what is neither (a licence, a translation, a data file) shows no use.
fn is_code(file: &File) -> bool {
    if file.language.is_some() {
        return file.language != Some("css") && file.language != Some("sql");
    }
    let extension = file.extension();
    let configuration = matches!(
        extension,
        "yml"
            | "yaml"
            | "toml"
            | "json"
            | "jsonc"
            | "xml"
            | "properties"
            | "conf"
            | "ini"
            | "cfg"
            // Grafana Alloy and its predecessor: <https://grafana.com/docs/alloy/latest/get-started/configuration-syntax/>.
            | "alloy"
            | "river"
            | "gradle"
            | "prisma"
            | "graphql"
            | "example"
            | "env"
            | "ru"
    );
    configuration || is_template(extension) || !file.name().contains('.')
}

/// The match stands in a sentence: a translation, a help text.
fn quoted(hit: &Hit) -> bool {
    let text = hit.text.trim_start();
    text.starts_with("<p") || text.starts_with("<li") || text.starts_with("- `")
}

/// Files whose presence shows a product, by signature.
fn present_files(tree: &Tree, scan: &Scan) -> Vec<Vec<Location>> {
    let mut present = vec![Vec::new(); SIGNATURES.len()];
    let mut builder = GlobSetBuilder::new();
    let mut owners = Vec::new();
    for (index, signature) in SIGNATURES.iter().enumerate() {
        for (patterns, shows) in [(&signature.files, true), (&signature.except, false)] {
            for pattern in patterns {
                if let Ok(glob) = Glob::new(&format!("**/{pattern}")) {
                    builder.add(glob);
                    owners.push((index, shows));
                }
            }
        }
    }
    let set = builder.build().unwrap_or_else(|_| GlobSet::empty());
    for file in tree.files().iter().filter(|file| scan.ships(file)) {
        let matched: Vec<(usize, bool)> =
            set.matches(&file.path).into_iter().map(|matched| owners[matched]).collect();
        for (index, shows) in &matched {
            if !shows || matched.contains(&(*index, false)) {
                continue;
            }
            let places: &mut Vec<Location> = &mut present[*index];
            if places.len() < PLACES {
                places.push(file.at());
            }
        }
    }
    present
}

/// Folders in which something voids the uses of a product; none when it is voided nowhere.
fn voided(tree: &Tree, scan: &Scan, unless: &[NeedleId]) -> Option<BTreeSet<String>> {
    let folders: BTreeSet<String> = unless
        .iter()
        .flat_map(|id| scan.hits(*id))
        .filter(|hit| !hit.comment)
        .map(|hit| &tree.files()[hit.file])
        .filter(|file| scan.ships(file))
        .map(|file| file.folder().to_owned())
        .collect();
    (!folders.is_empty()).then_some(folders)
}

/// A file is in a folder or below it.
fn same_part(folder: &str, path: &str) -> bool {
    folder == "." || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn deduplicated(places: Vec<Location>) -> Vec<Location> {
    let mut seen = HashSet::new();
    places.into_iter().filter(|place| seen.insert(place.clone())).collect()
}
