//! A few pages of the site: what they link to and load, and the legal pages within two clicks of the home page.

pub mod html;
pub mod legal;
pub mod robots;

use seaworthy_facts::{Asked, LegalPage, MixedContent};
use url::{Host, Url};

use crate::http::{Answer, Request};
use crate::probe::Probe;
use crate::redact;
use html::{Kind, Page};
use legal::Leads;
use robots::Robots;

/// Pages that are followed from the home page, besides legal ones.
const PAGES: usize = 4;
/// Pages on the way to legal pages.
const TOWARDS: usize = 4;
/// Legal pages of each kind.
const LEGAL: usize = 2;
/// Findings of mixed content that are kept.
const MIXED: usize = 40;
/// Links with such words may do something when they are followed, although they should not.
const DOING: &[&str] = &[
    "logout",
    "log-out",
    "log_out",
    "signout",
    "sign-out",
    "sign_out",
    "logoff",
    "abmelden",
    "deconnexion",
    "delete",
    "destroy",
    "remove",
    "unsubscribe",
    "cancel",
    "confirm",
    "activate",
    "approve",
    "reset",
    "purchase",
    "checkout",
    "add-to-cart",
    "add_to_cart",
    "download",
    "export",
    "trigger",
    "run-now",
    "restart",
];
/// Files that are no pages.
const FILES: &[&str] = &[
    "pdf", "zip", "gz", "tar", "png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "mp4", "mp3", "exe", "dmg",
    "apk", "xml", "rss", "json", "css", "js", "txt", "csv", "docx", "xlsx", "ics", "woff", "woff2",
];

/// What the crawl gathered.
#[derive(Debug, Default)]
pub struct Crawled {
    /// Pages with their addresses, the home page first.
    pub pages: Vec<(Url, Page)>,
    /// What they load, made absolute, without repetition, in the order of the pages.
    pub loads: Vec<(Url, Kind)>,
    /// Legal pages.
    pub legal: Vec<LegalPage>,
    /// Mixed content.
    pub mixed: Vec<MixedContent>,
    /// What programs are asked to leave alone.
    pub robots: Robots,
}

impl Crawled {
    /// Links of all pages, made absolute, that stay at the address.
    pub fn links(&self, probe: &Probe<'_>) -> Vec<Url> {
        let mut links = Vec::new();
        for (at, page) in &self.pages {
            let base = base(at, page);
            for link in page.links.iter().filter(|link| !link.shy) {
                if let Some(url) = probe.here(&base, &link.href)
                    && !links.contains(&url)
                    && links.len() < 500
                {
                    links.push(url);
                }
            }
        }
        links
    }
}

/// Reads the pages that the home page leads to.
pub fn crawl(probe: &mut Probe<'_>, home: &Url, answer: &Answer) -> Crawled {
    let mut crawled = Crawled { robots: robots(probe), ..Crawled::default() };
    if !answer.is_html() {
        return crawled;
    }
    add(&mut crawled, home.clone(), answer);
    follow_pages(probe, &mut crawled);
    find_legal(probe, &mut crawled);
    crawled
}

fn robots(probe: &Probe<'_>) -> Robots {
    match probe.send(&Request::get(&probe.at("/robots.txt"))) {
        Ok(answer) if answer.status == 200 && !answer.is_html() => Robots::read(&answer.text()),
        _ => Robots::default(),
    }
}

fn base(at: &Url, page: &Page) -> Url {
    page.base.as_ref().and_then(|base| at.join(base).ok()).unwrap_or_else(|| at.clone())
}

/// Takes in a page.
fn add(crawled: &mut Crawled, url: Url, answer: &Answer) {
    let page = html::read(&answer.text());
    let base = base(&url, &page);
    let upgrades = answer
        .header("content-security-policy")
        .chain(page.policies.iter().cloned())
        .any(|policy| policy.to_ascii_lowercase().contains("upgrade-insecure-requests"));
    for load in &page.loads {
        let Ok(mut to) = base.join(&load.href) else { continue };
        to.set_fragment(None);
        if url.scheme() == "https" && !upgrades {
            note_mixed(&mut crawled.mixed, &url, &to, load.kind);
        }
        if load.kind != Kind::Form
            && crawled.loads.len() < 500
            && !crawled.loads.iter().any(|(known, _)| *known == to)
        {
            crawled.loads.push((to, load.kind));
        }
    }
    crawled.pages.push((url, page));
}

