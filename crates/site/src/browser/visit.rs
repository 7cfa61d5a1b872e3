//! One site in the browser: what is set and sent before, after refusing and after agreeing, and what the page shows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use seaworthy_facts::{Consent, LegalPage, ShownImage, ShownLink, Stored, TrackerRequest, Visit};
use serde_json::{Value, json};
use url::Url;

use super::devtools::{Chromium, Event};
use super::known::{Purpose, purpose, tracker_of};
use crate::Target;
use crate::crawl::html;
use crate::crawl::legal::{self, Leads};
use crate::crawl::robots::Robots;

/// The longest wait for a page to load.
const LOAD: Duration = Duration::from_secs(15);
/// What scripts do after the load is waited for so long.
const SETTLE: Duration = Duration::from_millis(1500);
/// Lines of the console that are kept, and their length in characters.
const LINES: usize = 30;
const LINE: usize = 300;
/// Images and links that are kept.
const IMAGES: usize = 60;
const LINKED: usize = 300;

/// Finds the button that refuses or agrees. Buttons of the usual consent tools come first, then texts in the languages
/// of most sites. Hidden ones are left out.
const CLICK: &str = include_str!("click.js");
/// The images that the page shows, with their sizes, and what encoding them anew would give.
const SHOWN: &str = include_str!("shown.js");
/// The links that the page shows. Those that lead to a place on the page itself have no fragment.
const LINKS: &str = include_str!("links.js");
/// The text that the page shows.
const SHOWN_TEXT: &str = "document.body ? document.body.innerText.trim().slice(0, 400000) : ''";

/// What programs are asked to leave alone.
const ROBOTS: &str = "fetch('/robots.txt').then((answer) => answer.ok ? answer.text() : '').then((text) => text.slice(0, 100000)).catch(() => '')";
/// The text of a page and its ways to reach somebody.
const TEXT: &str = "({ text: document.body ? document.body.innerText.slice(0, 400000) : null, \
    contacts: [...document.querySelectorAll('a[href^=\"mailto:\"],a[href^=\"tel:\"]')].slice(0, 20).map((link) => link.getAttribute('href')) })";
/// Legal pages of each kind that are read.
const LEGAL: usize = 1;
/// Pages from which legal ones are often one more click away.
const TOWARDS: usize = 2;

/// What a page did in one state.
#[derive(Default)]
struct Seen {
    requests: BTreeMap<String, Request>,
    console: Vec<String>,
    violations: Vec<String>,
    loaded: bool,
    /// The frame of the page itself.
    frame: Option<String>,
    /// Status of the page itself.
    status: Option<u16>,
}

#[derive(Default)]
struct Request {
    url: String,
    bytes: u64,
    media_type: String,
}

impl Seen {
    fn take(&mut self, event: &Event) {
        let params = &event.params;
        let id = params["requestId"].as_str().unwrap_or_default();
        match event.method.as_str() {
            "Network.requestWillBeSent" if self.requests.len() < 2_000 => {
                let request = self.requests.entry(id.to_owned()).or_default();
                request.url =
                    params["request"]["url"].as_str().unwrap_or_default().chars().take(2_000).collect();
            }
            "Network.responseReceived" => {
                if params["type"] == "Document" && params["frameId"] == json!(self.frame) {
                    self.status = params["response"]["status"].as_u64().and_then(|it| u16::try_from(it).ok());
                }
                if let Some(request) = self.requests.get_mut(id) {
                    request.media_type = params["response"]["mimeType"]
                        .as_str()
                        .unwrap_or_default()
                        .chars()
                        .take(100)
                        .collect();
                }
            }
            "Network.loadingFinished" => {
                if let Some(request) = self.requests.get_mut(id) {
                    request.bytes = params["encodedDataLength"].as_f64().unwrap_or(0.0).max(0.0) as u64;
                }
            }
            "Page.loadEventFired" => self.loaded = true,
            "Runtime.exceptionThrown" => {
                let details = &params["exceptionDetails"];
                let text = details["exception"]["description"].as_str().or(details["text"].as_str());
                self.line(text.unwrap_or("an exception"));
            }
            "Log.entryAdded" => {
                let entry = &params["entry"];
                let text = entry["text"].as_str().unwrap_or_default();
                let policy =
                    text.contains("Content Security Policy") || text.contains("Content-Security-Policy");
                if policy && entry["level"] == "error" {
                    if self.violations.len() < LINES {
                        self.violations.push(clean(text));
                    }
                } else if entry["level"] == "error" {
                    let url = entry["url"].as_str().unwrap_or_default();
                    self.line(&format!("{text} {url}"));
                }
            }
            _ => {}
        }
    }

