use seaworthy_facts::{Absent, Edge, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use super::{ways, wire};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `https.redirect`
pub static ITEM: Item = Item {
    id: ItemId::new("https.redirect"),
    section: Section::Https,
    question: "Plain HTTP is redirected to HTTPS for good",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Deployment,
    higher_rung_settles: true,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Edge, FactKind::Site],
    remedy: "Answer plain HTTP with a permanent redirect to the same address over HTTPS.",
    page: include_str!("redirect.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    wire::redirect(&ITEM, view).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let (system, edge) = (view.get::<System>()?, view.get::<Edge>()?);
    if let Some(not_applicable) = shared::answers_http(system) {
        return Ok(not_applicable);
    }
    let mut findings = Findings::new();
    findings.looked_for(
        "permanent redirects from HTTP to HTTPS in nginx, Apache, Caddy, Traefik, load balancers and ingresses, in code and framework \
         settings, and platforms that redirect themselves",
    );
    let mut reason = "nothing here redirects plain HTTP to HTTPS".to_owned();
    for (platform, guarantee) in system.promises("redirect") {
        findings.supports(format!("{}: {} ({})", platform.key, guarantee.says, guarantee.link), &platform.at);
    }
    let mut seen = 0;
    for redirect in
        edge.redirects.iter().filter(|redirect| redirect.permanent && ways::is_on(redirect)).take(8)
    {
        seen += 1;
        findings.supports(format!("{} redirects permanently to HTTPS", redirect.by), &redirect.at);
    }
    let passes = findings.has_evidence();
    for redirect in edge.redirects.iter().take(20) {
        if let Some(switch) = redirect.switch.as_ref().filter(|switch| switch.on != Some(true)) {
            let state = if switch.on == Some(false) { "off by default" } else { "of unknown default" };
            findings.note(
                format!("{} is behind the switch `{}`, {state}", redirect.by, switch.name),
                Some(&redirect.at),
            );
            reason =
                format!("{} at {} is behind the switch `{}`, {state}", redirect.by, redirect.at, switch.name);
        } else if redirect.off {
            if passes {
                findings.note(format!("{} is switched off", redirect.by), Some(&redirect.at));
            } else {
                findings.contradicts(format!("{} is switched off", redirect.by), &redirect.at);
            }
        } else if !redirect.permanent && seen == 0 {
            if passes {
                findings.note(format!("{} redirects temporarily", redirect.by), Some(&redirect.at));
            } else {
                findings.contradicts(
                    format!("{} redirects temporarily, 301 or 308 is wanted", redirect.by),
                    &redirect.at,
                );
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
    use seaworthy_facts::{Certainty, Edge, HttpsRedirect, Switch};

    use super::super::ways::tests::{facts, nothing, on_platform, redirect};
    use super::ITEM;
    use crate::headers::statements::tests::told;

    fn with(redirects: Vec<HttpsRedirect>) -> (usize, usize, bool) {
        told(&ITEM, &facts(Edge { redirects, ..Edge::default() }))
    }

    #[test]
    fn a_permanent_redirect_passes_and_a_temporary_one_fails() {
        assert_eq!(with(vec![redirect(true)]), (1, 0, true));
        assert_eq!(with(vec![redirect(false)]), (0, 1, true));
        assert_eq!(with(vec![redirect(false), redirect(true)]), (1, 0, true));
        assert_eq!(told(&ITEM, &on_platform("redirect", Certainty::Configured)), (1, 0, true));
    }

    #[test]
    fn one_that_is_off_fails_and_one_behind_a_switch_is_unknown() {
        assert_eq!(with(vec![HttpsRedirect { off: true, ..redirect(true) }]), (0, 1, true));
        let switch = Some(Switch { name: "FORCE_SSL".to_owned(), on: Some(false) });
        assert_eq!(with(vec![HttpsRedirect { switch, ..redirect(true) }]), (0, 0, true));
        let switch = Some(Switch { name: "FORCE_SSL".to_owned(), on: Some(true) });
        assert_eq!(with(vec![HttpsRedirect { switch, ..redirect(true) }]), (1, 0, true));
    }

    #[test]
    fn is_unknown_without_any_and_does_not_apply_without_http() {
        assert_eq!(with(Vec::new()), (0, 0, true));
        assert!(!told(&ITEM, &nothing()).2);
    }
}
