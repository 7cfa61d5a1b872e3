use seaworthy_facts::{Absent, FactKind, FactView, Pipelines, Repository, Role, System};
use seaworthy_model::{ItemId, Section};

use super::work::{self, Work};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `ci.tests`
pub static ITEM: Item = Item {
    id: ItemId::new("ci.tests"),
    section: Section::Ci,
    question: "CI runs the tests on every change",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Pipelines, FactKind::Repository],
    remedy: "Add a job that runs the test suite on pull requests.",
    page: include_str!("tests.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::deployable(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let pipelines = view.get::<Pipelines>()?;
    let repository = view.get::<Repository>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "steps that run a test suite on pull or merge requests, or on pushes without a branch filter",
    );
    let runs = work::all(pipelines, &[Role::Test, Role::EndToEnd]);
    let suites = suites(repository).or_else(|| own_programs(&runs));
    let Some(suites) = suites else {
        findings.because(format!("no tests were found in the repository ({})", work::count(pipelines)));
        findings.remedy("Write tests, and run them in CI on pull requests.");
        return Ok(findings);
    };
    for run in &runs {
        if let (Some(trigger), None) = (run.on_changes(), run.void()) {
            findings.supports(format!("{} runs {}", run.name(), work::when(trigger)), run.at());
        }
    }
    if !findings.has_evidence() {
        findings.unread(&work::unread(pipelines, |workflow| workflow.on_changes().is_some()));
        explain(&mut findings, pipelines, &runs, &suites);
    }
    Ok(findings)
}

/// Tests that are programs of their own, which no framework would recognise: a script named after the tests starts a
/// file of the repository.
fn own_programs(runs: &[Work]) -> Option<String> {
    const INTERPRETERS: &[&str] =
        &["node", "tsx", "ts-node", "bun", "deno", "python", "python3", "ruby", "php"];
    runs.iter().find_map(|run| {
        let (program, rest) = run.command?.words.split_first()?;
        let file = rest.iter().find(|word| !word.starts_with('-') && word.contains('.'))?;
        // What starts the tests of a framework (`manage.py test`, `node node_modules/…`) is no test itself.
        let starts = rest.iter().any(|word| matches!(word.as_str(), "test" | "tests" | "spec" | "-m"))
            || ["node_modules/", "vendor/", "bin/"].iter().any(|folder| file.contains(folder));
        (INTERPRETERS.contains(&program.as_str()) && !starts).then(|| file.clone())
    })
}

/// Where the tests are, in a few words.
fn suites(repository: &Repository) -> Option<String> {
    let mut places: Vec<String> = Vec::new();
    for suite in &repository.tests {
        let path = suite.example.path().unwrap_or_default();
        let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        let place = if folder == "." { path.to_owned() } else { format!("{folder}/") };
        if !places.contains(&place) {
            places.push(place);
        }
    }
    match places.len() {
        0 => None,
        1..=2 => Some(places.join(" and ")),
        _ => Some(format!("{}, {} and elsewhere", places[0], places[1])),
    }
}