    fn line(&mut self, text: &str) {
        let line = clean(text);
        if self.console.len() < LINES && !self.console.contains(&line) {
            self.console.push(line);
        }
    }

    fn trackers(&self, site: &str) -> Vec<TrackerRequest> {
        let hosts: BTreeSet<String> = self
            .requests
            .values()
            .filter_map(|request| url::Url::parse(&request.url).ok()?.host_str().map(str::to_owned))
            .filter(|host| host != site)
            .collect();
        hosts
            .into_iter()
            .filter_map(|host| Some(TrackerRequest { of: tracker_of(&host)?.to_owned(), host }))
            .collect()
    }
}

fn clean(text: &str) -> String {
    crate::redact::line(text, LINE)
}

/// Links to legal pages at the same address, a few of each kind, and to pages that often link to them.
fn wanted(links: &[ShownLink], at: &str, seen: &[Url]) -> Vec<(Leads, Url)> {
    let Ok(at) = Url::parse(at) else { return Vec::new() };
    let mut wanted: Vec<(Leads, Url)> = Vec::new();
    for link in links {
        let written = html::Link { href: link.url.clone(), text: link.text.clone(), shy: false };
        let Some(kind) = legal::leads(&written) else { continue };
        let most = if kind == Leads::Towards { TOWARDS } else { LEGAL };
        let Ok(url) = Url::parse(&link.url) else { continue };
        if url.origin() == at.origin()
            && url != at
            && !seen.contains(&url)
            && !wanted.iter().any(|(_, known)| *known == url)
            && wanted.iter().filter(|(other, _)| *other == kind).count() < most
        {
            wanted.push((kind, url));
        }
    }
    wanted
}

/// Visits a site.
///
/// # Errors
/// When the page does not load or the browser goes away, in one sentence.
pub fn visit(browser: &mut Chromium, target: &Target) -> Result<Visit, String> {
    let at = Timestamp::now();
    let mut page = Page::open(browser, target, false)?;
    page.go()?;
    let before = page.consent()?;
    let shown = page.evaluate(SHOWN)?;
    let images = images(&shown, &page.seen);
    let links = links(&page.evaluate(LINKS)?);
    let console_errors = std::mem::take(&mut page.seen.console);
    let policy_violations = std::mem::take(&mut page.seen.violations);
    let legal = page.legal(&links)?;
    page.close();
    let mut page = Page::open(browser, target, false)?;
    page.go()?;
    let after_reject = page.after("reject")?;
    page.close();
    let mut page = Page::open(browser, target, false)?;
    page.go()?;
    let after_accept = page.after("accept")?;
    page.close();
    let mut page = Page::open(browser, target, true)?;
    page.go()?;
    let with_privacy_control = Some(page.consent()?);
    page.close();
    Ok(Visit {
        url: target.origin(),
        environment: target.environment,
        at,
        before,
        with_privacy_control,
        after_reject,
        after_accept,
        console_errors,
        policy_violations,
        images,
        links,
        legal,
    })
}

/// A page in a context of its own: no cookies of another visit.
struct Page<'a> {
    browser: &'a mut Chromium,
    context: String,
    session: String,
    url: String,
    host: String,
    seen: Seen,
}

