use seaworthy_facts::{Absent, FactKind, FactView, Location, Pipelines, Role, System};
use seaworthy_model::{ItemId, Section};

use super::artifact::{self, Naming};
use super::work;
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `ci.versioned-artifacts`
pub static ITEM: Item = Item {
    id: ItemId::new("ci.versioned-artifacts"),
    section: Section::Ci,
    question: "CI publishes artefacts under a version",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Pipelines],
    remedy: "Let CI publish the artefact under a version or the commit.",
    page: include_str!("versioned_artifacts.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::deployable(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let pipelines = view.get::<Pipelines>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "images, archives and packages that CI publishes, and the tags and versions that it gives them",
    );
    let mut moving: Vec<(String, &Location)> = Vec::new();
    let mut untold: Vec<(String, &Location)> = Vec::new();
    for publish in work::all(pipelines, &[Role::Publish]) {
        if publish.idle().is_some() {
            continue;
        }
        match artifact::naming_of(&publish) {
            Naming::Versioned(how) => {
                findings.supports(format!("{} publishes under {how}", publish.name()), publish.at());
            }
            Naming::Moving(tag) => {
                moving.push((
                    format!("{} publishes under {tag} alone, which moves", publish.name()),
                    publish.at(),
                ));
            }
            Naming::Untold => untold.push((publish.name(), publish.at())),
        }
    }
    if findings.has_evidence() {
        for (what, at) in &moving {
            findings.note(what.clone(), Some(at));
        }
        return Ok(findings);
    }
    if let Some((name, at)) = untold.first() {
        findings.because(format!("{name} at {at} publishes, but the file does not tell under which version"));
        findings.settled_by("put the version or the commit into the tag, where it is published", None);
        return Ok(findings);
    }
    for (what, at) in &moving {
        findings.contradicts(what.clone(), at);
    }
    if let Some((_, at)) = moving.first() {
        findings.remedy(format!("Add a tag with the commit or a version at {at}."));
        return Ok(findings);
    }
    findings.unread(&work::unread(pipelines, |_| true));
    findings.because(format!("{}; nothing publishes an artefact", work::count(pipelines)));
    findings.settled_by("add the repository that builds and keeps the artefacts", Some("--with DIR"));
    Ok(findings)
}
