use seaworthy_facts::{
    Absent, Containers, FactKind, FactView, ImageReference, ImageRole, Location, Lock, Packages, Pipelines,
    Role,
};
use seaworthy_model::{ItemId, Section};

use super::manifests;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `dependencies.pinned`
pub static ITEM: Item = Item {
    id: ItemId::new("dependencies.pinned"),
    section: Section::Dependencies,
    question: "Installs are reproducible",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::Packages, FactKind::Containers, FactKind::Pipelines],
    remedy: "Commit a lockfile, install from it, and name versions of images and actions.",
    page: include_str!("pinned.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let packages = view.get::<Packages>()?;
    let containers = view.get::<Containers>()?;
    let mut findings = Findings::new();
    findings.looked_for("manifests without a lockfile, images without a version, actions at a branch");
    manifests_resolved(packages, &mut findings);
    images(containers, &mut findings);
    // Pipelines that could not be collected leave the rest to decide.
    if let Ok(pipelines) = view.get::<Pipelines>() {
        actions(pipelines, &mut findings);
        updates_in_releases(pipelines, &mut findings);
    }
    if !findings.has_evidence() && packages.unread.is_empty() {
        return Ok(Findings::not_applicable("no packages, container images or CI actions are used"));
    }
    findings.unread(&packages.unread);
    Ok(findings)
}

fn manifests_resolved(packages: &Packages, findings: &mut Findings) {
    for manifest in manifests::that_count(packages) {
        let path = manifests::path(manifest);
        match &manifest.lock {
            Lock::Missing if manifests::all_exact(manifest) => {
                findings.supports(format!("{path} names exact versions"), &manifest.at);
                findings.note(
                    format!("{path}: what its packages need in turn is not pinned"),
                    Some(&manifest.at),
                );
            }
            Lock::InStep { at } | Lock::Unreadable { at, .. } => {
                findings.supports(format!("{path} is resolved by {at}"), at);
            }
            Lock::NotNeeded { why } => {
                findings.supports(format!("{path}: {why}"), &manifest.at);
            }
            _ => {
                if let Some(fault) = manifests::fault(manifest) {
                    findings.contradicts(fault, &manifest.at);
                }
            }
        }
    }
    let floating = manifests::floating_imports(packages);
    for import in floating.iter().take(LISTED) {
        findings
            .contradicts(format!("{} is imported without an exact version", import.specifier), &import.at);
    }
    if floating.len() > LISTED {
        findings.note(format!("{} more imports leave their version open", floating.len() - LISTED), None);
    }
}

/// How many findings of one kind are listed one by one.
const LISTED: usize = 20;

fn images(containers: &Containers, findings: &mut Findings) {
    for image in &containers.images {
        let floats = image_floats(image);
        if image.role == ImageRole::Ci {
            if floats {
                findings.note(format!("a CI image without a version: {}", image.reference), Some(&image.at));
            }
        } else if !floats {
            if !image.development && !image.variable {
                findings.supports(format!("{} names a version", image.reference), &image.at);
            }
        } else if image.development {
            findings
                .note(format!("for development only: {} names no version", image.reference), Some(&image.at));
        } else if image.own && image.role == ImageRole::Kubernetes {
            // Deployments put the version in as they apply it.
            findings.note(format!("the own image {} names no version", image.reference), Some(&image.at));
        } else {
            findings.contradicts(format!("the image {} names no version", image.reference), &image.at);
        }
    }
    for install in &containers.floating_installs {
        if only_installers(&install.value) {
            findings.note(
                format!("while the image is built, {} at no fixed version", install.value),
                Some(&install.at),
            );
        } else {
            findings.contradicts(
                format!("while the image is built, {} at no fixed version", install.value),
                &install.at,
            );
        }
    }
}