impl<'a> Page<'a> {
    fn open(browser: &'a mut Chromium, target: &Target, privacy_control: bool) -> Result<Page<'a>, String> {
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let context = text(&browser.ask(None, "Target.createBrowserContext", json!({}))?, "browserContextId");
        let made = browser.ask(
            None,
            "Target.createTarget",
            json!({ "url": "about:blank", "browserContextId": context }),
        )?;
        let attached = browser.ask(
            None,
            "Target.attachToTarget",
            json!({ "targetId": made["targetId"], "flatten": true }),
        )?;
        let session = text(&attached, "sessionId");
        for method in ["Network.enable", "Page.enable", "Runtime.enable", "Log.enable"] {
            browser.ask(Some(&session), method, json!({}))?;
        }
        if privacy_control {
            // https://w3c.github.io/gpc/
            browser.ask(
                Some(&session),
                "Network.setExtraHTTPHeaders",
                json!({ "headers": { "Sec-GPC": "1" } }),
            )?;
            browser.ask(
                Some(&session),
                "Page.addScriptToEvaluateOnNewDocument",
                json!({ "source": "Object.defineProperty(navigator, 'globalPrivacyControl', { get: () => true })" }),
            )?;
        }
        let host = target.url.host_str().unwrap_or_default().to_owned();
        Ok(Page { browser, context, session, url: target.url.to_string(), host, seen: Seen::default() })
    }

    /// The privacy policy and the terms within two clicks, as they are shown after scripts ran.
    fn legal(&mut self, links: &[ShownLink]) -> Result<Vec<LegalPage>, String> {
        let first = wanted(links, &self.url, &[]);
        if first.is_empty() {
            return Ok(Vec::new());
        }
        let robots = self.evaluate(ROBOTS)?;
        let robots = Robots::read(robots.as_str().unwrap_or_default());
        let home = self.evaluate(SHOWN_TEXT)?;
        let mut pages: Vec<LegalPage> = Vec::new();
        let mut seen: Vec<Url> = first.iter().map(|(_, url)| url.clone()).collect();
        let mut further: Vec<(Leads, Url)> = Vec::new();
        let (towards, legal): (Vec<_>, Vec<_>) =
            first.into_iter().partition(|(kind, _)| *kind == Leads::Towards);
        for (kind, url) in legal {
            pages.extend(self.legal_page(kind, &url, 1, &robots, &home)?);
        }
        for (_, url) in towards {
            if has_both(&pages) || !robots.allows(url.path()) || self.go_to(url.as_str()).is_err() {
                continue;
            }
            let links = self::links(&self.evaluate(LINKS)?);
            let next = wanted(&links, url.as_str(), &seen);
            seen.extend(next.iter().map(|(_, url)| url.clone()));
            further.extend(next.into_iter().filter(|(kind, _)| *kind != Leads::Towards));
        }
        for (kind, url) in further {
            if !pages.iter().any(|page| page.kind == legal::name(kind)) {
                pages.extend(self.legal_page(kind, &url, 2, &robots, &home)?);
            }
        }
        Ok(pages)
    }

    /// Reads one of them; none where it does not load, may not be asked for, or is the home page again.
    fn legal_page(
        &mut self,
        kind: Leads,
        url: &Url,
        clicks: u8,
        robots: &Robots,
        home: &Value,
    ) -> Result<Option<LegalPage>, String> {
        self.seen = Seen::default();
        // One page that does not load takes nothing else with it.
        if !robots.allows(url.path()) || self.go_to(url.as_str()).is_err() {
            return Ok(None);
        }
        let text = self.evaluate(TEXT)?;
        let Some(status) = self.seen.status.filter(|_| text["text"].is_string()) else { return Ok(None) };
        // Scripts that know no such route show what they always show.
        if url.fragment().is_some() && self.evaluate(SHOWN_TEXT)? == *home {
            return Ok(None);
        }
        let links = text["contacts"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let shown = html::Page {
            text: text["text"].as_str().unwrap_or_default().to_owned(),
            links: links.map(|href| html::Link { href: href.to_owned(), ..html::Link::default() }).collect(),
            ..html::Page::default()
        };
        Ok(Some(legal::facts(kind, url.as_str(), clicks, status, &shown)))
    }

    fn go(&mut self) -> Result<(), String> {
        let url = self.url.clone();
        self.go_to(&url)
    }

    fn go_to(&mut self, url: &str) -> Result<(), String> {
        if url.contains('#') {
            // Another fragment of the same page loads nothing: a visitor who opens the address loads it.
            self.browser.ask(Some(&self.session), "Page.navigate", json!({ "url": "about:blank" }))?;
            self.watch(LOAD, true)?;
            self.seen = Seen::default();
        }
        let answer = self.browser.ask(Some(&self.session), "Page.navigate", json!({ "url": url }))?;
        if let Some(error) = answer["errorText"].as_str() {
            return Err(format!("{url} did not load in the browser: {error}"));
        }
        self.seen.frame = answer["frameId"].as_str().map(str::to_owned);
        self.watch(LOAD, true)?;
        if !self.seen.loaded {
            return Err(format!("{url} did not finish loading in {} seconds", LOAD.as_secs()));
        }
        self.watch(SETTLE, false)
    }

    fn watch(&mut self, time: Duration, until_loaded: bool) -> Result<(), String> {
        let seen = &mut self.seen;
        self.browser.events(
            &self.session,
            time,
            |event| seen.take(event),
            |event| until_loaded && event.method == "Page.loadEventFired",
        )
    }

    fn evaluate(&mut self, script: &str) -> Result<Value, String> {
        let answer = self.browser.ask(
            Some(&self.session),
            "Runtime.evaluate",
            json!({ "expression": script, "returnByValue": true, "awaitPromise": true, "timeout": 8000 }),
        )?;
        Ok(answer["result"]["value"].clone())
    }

    /// Clicks the button of this kind; none where there is none.
    fn after(&mut self, which: &str) -> Result<Option<Consent>, String> {
        let script = format!("({CLICK})({})", json!(which));
        if self.evaluate(&script)? != json!(true) {
            return Ok(None);
        }
        self.seen.requests.clear();
        self.watch(SETTLE, false)?;
        // What is sent on the next page shows whether the choice is kept.
        self.seen.loaded = false;
        self.go()?;
        self.consent().map(Some)
    }

    fn consent(&mut self) -> Result<Consent, String> {
        let mut consent = Consent { trackers: self.seen.trackers(&self.host), ..Consent::default() };
        let answer =
            self.browser.ask(None, "Storage.getCookies", json!({ "browserContextId": self.context }))?;
        let mut stored: BTreeSet<Stored> = BTreeSet::new();
        for cookie in answer["cookies"].as_array().into_iter().flatten().take(500) {
            let entry = entry(&cookie["name"], cookie["domain"].as_str().unwrap_or(&self.host), "cookie");
            if is_session(cookie, &self.host) && matches!(purpose(&entry.name), Purpose::Unknown) {
                consent.essential_cookies.push(entry);
            } else {
                stored.insert(entry);
            }
        }
        let keys =
            self.evaluate("(() => { try { return Object.keys(localStorage) } catch { return [] } })()")?;
        for key in keys.as_array().into_iter().flatten().take(500) {
            stored.insert(entry(key, &self.host, "local storage"));
        }
        for mut entry in stored {
            match purpose(&entry.name) {
                Purpose::Tracking(of) => {
                    entry.of = Some(of);
                    consent.tracking_cookies.push(entry);
                }
                Purpose::Essential => consent.essential_cookies.push(entry),
                Purpose::Unknown => consent.unknown_cookies.push(entry),
            }
        }
        Ok(consent)
    }

    fn close(self) {
        let _ = self.browser.ask(
            None,
            "Target.disposeBrowserContext",
            json!({ "browserContextId": self.context }),
        );
    }
}

/// A cookie of the site's own that no script can read and that ends with the browser: how servers keep a session. It
/// follows nobody from one visit to the next.
fn is_session(cookie: &Value, host: &str) -> bool {
    cookie["session"] == json!(true)
        && cookie["httpOnly"] == json!(true)
        && cookie["domain"].as_str().is_some_and(|domain| domain.trim_start_matches('.') == host)
}

fn has_both(pages: &[LegalPage]) -> bool {
    [Leads::Privacy, Leads::Terms].iter().all(|kind| pages.iter().any(|page| page.kind == legal::name(*kind)))
}

fn entry(name: &Value, domain: &str, kind: &str) -> Stored {
    Stored {
        name: name.as_str().unwrap_or_default().chars().filter(|c| !c.is_control()).take(120).collect(),
        domain: domain.chars().take(200).collect(),
        kind: kind.to_owned(),
        of: None,
    }
}

fn images(shown: &Value, seen: &Seen) -> Vec<ShownImage> {
    let number = |value: &Value| u32::try_from(value.as_u64().unwrap_or(0)).unwrap_or(u32::MAX);
    shown
        .as_array()
        .into_iter()
        .flatten()
        .take(IMAGES)
        .filter_map(|image| {
            let url = image["url"].as_str()?;
            let request = seen.requests.values().find(|request| request.url == url)?;
            Some(ShownImage {
                url: url.chars().take(500).collect(),
                bytes: request.bytes,
                media_type: request.media_type.clone(),
                natural: (number(&image["natural"][0]), number(&image["natural"][1])),
                shown: (number(&image["shown"][0]), number(&image["shown"][1])),
                webp_bytes: image["webp"].as_u64(),
                avif_bytes: image["avif"].as_u64(),
            })
        })
        .collect()
}

fn links(shown: &Value) -> Vec<ShownLink> {
    let text = |value: &Value, most: usize| -> String {
        value.as_str().unwrap_or_default().chars().filter(|c| !c.is_control()).take(most).collect()
    };
    shown
        .as_array()
        .into_iter()
        .flatten()
        .take(LINKED)
        .map(|link| ShownLink { url: text(&link["url"], 500), text: text(&link["text"], 120) })
        .collect()
}
