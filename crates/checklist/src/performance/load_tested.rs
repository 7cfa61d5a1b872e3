use seaworthy_facts::{
    Absent, Command, Event, FactKind, FactView, Pipelines, Repository, Role, Schedules, System, Trigger,
};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `performance.load-tested`
pub static ITEM: Item = Item {
    id: ItemId::new("performance.load-tested"),
    section: Section::Performance,
    question: "The application was tried under load",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Repository, FactKind::Pipelines, FactKind::Schedules],
    remedy: "Run a load test in CI and record its results.",
    page: include_str!("load_tested.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if system.front_end().is_none()
        && let Some(not_applicable) = shared::server(system)
    {
        return Ok(not_applicable);
    }
    let repository = view.get::<Repository>()?;
    let pipelines = view.get::<Pipelines>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "scripts of k6, Locust, Artillery, Gatling, JMeter, Vegeta, wrk, oha, autocannon and others; what CI and schedules run; recorded results",
    );
    let by_hand = from_pipelines(pipelines, &mut findings);
    for job in &view.get::<Schedules>()?.jobs {
        for command in job.commands.iter().filter(|command| command.really(Role::LoadTest)) {
            findings.supports(format!("a load test at set times (`{}`)", short(command)), &command.at);
        }
    }
    if let Some(test) = repository.load_tests.first() {
        for result in &repository.load_results {
            findings.supports(format!("results of the {} load test are recorded", test.tool), &result.at);
        }
    }
    if findings.has_evidence() {
        return Ok(findings);
    }
    for (what, at) in &by_hand {
        findings.untried(what.clone(), at);
    }
    for test in &repository.load_tests {
        findings.untried(
            format!("a load test with {} that nothing runs and without recorded results", test.tool),
            &test.at,
        );
    }
    if !findings.has_evidence() {
        findings.unread(&pipelines.unread);
        findings.because("no load-test script was found, and nothing that runs one");
    } else {
        findings
            .remedy("Let CI run the load test against a test environment at set times or before a release.");
    }
    Ok(findings)
}

/// Adds what CI runs by itself; what somebody must start by hand, or cannot count, is given back.
fn from_pipelines(
    pipelines: &Pipelines,
    findings: &mut Findings,
) -> Vec<(String, seaworthy_facts::Location)> {
    let mut by_hand = Vec::new();
    for (workflow, job, step) in pipelines.steps() {
        let action = step.uses.as_ref().filter(|uses| uses.roles.contains(&Role::LoadTest));
        let commands = step.commands.iter().filter(|command| command.roles.contains(&Role::LoadTest));
        let works = action
            .map(|uses| (uses.name.clone(), &step.at, true))
            .into_iter()
            .chain(commands.map(|command| (short(command), &command.at, command.missing.is_none())));
        for (what, at, there) in works {
            let triggers = workflow.triggers_of(job, step);
            if there && !job.manual && triggers.iter().any(by_itself) {
                findings.supports(format!("CI runs a load test (`{what}`)"), at);
            } else if there && !triggers.is_empty() {
                by_hand.push((
                    format!("a load test that CI runs only when started by hand (`{what}`)"),
                    at.clone(),
                ));
            }
        }
    }
    by_hand
}

fn by_itself(trigger: &Trigger) -> bool {
    !matches!(trigger.event, Event::Manual | Event::Called)
}

fn short(command: &Command) -> String {
    command.words.join(" ").chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::super::test_support::*;
    use super::*;
    use seaworthy_facts::{Facts, LoadTest, Location};
    use seaworthy_model::{Cause, Status};
    use seaworthy_testkit::pipelines::{ci, run, trigger};

    fn script() -> Repository {
        let at = Location::line("load/checkout.js", 1);
        Repository { load_tests: vec![LoadTest { tool: "k6".to_owned(), at }], ..Repository::default() }
    }

    fn on(event: Event) -> Facts {
        let steps = vec![run("k6 run load/checkout.js", &[Role::LoadTest])];
        Facts {
            pipelines: ci(vec![trigger(event)], steps).into(),
            repository: script().into(),
            ..facts(None)
        }
    }

    #[test]
    fn a_script_that_ci_runs_or_with_results_passes() {
        assert_eq!(status(&ITEM, &on(Event::Schedule)), Status::Pass);
        assert_eq!(status(&ITEM, &on(Event::PullRequest)), Status::Pass);
        let recorded =
            Repository { load_results: vec![sign("measurements", "load/results/1.md", 1)], ..script() };
        assert_eq!(status(&ITEM, &Facts { repository: recorded.into(), ..facts(None) }), Status::Pass);
    }

    #[test]
    fn a_script_that_nothing_runs_by_itself_is_untried() {
        let report_of = |facts: &Facts| {
            let report = report(&ITEM, facts);
            (report.status, report.cause)
        };
        let untried = (Status::Unknown, Some(Cause::Untried));
        assert_eq!(report_of(&Facts { repository: script().into(), ..facts(None) }), untried);
        assert_eq!(report_of(&on(Event::Manual)), untried);
    }

    #[test]
    fn none_fails_and_a_library_needs_none() {
        assert_eq!(status(&ITEM, &facts(None)), Status::Fail);
        assert_eq!(status(&ITEM, &library()), Status::NotApplicable);
    }
}
