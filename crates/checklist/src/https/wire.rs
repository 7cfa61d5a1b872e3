//! What plain HTTP and TLS addresses of a running site really give.

use seaworthy_facts::{Asked, Exchange, FactView, Origin, PlainEnd, PlainHttp, Site};
use seaworthy_model::{Environment, ProbedExchange};
use url_parts::{path_and_query, same_host};

use crate::Item;
use crate::headers::values;
use crate::headers::wire::{Answers, Seen, ask, transport_security};
use crate::live::{Live, exchanged};

/// Nothing is served in the clear: no content, no mixed content, no cookie that travels in the clear.
pub fn enforced(item: &Item, view: &FactView) -> Live {
    Live::of_sites(view, |origin, live| {
        if is_plain_trial(origin, live) {
            return;
        }
        let mut open = false;
        for plain in &origin.plain {
            match &plain.end {
                PlainEnd::Content => {
                    open = true;
                    let summary = format!("{} answers with content in the clear", plain.url);
                    live.contradicts(item, origin.into(), summary).exchange = shown(plain);
                }
                PlainEnd::Https | PlainEnd::NoAnswer(_) | PlainEnd::Loop | PlainEnd::Error(_) => {}
                PlainEnd::Elsewhere(to) => {
                    live.note(format!("plain HTTP leads to {to}, which was not followed"), &plain.url);
                }
            }
        }
        if !origin.is_https() {
            if origin.plain.is_empty() && !origin.exchanges.is_empty() {
                live.contradicts(item, origin.into(), format!("{} answers in the clear", origin.url));
            }
            return;
        }
        for mixed in origin.mixed.iter().filter(|mixed| mixed.active).take(4) {
            open = true;
            live.contradicts(
                item,
                origin.into(),
                format!("{} loads {} over plain HTTP", mixed.page, mixed.loads),
            );
        }
        for mixed in origin.mixed.iter().filter(|mixed| !mixed.active).take(4) {
            live.note(
                format!("it shows {} over plain HTTP, which browsers upgrade or block", mixed.loads),
                &mixed.page,
            );
        }
        let mut named: Vec<&str> = Vec::new();
        for exchange in &origin.exchanges {
            for cookie in exchange.cookies.iter().filter(|cookie| !cookie.secure) {
                if named.contains(&cookie.name.as_str()) || named.len() >= 8 {
                    continue;
                }
                named.push(&cookie.name);
                open = true;
                let summary = format!("the cookie `{}` is not Secure", cookie.name);
                live.contradicts(item, origin.into(), summary).exchange =
                    exchanged(exchange, format!("set-cookie: {}=…", cookie.name));
            }
            for cookie in &exchange.cookies {
                let lacks: Vec<&str> = [
                    (!cookie.http_only).then_some("HttpOnly"),
                    cookie.same_site.is_none().then_some("SameSite"),
                ]
                .into_iter()
                .flatten()
                .collect();
                if !lacks.is_empty() && !named.contains(&cookie.name.as_str()) && named.len() < 8 {
                    named.push(&cookie.name);
                    live.note(
                        format!("the cookie `{}` has no {}", cookie.name, lacks.join(" and no ")),
                        &exchange.url,
                    );
                }
            }
        }
        if open || origin.exchanges.is_empty() {
            return;
        }
        if origin.plain.is_empty() {
            live.undecided("plain HTTP was not asked, so that it is closed is not shown", &origin.url);
            return;
        }
        let summary = format!(
            "{} pages and answers over TLS: no content in the clear, no mixed content, every cookie Secure",
            origin.exchanges.len()
        );
        live.supports(item, origin.into(), summary);
    })
}

/// Plain HTTP leads for good to the same address over HTTPS.
pub fn redirect(item: &Item, view: &FactView) -> Live {
    Live::of_sites(view, |origin, live| {
        if is_plain_trial(origin, live) {
            return;
        }
        for plain in &origin.plain {
            match judge_redirect(plain, origin) {
                Redirect::Good(summary) => {
                    live.supports(item, origin.into(), summary).exchange = shown(plain);
                }
                Redirect::Bad(summary) => {
                    live.contradicts(item, origin.into(), summary).exchange = shown(plain);
                }
                Redirect::Note(summary) => live.undecided(summary, &plain.url),
            }
        }
        if origin.plain.is_empty() {
            live.undecided(
                "plain HTTP was not asked: at which port it listens is not known; name it with --url",
                &origin.url,
            );
        }
    })
}

/// A trial that was named over plain HTTP: its edge, where TLS would end, is elsewhere.
fn is_plain_trial(origin: &Origin, live: &mut Live) -> bool {
    let trial = !origin.is_https() && origin.environment == Environment::Scratch;
    if trial && !origin.only_redirects() {
        live.undecided("a trial over plain HTTP shows nothing of the edge where TLS ends", &origin.url);
    }
    trial
}

