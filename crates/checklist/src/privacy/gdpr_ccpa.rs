use seaworthy_facts::{Absent, FactKind, FactView, LegalKind, LegalText, Pages, Part, System};
use seaworthy_model::{ItemId, Section};

use super::legal;
use crate::shared::{self, settle};
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `privacy.gdpr-ccpa`
pub static ITEM: Item = Item {
    id: ItemId::new("privacy.gdpr-ccpa"),
    section: Section::Privacy,
    question: "The policy says what the law asks",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(180),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::Accepted,
    operator: true,
    reads: &[FactKind::System, FactKind::Pages],
    remedy: "Complete the policy with what is missing.",
    page: include_str!("gdpr_ccpa.md"),
    evidence,
};

/// What Art. 13 GDPR asks of every policy.
const REQUIRED: &[Part] = &[
    Part::Controller,
    Part::Contact,
    Part::Purposes,
    Part::LegalBasis,
    Part::Recipients,
    Part::Retention,
    Part::Rights,
    Part::Complaint,
];

/// What it asks where there is such a thing, and what California asks besides.
const WHERE_DUE: &[Part] =
    &[Part::Officer, Part::Transfers, Part::Withdrawal, Part::AutomatedDecisions, Part::Sale];

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::people(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let pages = view.get::<Pages>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "the parts that Art. 13 GDPR asks for, by their words, in the text of the privacy policy",
    );
    findings.note("which parts a text has is told by its words; this is not legal advice", None);
    let Some(text) = text(pages) else {
        findings.because("no text of a privacy policy is in the repository");
        if legal::is_linked(pages, LegalKind::Privacy) {
            findings.settled_by(
                "let somebody check the policy part by part, and sign it",
                Some("seaworthy attest privacy.gdpr-ccpa"),
            );
        } else {
            settle::url(&mut findings);
        }
        return Ok(findings);
    };
    let place = |part: Part| text.parts.iter().find(|found| found.part == part).map(|found| &found.at);
    for part in REQUIRED.iter().chain(WHERE_DUE) {
        match place(*part) {
            Some(at) => findings.note(format!("found: {}", part.name()), Some(at)),
            None if WHERE_DUE.contains(part) => {
                findings.note(format!("not found, due only where it applies: {}", part.name()), None)
            }
            None => findings.note(format!("missing: {}", part.name()), None),
        };
    }
    let missing: Vec<&str> =
        REQUIRED.iter().filter(|part| place(**part).is_none()).map(|part| part.name()).collect();
    if missing.is_empty() {
        findings.supports("the policy speaks of every part that Art. 13 GDPR asks for", &text.at);
    } else {
        findings.contradicts(format!("the policy does not speak of {}", missing.join(", ")), &text.at);
        findings.remedy(format!("Add to the policy: {}.", missing.join(", ")));
    }
    Ok(findings)
}

/// The text with the most parts; a document that nothing links to may be about something else.
fn text(pages: &Pages) -> Option<&LegalText> {
    let linked = legal::is_linked(pages, LegalKind::Privacy);
    pages
        .texts(LegalKind::Privacy)
        .filter(|text| text.words >= legal::ENOUGH && (linked || !text.document))
        .max_by_key(|text| text.parts.iter().filter(|found| REQUIRED.contains(&found.part)).count())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use seaworthy_facts::{Facts, LinkTarget, Location, PolicyPart};
    use seaworthy_model::{ItemReport, Status};

    use super::*;
    use crate::privacy::legal::tests::{link, long};
    use crate::privacy::test_support::{facts, report};

    fn judged(parts: &[Part], words: u32) -> ItemReport {
        let parts =
            parts.iter().map(|part| PolicyPart { part: *part, at: Location::line("p.md", 3) }).collect();
        let text = LegalText { words, parts, ..long(LegalKind::Privacy) };
        let links = vec![link(LegalKind::Privacy, LinkTarget::Internal)];
        let pages = Pages { legal: vec![text], links, ..Pages::default() };
        report(&ITEM, &Facts { pages: pages.into(), ..facts() })
    }

    #[test]
    fn all_parts_pass_and_a_missing_one_is_named() {
        assert_eq!(judged(REQUIRED, 500).status, Status::Pass);
        let report = judged(&REQUIRED[1..], 500);
        assert_eq!(report.status, Status::Fail);
        assert!(report.reason.contains("who is responsible"), "{}", report.reason);
        assert!(report.notes.iter().any(|note| note.summary.contains("not legal advice")));
    }

    #[test]
    fn no_text_is_unknown() {
        assert_eq!(judged(REQUIRED, 10).status, Status::Unknown);
        assert_eq!(report(&ITEM, &facts()).status, Status::Unknown);
        let nobody = Facts { system: System::default().into(), ..facts() };
        assert_eq!(report(&ITEM, &nobody).status, Status::NotApplicable);
    }
}
