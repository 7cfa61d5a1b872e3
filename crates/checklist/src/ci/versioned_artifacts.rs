use seaworthy_facts::{Absent, FactKind, FactView, Location, Pipelines, Role, System};
use seaworthy_model::{ItemId, Section};

use super::artifact::{self, Naming};
use super::work;
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `ci.versioned-artifacts`
pub static ITEM: Item = Item {
    id: ItemId::new("ci.versioned-artifacts"),
    section: Section::Ci,
    question: "CI publishes artefacts under a version",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Pipelines],
    remedy: "Let CI publish the artefact under a version or the commit.",
    page: include_str!("versioned_artifacts.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::deployable(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let pipelines = view.get::<Pipelines>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "images, archives and packages that CI publishes, and the tags and versions that it gives them",
    );
    let mut moving: Vec<(String, &Location)> = Vec::new();
    let mut untold: Vec<(String, &Location)> = Vec::new();
    for publish in work::all(pipelines, &[Role::Publish]) {
        if publish.idle().is_some() {
            continue;
        }
        match artifact::naming_of(&publish) {
            Naming::Versioned(how) => {
                findings.supports(format!("{} publishes under {how}", publish.name()), publish.at());
            }
            Naming::Moving(tag) => {
                moving.push((
                    format!("{} publishes under {tag} alone, which moves", publish.name()),
                    publish.at(),
                ));
            }
            Naming::Untold => untold.push((publish.name(), publish.at())),
        }
    }
    if findings.has_evidence() {
        for (what, at) in &moving {
            findings.note(what.clone(), Some(at));
        }
        return Ok(findings);
    }
    if let Some((name, at)) = untold.first() {
        findings.because(format!("{name} at {at} publishes, but the file does not tell under which version"));
        findings.settled_by("put the version or the commit into the tag, where it is published", None);
        return Ok(findings);
    }
    // What nobody reads may publish the versions.
    let unread = work::unread(pipelines, |_| true);
    if let Some((what, _)) = moving.first().filter(|_| !unread.is_empty()) {
        findings.unread(&unread).because(what.clone());
    } else {
        for (what, at) in &moving {
            findings.contradicts(what.clone(), at);
        }
    }
    if let Some((_, at)) = moving.first() {
        findings.remedy(format!("Add a tag with the commit or a version at {at}."));
        return Ok(findings);
    }
    findings.unread(&unread);
    findings.because(format!("{}; nothing publishes an artefact", work::count(pipelines)));
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
    use seaworthy_facts::{Event, Step, Unread};
    use seaworthy_model::Status;
    use seaworthy_testkit::pipelines::*;

    fn status(event: Event, steps: Vec<Step>) -> Status {
        judged(&ITEM, ci(vec![trigger(event)], steps)).0
    }

    fn push(image: &str) -> Step {
        run(&format!("docker push {image}"), &[Role::Publish])
    }

    #[test]
    fn commits_versions_and_releases_pass() {
        for image in [
            "ghcr.io/a/b:${{github.sha}}",
            "a/b:$GITHUB_SHA",
            "a/b:1.2.3",
            "a/b:$CI_COMMIT_SHORT_SHA",
            "$REGISTRY/b:$IMAGE_TAG",
        ] {
            assert_eq!(status(Event::Push, vec![push(image)]), Status::Pass, "{image}");
        }
        let release = uses("softprops/action-gh-release", &[], &[Role::Publish]);
        assert_eq!(status(Event::Tag, vec![release]), Status::Pass);
        assert_eq!(status(Event::Tag, vec![push("a/b:${{github.ref_name}}")]), Status::Pass);
    }

    #[test]
    fn moving_tags_alone_fail() {
        for image in ["a/b:latest", "a/b", "a/b:main", "reg.io:5000/a/b:prod"] {
            assert_eq!(status(Event::Push, vec![push(image)]), Status::Fail, "{image}");
        }
        let nightly = run("gh release create nightly out.zip", &[Role::Publish]);
        assert_eq!(status(Event::Schedule, vec![nightly]), Status::Fail);
        let both = vec![push("a/b:latest"), push("a/b:$GITHUB_SHA")];
        assert_eq!(status(Event::Push, both), Status::Pass);
    }

    #[test]
    fn variables_of_the_file_are_followed() {
        let mut fixed = push("$IMAGE");
        fixed.env = vec![("IMAGE".to_owned(), "a/b:${{ github.sha }}".to_owned())];
        assert_eq!(status(Event::Push, vec![fixed]), Status::Pass);
        let mut moving = push("a/b:$TAG");
        moving.env = vec![("TAG".to_owned(), "latest".to_owned())];
        assert_eq!(status(Event::Push, vec![moving]), Status::Fail);
    }

    #[test]
    fn only_inputs_that_name_count_and_a_draft_is_not_published() {
        let push = "${{ github.event_name == 'push' && github.ref_name == 'main' }}";
        let build =
            |inputs: &[(&str, &str)]| vec![uses("docker/build-push-action", inputs, &[Role::Publish])];
        let status = |steps| status(Event::Tag, steps);
        assert_ne!(status(build(&[("push", push), ("tags", "a/b:latest")])), Status::Pass);
        let digest = "${{ format('type=image,push-by-digest=true,name={0}', env.IMAGE) }}";
        assert_eq!(status(build(&[("push", push), ("outputs", digest)])), Status::Pass);
        let draft = run("gh release create $VERSION --draft --title $VERSION", &[Role::Publish]);
        assert_eq!(status(vec![draft]), Status::Unknown);
    }

    #[test]
    fn metadata_action() {
        let build = |tags: &str| {
            vec![
                uses("docker/metadata-action", &[("tags", tags)], &[]),
                uses(
                    "docker/build-push-action",
                    &[("push", "true"), ("tags", "${{ steps.meta.outputs.tags }}")],
                    &[Role::Publish],
                ),
            ]
        };
        assert_eq!(status(Event::Push, build("type=sha")), Status::Pass);
        assert_eq!(status(Event::Push, build("type=raw,value=${{ github.sha }}")), Status::Pass);
        assert_eq!(status(Event::Tag, build("")), Status::Pass);
        assert_eq!(judged(&ITEM, ci(vec![push_to_main()], build("type=raw,value=latest"))).0, Status::Fail);
    }

    #[test]
    fn unknown_when_it_cannot_be_told_or_nothing_is_published() {
        for image in ["a/b:$WHAT", "a/b:$CI_COMMIT_BRANCH", "a/b:pull_${CI_COMMIT_PULL_REQUEST}"] {
            assert_eq!(status(Event::Push, vec![push(image)]), Status::Unknown, "{image}");
        }
        let mut elsewhere = ci(vec![trigger(Event::Push)], vec![push("a/b:latest")]);
        elsewhere.unread.push(Unread { what: "Jenkins".to_owned(), at: Location::file("Jenkinsfile") });
        assert_eq!(judged(&ITEM, elsewhere).0, Status::Unknown);
        assert_eq!(judged(&ITEM, Pipelines::default()).0, Status::Unknown);
        let mut library = facts(Pipelines::default());
        library.system = System::default().into();
        assert_eq!(report(&ITEM, &library).status, Status::NotApplicable);
    }
}