enum Redirect {
    Good(String),
    Bad(String),
    Note(String),
}

fn judge_redirect(plain: &PlainHttp, origin: &Origin) -> Redirect {
    let url = &plain.url;
    match &plain.end {
        PlainEnd::NoAnswer(why) if plain.sibling => Redirect::Note(format!("{url} does not answer: {why}")),
        PlainEnd::NoAnswer(why) => Redirect::Note(format!(
            "{url} does not answer ({why}): nothing is served in the clear, nothing leads to HTTPS either"
        )),
        PlainEnd::Content => Redirect::Bad(format!("{url} answers with content and leads nowhere")),
        PlainEnd::Loop => Redirect::Bad(format!("{url} goes round in a circle or takes too many steps")),
        PlainEnd::Error(status) => Redirect::Bad(format!("{url} ends with status {status} instead of HTTPS")),
        PlainEnd::Elsewhere(to) => {
            Redirect::Note(format!("{url} leads to {to}, which was not followed: name it with --url"))
        }
        PlainEnd::Https => {
            let Some(first) = plain.hops.first() else {
                return Redirect::Note(format!("{url}: no redirect was seen"));
            };
            let target = plain.hops.last().and_then(|hop| hop.location.as_deref()).unwrap_or_default();
            let over_plain: Vec<_> = plain.hops.iter().filter(|hop| hop.url.starts_with("http:")).collect();
            if let Some(temporary) = over_plain.iter().find(|hop| !matches!(hop.status, 301 | 308)) {
                return Redirect::Bad(format!(
                    "{} redirects with status {}; 301 or 308 is wanted",
                    temporary.url, temporary.status
                ));
            }
            if plain.hops.len() > 2 {
                return Redirect::Bad(format!(
                    "{url} takes {} steps to HTTPS; at most two are wanted",
                    plain.hops.len()
                ));
            }
            if !plain.sibling && !same_host(first.location.as_deref().unwrap_or_default(), origin.host()) {
                return Redirect::Note(format!("{url} leads to another host: {target}"));
            }
            if path_and_query(url) != path_and_query(target) {
                return Redirect::Bad(format!("{url} leads to {target}: the path or query is lost"));
            }
            let insecure = over_plain.iter().any(|hop| hop.hsts);
            let remark = if insecure { "; it sends HSTS in the clear, where browsers ignore it" } else { "" };
            Redirect::Good(format!("{url} redirects with status {} to {target}{remark}", first.status))
        }
    }
}

fn shown(plain: &PlainHttp) -> Option<Box<ProbedExchange>> {
    let first = plain.hops.first()?;
    Some(Box::new(ProbedExchange {
        request: format!("GET {}", first.url),
        status: first.status,
        shows: first.location.as_ref().map(|to| format!("location: {to}")).unwrap_or_default(),
        command: format!("curl -sS -i '{}'", first.url.replace('\'', "%27")),
    }))
}

/// HSTS on success and error answers over TLS, with at least half a year, and none in the clear.
pub fn hsts(item: &Item, view: &FactView) -> Live {
    let see = |exchange: &Exchange| -> Seen { transport_security(exchange, 15_552_000) };
    let mut live = ask(item, view, "Strict-Transport-Security", Answers::OverTls, &see);
    let Some(site) = live.fact::<Site>(view) else { return live };
    for origin in site.answering() {
        if !origin.is_https() {
            continue;
        }
        if let Some(value) =
            origin.of(Asked::Home).flat_map(|home| home.header("strict-transport-security")).next()
        {
            let lacks = values::lacks_for_preloading(value);
            let eligible = if lacks.is_empty() {
                "the domain could be preloaded".to_owned()
            } else {
                format!("for preloading it lacks {}", lacks.join(", "))
            };
            live.note(eligible, &origin.url);
        }
        let plain = origin.plain.iter().flat_map(|plain| &plain.hops);
        if let Some(hop) = plain.into_iter().find(|hop| hop.hsts && hop.url.starts_with("http:")) {
            live.note("it is sent in the clear as well, where browsers ignore it", &hop.url);
        }
    }
    live
}

/// The few parts of an address that are compared here.
mod url_parts {
    /// Path and query, `/` where there is none.
    pub fn path_and_query(url: &str) -> &str {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        rest.find('/').map_or("/", |start| &rest[start..]).split('#').next().unwrap_or("/")
    }

