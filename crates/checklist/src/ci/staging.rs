use std::collections::BTreeMap;

use seaworthy_facts::{
    Absent, Certainty, EnvironmentDefinition, FactKind, FactView, Pipelines, Role, System,
};
use seaworthy_model::{ItemId, Section};

use super::services::{differences, one_sided};
use super::work::{self, Target, Work};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `ci.staging`
pub static ITEM: Item = Item {
    id: ItemId::new("ci.staging"),
    section: Section::Ci,
    question: "There is a staging environment like production",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Pipelines],
    remedy: "Define staging from the same templates as production.",
    page: include_str!("staging.md"),
    evidence,
};

/// Platforms that make a preview of each change from the same configuration as production, as they document.
const PREVIEWS: [(&str, &str); 3] = [
    ("vercel", "https://vercel.com/docs/deployments/environments"),
    ("netlify", "https://docs.netlify.com/deploy/deploy-types/deploy-previews/"),
    ("amplify", "https://docs.aws.amazon.com/amplify/latest/userguide/pr-previews.html"),
];

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::deployable(system) {
        return Ok(not_applicable);
    }
    let pipelines = view.get::<Pipelines>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "deploy jobs for staging or previews, environments defined by files, and platforms that make previews",
    );
    definitions(&mut findings, &pipelines.environments);
    deployments(&mut findings, pipelines);
    for platform in &system.platforms {
        let documented = PREVIEWS.iter().find(|(key, _)| *key == platform.key);
        if let Some((key, docs)) = documented
            && platform.certainty <= Certainty::Configured
        {
            findings.supports(format!("{key} makes a preview of each pull request ({docs})"), &platform.at);
        }
    }
    if findings.has_evidence() {
        return Ok(findings);
    }
    findings.unread(&work::unread(pipelines, |_| false));
    let deploys = work::all(pipelines, &[Role::Deploy]);
    match deploys.first() {
        Some(deploy) => {
            findings.because(format!("{} at {} deploys one environment only", deploy.name(), deploy.at()));
        }
        None => {
            findings.because("no staging or preview environment is defined here");
        }
    }
    findings.settled_by(
        "add the repository that defines the environments",
        Some("seaworthy check --with ../infra"),
    );
    Ok(findings)
}

/// Environments of the same templates.
fn definitions(findings: &mut Findings, environments: &[EnvironmentDefinition]) {
    let mut by_template: BTreeMap<(&str, &str), Vec<&EnvironmentDefinition>> = BTreeMap::new();
    for definition in environments {
        by_template.entry((&definition.mechanism, &definition.template)).or_default().push(definition);
    }
    for ((mechanism, template), definitions) in by_template {
        let of = |target: Target| {
            definitions.iter().filter(move |definition| work::target_of(&definition.name) == target)
        };
        let Some(first) = of(Target::Beside).next() else { continue };
        let Some(production) = of(Target::Production).next() else {
            findings.note(
                format!(
                    "{} is defined ({mechanism}), but no production of the same templates was found",
                    first.name
                ),
                Some(&first.at),
            );
            continue;
        };
        // One environment that is like production is enough; how the others differ is told.
        let like = of(Target::Beside).find(|beside| differences(beside, production).is_empty());
        for beside in of(Target::Beside) {
            for (summary, at) in differences(beside, production) {
                match like {
                    Some(_) => findings.note(summary, Some(at)),
                    None => findings.contradicts(summary, at),
                };
            }
        }
        let beside = like.unwrap_or(first);
        findings.supports(
            format!("{} and {} are made from {template} ({mechanism})", beside.name, production.name),
            &beside.at,
        );
        one_sided(findings, beside, production);
    }
}

/// Deploy jobs for an environment beside production, by the same means.
fn deployments(findings: &mut Findings, pipelines: &Pipelines) {
    let deploys: Vec<Work> = work::all(pipelines, &[Role::Deploy, Role::DeployPreview])
        .into_iter()
        .filter(|deploy| deploy.idle().is_none())
        .collect();
    let (beside, others): (Vec<&Work>, Vec<&Work>) =
        deploys.iter().partition(|deploy| deploy.target() == Target::Beside);
    for deploy in beside {
        if is_apart(deploy) {
            continue;
        }
        match others.iter().find(|other| other.tool() == deploy.tool()) {
            Some(other) => {
                findings.supports(
                    format!(
                        "{} deploys {}, by the same means as {}",
                        deploy.name(),
                        name(deploy),
                        other.at()
                    ),
                    deploy.at(),
                );
            }
            None => {
                findings.note(
                    format!(
                        "{} deploys {}; how production is deployed was not found, so whether the two are alike is not known",
                        deploy.name(),
                        name(deploy)
                    ),
                    Some(deploy.at()),
                );
            }
        }
    }
}

fn name(deploy: &Work) -> String {
    match &deploy.job.environment {
        Some(environment) if !environment.value.contains('$') => environment.value.clone(),
        _ => "an environment beside production".to_owned(),
    }
}