/// What style sheets load over plain HTTP.
pub fn mixed_in_styles(crawled: &mut Crawled, sheets: &[(Url, String)]) {
    for (url, text) in sheets.iter().filter(|(url, _)| url.scheme() == "https") {
        for (address, kind) in html::style_addresses(text) {
            if let Ok(to) = url.join(&address) {
                note_mixed(&mut crawled.mixed, url, &to, kind);
            }
        }
    }
}

fn note_mixed(mixed: &mut Vec<MixedContent>, page: &Url, to: &Url, kind: Kind) {
    let own_machine = match to.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(four)) => four.is_loopback(),
        Some(Host::Ipv6(six)) => six.is_loopback(),
        None => true,
    };
    if to.scheme() != "http" || own_machine || mixed.len() >= MIXED {
        return;
    }
    let found = MixedContent {
        page: redact::secrets(page.as_str()),
        loads: redact::line(&redact::secrets(to.as_str()), 300),
        active: kind.is_active(),
    };
    if !mixed.contains(&found) {
        mixed.push(found);
    }
}

/// Whether a link may be followed: it leads to a page, asks for nothing to be done, and programs may ask for it.
fn may_follow(robots: &Robots, url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    let full = format!("{path}?{}", url.query().unwrap_or_default().to_ascii_lowercase());
    let file = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
    !DOING.iter().any(|word| full.contains(word))
        && !file.is_some_and(|extension| FILES.contains(&extension))
        && robots.allows(&full_path(url))
}

