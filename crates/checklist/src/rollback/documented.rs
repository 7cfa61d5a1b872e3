use seaworthy_facts::{Absent, Documents, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `rollback.documented`
pub static ITEM: Item = Item {
    id: ItemId::new("rollback.documented"),
    section: Section::Rollback,
    question: "Rolling back is written down and was tried",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(90),
    floor: Floor::ProvenOrAttested,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::Accepted,
    operator: false,
    reads: &[FactKind::System, FactKind::Documents],
    remedy: "Write a runbook section with the commands, and rehearse it.",
    page: include_str!("documented.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::deployable(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let documents = view.get::<Documents>()?;
    let mut findings = Findings::new();
    findings.looked_for("sections on rolling back a release in the documents of the repository");
    for section in &documents.rollback {
        let heading = &section.heading;
        match (section.about_release, section.has_steps) {
            (true, true) => {
                findings.supports(
                    format!("\u{201c}{heading}\u{201d} tells how to go back, with steps"),
                    &section.at,
                );
            }
            (true, false) => {
                findings
                    .note(format!("\u{201c}{heading}\u{201d} holds no commands or steps"), Some(&section.at));
            }
            (false, _) => {
                findings.note(
                    format!(
                        "\u{201c}{heading}\u{201d} is about something else than a release of the application"
                    ),
                    Some(&section.at),
                );
            }
        }
    }
    findings.because(match documents.read {
        0 => "there is no document".to_owned(),
        1 => "the only document has no section on rolling back a release that holds steps".to_owned(),
        count => format!("{count} documents, none with a section on rolling back a release that holds steps"),
    });
    Ok(findings)
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ci::test_support::{facts, report};
    use seaworthy_facts::{Location, Pipelines, RunbookSection};
    use seaworthy_model::{Cause, Status};

    fn judged(about_release: bool, has_steps: bool) -> seaworthy_model::ItemReport {
        let mut facts = facts(Pipelines::default());
        let section = RunbookSection {
            heading: "Rollback".to_owned(),
            at: Location::line("docs/deploy.md", 9),
            about_release,
            has_steps,
        };
        facts.documents = Documents { read: 1, rollback: vec![section], ..Documents::default() }.into();
        report(&ITEM, &facts)
    }

    #[test]
    fn a_runbook_that_was_never_tried_is_unknown() {
        let report = judged(true, true);
        assert_eq!((report.status, report.cause), (Status::Unknown, Some(Cause::Untried)));
        assert_eq!(report.evidence.len(), 1);
    }

    #[test]
    fn no_steps_or_another_topic_fails() {
        assert_eq!(judged(true, false).status, Status::Fail);
        assert_eq!(judged(false, true).status, Status::Fail);
    }

    #[test]
    fn a_library_needs_no_runbook() {
        let mut library = facts(Pipelines::default());
        library.system = System::default().into();
        assert_eq!(report(&ITEM, &library).status, Status::NotApplicable);
    }
}
