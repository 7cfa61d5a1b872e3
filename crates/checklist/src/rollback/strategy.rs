use seaworthy_facts::{Absent, Certainty, Event, FactKind, FactView, Launches, Pipelines, Role, System};
use seaworthy_model::{ItemId, Section};

use crate::ci::work::{self, Target, Work};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `rollback.strategy`
pub static ITEM: Item = Item {
    id: ItemId::new("rollback.strategy"),
    section: Section::Rollback,
    question: "The deploy path has a way back",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Launches, FactKind::Pipelines],
    remedy: "Deploy with a mechanism that can go back to the previous version.",
    page: include_str!("strategy.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::deployable(system) {
        return Ok(not_applicable);
    }
    let mut findings = Findings::new();
    findings.looked_for(
        "descriptions of deployments that keep earlier releases, platforms with a documented rollback, deploy jobs that take a version",
    );
    // Without launches or pipelines, what the platform promises can still decide.
    if let Ok(launches) = view.get::<Launches>() {
        findings.unread(&launches.unread);
        for rollout in &launches.rollouts {
            if rollout.way_back {
                findings.supports(rollout.summary.clone(), &rollout.at);
            } else {
                findings.contradicts(rollout.summary.clone(), &rollout.at);
            }
        }
    }
    let promises = system.promises("instant-rollback");
    for (platform, promise) in &promises {
        let summary = format!("deployed on {}: {} ({})", platform.key, promise.says, promise.link);
        findings.supports(summary, &platform.at);
    }
    for platform in &system.platforms {
        if promises.is_empty()
            && platform.certainty > Certainty::Configured
            && let Some(promise) = platform.documented("instant-rollback")
        {
            let word =
                if platform.certainty == Certainty::Probable { "probable" } else { "one of several targets" };
            findings.note(format!("on {} ({word}): {}", platform.key, promise.says), Some(&platform.at));
            findings.settled_by(
                "name the platform that production runs on",
                Some(&format!("seaworthy check --deploy {}", platform.key)),
            );
        }
    }
    if let Ok(pipelines) = view.get::<Pipelines>() {
        for deploy in work::all(pipelines, &[Role::Deploy]) {
            if deploy.idle().is_none()
                && deploy.target() != Target::Beside
                && let Some(how) = takes_a_version(&deploy)
            {
                findings.supports(
                    format!("{} {how}, so that an earlier version can be deployed again", deploy.name()),
                    deploy.at(),
                );
            }
        }
        if !findings.has_evidence() {
            findings.unread(&work::unread(pipelines, |_| true));
        }
    }
    findings.because("nothing in the repository tells how to go back to the previous release");
    Ok(findings)
}

/// How a deploy job is told which version to deploy, if it is.
fn takes_a_version(deploy: &Work) -> Option<&'static str> {
    let triggers = deploy.triggers();
    if triggers.iter().any(|trigger| trigger.event == Event::Tag || !trigger.tags.is_empty()) {
        return Some("deploys tags");
    }
    if triggers.iter().any(|trigger| trigger.event == Event::Release) {
        return Some("deploys releases");
    }
    if !triggers.iter().any(|trigger| matches!(trigger.event, Event::Manual | Event::Called)) {
        return None;
    }
    // The version is handed on by any step of the job: the checkout, the pull of the image, the deployment.
    let texts = deploy.job.steps.iter().flat_map(|step| {
        let inputs = step.uses.iter().flat_map(|uses| uses.inputs.iter().map(|(_, value)| value.as_str()));
        inputs
            .chain(step.commands.iter().map(|command| command.text.as_str()))
            .chain(step.env.iter().map(|(_, value)| value.as_str()))
    });
    texts
        .chain(deploy.job.env.iter().map(|(_, value)| value.as_str()))
        .any(names_version_input)
        .then_some("takes a version as input")
}

fn names_version_input(text: &str) -> bool {
    text.match_indices("inputs.").any(|(at, mark)| {
        let name: String = text[at + mark.len()..]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '-')
            .collect::<String>()
            .to_ascii_lowercase();
        name.split(['_', '-']).any(|word| {
            matches!(word, "version" | "tag" | "ref" | "sha" | "commit" | "release" | "revision" | "image")
        })
    })
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ci::test_support::{facts, report};
    use seaworthy_facts::{Facts, Guarantee, Location, Platform, Rollout};
    use seaworthy_model::Status;
    use seaworthy_testkit::pipelines::*;

    fn on(key: &str, certainty: Certainty, claim: &str) -> Facts {
        let mut facts = facts(Pipelines::default());
        let mut system = facts.system.get().unwrap().clone();
        system.platforms.push(Platform {
            key: key.to_owned(),
            at: Location::file("platform.toml"),
            certainty,
            environments: Vec::new(),
            guarantees: vec![Guarantee {
                claim: claim.to_owned(),
                says: "x".to_owned(),
                link: "https://x".to_owned(),
            }],
        });
        facts.system = system.into();
        facts
    }

    fn with_rollout(way_back: bool) -> Status {
        let mut facts = facts(Pipelines::default());
        let rollout = Rollout {
            mechanism: "kubernetes-deployment".to_owned(),
            summary: "a Deployment".to_owned(),
            way_back,
            at: Location::line("deploy.yaml", 2),
        };
        facts.launches = Launches { rollouts: vec![rollout], ..Launches::default() }.into();
        report(&ITEM, &facts).status
    }

    #[test]
    fn mechanisms_and_promises_pass() {
        assert_eq!(with_rollout(true), Status::Pass);
        let configured = on("vercel", Certainty::Configured, "instant-rollback");
        assert_eq!(report(&ITEM, &configured).status, Status::Pass);
    }

    #[test]
    fn no_history_fails() {
        assert_eq!(with_rollout(false), Status::Fail);
    }

    #[test]
    fn an_offer_or_a_guess_is_unknown_and_says_what_settles_it() {
        for certainty in [Certainty::Optional, Certainty::Probable] {
            let report = report(&ITEM, &on("vercel", certainty, "instant-rollback"));
            assert_eq!(report.status, Status::Unknown);
            assert_eq!(
                report.settled_by.unwrap().command.as_deref(),
                Some("seaworthy check --deploy vercel")
            );
        }
        assert_eq!(report(&ITEM, &on("fly", Certainty::Configured, "kept-releases")).status, Status::Unknown);
    }

    #[test]
    fn a_deploy_job_that_takes_a_version_passes() {
        let job = |event, command| ci(vec![trigger(event)], vec![run(command, &[Role::Deploy])]);
        let status = |pipelines| report(&ITEM, &facts(pipelines)).status;
        assert_eq!(status(job(Event::Manual, "deploy ${{ inputs.image_tag }}")), Status::Pass);
        assert_eq!(status(job(Event::Tag, "deploy")), Status::Pass);
        assert_eq!(status(job(Event::Manual, "deploy ${{ inputs.environment }}")), Status::Unknown);
        assert_eq!(status(job(Event::Push, "deploy")), Status::Unknown);
    }

    #[test]
    fn a_library_has_nothing_to_roll_back() {
        let mut library = facts(Pipelines::default());
        library.system = System::default().into();
        assert_eq!(report(&ITEM, &library).status, Status::NotApplicable);
    }
}
