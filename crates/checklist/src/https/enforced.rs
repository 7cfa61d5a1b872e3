use std::fmt::Write as _;

use seaworthy_facts::{Absent, Edge, FactKind, FactView, Location, System};
use seaworthy_model::{ItemId, Section};

use super::{ways, wire};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `https.enforced`
pub static ITEM: Item = Item {
    id: ItemId::new("https.enforced"),
    section: Section::Https,
    question: "Everything public is served over TLS only",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Deployment,
    higher_rung_settles: true,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Edge, FactKind::Site],
    remedy: "Let the edge serve TLS, redirect plain HTTP, and mark cookies as Secure.",
    page: include_str!("enforced.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    wire::enforced(&ITEM, view).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let (system, edge) = (view.get::<System>()?, view.get::<Edge>()?);
    if let Some(not_applicable) = shared::answers_http(system) {
        return Ok(not_applicable);
    }
    let mut findings = Findings::new();
    findings.looked_for(
        "TLS at proxies, load balancers, ingresses and platforms, redirects in code and framework settings, plain listeners, and \
         the Secure flag of session cookies",
    );
    let mut ways: Vec<(String, &Location)> = Vec::new();
    for (platform, guarantee) in system.promises("redirect") {
        ways.push((format!("{}: {} ({})", platform.key, guarantee.says, guarantee.link), &platform.at));
    }
    for redirect in edge.redirects.iter().filter(|redirect| ways::is_on(redirect)).take(8) {
        ways.push((format!("{} sends plain HTTP to HTTPS", redirect.by), &redirect.at));
    }
    let plain = edge.listeners.iter().find(|listener| listener.plain_content);
    let alone = plain.is_none();
    for listener in edge.listeners.iter().filter(|listener| listener.tls && alone).take(4) {
        ways.push((format!("{} serves TLS only", listener.what), &listener.at));
    }
    // What a load balancer forwards in the clear stays so unless the application redirects.
    let balancer = edge
        .listeners
        .iter()
        .find(|l| l.plain_content && (l.what.contains("load balancer") || l.what.contains("CloudFront")));
    if let Some(balancer) = balancer.filter(|_| !edge.redirects.iter().any(ways::is_on)) {
        findings.contradicts(format!("{} serves content in the clear", balancer.what), &balancer.at);
    }
    // What the application itself redirects is not served in the clear, whichever way it is reached.
    let redirects_itself = edge.redirects.iter().any(|redirect| {
        ways::is_on(redirect)
            // ASP.NET Core's redirect does nothing behind a proxy unless it is told the port of HTTPS.
            && !["nginx", "Caddy", "Traefik", "Apache", "HAProxy", "UseHttpsRedirection"]
                .iter()
                .any(|proxy| redirect.by.starts_with(proxy))
    });
    for open in edge.listeners.iter().filter(|listener| listener.beside_tls && !redirects_itself).take(8) {
        findings.contradicts(format!("{} gives the site in the clear beside TLS", open.what), &open.at);
    }
    let mut reason = match plain {
        Some(plain) if ways.is_empty() => {
            format!(
                "nothing here makes HTTPS the only way in, and {} answers in the clear at {}",
                plain.what, plain.at
            )
        }
        _ => "nothing here makes HTTPS the only way in".to_owned(),
    };
    // A switch whose state is not told says where to look.
    let untold = edge.redirects.iter().filter(|redirect| !redirect.off).find_map(|redirect| {
        redirect.switch.as_ref().filter(|switch| switch.on.is_none()).map(|switch| (redirect, switch))
    });
    if let Some((redirect, switch)) = untold.filter(|_| ways.is_empty()) {
        let _ = write!(
            reason,
            "; {} at {} depends on `{}`, whose state here is not told",
            redirect.by, redirect.at, switch.name
        );
    }
    let asked_for = edge.cookies.iter().any(|cookie| cookie.secure == Some(true));
    let mut open = None;
    for cookie in edge.cookies.iter().filter(|cookie| cookie.secure == Some(false)).take(8) {
        if !cookie.default {
            findings.contradicts(format!("{}: the session cookie is not Secure", cookie.by), &cookie.at);
        } else if !asked_for {
            findings.note(cookie.by.clone(), Some(&cookie.at));
            open = Some(cookie);
        }
    }
    match open {
        // The cookie would travel with the first plain request.
        Some(cookie) if !ways.is_empty() => {
            reason = format!(
                "plain HTTP is redirected, but session cookies are not Secure: {} ({})",
                cookie.by, cookie.at
            );
        }
        _ => {
            for (way, at) in ways {
                findings.supports(way, at);
            }
            for cookie in edge.cookies.iter().filter(|cookie| cookie.secure == Some(true)).take(2) {
                findings.note(format!("session cookies are Secure ({})", cookie.by), Some(&cookie.at));
            }
        }
    }
    reason.push_str(&ways::hints(system));
    findings.because(reason).unread(&edge.unread);
    ways::settle(&mut findings, system);
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use seaworthy_facts::{Certainty, CookieRule, Edge, Listener, Location, Switch};

    use super::super::ways::tests::{cookie, facts, nothing, on_platform, redirect};
    use super::ITEM;
    use crate::headers::statements::tests::told;

    fn with(cookies: Vec<CookieRule>) -> (usize, usize, bool) {
        told(&ITEM, &facts(Edge { redirects: vec![redirect(true)], cookies, ..Edge::default() }))
    }

    #[test]
    fn a_redirect_and_secure_cookies_pass() {
        assert_eq!(with(Vec::new()), (1, 0, true));
        assert_eq!(with(vec![cookie(Some(true), false)]), (1, 0, true));
        assert_eq!(told(&ITEM, &on_platform("redirect", Certainty::Configured)), (1, 0, true));
    }

    #[test]
    fn cookies_in_the_clear_fail_and_defaults_are_unknown() {
        assert_eq!(with(vec![cookie(Some(false), false)]).1, 1);
        assert_eq!(with(vec![cookie(Some(false), true)]), (0, 0, true));
        assert_eq!(with(vec![cookie(Some(false), true), cookie(Some(true), false)]), (1, 0, true));
    }

    #[test]
    fn a_redirect_by_a_switch_that_is_not_told_names_it() {
        let mut by_command = redirect(true);
        by_command.switch = Some(Switch { name: "'runserver' in sys.argv".to_owned(), on: None });
        let facts = facts(Edge { redirects: vec![by_command], ..Edge::default() });
        assert_eq!(told(&ITEM, &facts), (0, 0, true));
        let findings = (ITEM.evidence)(&seaworthy_facts::FactView::new(&facts, ITEM.reads))
            .expect("facts that the item reads");
        assert!(format!("{findings:?}").contains("depends on `'runserver' in sys.argv`"));
    }

    #[test]
    fn a_load_balancer_that_forwards_plain_content_fails() {
        let at = Location::line("main.tf", 5);
        let listener = Listener {
            what: "a load balancer's plain HTTP listener".to_owned(),
            tls: false,
            plain_content: true,
            beside_tls: false,
            at,
        };
        assert_eq!(told(&ITEM, &facts(Edge { listeners: vec![listener], ..Edge::default() })), (0, 1, true));
    }

    #[test]
    fn the_site_in_the_clear_beside_tls_fails_unless_the_application_redirects() {
        let open = Listener {
            what: "nginx server 203.0.113.7".to_owned(),
            tls: false,
            plain_content: true,
            beside_tls: true,
            at: Location::line("nginx.conf", 9),
        };
        let edge = |redirects| Edge { listeners: vec![open.clone()], redirects, ..Edge::default() };
        assert_eq!(told(&ITEM, &facts(edge(vec![redirect(true)]))), (1, 1, true));
        let mut own = redirect(true);
        own.by = "SECURE_SSL_REDIRECT".to_owned();
        assert_eq!(told(&ITEM, &facts(edge(vec![own.clone()]))), (1, 0, true));
        own.by = "UseHttpsRedirection".to_owned();
        assert_eq!(told(&ITEM, &facts(edge(vec![own]))), (1, 1, true));
    }

    #[test]
    fn is_unknown_without_any_and_does_not_apply_without_http() {
        assert_eq!(told(&ITEM, &facts(Edge::default())), (0, 0, true));
        assert!(!told(&ITEM, &nothing()).2);
    }
}
