use seaworthy_facts::{Absent, FactKind, FactView, Pages, Privacy, System, Tracker};
use seaworthy_model::{ItemId, Section};

use super::wire;
use crate::shared::{self, settle};
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `privacy.cookie-consent`
pub static ITEM: Item = Item {
    id: ItemId::new("privacy.cookie-consent"),
    section: Section::Privacy,
    question: "Nothing non-essential is set before consent",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Pages, FactKind::Privacy, FactKind::Browser],
    remedy: "Load trackers only after consent.",
    page: include_str!("cookie_consent.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    wire::consent(&ITEM, view).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::people(system) {
        return Ok(not_applicable);
    }
    let (pages, privacy) = (view.get::<Pages>()?, view.get::<Privacy>()?);
    let mut findings = Findings::new();
    if privacy.trackers.iter().all(|tracker| tracker.cookieless.is_some()) {
        let cookies = system.people.iter().any(|sign| sign.value == "a cookie");
        if pages.first_page.is_none() && !cookies {
            return Ok(Findings::not_applicable("no pages, no tracker and no cookie were found"));
        }
        if pages.first_page.is_none() {
            findings.because("there are no pages here, so that what they load is decided elsewhere");
            findings.settled_by(
                "add the folder that holds the front end",
                Some("seaworthy check --with ../FRONTEND"),
            );
            return Ok(findings);
        }
        let mut findings = Findings::not_applicable(match privacy.trackers.first() {
            None => "no tracker and no advertising script was found in pages and scripts".to_owned(),
            Some(_) => {
                format!("only analytics that need no consent were found: {}", names(&privacy.trackers))
            }
        });
        for tracker in &privacy.trackers {
            if let Some(why) = &tracker.cookieless {
                findings.note(format!("{} needs no consent: {why}", tracker.name), Some(&tracker.at));
            }
        }
        return Ok(findings);
    }
    findings.looked_for(
        "analytics, advertising and session replay in pages and scripts, consent tools, and own code that asks before it loads them",
    );
    let mut open = Vec::new();
    for tracker in &privacy.trackers {
        match (&tracker.cookieless, &tracker.gate, &tracker.setting) {
            (Some(why), ..) => {
                findings.note(format!("{} needs no consent: {why}", tracker.name), Some(&tracker.at));
            }
            (None, Some(gate), _) => {
                findings.supports(format!("{} waits for consent: {}", tracker.name, gate.value), &gate.at);
                findings.note(format!("{} is loaded here", tracker.name), Some(&tracker.at));
            }
            (None, None, Some(setting)) => {
                findings.note(
                    format!("{} is loaded without asking where `{setting}` is set", tracker.name),
                    Some(&tracker.at),
                );
                open.push((tracker.name.as_str(), setting.as_str()));
            }
            (None, None, None) => {
                findings.contradicts(format!("{} is loaded without asking", tracker.name), &tracker.at);
            }
        }
    }
    if let Some((name, setting)) = open.first() {
        findings.because(format!(
            "{name} would be loaded without asking, but only where `{setting}` is set, which nothing in the repository does"
        ));
        settle::url(&mut findings);
    }
    Ok(findings)
}

fn names(trackers: &[Tracker]) -> String {
    let mut names: Vec<&str> = trackers.iter().map(|tracker| tracker.name.as_str()).collect();
    names.dedup();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use seaworthy_facts::{Facts, Location, Observed};
    use seaworthy_model::Status;

    use super::*;
    use crate::privacy::test_support::{facts, report};

    fn tracker(name: &str) -> Tracker {
        Tracker {
            name: name.to_owned(),
            at: Location::line("app/layout.tsx", 7),
            cookieless: None,
            gate: None,
            setting: None,
            docs: String::new(),
        }
    }

    fn status(trackers: Vec<Tracker>) -> Status {
        let privacy = Privacy { trackers, ..Privacy::default() };
        report(&ITEM, &Facts { privacy: privacy.into(), ..facts() }).status
    }

    fn gated() -> Tracker {
        let gate = Observed::new("Klaro".to_owned(), Location::line("index.html", 2));
        Tracker { gate: Some(gate), ..tracker("Google Analytics") }
    }

    #[test]
    fn a_tracker_that_waits_passes_and_one_that_does_not_fails() {
        assert_eq!(status(vec![gated()]), Status::Pass);
        assert_eq!(status(vec![tracker("Hotjar")]), Status::Fail);
        assert_eq!(status(vec![gated(), tracker("Hotjar")]), Status::Fail);
    }

    #[test]
    fn one_behind_a_setting_is_unknown() {
        let optional = Tracker { setting: Some("GA_ID".to_owned()), ..tracker("Google Analytics") };
        assert_eq!(status(vec![optional]), Status::Unknown);
    }

    #[test]
    fn without_trackers_it_does_not_apply_where_pages_were_read() {
        let quiet = Tracker { cookieless: Some("it sets no cookies".to_owned()), ..tracker("Plausible") };
        assert_eq!(status(vec![]), Status::NotApplicable);
        assert_eq!(status(vec![quiet]), Status::NotApplicable);
        // What an interface alone leaves in browsers is told by its own cookies.
        let interface = Facts { pages: Pages::default().into(), ..facts() };
        assert_eq!(report(&ITEM, &interface).status, Status::NotApplicable);
        let mut system = interface.system.get().unwrap().clone();
        system.people.push(Observed::new("a cookie".to_owned(), Location::line("src/login.ts", 9)));
        let signed_in = Facts { system: system.into(), ..interface };
        assert_eq!(report(&ITEM, &signed_in).status, Status::Unknown);
        let nobody = Facts { system: System::default().into(), ..facts() };
        assert_eq!(report(&ITEM, &nobody).status, Status::NotApplicable);
    }
}
