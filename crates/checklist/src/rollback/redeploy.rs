use seaworthy_facts::{Absent, FactKind, FactView, Pipelines, Role, System};
use seaworthy_model::{ItemId, Section};

use crate::ci::artifact::{self, Naming};
use crate::ci::work;
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `rollback.redeploy`
pub static ITEM: Item = Item {
    id: ItemId::new("rollback.redeploy"),
    section: Section::Rollback,
    question: "Earlier versions can be deployed again",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Pipelines],
    remedy: "Publish artefacts under immutable versions.",
    page: include_str!("redeploy.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::deployable(system) {
        return Ok(not_applicable);
    }
    let pipelines = view.get::<Pipelines>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "images, archives and releases that are kept under a version, and platforms that keep releases",
    );
    let mut moving = Vec::new();
    let mut untold = Vec::new();
    for publish in work::all(pipelines, &[Role::Publish]) {
        if publish.idle().is_some() {
            continue;
        }
        match artifact::naming_of(&publish) {
            Naming::Versioned(how) => {
                findings.supports(format!("{} keeps artefacts under {how}", publish.name()), publish.at());
            }
            Naming::Moving(tag) => moving.push((publish, tag)),
            Naming::Untold => untold.push(publish),
        }
    }
    for (platform, promise) in system.promises("kept-releases") {
        let summary = format!("deployed on {}: {} ({})", platform.key, promise.says, promise.link);
        findings.supports(summary, &platform.at);
    }
    if findings.has_evidence() {
        return Ok(findings);
    }
    if let Some(publish) = untold.first() {
        findings.because(format!("{} publishes, but it cannot be told under which version", publish.name()));
        return Ok(findings);
    }
    for (publish, tag) in &moving {
        findings.contradicts(
            format!("{} publishes under {tag} alone: the previous artefact is overwritten", publish.name()),
            publish.at(),
        );
    }
    if !moving.is_empty() {
        findings.remedy("Push each image under the commit or a version as well, and keep the last ones.");
        return Ok(findings);
    }
    findings.unread(&work::unread(pipelines, |_| true));
    findings.because(format!("{}; nothing keeps artefacts under a version", work::count(pipelines)));
    findings.settled_by(
        "add the repository that builds and keeps the artefacts",
        Some("seaworthy check --with DIR"),
    );
    Ok(findings)
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ci::test_support::{facts, judged, report};
    use seaworthy_facts::{Certainty, Event, Guarantee, Location, Platform, Step};
    use seaworthy_model::Status;
    use seaworthy_testkit::pipelines::*;

    fn status(steps: Vec<Step>) -> Status {
        judged(&ITEM, ci(vec![trigger(Event::Push)], steps)).0
    }

    #[test]
    fn images_under_a_commit_are_kept_and_latest_alone_is_not() {
        assert_eq!(status(vec![run("docker push a/b:$GITHUB_SHA", &[Role::Publish])]), Status::Pass);
        assert_eq!(status(vec![run("docker push a/b:latest", &[Role::Publish])]), Status::Fail);
    }

    #[test]
    fn nothing_published_or_nothing_told_is_unknown() {
        assert_eq!(status(vec![run("npm test", &[Role::Test])]), Status::Unknown);
        assert_eq!(status(vec![run("docker push a/b:$WHAT", &[Role::Publish])]), Status::Unknown);
    }

    #[test]
    fn a_platform_that_keeps_releases_passes_where_it_counts() {
        let on = |certainty| {
            let mut facts = facts(Pipelines::default());
            let mut system = facts.system.get().unwrap().clone();
            let promise = Guarantee {
                claim: "kept-releases".to_owned(),
                says: "kept".to_owned(),
                link: "https://x".to_owned(),
            };
            system.platforms.push(Platform {
                key: "heroku".to_owned(),
                at: Location::file("Procfile"),
                certainty,
                environments: Vec::new(),
                guarantees: vec![promise],
            });
            facts.system = system.into();
            report(&ITEM, &facts).status
        };
        assert_eq!(on(Certainty::Deployed), Status::Pass);
        assert_eq!(on(Certainty::Optional), Status::Unknown);
    }

    #[test]
    fn a_library_deploys_nothing() {
        let mut library = facts(Pipelines::default());
        library.system = System::default().into();
        assert_eq!(report(&ITEM, &library).status, Status::NotApplicable);
    }
}
