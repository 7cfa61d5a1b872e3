use seaworthy_facts::{Absent, Event, FactKind, FactView, Packages, Pipelines, Role};
use seaworthy_model::{ItemId, Section};

use crate::ci::work::{self, Work};
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `dependencies.audited`
pub static ITEM: Item = Item {
    id: ItemId::new("dependencies.audited"),
    section: Section::Dependencies,
    question: "Known vulnerabilities are reported",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::Packages, FactKind::Pipelines],
    remedy: "Run a dependency audit in CI on changes or on a schedule.",
    page: include_str!("audited.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let packages = view.get::<Packages>()?;
    if packages.manifests.is_empty() && packages.unread.is_empty() && packages.remote_imports.is_empty() {
        return Ok(Findings::not_applicable("no package manager was found"));
    }
    let pipelines = view.get::<Pipelines>()?;
    let mut findings = Findings::new();
    findings.looked_for("audits of known vulnerabilities in CI, on changes or on a schedule");
    let audits = work::all(pipelines, &[Role::DependencyAudit]);
    for audit in &audits {
        if audit.void().is_some() {
            continue;
        }
        let on_target = || audit.triggers().iter().find(|trigger| trigger.event == Event::PullRequestTarget);
        // An action asks the forge which dependencies the pull request changes; it needs no checkout of its head.
        let reviews = audit.command.is_none().then(on_target).flatten();
        if let Some(trigger) = audit.on_schedule().or_else(|| audit.on_default_branch()).or(reviews) {
            let limited = if trigger.paths.is_empty() { "" } else { ", so on changes of these files only" };
            findings.supports(format!("{} runs {}{limited}", audit.name(), work::when(trigger)), audit.at());
        }
    }
    if findings.has_evidence() {
        if audits.iter().all(|audit| audit.on_schedule().is_none()) {
            findings.note(
                "no audit runs on a schedule: advisories that appear between changes are not seen",
                audits.first().map(|audit| audit.at()),
            );
        }
        return Ok(findings);
    }
    findings.unread(&work::unread(pipelines, |_| true));
    for audit in &audits {
        findings.note(format!("{} does not count: {}", audit.name(), why_not(audit)), Some(audit.at()));
    }
    match audits.first() {
        Some(first) => {
            findings.because(format!("{} at {}: {}", first.name(), first.at(), why_not(first)));
            findings.remedy(format!(
                "Let the audit at {} fail the job, on changes or on a schedule.",
                first.at()
            ));
        }
        None => {
            let count = work::count(pipelines);
            findings.because(format!("{count}; no audit was found (it may be a setting of the forge)"));
        }
    }
    findings.settled_by("run a dependency audit in CI on changes or on a schedule", None);
    Ok(findings)
}

fn why_not(audit: &Work) -> String {
    audit.void().unwrap_or_else(|| format!("it runs only {}", work::when_all(audit.triggers())))
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ci::test_support::{facts, report};
    use seaworthy_facts::{Ecosystem, Event, Facts, Location, Lock, Manifest, Trigger};
    use seaworthy_model::Status;
    use seaworthy_testkit::pipelines::*;

    fn with_packages(pipelines: Pipelines) -> Facts {
        let manifest = Manifest {
            ecosystem: Ecosystem::Npm,
            at: Location::file("package.json"),
            folder: ".".to_owned(),
            ships: true,
            member_of: None,
            lock: Lock::Missing,
            dependencies: Vec::new(),
            partial: false,
        };
        let mut facts = facts(pipelines);
        facts.packages = Packages { manifests: vec![manifest], ..Packages::default() }.into();
        facts
    }

    fn audit(triggers: Vec<Trigger>) -> Pipelines {
        ci(triggers, vec![run("npm audit", &[Role::DependencyAudit])])
    }

    #[test]
    fn passes_on_changes_on_a_schedule_and_on_changed_lockfiles() {
        for triggers in
            [vec![trigger(Event::PullRequest)], vec![trigger(Event::Schedule)], vec![push_to_main()]]
        {
            assert_eq!(report(&ITEM, &with_packages(audit(triggers))).status, Status::Pass);
        }
        let limited = Trigger { paths: vec!["package-lock.json".to_owned()], ..trigger(Event::PullRequest) };
        let report = report(&ITEM, &with_packages(audit(vec![limited])));
        assert_eq!(report.status, Status::Pass);
        assert!(report.reason.contains("package-lock.json"), "{}", report.reason);
        assert!(report.notes[0].summary.contains("schedule"));
    }

    #[test]
    fn a_review_by_the_forge_needs_no_checkout_of_the_pull_request_and_a_command_does() {
        let target = || vec![trigger(Event::PullRequestTarget)];
        let action = uses("actions/dependency-review-action", &[], &[Role::DependencyAudit]);
        assert_eq!(report(&ITEM, &with_packages(ci(target(), vec![action]))).status, Status::Pass);
        assert_eq!(report(&ITEM, &with_packages(audit(target()))).status, Status::Unknown);
    }

    #[test]
    fn an_audit_that_cannot_fail_is_named_and_does_not_count() {
        let mut pipelines = audit(vec![trigger(Event::PullRequest)]);
        pipelines.workflows[0].jobs[0].steps[0].commands[0].ignored = Some("|| true".to_owned());
        let report = report(&ITEM, &with_packages(pipelines));
        assert_eq!(report.status, Status::Unknown);
        assert!(report.reason.contains("|| true"), "{}", report.reason);
    }

    #[test]
    fn unknown_without_one_and_not_applicable_without_packages() {
        let bot = ci(vec![trigger(Event::Schedule)], vec![run("renovate", &[Role::UpdateBot])]);
        assert_eq!(report(&ITEM, &with_packages(bot)).status, Status::Unknown);
        assert_eq!(
            report(&ITEM, &with_packages(audit(vec![trigger(Event::Release)]))).status,
            Status::Unknown
        );
        assert_eq!(report(&ITEM, &facts(Pipelines::default())).status, Status::NotApplicable);
    }
}
