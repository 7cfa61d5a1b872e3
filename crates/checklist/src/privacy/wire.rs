//! Legal pages as a crawl of a running site finds them.

use seaworthy_facts::{Browser, Consent, FactView, LegalKind, LegalPage};

use super::legal::ENOUGH;
use crate::Item;
use crate::live::{Live, Place};

/// The text is reached within two clicks, is a real one, and says its date and whom to ask.
pub fn legal(item: &Item, view: &FactView, kind: LegalKind) -> Live {
    let key = match kind {
        LegalKind::Privacy => "privacy",
        LegalKind::Terms => "terms",
    };
    let browser = view.get::<Browser>().ok();
    Live::of_sites(view, |origin, live| {
        let name = kind.name();
        // What a browser shows after scripts ran stands for what was read without one.
        let visits = browser.iter().flat_map(|browser| &browser.visits);
        let shown: Vec<&LegalPage> =
            visits.filter(|visit| visit.url == origin.url).flat_map(|visit| &visit.legal).collect();
        let read = origin.legal.iter().filter(|page| shown.iter().all(|known| known.url != page.url));
        let pages: Vec<&LegalPage> =
            shown.iter().copied().chain(read).filter(|page| page.kind == key).collect();
        // Of several the best one counts: an old or short copy beside the real text harms nobody.
        let mut problems = Vec::new();
        for page in &pages {
            let problem = match page.status {
                None if page.scripted => {
                    live.undecided(
                        format!("the {name} is at {}, which only scripts show: a browser would", page.url),
                        &page.url,
                    );
                    continue;
                }
                None => {
                    live.note(format!("the {name} is at {}, which was not followed", page.url), &page.url);
                    continue;
                }
                Some(status) if status != 200 => format!("{} answers with status {status}", page.url),
                Some(_) if !page.placeholders.is_empty() => {
                    format!("{} holds text of a template: {}", page.url, page.placeholders.join(", "))
                }
                Some(_) if page.words < ENOUGH && page.scripted => {
                    live.undecided(
                        format!(
                            "the {name} at {} has {} words without its scripts; a browser would show the rest",
                            page.url, page.words
                        ),
                        &page.url,
                    );
                    continue;
                }
                Some(_) if page.words < ENOUGH => format!("{} has {} words", page.url, page.words),
                Some(_) => {
                    let date = page.dated.as_deref().unwrap_or("no date");
                    let contact = page.contact.as_deref().unwrap_or("no contact");
                    if page.dated.is_none() || page.contact.is_none() {
                        live.note(
                            format!("the {name} at {} gives {date} and {contact}", page.url),
                            &page.url,
                        );
                    }
                    let clicks = if page.clicks == 1 { "click" } else { "clicks" };
                    let summary = format!(
                        "the {name} is {} {clicks} from the home page: {} words, {date}, {contact}",
                        page.clicks, page.words
                    );
                    live.supports(item, origin.into(), summary).location =
                        seaworthy_model::Location::Url { url: page.url.clone() };
                    return;
                }
            };
            problems.push(problem);
        }
        match problems.into_iter().next() {
            Some(problem) => {
                live.contradicts(item, origin.into(), format!("the {name}: {problem}"));
            }
            // A crawl of a few pages does not see what only scripts or signed-in pages link to.
            None if pages.is_empty() => {
                live.undecided(format!("no link to the {name} was found within two clicks"), &origin.url);
            }
            None => {}
        }
    })
}

/// Nothing non-essential before consent, nothing after refusing, and it works after agreeing.
pub fn consent(item: &Item, view: &FactView) -> Live {
    let mut live = Live::default();
    let Some(browser) = live.fact::<Browser>(view) else { return live };
    for visit in &browser.visits {
        let place = Place { url: &visit.url, environment: visit.environment, at: visit.at };
        let before = following(&visit.before);
        let mut failed = false;
        if let Some(first) = before.first() {
            failed = true;
            let more =
                if before.len() > 1 { format!(" and {} more", before.len() - 1) } else { String::new() };
            live.contradicts(item, place, format!("before any consent, {first}{more}"));
        }
        if let Some(first) = visit.after_reject.as_ref().map(following).unwrap_or_default().first() {
            failed = true;
            live.contradicts(item, place, format!("after refusing, {first}"));
        }
        for stored in visit.before.unknown_cookies.iter().take(8) {
            live.note(
                format!(
                    "before any consent, the {} `{}` is set; nothing here knows what it is for",
                    stored.kind, stored.name
                ),
                &visit.url,
            );
        }
        if let Some(controlled) = &visit.with_privacy_control
            && !before.is_empty()
        {
            let honoured = following(controlled).is_empty();
            let how = if honoured { "honoured: nothing follows then" } else { "not honoured" };
            live.note(format!("Global Privacy Control is {how}"), &visit.url);
        }
        if failed {
            continue;
        }
        let accepted = visit.after_accept.as_ref().map(following);
        match (&visit.after_reject, accepted) {
            (Some(_), Some(after)) => {
                let works = if after.is_empty() { "nothing" } else { "what was agreed to" };
                live.supports(
                    item,
                    place,
                    format!("in a browser nothing follows before consent and after refusing; {works} comes after agreeing"),
                );
            }
            (None, Some(after)) if !after.is_empty() => {
                live.contradicts(
                    item,
                    place,
                    "the visitor can agree to being followed, but no way to refuse was found",
                );
            }
            _ => match visit.before.unknown_cookies.first() {
                Some(stored) => live.undecided(
                    format!(
                        "nothing that is known to follow visitors was seen in a browser, but what the {} `{}` is for is not known here",
                        stored.kind, stored.name
                    ),
                    &visit.url,
                ),
                None => live.nothing(format!(
                    "in a browser {} sets nothing that needs consent and asks no tracker",
                    visit.url
                )),
            },
        }
    }
    live
}

