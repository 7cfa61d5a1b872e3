use seaworthy_facts::{
    Absent, BotScope, Containers, Ecosystem, FactKind, FactView, Manifest, Packages, Pipelines, Role,
    UpdateBot,
};
use seaworthy_model::{ItemId, Section};

use super::manifests;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `dependencies.scanning`
pub static ITEM: Item = Item {
    id: ItemId::new("dependencies.scanning"),
    section: Section::Dependencies,
    question: "A bot keeps dependencies up to date",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::Packages, FactKind::Containers, FactKind::Pipelines],
    remedy: "Configure Dependabot or Renovate for every ecosystem that ships.",
    page: include_str!("scanning.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let packages = view.get::<Packages>()?;
    let shipped: Vec<&Manifest> = manifests::that_count(packages)
        .into_iter()
        .filter(|manifest| !manifest.dependencies.is_empty())
        .collect();
    if packages.manifests.is_empty() && packages.unread.is_empty() && packages.remote_imports.is_empty() {
        return Ok(Findings::not_applicable("no package manager is used"));
    }
    let mut findings = Findings::new();
    findings
        .looked_for("Dependabot, Renovate, Snyk, Mend, PyUp, Depfu and Scala Steward configurations, and bots run by CI")
        .because("no update bot is configured in the repository; it may be a setting of the forge")
        .settled_by("configure Dependabot or Renovate in the repository", None);
    let by_ci = view.get::<Pipelines>().is_ok_and(|pipelines| bots_in_ci(pipelines, &mut findings));
    let active: Vec<&UpdateBot> = packages.bots.iter().filter(|bot| !bot.disabled).collect();
    for bot in &packages.bots {
        if bot.disabled {
            findings.contradicts(format!("{} is switched off", bot.name), &bot.at);
        }
        for fault in &bot.faults {
            findings.contradicts(format!("{}: {}", bot.name, fault.value), &fault.at);
        }
    }
    for bot in active.iter().filter(|bot| bot.faults.is_empty()) {
        let covered = shipped.iter().filter(|manifest| covers(bot, manifest)).count();
        if covered > 0
            || bot.covers.is_none()
            || shipped.is_empty() && bot.covers.as_ref().is_some_and(|scopes| !scopes.is_empty())
        {
            findings.supports(
                format!("{} covers {covered} of {} shipping manifests", bot.name, shipped.len()),
                &bot.at,
            );
        }
    }
    if !active.is_empty() && !by_ci {
        for manifest in &shipped {
            if !active.iter().any(|bot| covers(bot, manifest)) {
                let names: Vec<&str> = active.iter().map(|bot| bot.name.as_str()).collect();
                findings.contradicts(
                    format!(
                        "{} does not cover {} ({})",
                        names.join(", "),
                        manifests::path(manifest),
                        manifest.ecosystem.name()
                    ),
                    &manifest.at,
                );
            }
        }
    }
    advice(view, packages, &active, &mut findings);
    Ok(findings)
}

/// Whether CI runs a bot on a schedule. Such a one finds everything itself, whatever the files of others cover.
fn bots_in_ci(pipelines: &Pipelines, findings: &mut Findings) -> bool {
    let mut any = false;
    for (workflow, _, step) in pipelines.steps() {
        if workflow.on_schedule().is_some()
            && let Some(at) = step.does(Role::UpdateBot)
        {
            findings.supports(format!("CI runs an update bot on a schedule ({})", workflow.name), at);
            any = true;
        }
    }
    any
}

/// Container images, actions and tools that no bot looks after: worth doing, not required.
fn advice(view: &FactView, packages: &Packages, active: &[&UpdateBot], findings: &mut Findings) {
    if active.is_empty() {
        return;
    }
    let everything = active.iter().any(|bot| bot.covers.is_none());
    let has = |names: &[&str]| {
        everything
            || active
                .iter()
                .flat_map(|bot| bot.covers.iter().flatten())
                .any(|scope| names.contains(&scope.ecosystem.as_str()) || scope.ecosystem == "*")
    };
    if let Ok(containers) = view.get::<Containers>()
        && let Some(image) = containers.images.iter().find(|image| !image.development && !image.own)
        && !has(&["docker", "docker-compose", "dockerfile"])
    {
        findings.note("no bot covers container images", Some(&image.at));
    }
    if let Ok(pipelines) = view.get::<Pipelines>()
        && let Some(uses) =
            pipelines.jobs().flat_map(|(_, job)| &job.steps).find_map(|step| step.uses.as_ref())
        && !has(&["github-actions"])
    {
        findings.note("no bot covers CI actions", Some(&uses.at));
    }
    for manifest in manifests::others(packages).filter(|manifest| !manifest.dependencies.is_empty()) {
        if !active.iter().any(|bot| covers(bot, manifest)) {
            findings.note(
                format!("no bot covers {}, which does not ship", manifests::path(manifest)),
                Some(&manifest.at),
            );
        }
    }
}

/// Names under which bots know an ecosystem.
fn names(ecosystem: Ecosystem) -> &'static [&'static str] {
    match ecosystem {
        Ecosystem::Npm => &["npm", "bun", "yarn", "pnpm"],
        Ecosystem::Deno => &["deno"],
        Ecosystem::Pypi => &[
            "pip",
            "uv",
            "pip_requirements",
            "pip_setup",
            "pip-compile",
            "poetry",
            "pep621",
            "pipenv",
            "setup-cfg",
        ],
        Ecosystem::Rubygems => &["bundler"],
        Ecosystem::Packagist => &["composer"],
        Ecosystem::Go => &["gomod"],
        Ecosystem::Cargo => &["cargo"],
        Ecosystem::Maven => &["maven"],
        Ecosystem::Gradle => &["gradle"],
        Ecosystem::Nuget => &["nuget"],
        Ecosystem::Hex => &["mix"],
        Ecosystem::Pub => &["pub"],
        Ecosystem::Swift => &["swift"],
    }
}