/// Previews of documents and components, which are not the application, and steps that take an environment down.
fn is_apart(deploy: &Work) -> bool {
    let any = |names: &[&str], words: &[&str]| {
        names.iter().any(|name| words.iter().any(|word| name.to_ascii_lowercase().contains(word)))
    };
    let file = deploy.workflow.at.path().unwrap_or_default();
    let tool = deploy.tool();
    let own = [deploy.job.id.as_str(), deploy.step.name.as_deref().unwrap_or_default(), tool.as_str()];
    any(&own, &["destroy", "teardown", "cleanup", "clean-up", "stop", "delete"])
        || any(&own, &["doc", "storybook", "chromatic", "coverage", "report"])
        || any(
            &[file, &deploy.workflow.name],
            &["docs", "documentation", "storybook", "chromatic", "coverage"],
        )
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ci::test_support::{facts, judged, report};
    use seaworthy_facts::{Event, Location};
    use seaworthy_model::Status;
    use seaworthy_testkit::pipelines::*;

    fn defined(names: &[(&str, &str)]) -> Pipelines {
        let environments = names
            .iter()
            .map(|(name, template)| EnvironmentDefinition {
                name: (*name).to_owned(),
                mechanism: "Helm values".to_owned(),
                template: (*template).to_owned(),
                at: Location::file(format!("{template}-{name}")),
                services: Vec::new(),
            })
            .collect();
        Pipelines { environments, ..Pipelines::default() }
    }

    #[test]
    fn both_environments_of_one_template_pass() {
        let (status, reason) = judged(&ITEM, defined(&[("staging", "chart"), ("prod", "chart")]));
        assert_eq!(status, Status::Pass);
        assert!(reason.contains("chart"), "{reason}");
    }

    #[test]
    fn one_alone_or_of_another_template_is_unknown() {
        assert_eq!(judged(&ITEM, defined(&[("staging", "a"), ("production", "b")])).0, Status::Unknown);
        assert_eq!(judged(&ITEM, defined(&[("production", "a")])).0, Status::Unknown);
        assert_eq!(judged(&ITEM, Pipelines::default()).0, Status::Unknown);
    }

    #[test]
    fn mirrored_deploy_jobs_pass_and_one_environment_does_not() {
        let deploy = || run("gcloud run deploy shop", &[Role::Deploy]);
        let on = || vec![trigger(Event::Push)];
        let jobs = vec![job("deploy-staging", vec![deploy()]), job("deploy-production", vec![deploy()])];
        let both = Pipelines { workflows: vec![workflow(on(), jobs)], ..Pipelines::default() };
        let (status, reason) = judged(&ITEM, both);
        assert_eq!(status, Status::Pass);
        assert!(reason.contains("same means"), "{reason}");
        let (status, reason) = judged(&ITEM, ci(on(), vec![deploy()]));
        assert_eq!(status, Status::Unknown);
        assert!(reason.contains("one environment only"), "{reason}");
    }

    #[test]
    fn a_demonstration_without_a_production_to_compare_it_with_is_unknown() {
        let deploy = run("curl -X POST https://host.example/deploy", &[Role::Deploy]);
        let demo = Pipelines {
            workflows: vec![workflow(vec![trigger(Event::Push)], vec![job("deploy-demo", vec![deploy])])],
            ..Pipelines::default()
        };
        assert_eq!(judged(&ITEM, demo).0, Status::Unknown);
    }

    #[test]
    fn previews_by_the_means_of_production_pass_and_what_takes_them_down_does_not() {
        let apply = || uses("dflook/terraform-apply", &[], &[Role::Deploy]);
        let mut previews = workflow(vec![trigger(Event::PullRequest)], vec![job("deploy", vec![apply()])]);
        previews.name = "Deploy or destroy a branch's environment".to_owned();
        let destroys = workflow(vec![trigger(Event::PullRequest)], vec![job("destroy", vec![apply()])]);
        let production = workflow(vec![push_to_main()], vec![job("deploy", vec![apply()])]);
        let of = |workflows: &[&seaworthy_facts::Workflow]| {
            let workflows = workflows.iter().map(|workflow| (*workflow).clone()).collect();
            judged(&ITEM, Pipelines { workflows, ..Pipelines::default() }).0
        };
        assert_eq!(of(&[&previews, &production]), Status::Pass);
        assert_eq!(of(&[&previews]), Status::Unknown);
        assert_eq!(of(&[&destroys, &production]), Status::Unknown);
    }

    #[test]
    fn documentation_previews_are_not_staging() {
        let preview = run("netlify deploy", &[Role::DeployPreview]);
        let docs = vec![workflow(vec![trigger(Event::PullRequest)], vec![job("docs", vec![preview])])];
        assert_eq!(judged(&ITEM, Pipelines { workflows: docs, ..Pipelines::default() }).0, Status::Unknown);
        let mut library = facts(Pipelines::default());
        library.system = System::default().into();
        assert_eq!(report(&ITEM, &library).status, Status::NotApplicable);
    }
}
