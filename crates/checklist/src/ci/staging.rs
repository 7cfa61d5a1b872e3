use std::collections::BTreeMap;

use seaworthy_facts::{
    Absent, Certainty, EnvironmentDefinition, EnvironmentService, FactKind, FactView, Location, Pipelines,
    Role, System,
};
use seaworthy_model::{ItemId, Section};

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

/// Kinds of service in which the two run other engines, or one engine in other major versions.
fn differences<'d>(
    beside: &'d EnvironmentDefinition,
    production: &EnvironmentDefinition,
) -> Vec<(String, &'d Location)> {
    let mut found: Vec<(String, &Location)> = Vec::new();
    for ours in &beside.services {
        let theirs: Vec<_> = production.services.iter().filter(|theirs| theirs.kind == ours.kind).collect();
        let Some(first) = theirs.first() else { continue };
        let shared = beside
            .services
            .iter()
            .any(|ours| theirs.iter().any(|theirs| theirs.engine == ours.engine && theirs.kind == ours.kind));
        let same = || theirs.iter().filter(|theirs| theirs.engine == ours.engine);
        // A version that one of them does not say may be the other's.
        let may_be = |major: &String| {
            same().any(|theirs| theirs.major.as_ref().is_none_or(|their| is_one_release(major, their)))
        };
        let other = match &ours.major {
            _ if !shared => Some(first),
            Some(major) if same().next().is_some() && !may_be(major) => {
                theirs.iter().find(|theirs| theirs.engine == ours.engine)
            }
            _ => None,
        };
        if let Some(other) = other {
            let summary = format!(
                "{} runs {}, {} runs {} ({})",
                beside.name,
                named(ours),
                production.name,
                named(other),
                other.at
            );
            found.push((summary, &ours.at));
        }
    }
    found
}

/// `16` and `16`; `8` and `8.0`, of which one says less.
fn is_one_release(left: &str, right: &str) -> bool {
    let begins = |long: &str, short: &str| {
        long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    begins(left, right) || begins(right, left)
}

fn named(service: &EnvironmentService) -> String {
    match &service.major {
        Some(major) => format!("{} {major}", service.engine),
        None => service.engine.clone(),
    }
}

/// What cannot be compared, because the files of one of the two do not say it.
fn one_sided(findings: &mut Findings, beside: &EnvironmentDefinition, production: &EnvironmentDefinition) {
    for (one, other) in [(beside, production), (production, beside)] {
        for service in &one.services {
            let alike = other.services.iter().filter(|theirs| theirs.kind == service.kind);
            let unsaid = match alike.clone().find(|theirs| theirs.engine == service.engine) {
                Some(theirs) => service.major.is_some() && theirs.major.is_none(),
                None => alike.count() == 0,
            };
            if unsaid {
                findings.note(
                    format!(
                        "{} runs {}; which {} {} runs is not said in its files, so that they are not compared",
                        one.name,
                        named(service),
                        if service.major.is_some() { "version and engine" } else { "engine" },
                        other.name
                    ),
                    Some(&service.at),
                );
            }
        }
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
    use seaworthy_facts::Event;
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

    /// An environment's name, and its services as kind, engine and major version.
    type Environment<'a> = (&'a str, &'a [(&'a str, &'a str, Option<&'a str>)]);

    fn running(environments: &[Environment]) -> seaworthy_model::ItemReport {
        let names: Vec<(&str, &str)> = environments.iter().map(|(name, _)| (*name, "chart")).collect();
        let mut pipelines = defined(&names);
        for (definition, (name, services)) in pipelines.environments.iter_mut().zip(environments) {
            for (number, (kind, engine, major)) in (1..).zip(*services) {
                definition.services.push(EnvironmentService {
                    kind: (*kind).to_owned(),
                    engine: (*engine).to_owned(),
                    major: major.map(str::to_owned),
                    at: Location::line(format!("{name}.yaml"), number),
                });
            }
        }
        report(&ITEM, &facts(pipelines))
    }

    #[test]
    fn another_engine_or_major_version_fails() {
        let with = |staging: (&str, &str, Option<&str>), production: (&str, &str, Option<&str>)| {
            running(&[("staging", &[staging]), ("prod", &[production])])
        };
        let database = |engine: &'static str, major: Option<&'static str>| ("database", engine, major);
        let postgres = |major| database("PostgreSQL", major);
        assert_eq!(with(postgres(Some("16")), postgres(Some("16"))).status, Status::Pass);
        assert_eq!(with(database("MySQL", Some("8")), database("MySQL", Some("8.0"))).status, Status::Pass);
        let report = with(postgres(Some("15")), postgres(Some("16")));
        assert_eq!(report.status, Status::Fail);
        assert!(
            report.reason.contains("staging runs PostgreSQL 15, prod runs PostgreSQL 16"),
            "{}",
            report.reason
        );
        assert!(report.reason.contains("prod.yaml:1"), "{}", report.reason);
        assert_eq!(with(database("SQLite", None), postgres(Some("16"))).status, Status::Fail);
        assert_eq!(with(database("MySQL", Some("8.0")), database("MySQL", Some("8.4"))).status, Status::Fail);
    }

    #[test]
    fn what_one_of_them_does_not_say_is_named() {
        let said = |report: &seaworthy_model::ItemReport, what: &str| {
            assert_eq!(report.status, Status::Pass, "{}", report.reason);
            assert!(report.notes.iter().any(|note| note.summary.contains(what)), "{:?}", report.notes);
        };
        let postgres = |major| [("database", "PostgreSQL", major)];
        said(&running(&[("staging", &postgres(Some("16"))), ("prod", &[])]), "prod runs is not said");
        said(
            &running(&[("staging", &postgres(None)), ("prod", &postgres(Some("16")))]),
            "staging runs is not said",
        );
        // Another kind of service is no other engine.
        said(
            &running(&[("staging", &[("cache", "Redis", Some("7"))]), ("prod", &postgres(Some("16")))]),
            "is not said",
        );
    }

    #[test]
    fn one_environment_like_production_is_enough() {
        let postgres = |major| [("database", "PostgreSQL", Some(major))];
        let report =
            running(&[("review", &postgres("15")), ("staging", &postgres("16")), ("prod", &postgres("16"))]);
        assert_eq!(report.status, Status::Pass, "{}", report.reason);
        assert!(report.notes.iter().any(|note| note.summary.contains("review runs PostgreSQL 15")));
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
