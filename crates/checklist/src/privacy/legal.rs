//! What privacy policies and terms have in common: a text, and a way to find it.

use seaworthy_facts::{Absent, FactView, LegalKind, LegalLink, LegalText, LinkTarget, Pages, System};

use crate::Findings;
use crate::shared::{self, settle};

/// Words below which a page says too little.
pub const ENOUGH: u32 = 80;

/// The evidence for a legal text of a kind.
pub fn evidence(view: &FactView, kind: LegalKind) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::people(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let pages = view.get::<Pages>()?;
    let mut findings = Findings::new();
    findings.looked_for(format!(
        "pages, documents and translations with the {}, routes to them, and links in layouts, footers and sign-up pages",
        kind.name()
    ));
    let links: Vec<&LegalLink> = pages.links.iter().filter(|link| link.kind == kind).collect();
    let to = |target| links.iter().find(|link| link.target == target);
    let text = text(pages, kind);
    // Without a text of its own, an address elsewhere says where the text is.
    let leads = match text {
        Some(_) => to(LinkTarget::Internal).or_else(|| to(LinkTarget::External)),
        None => to(LinkTarget::External).or_else(|| to(LinkTarget::Internal)),
    };
    match text {
        Some(text) => judge_text(&mut findings, pages, text, leads.copied()),
        None => match leads {
            Some(link) if link.target == LinkTarget::External => {
                findings.supports(format!("{} links {}", capital(&link.place), link.address), &link.at);
            }
            Some(link) => short_or_elsewhere(&mut findings, pages, kind, link),
            None => no_link(&mut findings, pages, kind, &links),
        },
    }
    findings.unread(&pages.unread);
    Ok(findings)
}

/// The longest text of a kind that is long enough, pages before documents.
pub fn text(pages: &Pages, kind: LegalKind) -> Option<&LegalText> {
    let enough = |text: &&LegalText| text.words >= ENOUGH;
    pages.texts(kind).filter(enough).find(|text| !text.document).or_else(|| pages.texts(kind).find(enough))
}

/// Whether some link leads to texts of a kind.
pub fn is_linked(pages: &Pages, kind: LegalKind) -> bool {
    pages
        .links
        .iter()
        .any(|link| link.kind == kind && matches!(link.target, LinkTarget::Internal | LinkTarget::External))
}

fn judge_text(findings: &mut Findings, pages: &Pages, text: &LegalText, link: Option<&LegalLink>) {
    let name = text.kind.name();
    for placeholder in &text.placeholders {
        findings.contradicts(
            format!("the {name} holds text of a template: {}", placeholder.value),
            &placeholder.at,
        );
    }
    let mut routes = pages.routes.iter().filter(|route| route.kind == text.kind).peekable();
    if routes.peek().is_some()
        && let Some(guarded) = pages.routes.iter().find(|route| route.kind == text.kind && route.behind_login)
        && routes.all(|route| route.behind_login)
    {
        findings.contradicts(format!("only people who are signed in reach the {name}"), &guarded.at);
    }
    match link {
        Some(link) => {
            findings.supports(format!("the {name}, {} words", text.words), &text.at);
            findings.supports(format!("{} links {}", capital(&link.place), link.address), &link.at);
        }
        None if text.document => {
            findings.note(
                format!("the {name} lies beside the application, and no page links to it"),
                Some(&text.at),
            );
            findings.because(format!("no page links to the {name}"));
            settle::url(findings);
        }
        None => {
            findings.contradicts(format!("no layout, footer or sign-up page links to the {name}"), &text.at);
        }
    }
    if text.dated.is_none() {
        findings.note(format!("the {name} says no date of its last change"), Some(&text.at));
    }
}

/// A link into the application, and no text that is long enough.
fn short_or_elsewhere(findings: &mut Findings, pages: &Pages, kind: LegalKind, link: &LegalLink) {
    let name = kind.name();
    match pages.texts(kind).next() {
        Some(text) if !text.elsewhere && text.words < 25 => {
            findings.contradicts(
                format!("the page of the {name} says next to nothing ({} words)", text.words),
                &text.at,
            );
        }
        Some(text) => {
            findings.note(format!("the page of the {name} takes its text from elsewhere"), Some(&text.at));
            findings.because(format!("the text of the {name} is not in the repository"));
        }
        None => {
            findings.note(format!("{} links {}", capital(&link.place), link.address), Some(&link.at));
            findings.because(format!(
                "{} is linked, and its text is not in the repository (another site or a content system may serve it)",
                link.address
            ));
        }
    }
    settle::url(findings);
}

fn no_link(findings: &mut Findings, pages: &Pages, kind: LegalKind, links: &[&LegalLink]) {
    let name = kind.name();
    if let Some(nowhere) = links.iter().find(|link| link.target == LinkTarget::Nowhere) {
        findings.contradicts(format!("a link that promises the {name} leads nowhere"), &nowhere.at);
    } else if let Some(setting) = links.iter().find(|link| link.target == LinkTarget::Setting) {
        findings.note(format!("its address is given by {}", setting.address), Some(&setting.at));
        findings.because(format!(
            "the link to the {name} shows only where {} is set, which nothing in the repository does",
            setting.address
        ));
        settle::url(findings);
    } else if pages.first_page.is_none() {
        findings.because(format!("there are no pages here that could link to the {name}"));
        findings.settled_by(
            "add the folder that holds the front end",
            Some("seaworthy check --with ../FRONTEND"),
        );
    } else {
        let short = pages.texts(kind).next();
        if let Some(text) = short {
            findings.note(format!("a page has the name, and {} words of text", text.words), Some(&text.at));
        }
        findings.because(match short {
            Some(_) => {
                format!("a page has the name of the {name}, but hardly any text, and nothing links to it")
            }
            None => format!("no page, document or link names the {name}"),
        });
        settle::url(findings);
    }
}

