use seaworthy_facts::{Absent, FactKind, FactView, Pipelines, Role, System};
use seaworthy_model::{ItemId, Section};

use super::work::{self, Work};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `ci.quality`
pub static ITEM: Item = Item {
    id: ItemId::new("ci.quality"),
    section: Section::Ci,
    question: "CI runs a linter, a format check or a type check",
    priority: 3,
    absence: Absence::Fail,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Pipelines],
    remedy: "Add a lint, format or type check to CI.",
    page: include_str!("quality.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::deployable(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let pipelines = view.get::<Pipelines>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "linters, format checks and type checks on pull requests or on pushes to the default branch",
    );
    let checks = work::all(pipelines, &[Role::Lint, Role::Format, Role::TypeCheck]);
    for check in &checks {
        if let (Some(trigger), None) = (check.on_default_branch(), check.void()) {
            findings.supports(format!("{} runs {}", check.name(), work::when(trigger)), check.at());
        }
    }
    if findings.has_evidence() {
        return Ok(findings);
    }
    findings.unread(&work::unread(pipelines, |workflow| workflow.on_default_branch().is_some()));
    let count = work::count(pipelines);
    for check in &checks {
        findings.note(format!("{} does not count: {}", check.name(), why_not(check)), Some(check.at()));
    }
    match checks.first() {
        Some(first) => {
            findings.because(format!("{} at {}: {}", first.name(), first.at(), why_not(first)));
            findings.remedy(format!(
                "Let the check at {} run on pull requests and fail the job when it finds something.",
                first.at()
            ));
        }
        None if pipelines.workflows.is_empty() => {
            findings.because(count);
        }
        None => {
            findings.because(format!("{count}, none runs a linter, a format check or a type check"));
        }
    }
    Ok(findings)
}

fn why_not(check: &Work) -> String {
    check.void().unwrap_or_else(|| {
        format!(
            "it runs only {}, neither on pull requests nor on every push to the default branch",
            work::when_all(check.triggers())
        )
    })
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ci::test_support::{facts, judged, report};
    use seaworthy_facts::{Event, Location, Unread};
    use seaworthy_model::Status;
    use seaworthy_testkit::pipelines::*;

    #[test]
    fn passes_on_pull_requests_and_on_the_default_branch() {
        for triggers in [vec![trigger(Event::PullRequest)], vec![push_to_main()]] {
            for role in [Role::Lint, Role::Format, Role::TypeCheck] {
                let (status, _) = judged(&ITEM, ci(triggers.clone(), vec![run("x", &[role])]));
                assert_eq!(status, Status::Pass);
            }
        }
    }

    #[test]
    fn fails_by_hand_or_on_a_schedule_only() {
        let triggers = vec![trigger(Event::Manual), trigger(Event::Schedule)];
        let (status, reason) = judged(&ITEM, ci(triggers, vec![run("ruff check .", &[Role::Lint])]));
        assert_eq!(status, Status::Fail);
        assert!(reason.contains("only by hand and on a schedule"), "{reason}");
    }

    #[test]
    fn fails_without_a_check_and_is_unknown_for_an_unread_system() {
        let nothing = ci(vec![trigger(Event::PullRequest)], vec![run("npm test", &[Role::Test])]);
        assert_eq!(judged(&ITEM, nothing).0, Status::Fail);
        let mut unread = Pipelines::default();
        unread.unread.push(Unread { what: "Jenkins".to_owned(), at: Location::file("Jenkinsfile") });
        assert_eq!(judged(&ITEM, unread).0, Status::Unknown);
        let mut library = facts(Pipelines::default());
        library.system = System::default().into();
        assert_eq!(report(&ITEM, &library).status, Status::NotApplicable);
    }
}