fn explain(findings: &mut Findings, pipelines: &Pipelines, runs: &[Work], suites: &str) {
    let mut reasons: Vec<String> = Vec::new();
    for run in runs {
        let why = match run.void() {
            Some(why) => why,
            None => format!("it runs only {}", work::when_all(run.triggers())),
        };
        let reason = format!("{} at {}: {why}", run.name(), run.at());
        findings.note(format!("{} does not count: {why}", run.name()), Some(run.at()));
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let count = work::count(pipelines);
    if pipelines.workflows.is_empty() {
        findings.because(format!("{count}, so nothing runs the tests in {suites}"));
    } else if let Some(first) = reasons.first() {
        let more =
            if reasons.len() > 1 { format!(" (and {} more)", reasons.len() - 1) } else { String::new() };
        findings.because(format!(
            "{count}, none runs the tests in {suites} on every proposed change: {first}{more}"
        ));
    } else {
        findings.because(format!("{count}, none runs the tests in {suites}"));
    }
    let masked = runs.iter().find(|run| run.on_changes().is_some() && run.masked().is_some());
    let late = runs.iter().find(|run| run.void().is_none() && run.on_changes().is_none());
    if let Some(run) = masked {
        findings.remedy(format!("Let the failure of the test step at {} fail the job.", run.step.at));
    } else if let Some(run) = late {
        findings.remedy(format!("Let the workflow in {} run on pull requests as well.", run.workflow.at));
    } else if let Some(workflow) = pipelines.workflows.iter().find(|workflow| workflow.on_changes().is_some())
    {
        findings.remedy(format!("Add a step that runs the tests in {suites} to {}.", workflow.at));
    }
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ci::test_support::{facts, judged, report};
    use seaworthy_facts::{Event, Location, Unread};
    use seaworthy_model::{Cause, Status};
    use seaworthy_testkit::pipelines::*;

    #[test]
    fn passes_on_pull_requests_and_on_unfiltered_pushes() {
        for event in [Event::PullRequest, Event::Push, Event::MergeQueue] {
            let (status, reason) =
                judged(&ITEM, ci(vec![trigger(event)], vec![run("npm test", &[Role::Test])]));
            assert_eq!(status, Status::Pass, "{event:?}");
            assert!(reason.contains("npm test"), "{reason}");
        }
    }

    #[test]
    fn programs_of_their_own_are_tests_where_no_framework_is() {
        let judge = |line: &str| {
            let mut facts = facts(ci(vec![trigger(Event::PullRequest)], vec![run(line, &[Role::Test])]));
            let mut repository = facts.repository.get().unwrap().clone();
            repository.tests.clear();
            facts.repository = repository.into();
            report(&ITEM, &facts).status
        };
        assert_eq!(judge("node scripts/check-access.mjs"), Status::Pass);
        for line in ["npm test", "python manage.py test", "node node_modules/jest/bin/jest.js"] {
            assert_eq!(judge(line), Status::Fail, "{line}");
        }
    }

    #[test]
    fn fails_when_only_the_default_branch_is_tested() {
        let (status, reason) = judged(&ITEM, ci(vec![push_to_main()], vec![run("npm test", &[Role::Test])]));
        assert_eq!(status, Status::Fail);
        assert!(reason.contains("only on pushes to main") && reason.contains("ci.yml:12"), "{reason}");
    }

    #[test]
    fn fails_when_nothing_runs_them() {
        let (status, reason) =
            judged(&ITEM, ci(vec![trigger(Event::PullRequest)], vec![run("npm run lint", &[Role::Lint])]));
        assert_eq!((status, reason.as_str()), (Status::Fail, "one workflow, none runs the tests in tests/"));
        let (status, reason) = judged(&ITEM, Pipelines::default());
        assert_eq!(status, Status::Fail);
        assert!(reason.contains("no CI configuration"), "{reason}");
    }

    #[test]
    fn masked_missing_manual_and_disabled_runs_do_not_count() {
        let on = || vec![trigger(Event::PullRequest)];
        let test = || run("npm test", &[Role::Test]);
        let mut masked = ci(on(), vec![test()]);
        masked.workflows[0].jobs[0].steps[0].commands[0].ignored = Some("|| true".to_owned());
        let mut missing = ci(on(), vec![test()]);
        missing.workflows[0].jobs[0].steps[0].commands[0].missing = Some("script test".to_owned());
        let mut empty = ci(on(), vec![test()]);
        empty.workflows[0].jobs[0].steps[0].commands[0].selects_nothing = Some("-t x".to_owned());
        let mut allowed = ci(on(), vec![test()]);
        allowed.workflows[0].jobs[0].failure_allowed = true;
        let mut manual = ci(on(), vec![test()]);
        manual.workflows[0].jobs[0].manual = true;
        let mut disabled = ci(on(), vec![test()]);
        disabled.workflows[0].jobs[0].disabled = true;
        let mut elsewhere = ci(on(), vec![test()]);
        elsewhere.workflows[0].jobs[0].triggers = Some(vec![push_to_main()]);
        for (pipelines, why) in [
            (masked, "|| true"),
            (missing, "script test does not exist"),
            (empty, "selects nothing"),
            (allowed, "may fail"),
            (manual, "by hand"),
            (disabled, "never run"),
            (elsewhere, "only on pushes to main"),
        ] {
            let (status, reason) = judged(&ITEM, pipelines);
            assert_eq!(status, Status::Fail, "{why}");
            assert!(reason.contains(why), "{why}: {reason}");
        }
    }

    #[test]
    fn unknown_where_a_system_is_not_read() {
        let mut pipelines = Pipelines::default();
        pipelines.unread.push(Unread { what: "Jenkins".to_owned(), at: Location::file("Jenkinsfile") });
        let report = report(&ITEM, &facts(pipelines));
        assert_eq!((report.status, report.cause), (Status::Unknown, Some(Cause::NoReader)));
    }

    #[test]
    fn fails_without_tests_and_does_not_apply_without_a_system() {
        let mut all = facts(ci(vec![trigger(Event::PullRequest)], vec![run("npm test", &[Role::Test])]));
        all.repository = Repository::default().into();
        assert_eq!(report(&ITEM, &all).status, Status::Fail);
        all.system = System::default().into();
        assert_eq!(report(&ITEM, &all).status, Status::NotApplicable);
    }
}