fn capital(place: &str) -> String {
    let mut letters = place.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub mod tests {
    use seaworthy_facts::{Facts, LegalRoute, Location, Observed};
    use seaworthy_model::Status;

    use super::*;
    use crate::privacy::test_support::{facts, report};
    use crate::{Item, find};

    /// A text that is long enough.
    pub fn long(kind: LegalKind) -> LegalText {
        LegalText {
            kind,
            at: Location::line("app/privacy/page.tsx", 1),
            document: false,
            words: 600,
            elsewhere: false,
            placeholders: Vec::new(),
            dated: None,
            parts: Vec::new(),
        }
    }

    /// A link from a footer.
    pub fn link(kind: LegalKind, target: LinkTarget) -> LegalLink {
        LegalLink {
            kind,
            target,
            address: "/privacy".to_owned(),
            at: Location::line("src/Footer.tsx", 3),
            place: "a footer".to_owned(),
        }
    }

    fn status(kind: LegalKind, pages: Pages) -> Status {
        let item: &Item = find(match kind {
            LegalKind::Privacy => "privacy.policy",
            LegalKind::Terms => "privacy.terms",
        })
        .unwrap();
        report(item, &Facts { pages: pages.into(), ..facts() }).status
    }

    fn both(legal: &dyn Fn(LegalKind) -> Pages) -> Status {
        let status = [LegalKind::Privacy, LegalKind::Terms].map(|kind| status(kind, legal(kind)));
        assert_eq!(status[0], status[1]);
        status[0]
    }

    fn page() -> Option<Location> {
        Some(Location::file("src/App.tsx"))
    }

    #[test]
    fn a_text_that_is_linked_passes() {
        let pages = |kind| Pages {
            legal: vec![long(kind)],
            links: vec![link(kind, LinkTarget::Internal)],
            ..Pages::default()
        };
        assert_eq!(both(&pages), Status::Pass);
        let external = |kind| Pages { links: vec![link(kind, LinkTarget::External)], ..Pages::default() };
        assert_eq!(both(&external), Status::Pass);
    }

    #[test]
    fn a_text_that_nobody_finds_or_that_a_template_left_fails() {
        let lonely = |kind| Pages { legal: vec![long(kind)], first_page: page(), ..Pages::default() };
        assert_eq!(both(&lonely), Status::Fail);
        let nowhere = |kind| Pages { links: vec![link(kind, LinkTarget::Nowhere)], ..Pages::default() };
        assert_eq!(both(&nowhere), Status::Fail);
        let template = |kind| Pages {
            legal: vec![LegalText {
                placeholders: vec![Observed::new("[Company]".to_owned(), Location::line("x", 1))],
                ..long(kind)
            }],
            links: vec![link(kind, LinkTarget::Internal)],
            ..Pages::default()
        };
        assert_eq!(both(&template), Status::Fail);
        let empty = |kind| Pages {
            legal: vec![LegalText { words: 3, ..long(kind) }],
            links: vec![link(kind, LinkTarget::Internal)],
            ..Pages::default()
        };
        assert_eq!(both(&empty), Status::Fail);
        let guarded = |kind| Pages {
            legal: vec![long(kind)],
            links: vec![link(kind, LinkTarget::Internal)],
            routes: vec![LegalRoute { kind, at: Location::line("src/App.tsx", 9), behind_login: true }],
            ..Pages::default()
        };
        assert_eq!(both(&guarded), Status::Fail);
    }

    #[test]
    fn what_lies_elsewhere_is_unknown() {
        for (target, legal) in
            [(LinkTarget::Internal, false), (LinkTarget::Setting, false), (LinkTarget::Internal, true)]
        {
            let pages = |kind| Pages {
                legal: if legal {
                    vec![LegalText { words: 5, elsewhere: true, ..long(kind) }]
                } else {
                    Vec::new()
                },
                links: vec![link(kind, target)],
                first_page: page(),
                ..Pages::default()
            };
            assert_eq!(both(&pages), Status::Unknown, "{target:?}");
        }
        assert_eq!(both(&|_| Pages { first_page: page(), ..Pages::default() }), Status::Unknown);
        assert_eq!(both(&|_| Pages::default()), Status::Unknown);
        let document =
            |kind| Pages { legal: vec![LegalText { document: true, ..long(kind) }], ..Pages::default() };
        assert_eq!(both(&document), Status::Unknown);
    }

    #[test]
    fn an_address_elsewhere_outweighs_a_short_page_of_its_own() {
        let pages = |kind| Pages {
            legal: vec![LegalText { words: 14, ..long(kind) }],
            links: vec![link(kind, LinkTarget::Internal), link(kind, LinkTarget::External)],
            ..Pages::default()
        };
        assert_eq!(both(&pages), Status::Pass);
    }

    #[test]
    fn where_nobody_leaves_data_it_does_not_apply() {
        let item = find("privacy.policy").unwrap();
        let nobody = Facts { system: System::default().into(), ..facts() };
        assert_eq!(report(item, &nobody).status, Status::NotApplicable);
    }
}