/// Whether a reference leaves open what is fetched: no digest, and no tag that names a version.
fn image_floats(image: &ImageReference) -> bool {
    if image.digest.is_some() || image.variable {
        return false;
    }
    let Some(tag) = image.tag.as_deref() else { return true };
    let name = image.name.rsplit('/').next().unwrap_or(&image.name);
    // A distribution's code name is its version.
    if matches!(name, "debian" | "ubuntu" | "buildpack-deps")
        && !matches!(tag, "latest" | "stable" | "testing" | "unstable" | "sid" | "rolling" | "devel")
    {
        return false;
    }
    const FLAVOURS: &[&str] = &[
        "alpine", "debian", "ubuntu", "ubi", "bookworm", "bullseye", "buster", "trixie", "jammy", "noble",
        "focal", "fpm", "cuda",
    ];
    const OPEN: &[&str] = &["latest", "stable", "edge", "nightly", "main", "master", "lts", "mainline"];
    let parts: Vec<&str> = tag.split(['-', '_']).collect();
    if parts.iter().any(|part| OPEN.contains(part)) && !parts.iter().any(|part| part.contains('.')) {
        return true;
    }
    // `alpine3.20` is the version of a flavour, not of the program.
    !parts.iter().any(|part| {
        part.contains(|c: char| c.is_ascii_digit())
            && !FLAVOURS.iter().any(|flavour| part.starts_with(flavour))
    })
}

/// Programs that install by a lockfile themselves: their own version decides little.
fn only_installers(install: &str) -> bool {
    const INSTALLERS: &[&str] = &[
        "npm",
        "pnpm",
        "yarn",
        "bun",
        "corepack",
        "pip",
        "setuptools",
        "wheel",
        "uv",
        "poetry",
        "pipenv",
        "pdm",
        "hatch",
        "bundler",
        "virtualenv",
        "rake",
        "pipx",
    ];
    let Some((_, packages)) = install.split_once(" installs ") else { return false };
    packages.split(' ').all(|package| {
        let end = package
            .char_indices()
            .skip(1)
            .find(|(_, c)| matches!(c, '@' | '>' | '<' | '=' | '~' | '['))
            .map_or(package.len(), |(at, _)| at);
        INSTALLERS.contains(&&package[..end])
    })
}

fn actions(pipelines: &Pipelines, findings: &mut Findings) {
    let mut seen: Vec<(&str, &Location)> = Vec::new();
    let mut first_pinned = None;
    for step in pipelines.jobs().flat_map(|(_, job)| &job.steps) {
        let Some(uses) = &step.uses else { continue };
        let Some(reference) = &uses.reference else { continue };
        // The same step may be reached by several callers of a reusable workflow.
        if seen.iter().any(|(name, at)| *name == uses.name && **at == uses.at) {
            continue;
        }
        seen.push((&uses.name, &uses.at));
        if is_branch(reference) {
            findings.contradicts(format!("{}@{reference} follows a branch", uses.name), &uses.at);
        } else {
            first_pinned = first_pinned.or(Some(uses));
        }
    }
    if let Some(uses) = first_pinned {
        let reference = uses.reference.as_deref().unwrap_or_default();
        findings.supports(format!("CI uses {}@{reference}", uses.name), &uses.at);
    }
}

/// A reference without digits that is no commit is a branch; an expression cannot be told.
fn is_branch(reference: &str) -> bool {
    let commit = reference.len() >= 40 && reference.chars().all(|c| c.is_ascii_hexdigit());
    !commit && !reference.contains("${{") && !reference.contains(|c: char| c.is_ascii_digit())
}

