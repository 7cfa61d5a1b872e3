use seaworthy_facts::{
    Absent, Certainty, CiSystem, Declared, FactKind, FactView, Location, Pipelines, Role, System,
};
use seaworthy_model::{ItemId, Section};

use super::work::{self, Target, Work};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `ci.deployment`
pub static ITEM: Item = Item {
    id: ItemId::new("ci.deployment"),
    section: Section::Ci,
    question: "Deployment needs no manual steps",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Pipelines, FactKind::Declared],
    remedy: "Deploy from CI or by the git integration of the platform.",
    page: include_str!("deployment.md"),
    evidence,
};

/// Platforms that deploy each push by themselves once a repository is connected.
const GIT_INTEGRATION: [&str; 8] =
    ["vercel", "netlify", "render", "railway", "cloudflare", "amplify", "app-platform", "digitalocean"];

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::deployable(system) {
        return Ok(not_applicable);
    }
    let pipelines = view.get::<Pipelines>()?;
    let named = view.get::<Declared>().map(|declared| declared.deploy.clone()).unwrap_or_default();
    let mut findings = Findings::new();
    findings.looked_for(
        "deploy jobs that start by themselves, GitOps objects, and platform files with a git integration",
    );
    let deploys = work::all(pipelines, &[Role::Deploy]);
    let mut reasons: Vec<(String, Location)> = Vec::new();
    for deploy in &deploys {
        match automatic(deploy) {
            Ok(when) => {
                findings.supports(format!("{} deploys {when}", deploy.name()), deploy.at());
            }
            Err(why) => reasons.push((format!("{} {why}", deploy.name()), deploy.at().clone())),
        }
    }
    // A site without a server is deployed by publishing its files.
    if system.http_server().is_none() && system.front_end().is_some() {
        for site in work::all(pipelines, &[Role::DeployPreview]) {
            if !is_documentation(&site)
                && site.target() != Target::Beside
                && let Ok(when) = automatic(&site)
            {
                findings.supports(format!("{} publishes the site {when}", site.name()), site.at());
            }
        }
    }
    for platform in &system.platforms {
        let counts = platform.certainty <= Certainty::Configured
            && (named.is_empty() || platform.certainty == Certainty::Named);
        if counts && GIT_INTEGRATION.contains(&platform.key.as_str()) {
            findings.supports(
                format!("{} deploys what is pushed, by its git integration", shown(&platform.key)),
                &platform.at,
            );
        } else if matches!(platform.certainty, Certainty::Alternative | Certainty::Optional) {
            findings.note(
                format!("{} is offered as one of several targets", shown(&platform.key)),
                Some(&platform.at),
            );
        }
    }
    if findings.has_evidence() {
        return Ok(findings);
    }
    findings.unread(&work::unread(pipelines, |_| true));
    for (reason, at) in &reasons {
        findings.note(reason.clone(), Some(at));
    }
    let published = work::all(pipelines, &[Role::Publish]);
    match (reasons.first(), published.first()) {
        (Some((reason, at)), _) => {
            findings.because(format!("{reason} ({at}); no job deploys production by itself"));
        }
        (None, Some(publish)) => {
            let at = publish.at();
            findings.because(format!(
                "{} at {at} publishes, but nothing deploys what is published",
                publish.name()
            ));
        }
        (None, None) => {
            findings
                .because(format!("{}; no deploy job and no platform file was found", work::count(pipelines)));
        }
    }
    if named.is_empty() {
        findings.settled_by(
            "name the platform that deploys what is pushed",
            Some("seaworthy check --deploy NAME"),
        );
    } else {
        findings.settled_by("deploy from CI, or sign that each push is deployed", None);
    }
    Ok(findings)
}

/// When it deploys production by itself, or why it does not.
fn automatic(deploy: &Work) -> Result<String, String> {
    if let Some(why) = deploy.idle() {
        return Err(format!("does not deploy: {why}"));
    }
    if deploy.target() == Target::Beside {
        return Err("deploys another environment than production".to_owned());
    }
    if deploy.job.manual {
        return Err("must be started by hand".to_owned());
    }
    if deploy.workflow.system == CiSystem::Delivery {
        return Ok(format!("what {} follows", deploy.workflow.name));
    }
    match deploy.automatic() {
        Some(trigger) => Ok(work::when(trigger)),
        None => Err(format!("is started only {}", work::when_all(deploy.triggers()))),
    }
}