/// What follows the visitor, in words.
fn following(consent: &Consent) -> Vec<String> {
    let requests =
        consent.trackers.iter().map(|tracker| format!("{} is asked ({})", tracker.host, tracker.of));
    let stored = consent.tracking_cookies.iter().map(|stored| {
        format!(
            "the {} `{}` is set ({})",
            stored.kind,
            stored.name,
            stored.of.as_deref().unwrap_or("a tracker")
        )
    });
    requests.chain(stored).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use seaworthy_facts::{Browser, Consent, Facts, LegalPage, Stored, TrackerRequest, Visit};
    use seaworthy_model::{Environment, Status};

    use crate::live::tests::{origin, probed, report, visit};
    use crate::privacy::{cookie_consent, policy};

    fn page() -> LegalPage {
        LegalPage {
            kind: "privacy".to_owned(),
            url: "https://app.example/privacy".to_owned(),
            clicks: 1,
            status: Some(200),
            words: 900,
            placeholders: Vec::new(),
            dated: Some("2026-01-02".to_owned()),
            contact: Some("privacy@app.example".to_owned()),
            scripted: false,
        }
    }

    fn status(legal: Vec<LegalPage>) -> Status {
        let mut site = origin(Environment::Production, Vec::new());
        site.legal = legal;
        report(&policy::ITEM, &probed(vec![site])).status
    }

    #[test]
    fn a_real_text_passes() {
        assert_eq!(status(vec![page()]), Status::Pass);
        assert_eq!(status(vec![LegalPage { status: Some(404), ..page() }]), Status::Fail);
        assert_eq!(status(vec![LegalPage { words: 10, ..page() }]), Status::Fail);
        assert_eq!(
            status(vec![LegalPage { placeholders: vec!["[Company]".to_owned()], ..page() }]),
            Status::Fail
        );
        assert_eq!(status(vec![LegalPage { words: 10, ..page() }, page()]), Status::Pass);
        // A shell that scripts fill is no short text.
        assert_eq!(status(vec![LegalPage { words: 10, scripted: true, ..page() }]), Status::Unknown);
        assert_eq!(status(Vec::new()), Status::Unknown);
        assert_eq!(status(vec![LegalPage { status: None, ..page() }]), Status::Unknown);
        // A route of a page with scripts, which nobody ran.
        let route = LegalPage {
            status: None,
            scripted: true,
            url: "https://app.example/#/privacy".to_owned(),
            ..page()
        };
        assert_eq!(status(vec![route]), Status::Unknown);
    }

    fn followed() -> Consent {
        Consent {
            trackers: vec![TrackerRequest { host: "a.example".to_owned(), of: "Tracker".to_owned() }],
            tracking_cookies: vec![Stored { name: "_t".to_owned(), ..Stored::default() }],
            ..Consent::default()
        }
    }

    fn visited(before: Consent, reject: Option<Consent>, accept: Option<Consent>) -> Status {
        let visit = Visit { before, after_reject: reject, after_accept: accept, ..visit() };
        let browser = Browser { visits: vec![visit], ..Browser::default() };
        report(&cookie_consent::ITEM, &Facts { browser: browser.into(), ..Facts::default() }).status
    }

    #[test]
    fn consent_comes_first() {
        let none = Consent::default;
        assert_eq!(visited(none(), Some(none()), Some(followed())), Status::Pass);
        assert_eq!(visited(none(), None, None), Status::NotApplicable);
        let odd = Stored { name: "odd".to_owned(), kind: "cookie".to_owned(), ..Stored::default() };
        let unknown = Consent { unknown_cookies: vec![odd], ..Consent::default() };
        assert_eq!(visited(unknown, None, None), Status::Unknown);
        assert_eq!(visited(followed(), Some(none()), Some(followed())), Status::Fail);
        assert_eq!(visited(none(), Some(followed()), Some(followed())), Status::Fail);
        assert_eq!(visited(none(), None, Some(followed())), Status::Fail);
    }
}
