use seaworthy_facts::{
    Absent, Ecosystem, FactKind, FactView, Manifest, Packages, Pipelines, Role, Scope, Unread, Usage,
};
use seaworthy_model::{ItemId, Section};

use super::manifests;
use crate::ci::work::{self, Work};
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `dependencies.unused`
pub static ITEM: Item = Item {
    id: ItemId::new("dependencies.unused"),
    section: Section::Dependencies,
    question: "Every direct dependency is used",
    priority: 3,
    absence: Absence::Fail,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::Packages, FactKind::Pipelines],
    remedy: "Remove what nothing uses.",
    page: include_str!("unused.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let packages = view.get::<Packages>()?;
    if packages.manifests.is_empty() && packages.unread.is_empty() {
        return Ok(Findings::not_applicable("no package manager is used"));
    }
    let mut findings = Findings::new();
    findings.looked_for(
        "an import, a setting, a script, a plugin or a peer that uses each direct run-time dependency",
    );
    // Where CI was not read, only what the code tells counts.
    let analyses = view.get::<Pipelines>().map(|found| work::all(found, &[Role::UnusedPackages]));
    let analyses = analyses.unwrap_or_default();
    let mut not_looked = Vec::new();
    for manifest in manifests::that_count(packages) {
        let runtime: Vec<_> =
            manifest.dependencies.iter().filter(|dependency| dependency.scope == Scope::Runtime).collect();
        let path = manifests::path(manifest);
        if runtime.is_empty() {
            findings
                .supports(format!("{path} declares no run-time packages, so none is unused"), &manifest.at);
            continue;
        }
        let unused = runtime.iter().filter(|dependency| dependency.usage == Usage::NotFound);
        let mut any = false;
        for dependency in unused {
            any = true;
            findings.contradicts(format!("nothing uses {} ({path})", dependency.name), &dependency.at);
        }
        let open: Vec<&str> = runtime
            .iter()
            .filter(|dependency| dependency.usage == Usage::NotLooked)
            .map(|dependency| dependency.name.as_str())
            .collect();
        if open.is_empty() && !any {
            findings.supports(
                format!("all {} run-time packages of {path} are used", runtime.len()),
                &manifest.at,
            );
        } else if let Some(analysis) = analyses.iter().find(|analysis| settles(analysis, manifest, packages))
            && !any
        {
            findings.supports(
                format!("CI fails where {} finds an unused package of {path}", analysis.name()),
                analysis.at(),
            );
        } else if !open.is_empty() {
            let shown = open.iter().take(5).copied().collect::<Vec<_>>().join(", ");
            let what = format!(
                "{path}: whether {} of its {} packages are used cannot be told from the code ({shown}{})",
                open.len(),
                runtime.len(),
                if open.len() > 5 { ", …" } else { "" }
            );
            not_looked.push((manifest.folder.clone(), Unread { what, at: manifest.at.clone() }));
            if let Some(command) = analyser(manifest.ecosystem) {
                findings.settled_by(
                    "let the build tool list what is unused, remove it, and accept the rest with the reason",
                    Some(command),
                );
            }
        }
    }
    for manifest in manifests::others(packages) {
        for dependency in
            manifest.dependencies.iter().filter(|dependency| dependency.usage == Usage::NotFound)
        {
            findings.note(format!("not shipped: nothing uses {}", dependency.name), Some(&dependency.at));
        }
    }
    for (folder, unread) in not_looked {
        findings.component(folder).unread(&[unread]);
    }
    for unread in &packages.unread {
        findings.component(unread.at.path().unwrap_or(".").to_owned()).unread(std::slice::from_ref(unread));
    }
    Ok(findings)
}

/// Whether an analyser of CI stops a change that leaves a package of this manifest unused. Which of several manifests it
/// looks at is not told, so that it counts for the only one.
fn settles(analysis: &Work, manifest: &Manifest, packages: &Packages) -> bool {
    let program = analysis.command.and_then(|command| command.words.first()).map(String::as_str);
    let ecosystem = match program.map(|path| path.rsplit('/').next().unwrap_or(path)) {
        Some("mvn" | "mvnw" | "mvnd") => Ecosystem::Maven,
        Some("depcheck") => Ecosystem::Npm,
        Some("cargo" | "cargo-machete") => Ecosystem::Cargo,
        Some("composer" | "composer-unused") => Ecosystem::Packagist,
        Some("go") => Ecosystem::Go,
        _ => return false,
    };
    let of_kind = packages.manifests.iter().filter(|other| other.ecosystem == ecosystem).count();
    manifest.ecosystem == ecosystem
        && of_kind == 1
        && analysis.void().is_none()
        && analysis.on_default_branch().is_some_and(|trigger| trigger.paths.is_empty())
}

