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
