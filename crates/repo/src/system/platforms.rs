//! Where the system is deployed: named by the owners, deployed to by CI, named by a file, optional or only probable.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use globset::{Glob, GlobSetBuilder};
use seaworthy_facts::{Certainty, Component, Guarantee, Location, Platform, Role};
use seaworthy_syntax::{Limits, hcl};
use serde::Deserialize;

use super::Seen;
use super::databases::is_development;
use crate::capabilities::wildcard;
use crate::scan::{Needle, NeedleId, Needles};
use crate::tree::Class;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    key: String,
    files: Vec<String>,
    #[serde(default)]
    optional_files: Vec<String>,
    #[serde(default)]
    holds: Option<String>,
    deploys: Vec<String>,
    actions: Vec<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    buttons: Vec<String>,
    #[serde(default)]
    guarantees: Vec<Promise>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Promise {
    claim: String,
    says: String,
    link: String,
    #[serde(default)]
    when: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Table {
    platform: Vec<Known>,
}

static TABLE: LazyLock<Vec<Known>> = LazyLock::new(|| {
    // A table that does not parse is caught by a test of this module.
    toml::from_str::<Table>(include_str!("platforms.toml")).map(|table| table.platform).unwrap_or_default()
});

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    buttons: Vec<(usize, NeedleId)>,
    deployments: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut plan = Plan::default();
    for (index, known) in TABLE.iter().enumerate() {
        for button in &known.buttons {
            plan.buttons.push((index, needles.text(button.clone())));
        }
    }
    for kind in ["kind: Deployment", "kind: StatefulSet", "kind: Rollout"] {
        plan.deployments.push(needles.add(Needle { text: kind.to_owned(), whole_word: true, per_file: 1 }));
    }
    plan
}

/// The platforms, the surest first.
pub fn platforms(seen: &Seen, components: &[Component]) -> Vec<Platform> {
    let mut found: BTreeMap<&str, Platform> = BTreeMap::new();
    let mut add = |key: &'static str, at: Location, certainty: Certainty, environment: Option<String>| {
        let platform = found.entry(key).or_insert_with(|| Platform {
            key: key.to_owned(),
            at: at.clone(),
            certainty,
            environments: Vec::new(),
            guarantees: guarantees(key),
        });
        if certainty < platform.certainty {
            platform.certainty = certainty;
            platform.at = at;
        }
        if let Some(environment) = environment
            && !platform.environments.contains(&environment)
        {
            platform.environments.push(environment);
        }
    };
    by_files(seen, &mut add);
    by_terraform(seen, &mut add);
    by_manifests(seen, &mut add);
    by_pipelines(seen, &mut add);
    for (index, needle) in &seen.plan.platforms.buttons {
        let hit = seen
            .scan
            .hits(*needle)
            .iter()
            .find(|hit| seen.tree.files()[hit.file].name().to_ascii_lowercase().starts_with("readme"));
        if let Some(hit) = hit {
            add(&TABLE[*index].key, seen.tree.files()[hit.file].at_line(hit.line), Certainty::Optional, None);
        }
    }
    // Several platforms read a Procfile: where another one names itself, it is that one's.
    let another = found.values().any(|platform| {
        matches!(platform.key.as_str(), "scalingo" | "dokku" | "elastic-beanstalk")
            && platform.certainty <= Certainty::Configured
    });
    let by_procfile = |platform: &Platform| {
        platform.certainty >= Certainty::Configured
            && platform.at.path().is_some_and(|path| path.rsplit('/').next() == Some("Procfile"))
    };
    if another && found.get("heroku").is_some_and(by_procfile) {
        found.remove("heroku");
    }
    let mut platforms: Vec<Platform> = found.into_values().collect();
    several_are_optional(&mut platforms);
    name_declared(seen, &mut platforms);
    probable(components, &mut platforms);
    let roles =
        components.iter().any(|c| c.http_server.is_some() || c.front_end.is_some() || c.worker.is_some());
    platforms.retain(|platform| roles || platform.certainty == Certainty::Named || stands_alone(platform));
    platforms.sort_by(|left, right| (left.certainty, &left.key).cmp(&(right.certainty, &right.key)));
    platforms
}

fn guarantees(key: &str) -> Vec<Guarantee> {
    TABLE
        .iter()
        .filter(|known| known.key == key)
        .flat_map(|known| &known.guarantees)
        .filter(|promise| promise.when.is_none())
        .map(|promise| Guarantee {
            claim: promise.claim.clone(),
            says: promise.says.clone(),
            link: promise.link.clone(),
        })
        .collect()
}