/// What lists unused packages where names in code do not tell.
fn analyser(ecosystem: Ecosystem) -> Option<&'static str> {
    Some(match ecosystem {
        Ecosystem::Maven => "./mvnw dependency:analyze",
        Ecosystem::Gradle => "./gradlew buildHealth",
        Ecosystem::Nuget => "dotnet add package ReferenceTrimmer",
        Ecosystem::Npm => "npx knip --dependencies",
        Ecosystem::Pypi => "deptry .",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use seaworthy_facts::{Facts, Lock, Manifest};
    use seaworthy_model::{Location, Status};

    use super::*;
    use crate::dependencies::test_support::{judge, manifest};

    fn with(usage: Usage) -> Manifest {
        let mut manifest = manifest(Ecosystem::Npm, "package.json", Lock::Missing);
        manifest.dependencies[0].usage = usage;
        manifest
    }

    fn status(manifests: Vec<Manifest>) -> Status {
        judge(
            &ITEM,
            Facts { packages: Packages { manifests, ..Packages::default() }.into(), ..Facts::default() },
        )
    }

    fn used() -> Usage {
        Usage::Used { at: Location::line("src/a.js", 1) }
    }

    #[test]
    fn all_used_passes_and_one_unused_fails() {
        assert_eq!(status(vec![with(used())]), Status::Pass);
        assert_eq!(status(vec![with(Usage::Implied { why: "a driver".to_owned() })]), Status::Pass);
        assert_eq!(status(vec![with(used()), with(Usage::NotFound)]), Status::Fail);
    }

    #[test]
    fn what_was_not_looked_at_is_unknown() {
        assert_eq!(status(vec![with(used()), with(Usage::NotLooked)]), Status::Unknown);
    }

    #[test]
    fn an_analyser_that_fails_the_build_settles_what_the_code_does_not_tell() {
        use seaworthy_facts::Event;
        use seaworthy_testkit::pipelines::{ci, run, trigger, uses};
        let java = |usage: Usage, path: &str| {
            let mut manifest = manifest(Ecosystem::Maven, path, Lock::NotNeeded { why: "exact".to_owned() });
            manifest.dependencies[0].usage = usage;
            manifest
        };
        let judged = |manifests: Vec<Manifest>, event: Event, line: &str| {
            let step = run(line, &[Role::UnusedPackages]);
            let pipelines = ci(vec![trigger(event)], vec![uses("actions/checkout", &[], &[]), step]);
            let packages = Packages { manifests, ..Packages::default() };
            judge(&ITEM, Facts { packages: packages.into(), pipelines: pipelines.into(), ..Facts::default() })
        };
        let analyse = "./mvnw dependency:analyze -DfailOnWarning=true";
        let open = || java(Usage::NotLooked, "pom.xml");
        assert_eq!(judged(vec![open()], Event::PullRequest, analyse), Status::Pass);
        assert_eq!(judged(vec![open()], Event::Manual, analyse), Status::Unknown);
        assert_eq!(judged(vec![open()], Event::PullRequest, "cargo machete"), Status::Unknown);
        assert_eq!(
            judged(vec![open(), java(used(), "b/pom.xml")], Event::PullRequest, analyse),
            Status::Unknown
        );
        assert_eq!(judged(vec![java(Usage::NotFound, "pom.xml")], Event::PullRequest, analyse), Status::Fail);
    }

    #[test]
    fn no_packages_at_all() {
        let mut empty = with(used());
        empty.dependencies.clear();
        assert_eq!(status(vec![empty]), Status::Pass);
        assert_eq!(status(Vec::new()), Status::NotApplicable);
    }

    #[test]
    fn what_does_not_ship_and_development_packages_do_not_fail() {
        let mut tool = with(Usage::NotFound);
        tool.ships = false;
        let mut development = with(Usage::NotFound);
        development.dependencies[0].scope = Scope::Development;
        assert_eq!(status(vec![tool, development, with(used())]), Status::Pass);
    }
}
