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
    let suites = suites(repository);
    let Some(suites) = suites else {
        findings.because(format!("no tests were found in the repository ({})", work::count(pipelines)));
        findings.remedy("Write tests, and run them in CI on pull requests.");
        return Ok(findings);
    };
    let runs = work::all(pipelines, &[Role::Test, Role::EndToEnd]);
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