fn full_path(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

fn knows(crawled: &Crawled, url: &Url) -> bool {
    crawled.pages.iter().any(|(known, _)| known == url)
}

/// Pages of different parts of the site: one for each first segment of the path, in the order of the links.
fn follow_pages(probe: &mut Probe<'_>, crawled: &mut Crawled) {
    let mut parts: Vec<String> = Vec::new();
    let links: Vec<Url> = crawled
        .links(probe)
        .into_iter()
        .filter(|url| url.query().is_none() && url.path() != "/" && may_follow(&crawled.robots, url))
        .filter(|url| !knows(crawled, url))
        .filter(|url| {
            let part = url.path_segments().and_then(|mut parts| parts.next()).unwrap_or_default().to_owned();
            let new = !parts.contains(&part) && part != "api";
            parts.push(part);
            new
        })
        .take(PAGES)
        .collect();
    for url in links {
        if let Some((at, answer)) = probe.follow(Asked::Page, &url)
            && answer.is_html()
            && !knows(crawled, &at)
        {
            add(crawled, at, &answer);
        }
    }
}

fn find_legal(probe: &mut Probe<'_>, crawled: &mut Crawled) {
    let mut seen: Vec<Url> = Vec::new();
    let home_links = candidates(&crawled.pages[..1]);
    for (kind, url) in home_links.iter().filter(|(kind, _)| *kind != Leads::Towards) {
        look(probe, crawled, &mut seen, *kind, url, 1);
    }
    if has_both(crawled) {
        return;
    }
    // Pages that were read anyway are one click away; a few more that often lead on.
    let towards: Vec<Url> = home_links
        .into_iter()
        .filter(|(kind, url)| *kind == Leads::Towards && probe.is_here(url))
        .map(|(_, url)| url)
        .filter(|url| may_follow(&crawled.robots, url) && !knows(crawled, url))
        .take(TOWARDS)
        .collect();
    for url in towards {
        if let Some((at, answer)) = probe.follow(Asked::Page, &url)
            && answer.is_html()
            && !knows(crawled, &at)
        {
            add(crawled, at, &answer);
        }
    }
    for (kind, url) in candidates(&crawled.pages[1..]).iter().filter(|(kind, _)| *kind != Leads::Towards) {
        look(probe, crawled, &mut seen, *kind, url, 2);
    }
}

fn has_both(crawled: &Crawled) -> bool {
    ["privacy", "terms"].iter().all(|kind| crawled.legal.iter().any(|page| page.kind == *kind))
}

fn candidates(pages: &[(Url, Page)]) -> Vec<(Leads, Url)> {
    let mut found: Vec<(Leads, Url)> = Vec::new();
    for (at, page) in pages {
        let base = base(at, page);
        for link in &page.links {
            let Some(kind) = legal::leads(link) else { continue };
            let Ok(mut url) = base.join(&link.href) else { continue };
            // The rest of a route is kept: without it the address is that of the page that shows all routes.
            if !legal::is_route(&url) {
                url.set_fragment(None);
            }
            if matches!(url.scheme(), "http" | "https")
                && url != *at
                && !found.iter().any(|(_, known)| *known == url)
            {
                found.push((kind, url));
            }
        }
    }
    found
}

fn look(
    probe: &mut Probe<'_>,
    crawled: &mut Crawled,
    seen: &mut Vec<Url>,
    kind: Leads,
    url: &Url,
    clicks: u8,
) {
    let word = if kind == Leads::Terms { "terms" } else { "privacy" };
    if seen.contains(url) || crawled.legal.iter().filter(|page| page.kind == word).count() >= LEGAL {
        return;
    }
    seen.push(url.clone());
    if probe.is_here(url) && legal::is_route(url) {
        let page = legal::unfetched(kind, url.as_str(), clicks);
        crawled.legal.push(LegalPage { scripted: true, ..page });
        return;
    }
    if !probe.is_here(url) || !crawled.robots.allows(&full_path(url)) {
        crawled.legal.push(legal::unfetched(kind, url.as_str(), clicks));
        return;
    }
    if let Some((_, page)) = crawled.pages.iter().find(|(known, _)| known == url) {
        let status = probe
            .exchanges
            .iter()
            .find(|exchange| exchange.url == url.as_str())
            .map_or(200, |exchange| exchange.status);
        let fact = legal::facts(kind, url.as_str(), clicks, status, page);
        crawled.legal.push(fact);
        return;
    }
    match probe.follow(Asked::Page, url) {
        Some((at, answer)) => {
            // A document in another format has no text that is read here.
            let page = if answer.is_html() || answer.media_type() == "text/plain" {
                html::read(&answer.text())
            } else {
                Page::default()
            };
            if (200..300).contains(&answer.status) && !answer.is_html() && page.text.is_empty()
                || (300..400).contains(&answer.status)
            {
                crawled.legal.push(legal::unfetched(kind, at.as_str(), clicks));
            } else {
                crawled.legal.push(legal::facts(kind, at.as_str(), clicks, answer.status, &page));
            }
            if answer.is_html() && !knows(crawled, &at) {
                add(crawled, at, &answer);
            }
        }
        None => crawled.legal.push(legal::unfetched(kind, url.as_str(), clicks)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn links_that_do_something_are_left_alone() {
        let robots = Robots::read("user-agent: *\ndisallow: /inside");
        let may =
            |path: &str| may_follow(&robots, &Url::parse("https://a.example/").unwrap().join(path).unwrap());
        assert!(may("/about") && may("/blog/one.html"));
        for path in ["/logout", "/posts/1/delete", "/a?action=remove", "/file.pdf", "/inside/x"] {
            assert!(!may(path), "{path}");
        }
    }

    #[test]
    fn routes_of_scripts_are_pages_of_their_own() {
        let home = Url::parse("https://a.example/").unwrap();
        let page = html::read(
            "<a href=#/privacy>Privacy</a><a href='/#!/legal/terms'>x</a><a href=#terms>Terms</a>",
        );
        let found = candidates(&[(home, page)]);
        let told: Vec<(Leads, &str)> = found.iter().map(|(kind, url)| (*kind, url.as_str())).collect();
        assert_eq!(
            told,
            [
                (Leads::Privacy, "https://a.example/#/privacy"),
                (Leads::Terms, "https://a.example/#!/legal/terms")
            ]
        );
    }

    #[test]
    fn mixed_content_is_told_apart() {
        let mut mixed = Vec::new();
        let page = Url::parse("https://a.example/").unwrap();
        for (to, kind) in [
            ("http://b.example/x.js", Kind::Script),
            ("http://b.example/x.png", Kind::Image),
            ("https://b.example/y.js", Kind::Script),
            ("http://127.0.0.1/z.js", Kind::Script),
            ("data:text/plain,x", Kind::Image),
        ] {
            note_mixed(&mut mixed, &page, &Url::parse(to).unwrap(), kind);
        }
        assert_eq!(mixed.iter().map(|found| found.active).collect::<Vec<_>>(), [true, false]);
    }
}