fn covers(bot: &UpdateBot, manifest: &Manifest) -> bool {
    let Some(scopes) = &bot.covers else { return true };
    scopes.iter().any(|scope| {
        (scope.ecosystem == "*" || names(manifest.ecosystem).contains(&scope.ecosystem.as_str()))
            && folder_matches(scope, manifest)
    })
}

fn folder_matches(scope: &BotScope, manifest: &Manifest) -> bool {
    let path = manifests::path(manifest);
    let left_out = scope
        .folders
        .iter()
        .filter_map(|pattern| pattern.strip_prefix('!'))
        .any(|pattern| matches(pattern, &manifest.folder) || matches(pattern, path));
    if left_out {
        return false;
    }
    // A workspace's members are updated with its root, and .NET and Maven projects below a folder are found.
    let root =
        manifest.member_of.as_deref().map(|root| root.rsplit_once('/').map_or(".", |(folder, _)| folder));
    let found_below = matches!(manifest.ecosystem, Ecosystem::Nuget | Ecosystem::Maven | Ecosystem::Gradle);
    scope.folders.iter().filter(|pattern| !pattern.starts_with('!')).any(|pattern| {
        matches(pattern, &manifest.folder)
            || root.is_some_and(|root| matches(pattern, root))
            || found_below && (pattern == "." || manifest.folder.starts_with(&format!("{pattern}/")))
            || manifest.ecosystem == Ecosystem::Pypi
                && manifest
                    .folder
                    .rsplit_once('/')
                    .map_or((".", manifest.folder.as_str()), |(above, last)| (above, last))
                    == (pattern.as_str(), "requirements")
    })
}

/// A folder pattern with `*` inside a part and `**` for any number of parts.
fn matches(pattern: &str, folder: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let folder: Vec<&str> = folder.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    // Row by row, so that many `**` cost no more than their product.
    let mut reachable = vec![false; folder.len() + 1];
    reachable[0] = true;
    for part in pattern {
        let mut next = vec![false; folder.len() + 1];
        for at in 0..=folder.len() {
            if part == "**" {
                next[at] = reachable[at] || at > 0 && next[at - 1];
            } else if at > 0 && reachable[at - 1] {
                next[at] = part_matches(part, folder[at - 1]);
            }
        }
        reachable = next;
    }
    reachable[folder.len()]
}

fn part_matches(pattern: &str, name: &str) -> bool {
    let pieces: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = pieces.as_slice() else { return pattern == name };
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    for piece in middle {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use seaworthy_facts::{Facts, Lock, Observed};
    use seaworthy_model::{Location, Status};

    use super::*;
    use crate::dependencies::test_support::{judge, manifest};

    fn dependabot(scopes: &[(&str, &str)]) -> UpdateBot {
        let at = Location::file(".github/dependabot.yml");
        let scopes = scopes
            .iter()
            .map(|(ecosystem, folder)| BotScope {
                ecosystem: (*ecosystem).to_owned(),
                folders: vec![(*folder).to_owned()],
                at: at.clone(),
            })
            .collect();
        UpdateBot {
            name: "Dependabot".to_owned(),
            at,
            covers: Some(scopes),
            faults: Vec::new(),
            disabled: false,
        }
    }

    fn status(paths: &[(Ecosystem, &str)], bots: Vec<UpdateBot>) -> Status {
        let manifests =
            paths.iter().map(|(ecosystem, path)| manifest(*ecosystem, path, Lock::Missing)).collect();
        let packages = Packages { manifests, bots, ..Packages::default() };
        let facts = Facts {
            packages: packages.into(),
            containers: Containers::default().into(),
            pipelines: Pipelines::default().into(),
            ..Facts::default()
        };
        judge(&ITEM, facts)
    }

    const NPM: (Ecosystem, &str) = (Ecosystem::Npm, "package.json");
    const PHP: (Ecosystem, &str) = (Ecosystem::Packagist, "composer.json");

    #[test]
    fn every_shipping_ecosystem_must_be_covered() {
        let both = dependabot(&[("npm", "."), ("composer", ".")]);
        assert_eq!(status(&[NPM, PHP], vec![both]), Status::Pass);
        assert_eq!(status(&[NPM, PHP], vec![dependabot(&[("npm", ".")])]), Status::Fail);
        assert_eq!(status(&[NPM], vec![]), Status::Unknown);
        assert_eq!(status(&[], vec![]), Status::NotApplicable);
    }

    #[test]
    fn folders_count() {
        let front = (Ecosystem::Npm, "frontend/package.json");
        assert_eq!(status(&[front], vec![dependabot(&[("npm", ".")])]), Status::Fail);
        assert_eq!(status(&[front], vec![dependabot(&[("npm", "**")])]), Status::Pass);
        assert!(
            matches("apps/*", "apps/web")
                && !matches("apps/*", "apps/web/x")
                && matches("apps/**", "apps/web/x")
        );
        assert!(matches(".", ".") && part_matches("*-api", "user-api"));
    }

    #[test]
    fn faults_and_switches() {
        let mut broken = dependabot(&[("npm", ".")]);
        broken.faults.push(Observed::new("no schedule".to_owned(), broken.at.clone()));
        assert_eq!(status(&[NPM], vec![broken]), Status::Fail);
        let mut renovate = dependabot(&[]);
        renovate.covers = None;
        assert_eq!(status(&[NPM, PHP], vec![renovate.clone()]), Status::Pass);
        renovate.disabled = true;
        assert_eq!(status(&[NPM], vec![renovate]), Status::Fail);
    }
}
