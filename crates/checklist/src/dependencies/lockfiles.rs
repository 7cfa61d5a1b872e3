use seaworthy_facts::{Absent, FactKind, FactView, Lock, Packages, Unread};
use seaworthy_model::{ItemId, Section};

use super::manifests;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `dependencies.lockfiles`
pub static ITEM: Item = Item {
    id: ItemId::new("dependencies.lockfiles"),
    section: Section::Dependencies,
    question: "Each manifest has a lockfile in step with it",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::Packages],
    remedy: "Make the lockfile again and commit it.",
    page: include_str!("lockfiles.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let packages = view.get::<Packages>()?;
    if packages.manifests.is_empty() && packages.remote_imports.is_empty() && packages.unread.is_empty() {
        return Ok(Findings::not_applicable("no package manager is used"));
    }
    let mut findings = Findings::new();
    findings.looked_for("a lockfile of each manifest, tracked by git, in step with it and installed from");
    for manifest in manifests::that_count(packages) {
        if let Some(fault) = manifests::fault(manifest) {
            findings.contradicts(fault, &manifest.at);
            continue;
        }
        match &manifest.lock {
            Lock::InStep { at } if *at == manifest.at => {
                findings.supports(format!("{at} is fully resolved"), at);
            }
            Lock::InStep { at } => {
                findings.supports(format!("{at} is in step with {}", manifests::path(manifest)), at);
            }
            Lock::NotNeeded { why } => {
                findings.supports(
                    format!("{} needs no lockfile: {why}", manifests::path(manifest)),
                    &manifest.at,
                );
            }
            _ => {}
        }
    }
    let floating = manifests::floating_imports(packages);
    if let Some(first) = floating.first() {
        findings.contradicts(
            format!(
                "code is imported from {} without a version or a deno.lock ({} such imports)",
                first.specifier,
                floating.len()
            ),
            &first.at,
        );
    }
    for manifest in manifests::others(packages) {
        if let Some(fault) = manifests::fault(manifest) {
            findings.note(format!("not shipped: {fault}"), Some(&manifest.at));
        }
    }
    // What could not be read is a part of its own: the rest does not answer for it.
    for manifest in manifests::that_count(packages) {
        if let Lock::Unreadable { at, why } = &manifest.lock {
            let unread = Unread { what: format!("{at} could not be read: {why}"), at: at.clone() };
            findings.component(manifest.folder.as_str()).unread(&[unread]);
        }
    }
    for unread in &packages.unread {
        let folder = unread.at.path().unwrap_or(".").to_owned();
        findings.component(folder).unread(std::slice::from_ref(unread));
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use seaworthy_facts::{Ecosystem, Facts, Manifest, RemoteImport};
    use seaworthy_model::{Location, Status};

    use super::*;
    use crate::dependencies::test_support::{judge, manifest};

    fn status(manifests: Vec<Manifest>) -> Status {
        judge(
            &ITEM,
            Facts { packages: Packages { manifests, ..Packages::default() }.into(), ..Facts::default() },
        )
    }

    fn in_step() -> Lock {
        Lock::InStep { at: Location::file("package-lock.json") }
    }

    #[test]
    fn a_lockfile_in_step_passes() {
        assert_eq!(status(vec![manifest(Ecosystem::Npm, "package.json", in_step())]), Status::Pass);
        let exact = Lock::NotNeeded { why: "exact versions".to_owned() };
        assert_eq!(status(vec![manifest(Ecosystem::Maven, "pom.xml", exact)]), Status::Pass);
    }

    #[test]
    fn missing_stale_untracked_and_unused_ones_fail() {
        let at = Location::file("package-lock.json");
        for lock in [
            Lock::Missing,
            Lock::OutOfStep { at: at.clone(), differences: vec!["a is not in the lockfile".to_owned()] },
            Lock::Untracked { at: at.clone() },
            Lock::Unused { at: at.clone(), why: "Dockerfile:3 installs something else".to_owned() },
        ] {
            let shipped = manifest(Ecosystem::Npm, "package.json", lock);
            let other = manifest(Ecosystem::Go, "go.mod", in_step());
            assert_eq!(status(vec![other, shipped]), Status::Fail);
        }
    }

    #[test]
    fn what_does_not_ship_is_listed_only() {
        let mut tool = manifest(Ecosystem::Pypi, "docs/requirements.txt", Lock::Missing);
        tool.ships = false;
        assert_eq!(status(vec![tool, manifest(Ecosystem::Npm, "package.json", in_step())]), Status::Pass);
    }

    #[test]
    fn a_lockfile_that_cannot_be_read_is_unknown() {
        let at = Location::file("bun.lockb");
        let unreadable = Lock::Unreadable { at, why: "binary".to_owned() };
        let manifests = vec![
            manifest(Ecosystem::Npm, "package.json", unreadable),
            manifest(Ecosystem::Go, "api/go.mod", in_step()),
        ];
        assert_eq!(status(manifests), Status::Unknown);
    }

    #[test]
    fn remote_imports_left_open_fail_and_nothing_at_all_does_not_apply() {
        let import = RemoteImport {
            specifier: "https://esm.sh/a@2".to_owned(),
            floating: true,
            locked: false,
            at: Location::line("supabase/functions/a/index.ts", 1),
        };
        let packages = Packages { remote_imports: vec![import], ..Packages::default() };
        assert_eq!(judge(&ITEM, Facts { packages: packages.into(), ..Facts::default() }), Status::Fail);
        assert_eq!(status(Vec::new()), Status::NotApplicable);
    }
}