    /// Whether an address is at this host.
    pub fn same_host(url: &str, host: &str) -> bool {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let name = match authority.strip_prefix('[') {
            Some(six) => six.split(']').next().unwrap_or(six),
            None => authority.split(':').next().unwrap_or(authority),
        };
        name.eq_ignore_ascii_case(host)
    }
}

#[cfg(test)]
pub mod tests {
    use seaworthy_facts::{Hop, MixedContent, SetCookie};
    use seaworthy_model::Status;

    use super::*;
    use crate::https::{enforced, hsts, redirect};
    use crate::live::tests::{exchange, origin, probed, report};

    fn hop(url: &str, status: u16, to: &str) -> Hop {
        Hop { url: url.to_owned(), status, location: Some(to.to_owned()), hsts: false }
    }

    fn chain(hops: Vec<Hop>, end: PlainEnd) -> PlainHttp {
        PlainHttp { url: "http://app.example/a?b=c".to_owned(), sibling: false, hops, end }
    }

    fn kept(status: u16) -> PlainHttp {
        chain(vec![hop("http://app.example/a?b=c", status, "https://app.example/a?b=c")], PlainEnd::Https)
    }

    fn status(item: &Item, change: impl FnOnce(&mut Origin)) -> Status {
        let mut site = origin(Environment::Production, vec![exchange(Asked::Home, 200, &[])]);
        site.plain = vec![kept(301)];
        change(&mut site);
        report(item, &probed(vec![site])).status
    }

    #[test]
    fn redirects() {
        let item = &redirect::ITEM;
        let with = |plain: PlainHttp| status(item, |site| site.plain = vec![plain]);
        assert_eq!(with(kept(301)), Status::Pass);
        assert_eq!(with(kept(308)), Status::Pass);
        assert_eq!(with(kept(302)), Status::Fail);
        let lost = hop("http://app.example/a?b=c", 301, "https://app.example/");
        assert_eq!(with(chain(vec![lost], PlainEnd::Https)), Status::Fail);
        assert_eq!(with(chain(Vec::new(), PlainEnd::Content)), Status::Fail);
        assert_eq!(with(chain(Vec::new(), PlainEnd::Loop)), Status::Fail);
        let nobody = PlainEnd::NoAnswer("refused".to_owned());
        assert_eq!(with(chain(Vec::new(), nobody)), Status::Unknown);
        let step = |from: &str, to: &str| hop(from, 301, to);
        let three = vec![
            step("http://app.example/a?b=c", "http://app.example/a?b=c"),
            step("http://app.example/a?b=c", "https://app.example/a?b=c"),
            step("https://app.example/a?b=c", "https://www.app.example/a?b=c"),
        ];
        assert_eq!(with(chain(three, PlainEnd::Https)), Status::Fail);
        assert_eq!(status(item, |site| site.plain.clear()), Status::Unknown);
    }

    #[test]
    fn what_is_in_the_clear() {
        let item = &enforced::ITEM;
        assert_eq!(status(item, |_| ()), Status::Pass);
        assert_eq!(
            status(item, |site| site.plain = vec![chain(Vec::new(), PlainEnd::Content)]),
            Status::Fail
        );
        let mixed = |active| MixedContent {
            page: "https://app.example/".to_owned(),
            loads: "http://a.example/x".to_owned(),
            active,
        };
        assert_eq!(status(item, |site| site.mixed = vec![mixed(true)]), Status::Fail);
        assert_eq!(status(item, |site| site.mixed = vec![mixed(false)]), Status::Pass);
        let cookie = |secure| SetCookie { name: "id".to_owned(), secure, ..SetCookie::default() };
        assert_eq!(status(item, |site| site.exchanges[0].cookies = vec![cookie(false)]), Status::Fail);
        assert_eq!(status(item, |site| site.exchanges[0].cookies = vec![cookie(true)]), Status::Pass);
        assert_eq!(status(item, |site| site.plain.clear()), Status::Unknown);
        let clear = |site: &mut Origin| {
            site.url = "http://app.example".to_owned();
            site.plain.clear();
        };
        assert_eq!(status(item, clear), Status::Fail);
        let trial = |site: &mut Origin| {
            clear(site);
            site.environment = Environment::Scratch;
        };
        assert_eq!(status(item, trial), Status::Unknown);
    }

    #[test]
    fn half_a_year_of_hsts() {
        let item = &hsts::ITEM;
        let with = |value: &'static str| {
            status(item, |site| {
                site.exchanges[0].headers = vec![("strict-transport-security".to_owned(), value.to_owned())];
            })
        };
        assert_eq!(with("max-age=15552000"), Status::Pass);
        assert_eq!(with("max-age=300"), Status::Fail);
        assert_eq!(status(item, |_| ()), Status::Fail);
    }
}