type Add<'a> = dyn FnMut(&'static str, Location, Certainty, Option<String>) + 'a;

fn by_files(seen: &Seen, add: &mut Add) {
    let mut builder = GlobSetBuilder::new();
    let mut owners: Vec<(&'static Known, Certainty)> = Vec::new();
    for known in TABLE.iter() {
        for (patterns, certainty) in
            [(&known.files, Certainty::Configured), (&known.optional_files, Certainty::Optional)]
        {
            for pattern in patterns {
                if let Ok(glob) = Glob::new(&format!("**/{pattern}")) {
                    builder.add(glob);
                    owners.push((known, certainty));
                }
            }
        }
    }
    let Ok(set) = builder.build() else { return };
    for file in seen.tree.files() {
        if !matches!(file.class, Class::Shipped) || is_development(&file.path) {
            continue;
        }
        // Hidden folders hold what developers and tools use, but for those that platforms name themselves.
        let hidden = file.folder().split('/').any(|part| part.len() > 1 && part.starts_with('.'));
        for matched in set.matches(&file.path) {
            let (known, certainty) = owners[matched];
            if hidden && matches!(known.key.as_str(), "compose" | "server") {
                continue;
            }
            if let Some(holds) = &known.holds
                && !seen.tree.text(file).is_some_and(|text| text.contains(holds.as_str()))
            {
                continue;
            }
            add(&known.key, file.at(), certainty, None);
        }
    }
}

fn by_terraform(seen: &Seen, add: &mut Add) {
    for file in seen.tree.files().iter().filter(|file| file.extension() == "tf" && seen.scan.ships(file)) {
        let Some(text) = seen.tree.text(file) else { continue };
        let Ok(root) = hcl::parse(&text, &Limits::default()) else { continue };
        for block in root.blocks_of("resource") {
            let Some(kind) = block.labels.first() else { continue };
            for known in TABLE.iter().filter(|known| known.resources.contains(kind)) {
                add(&known.key, file.at_line(block.line), Certainty::Configured, None);
            }
        }
    }
}

/// Kubernetes objects, whatever the file is called.
fn by_manifests(seen: &Seen, add: &mut Add) {
    for hit in seen.plan.platforms.deployments.iter().flat_map(|needle| seen.scan.hits(*needle)) {
        let file = &seen.tree.files()[hit.file];
        let yaml = file.name().contains(".yml") || file.name().contains(".yaml");
        let chart = file.path.split('/').any(|part| part == "templates" || part == "charts");
        if yaml && !hit.comment && seen.scan.ships(file) && !is_development(&file.path) {
            let (key, certainty) =
                if chart { ("helm", Certainty::Optional) } else { ("kubernetes", Certainty::Configured) };
            add(key, file.at_line(hit.line), certainty, None);
        }
    }
}

fn by_pipelines(seen: &Seen, add: &mut Add) {
    for (_, job, step) in seen.pipelines.steps() {
        if job.disabled || step.disabled {
            continue;
        }
        let environment = job.environment.as_ref().map(|environment| environment.value.clone());
        if let Some(uses) = &step.uses
            && !uses.roles.contains(&Role::DeployPreview)
        {
            let name = uses.name.to_ascii_lowercase();
            for known in TABLE
                .iter()
                .filter(|k| k.actions.iter().any(|a| name == *a || name.starts_with(&format!("{a}/"))))
            {
                add(&known.key, uses.at.clone(), Certainty::Deployed, environment.clone());
            }
        }
        for command in step.commands.iter().filter(|command| command.effective()) {
            let deploys = command.roles.contains(&Role::Deploy);
            if command.roles.contains(&Role::DeployPreview) && !deploys {
                continue;
            }
            let line = command.words.join(" ");
            for known in TABLE.iter() {
                let named = known
                    .deploys
                    .iter()
                    .any(|start| begins(start, &command.words) || wildcard(&format!("{start}*"), &line));
                // Copying files or starting containers is deployment only where the step is known to deploy.
                let weak = matches!(known.key.as_str(), "server" | "compose" | "aws" | "gcp");
                if named && (deploys || !weak) {
                    add(&known.key, command.at.clone(), Certainty::Deployed, environment.clone());
                }
            }
        }
    }
}

/// Whether a command begins with these words, options of the program between them left out (`kubectl -n web apply`).
fn begins(start: &str, words: &[String]) -> bool {
    let mut wanted = start.split(' ');
    let Some((program, arguments)) = words.split_first() else { return false };
    wanted.next() == Some(program.as_str()) && crate::commands::has_subcommands(wanted, arguments)
}

/// Hosted platforms that exclude each other: with files for several of them and no deployment by CI, each is an offer.
const HOSTED: &[&str] =
    &["vercel", "netlify", "fly", "render", "railway", "heroku", "scalingo", "app-engine", "digitalocean"];

fn several_are_optional(platforms: &mut [Platform]) {
    let hosted = |platform: &Platform| HOSTED.contains(&platform.key.as_str());
    let named = platforms.iter().filter(|platform| hosted(platform)).count();
    let deployed = platforms.iter().any(|platform| platform.certainty == Certainty::Deployed);
    // A template or a button among them makes the others look like offers as well.
    let alternatives = !deployed
        && platforms.iter().filter(|platform| hosted(platform)).all(|p| p.certainty == Certainty::Configured);
    if named >= 2 || deployed {
        for platform in platforms.iter_mut().filter(|platform| hosted(platform)) {
            if platform.certainty == Certainty::Configured && (named >= 2 || platform.key == "heroku") {
                platform.certainty = if alternatives { Certainty::Alternative } else { Certainty::Optional };
            }
        }
    }
}

fn name_declared(seen: &Seen, platforms: &mut Vec<Platform>) {
    if !seen.declared.deploy.is_empty() {
        for platform in platforms.iter_mut().filter(|platform| platform.certainty == Certainty::Alternative) {
            platform.certainty = Certainty::Optional;
        }
    }
    for key in &seen.declared.deploy {
        match platforms.iter_mut().find(|platform| platform.key == *key) {
            Some(platform) => platform.certainty = Certainty::Named,
            None => platforms.push(Platform {
                key: key.clone(),
                at: Location::file("seaworthy.toml"),
                certainty: Certainty::Named,
                environments: Vec::new(),
                guarantees: guarantees(key),
            }),
        }
    }
}

/// A framework that is usually deployed in one place.
fn probable(components: &[Component], platforms: &mut Vec<Platform>) {
    let own = ["compose", "supabase", "firebase", "helm"];
    if platforms.iter().any(|platform| !own.contains(&platform.key.as_str())) {
        return;
    }
    let next = components.iter().flat_map(|c| &c.frameworks).find(|framework| framework.value == "next");
    if let Some(next) = next
        && !platforms.iter().any(|platform| platform.key == "vercel")
    {
        platforms.push(Platform {
            key: "vercel".to_owned(),
            at: next.at.clone(),
            certainty: Certainty::Probable,
            environments: Vec::new(),
            guarantees: guarantees("vercel"),
        });
    }
}

/// A platform that is evidence of something deployable by itself. A library publishes its documentation on pages, and
/// its developers start services with Compose: neither makes it deployable.
fn stands_alone(platform: &Platform) -> bool {
    let at_root = platform.at.path().is_some_and(|path| !path.contains('/'));
    let released = platform.certainty <= Certainty::Deployed
        && matches!(platform.key.as_str(), "helm" | "kubernetes" | "compose" | "server" | "swarm" | "aws");
    released
        || platform.certainty <= Certainty::Configured
            && !matches!(
                platform.key.as_str(),
                "compose"
                    | "github-pages"
                    | "server"
                    | "helm"
                    | "supabase"
                    | "aws"
                    | "gcp"
                    | "netlify"
                    | "vercel"
                    | "cloudflare"
            )
            && (at_root
                || platform.certainty == Certainty::Deployed
                || platform.at.path().is_some_and(|p| p.ends_with(".tf")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use seaworthy_facts::PLATFORM_KEYS;

    use super::*;

    #[test]
    fn the_table_is_sound() {
        let table: Table = toml::from_str(include_str!("platforms.toml")).unwrap();
        let mut keys: Vec<&str> = table.platform.iter().map(|known| known.key.as_str()).collect();
        keys.sort_unstable();
        assert_eq!(keys, PLATFORM_KEYS, "every platform key of the facts is described, once");
        for known in &table.platform {
            for action in &known.actions {
                assert_eq!(*action, action.to_lowercase(), "actions are compared in lower case");
            }
            for promise in &known.guarantees {
                assert!(promise.link.starts_with("https://"), "{}: {} has no link", known.key, promise.claim);
                assert!(!promise.says.is_empty());
            }
        }
    }
}