/// A release that makes its own lockfile ships versions that nobody tested.
fn updates_in_releases(pipelines: &Pipelines, findings: &mut Findings) {
    for (_, job) in pipelines.jobs() {
        let publishes = job
            .steps
            .iter()
            .any(|step| step.does(Role::Publish).is_some() || step.does(Role::Deploy).is_some());
        if !publishes {
            continue;
        }
        for command in job.steps.iter().flat_map(|step| &step.commands) {
            let word = |index: usize| command.words.get(index).map(String::as_str).unwrap_or_default();
            let updates = matches!(
                (word(0), word(1)),
                ("composer" | "npm" | "pnpm" | "bundle" | "cargo" | "poetry" | "bun", "update")
                    | ("yarn", "upgrade")
            );
            if updates {
                findings.contradicts(
                    format!("a release chooses its own versions: {}", command.text),
                    &command.at,
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use seaworthy_facts::{Ecosystem, Facts, Observed};
    use seaworthy_model::Status;

    use super::*;
    use crate::dependencies::test_support::{judge, manifest, workflow_using};

    fn image(reference: &str, role: ImageRole) -> ImageReference {
        let (rest, digest) = reference
            .split_once('@')
            .map_or((reference, None), |(rest, digest)| (rest, Some(digest.to_owned())));
        let (name, tag) =
            rest.rsplit_once(':').map_or((rest, None), |(name, tag)| (name, Some(tag.to_owned())));
        ImageReference {
            reference: reference.to_owned(),
            name: name.to_owned(),
            tag,
            digest,
            role,
            at: Location::line("Dockerfile", 1),
            development: false,
            variable: false,
            own: false,
        }
    }

    fn status(packages: Packages, containers: Containers, pipelines: Pipelines) -> Status {
        let facts = Facts {
            packages: packages.into(),
            containers: containers.into(),
            pipelines: pipelines.into(),
            ..Facts::default()
        };
        judge(&ITEM, facts)
    }

    fn locked() -> Packages {
        let lock = Lock::InStep { at: Location::file("package-lock.json") };
        Packages { manifests: vec![manifest(Ecosystem::Npm, "package.json", lock)], ..Packages::default() }
    }

    fn with_images(images: Vec<ImageReference>) -> Containers {
        Containers { images, ..Containers::default() }
    }

    #[test]
    fn tags_that_name_versions() {
        for specific in [
            "postgres:16",
            "node:22-alpine",
            "a/b@sha256:00",
            "debian:bookworm-slim",
            "pgvector/pgvector:pg15",
            "x:v1.2.3-latest",
        ] {
            assert!(!image_floats(&image(specific, ImageRole::Base)), "{specific}");
        }
        for open in [
            "alpine:latest",
            "nginx",
            "nginx:alpine",
            "golang:trixie",
            "node:lts-alpine3.20",
            "nginx:alpine3.20",
            "a/b:postgresql-latest",
            "node:lts",
        ] {
            assert!(image_floats(&image(open, ImageRole::Base)), "{open}");
        }
    }

    #[test]
    fn all_resolved_passes() {
        let containers = with_images(vec![image("node:22-alpine", ImageRole::Base)]);
        assert_eq!(status(locked(), containers, workflow_using("actions/checkout", "v4")), Status::Pass);
    }

    #[test]
    fn a_floating_image_fails_unless_it_is_for_development() {
        let mut floating = image("alpine:latest", ImageRole::Base);
        assert_eq!(status(locked(), with_images(vec![floating.clone()]), Pipelines::default()), Status::Fail);
        floating.development = true;
        assert_eq!(status(locked(), with_images(vec![floating]), Pipelines::default()), Status::Pass);
    }

    #[test]
    fn an_action_at_a_branch_fails() {
        for (reference, expected) in [
            ("main", Status::Fail),
            ("v4", Status::Pass),
            ("8f4b7f84864484a7bf31766abe9204da3cbe65b3", Status::Pass),
            ("abcdefabcdefabcdefabcdefabcdefabcdefabcd", Status::Pass),
        ] {
            assert_eq!(
                status(locked(), Containers::default(), workflow_using("a/b", reference)),
                expected,
                "{reference}"
            );
        }
    }

    #[test]
    fn packages_installed_into_the_image_must_name_versions_and_installers_need_not() {
        let of = |value: &str| Containers {
            floating_installs: vec![Observed::new(value.to_owned(), Location::line("Dockerfile", 3))],
            ..Containers::default()
        };
        assert_eq!(status(locked(), of("pip installs gunicorn"), Pipelines::default()), Status::Fail);
        assert_eq!(status(locked(), of("npm installs pnpm"), Pipelines::default()), Status::Pass);
        assert_eq!(status(locked(), of("pip installs pip>=26,<27"), Pipelines::default()), Status::Pass);
    }

    #[test]
    fn nothing_to_pin_does_not_apply_and_a_missing_lockfile_fails() {
        assert_eq!(
            status(Packages::default(), Containers::default(), Pipelines::default()),
            Status::NotApplicable
        );
        let mut loose = manifest(Ecosystem::Npm, "package.json", Lock::Missing);
        loose.dependencies[0].exact = false;
        let packages = Packages { manifests: vec![loose], ..Packages::default() };
        assert_eq!(status(packages, Containers::default(), Pipelines::default()), Status::Fail);
    }

    #[test]
    fn an_unread_package_manager_alone_is_unknown() {
        let unread = seaworthy_facts::Unread { what: "sbt".to_owned(), at: Location::file("build.sbt") };
        let packages = Packages { unread: vec![unread], ..Packages::default() };
        assert_eq!(status(packages, Containers::default(), Pipelines::default()), Status::Unknown);
    }
}
