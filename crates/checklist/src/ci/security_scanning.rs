use seaworthy_facts::{Absent, FactKind, FactView, Pipelines, Role, System};
use seaworthy_model::{ItemId, Section};

use super::work::{self, Work};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `ci.security-scanning`
pub static ITEM: Item = Item {
    id: ItemId::new("ci.security-scanning"),
    section: Section::Ci,
    question: "CI looks for security faults",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Pipelines],
    remedy: "Add code, dependency, container or secret scanning to CI.",
    page: include_str!("security_scanning.md"),
    evidence,
};

/// Actions that hand findings over to the forge, so that they do not need to fail the job.
const UPLOADS: [&str; 2] = ["github/codeql-action/upload-sarif", "github/codeql-action/analyze"];

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::deployable(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let pipelines = view.get::<Pipelines>()?;
    let mut findings = Findings::new();
    findings.looked_for("code, dependency, image and secret scanners in CI jobs that start by themselves");
    let scans =
        work::all(pipelines, &[Role::CodeScan, Role::DependencyAudit, Role::ImageScan, Role::SecretScan]);
    for scan in &scans {
        let heard = scan.masked().is_none() || is_uploaded(scan);
        if let Some(trigger) = scan.automatic()
            && scan.idle().is_none()
            && !scan.job.manual
            && heard
        {
            findings.supports(format!("{} runs {}", scan.name(), work::when(trigger)), scan.at());
        }
    }
    if findings.has_evidence() {
        return Ok(findings);
    }
    findings.unread(&work::unread(pipelines, |_| true));
    for scan in &scans {
        findings.note(format!("{} does not count: {}", scan.name(), why_not(scan)), Some(scan.at()));
    }
    match scans.first() {
        Some(first) => {
            findings.because(format!("{} at {}: {}", first.name(), first.at(), why_not(first)));
            findings.remedy(format!("Let the scan at {} start by itself and fail the job.", first.at()));
        }
        None => {
            let count = work::count(pipelines);
            findings.because(format!("{count}; no scanner was found (it may be a setting of the forge)"));
        }
    }
    findings
        .settled_by("add a scanner to CI, or commit the configuration of the one that the forge runs", None);
    Ok(findings)
}

/// Its findings are uploaded by a later step of the same job.
fn is_uploaded(scan: &Work) -> bool {
    scan.job
        .steps
        .iter()
        .skip(scan.position)
        .any(|step| step.uses.as_ref().is_some_and(|uses| UPLOADS.contains(&uses.name.as_str())))
}

fn why_not(scan: &Work) -> String {
    scan.void().unwrap_or_else(|| format!("it runs only {}", work::when_all(scan.triggers())))
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ci::test_support::{facts, judged, report};
    use seaworthy_facts::Event;
    use seaworthy_model::Status;
    use seaworthy_testkit::pipelines::*;

    #[test]
    fn passes_for_any_kind_that_starts_by_itself() {
        for role in [Role::CodeScan, Role::DependencyAudit, Role::ImageScan, Role::SecretScan] {
            for event in [Event::PullRequest, Event::Schedule] {
                assert_eq!(judged(&ITEM, ci(vec![trigger(event)], vec![run("x", &[role])])).0, Status::Pass);
            }
        }
    }

    #[test]
    fn a_scan_that_cannot_fail_counts_when_its_findings_are_uploaded() {
        let mut scan = run("trivy fs .", &[Role::ImageScan]);
        scan.failure_ignored = Some("continue-on-error".to_owned());
        let on = || vec![trigger(Event::PullRequest)];
        let (status, reason) = judged(&ITEM, ci(on(), vec![scan.clone()]));
        assert_eq!(status, Status::Unknown);
        assert!(reason.contains("continue-on-error"), "{reason}");
        let upload = uses("github/codeql-action/upload-sarif", &[], &[]);
        assert_eq!(judged(&ITEM, ci(on(), vec![scan, upload])).0, Status::Pass);
    }

    #[test]
    fn unknown_by_hand_or_without_any_and_not_applicable_without_a_system() {
        let by_hand = ci(vec![trigger(Event::Manual)], vec![run("gitleaks git .", &[Role::SecretScan])]);
        assert_eq!(judged(&ITEM, by_hand).0, Status::Unknown);
        assert_eq!(judged(&ITEM, Pipelines::default()).0, Status::Unknown);
        let mut library = facts(Pipelines::default());
        library.system = System::default().into();
        assert_eq!(report(&ITEM, &library).status, Status::NotApplicable);
    }
}