/// Names that say that a site is about the software, not the software.
fn is_documentation(site: &Work) -> bool {
    let file = site.workflow.at.path().unwrap_or_default();
    let names = [file, &site.workflow.name, &site.job.id, site.step.name.as_deref().unwrap_or_default()];
    names.iter().any(|name| {
        let lower = name.to_ascii_lowercase();
        ["doc", "storybook", "coverage", "report", "preview", "demo", "example"]
            .iter()
            .any(|word| lower.contains(word))
    })
}

fn shown(key: &str) -> String {
    let mut letters = key.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ci::test_support::{facts, judged, report};
    use seaworthy_facts::{Event, Job, Observed, Platform, Step};
    use seaworthy_model::Status;
    use seaworthy_testkit::pipelines::*;

    fn deploy() -> Step {
        run("kubectl apply -f k8s", &[Role::Deploy])
    }

    fn with_platform(key: &str, certainty: Certainty) -> seaworthy_facts::Facts {
        let mut all = facts(Pipelines::default());
        let mut system = all.system.get().unwrap().clone();
        system.platforms.push(platform(key, certainty));
        all.system = system.into();
        all
    }

    fn platform(key: &str, certainty: Certainty) -> Platform {
        Platform {
            key: key.to_owned(),
            at: Location::file("platform.toml"),
            certainty,
            environments: Vec::new(),
            guarantees: Vec::new(),
        }
    }

    #[test]
    fn a_deploy_job_that_starts_by_itself_passes() {
        for event in [Event::Push, Event::Tag, Event::Release] {
            assert_eq!(judged(&ITEM, ci(vec![trigger(event)], vec![deploy()])).0, Status::Pass);
        }
    }

    #[test]
    fn by_hand_to_staging_or_only_published_is_unknown() {
        let (status, reason) = judged(&ITEM, ci(vec![trigger(Event::Manual)], vec![deploy()]));
        assert_eq!(status, Status::Unknown);
        assert!(reason.contains("only by hand"), "{reason}");
        let mut manual = ci(vec![trigger(Event::Push)], vec![deploy()]);
        manual.workflows[0].jobs[0].manual = true;
        assert_eq!(judged(&ITEM, manual).0, Status::Unknown);
        let staging = Job {
            environment: Some(Observed::new("staging".to_owned(), Location::file("x"))),
            ..job("deploy", vec![deploy()])
        };
        let staging = Pipelines {
            workflows: vec![workflow(vec![trigger(Event::Push)], vec![staging])],
            ..Pipelines::default()
        };
        let (status, reason) = judged(&ITEM, staging);
        assert_eq!(status, Status::Unknown);
        assert!(reason.contains("another environment"), "{reason}");
        assert_eq!(judged(&ITEM, ci(vec![trigger(Event::PullRequest)], vec![deploy()])).0, Status::Unknown);
        let published = ci(vec![trigger(Event::Push)], vec![run("docker push a/b:1", &[Role::Publish])]);
        let (status, reason) = judged(&ITEM, published);
        assert_eq!(status, Status::Unknown);
        assert!(reason.contains("nothing deploys"), "{reason}");
    }

    #[test]
    fn gitops_and_git_integrations_pass_and_optional_targets_do_not() {
        let mut gitops = ci(Vec::new(), vec![uses("Argo CD Application", &[], &[Role::Deploy])]);
        gitops.workflows[0].system = CiSystem::Delivery;
        assert_eq!(judged(&ITEM, gitops).0, Status::Pass);
        assert_eq!(report(&ITEM, &with_platform("vercel", Certainty::Configured)).status, Status::Pass);
        assert_eq!(report(&ITEM, &with_platform("netlify", Certainty::Optional)).status, Status::Unknown);
        assert_eq!(report(&ITEM, &with_platform("fly", Certainty::Configured)).status, Status::Unknown);
    }

    #[test]
    fn does_not_apply_without_a_system() {
        let mut library = facts(Pipelines::default());
        library.system = System::default().into();
        assert_eq!(report(&ITEM, &library).status, Status::NotApplicable);
    }
}
