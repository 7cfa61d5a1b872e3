use seaworthy_facts::{
    Absent, Declared, DeclaredProcessor, FactKind, FactView, LegalKind, Pages, Part, Privacy, Processor,
    System,
};
use seaworthy_model::{ItemId, Section};

use super::legal;
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `privacy.processors`
pub static ITEM: Item = Item {
    id: ItemId::new("privacy.processors"),
    section: Section::Privacy,
    question: "Third parties that get data are known and covered by agreements",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(180),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Pages, FactKind::Privacy, FactKind::Declared],
    remedy: "List every processor with a link to its agreement.",
    page: include_str!("processors.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::people(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let (privacy, declared) = (view.get::<Privacy>()?, view.get::<Declared>()?);
    let mut findings = Findings::new();
    findings.looked_for(
        "service kits, addresses, script tags and platforms in what ships, against [[processor]] in seaworthy.toml",
    );
    for processor in &privacy.processors {
        let covered = match covering(&declared.processors, processor) {
            Some(entry) => format!("covered by {} ({})", entry.agreement, entry.date),
            None => format!("not declared; its terms: {}", processor.link),
        };
        findings.note(
            format!("{}, for {}: gets {}; {covered}", processor.company, processor.purpose, processor.data),
            processor.at.first(),
        );
    }
    let open: Vec<&Processor> = privacy
        .processors
        .iter()
        .filter(|processor| covering(&declared.processors, processor).is_none())
        .collect();
    if !declared.processors.is_empty() {
        for processor in &open {
            if let Some(at) = processor.at.first() {
                findings.contradicts(format!("{} gets data and is not declared", processor.company), at);
            }
        }
        for entry in declared.processors.iter().filter(|_| open.is_empty()) {
            if let Some(at) = &entry.at {
                findings.supports(format!("{} is declared ({})", entry.name, entry.date), at);
            }
        }
    } else {
        by_policy(&mut findings, view.get::<Pages>()?, privacy, &open);
    }
    findings.remedy(
        "Declare each third party as [[processor]] in seaworthy.toml, with its agreement and the day on which you looked at it.",
    );
    findings.settled_by("declare the third parties in seaworthy.toml", Some("seaworthy init --print"));
    Ok(findings)
}

/// Nothing is declared: a policy that lists recipients by name is a list as well, though one without agreements.
fn by_policy(findings: &mut Findings, pages: &Pages, privacy: &Privacy, open: &[&Processor]) {
    let listed = pages.texts(LegalKind::Privacy).any(|text| {
        text.words >= legal::ENOUGH && text.parts.iter().any(|part| part.part == Part::Recipients)
    });
    if listed && privacy.listed.len() >= LISTED {
        for processor in open.iter().filter(|processor| processor.named.is_none()) {
            if let Some(at) = processor.at.first() {
                findings.contradicts(
                    format!(
                        "{} gets data, and the policy, which names others, does not name it",
                        processor.company
                    ),
                    at,
                );
            }
        }
    }
    findings.because(match privacy.processors.len() {
        0 => "no third party was found in the code, and none is declared".to_owned(),
        1 => format!("{} gets data, and nothing is declared", privacy.processors[0].company),
        count => {
            format!("{count} third parties get data, and none is declared: {}", names(&privacy.processors))
        }
    });
}

/// A policy that names so many of them lists its recipients by name.
const LISTED: usize = 2;

fn names(processors: &[Processor]) -> String {
    let mut names: Vec<&str> =
        processors.iter().take(6).map(|processor| processor.company.as_str()).collect();
    if processors.len() > names.len() {
        names.push("…");
    }
    names.join(", ")
}

/// The declaration that covers a company: by its key, its name, or the name without the parent company's.
fn covering<'a>(declared: &'a [DeclaredProcessor], processor: &Processor) -> Option<&'a DeclaredProcessor> {
    let plain = |name: &str| -> String {
        name.to_lowercase().chars().filter(|character| character.is_alphanumeric()).collect()
    };
    let company = processor.company.as_str();
    let short = company.split(" (").next().unwrap_or(company);
    let wanted = [plain(&processor.key), plain(company), plain(short)];
    declared.iter().find(|entry| wanted.contains(&plain(&entry.name)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use seaworthy_facts::{Facts, Location, PolicyPart};
    use seaworthy_model::{ItemReport, Status};

    use super::*;
    use crate::privacy::legal::tests::long;
    use crate::privacy::test_support::{facts, report};

    fn processor(key: &str, company: &str, named: bool) -> Processor {
        Processor {
            key: key.to_owned(),
            company: company.to_owned(),
            purpose: "mail".to_owned(),
            data: "mail addresses".to_owned(),
            link: "https://example.org/dpa".to_owned(),
            at: vec![Location::line("src/mail.ts", 2)],
            named: named.then(|| Location::line("privacy.md", 30)),
        }
    }

    fn judged(processors: Vec<Processor>, declared: &[&str]) -> ItemReport {
        let declared = declared
            .iter()
            .map(|name| DeclaredProcessor {
                name: (*name).to_owned(),
                agreement: "https://example.org/dpa".to_owned(),
                date: "2026-03-01".to_owned(),
                at: Some(Location::line("seaworthy.toml", 9)),
            })
            .collect();
        let mut text = long(LegalKind::Privacy);
        text.parts.push(PolicyPart { part: Part::Recipients, at: Location::line("privacy.md", 30) });
        let facts = Facts {
            declared: Declared { processors: declared, ..Declared::default() }.into(),
            privacy: Privacy {
                listed: processors.iter().filter(|p| p.named.is_some()).map(|p| p.company.clone()).collect(),
                processors,
                ..Privacy::default()
            }
            .into(),
            pages: Pages { legal: vec![text], ..Pages::default() }.into(),
            ..facts()
        };
        report(&ITEM, &facts)
    }

    fn two() -> Vec<Processor> {
        vec![processor("mailgun", "Mailgun (Sinch)", false), processor("stripe", "Stripe", false)]
    }

    #[test]
    fn the_whole_inventory_must_be_declared() {
        assert_eq!(judged(two(), &["Mailgun", "stripe"]).status, Status::Pass);
        assert_eq!(judged(two(), &["Stripe"]).status, Status::Fail);
        assert_eq!(judged(vec![], &["Stripe"]).status, Status::Pass);
    }

    #[test]
    fn nothing_declared_is_unknown_and_shows_the_inventory() {
        let report = judged(two(), &[]);
        assert_eq!(report.status, Status::Unknown);
        assert_eq!(report.notes.len(), 2);
        assert_eq!(judged(vec![], &[]).status, Status::Unknown);
    }

    #[test]
    fn a_policy_that_names_some_and_not_others_fails() {
        let named = |third| {
            vec![
                processor("mailgun", "Mailgun (Sinch)", true),
                processor("sentry", "Sentry", true),
                processor("stripe", "Stripe", third),
            ]
        };
        assert_eq!(judged(named(false), &[]).status, Status::Fail);
        assert_eq!(judged(named(true), &[]).status, Status::Unknown);
    }

    #[test]
    fn where_nobody_leaves_data_it_does_not_apply() {
        let nobody = Facts { system: System::default().into(), ..facts() };
        assert_eq!(report(&ITEM, &nobody).status, Status::NotApplicable);
    }
}
