use seaworthy_facts::{Absent, Edge, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use super::{statements, values, wire};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `headers.xss-protection`
pub static ITEM: Item = Item {
    id: ItemId::new("headers.xss-protection"),
    section: Section::Headers,
    question: "X-XSS-Protection does no harm",
    priority: 3,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Deployment,
    higher_rung_settles: true,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Edge, FactKind::Site],
    remedy: "Set the header in the application or at the proxy, on every answer.",
    page: include_str!("xss_protection.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let see = &wire::old_filter;
    wire::ask(&ITEM, view, "X-XSS-Protection", wire::Answers::Pages, see).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let (system, edge) = (view.get::<System>()?, view.get::<Edge>()?);
    if let Some(not_applicable) = shared::answers_http(system) {
        return Ok(not_applicable);
    }
    let title = "X-XSS-Protection";
    let mut findings = statements::looked_for("X-XSS-Protection, or a policy that forbids inline script");
    let question =
        statements::Question { name: "x-xss-protection", worth: &values::xss_protection, pages_only: true };
    let mut answer = statements::ask(edge, &question);
    let policy = statements::Question {
        name: "content-security-policy",
        worth: &values::content_security_policy,
        pages_only: true,
    };
    // Without the header a policy that forbids inline script does what it was for.
    let absent = answer.good.is_empty() && answer.bad.is_empty();
    let policies = statements::ask(edge, &policy);
    if let Some((header, _)) = policies.good.first().filter(|_| absent && policies.bad.is_empty()) {
        findings.supports("no X-XSS-Protection, and a policy that forbids inline script", &header.at);
        findings.note("the header is obsolete: no current browser has the filter", Some(&header.at));
        answer.removed.clear();
    }
    // Taking an obsolete header away harms nobody.
    answer.removed.clear();
    answer.tell(&mut findings, title, true);
    let mut reason = answer.reason(title);
    reason.push_str(", and no policy forbids inline script");
    findings.because(reason).unread(&edge.unread);
    shared::settle::url(&mut findings);
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use seaworthy_facts::{Edge, Facts, HeaderScope, ResponseHeader, System};

    use super::super::statements::tests::{facts, header, told};
    use super::ITEM;

    #[test]
    fn passes_fails_is_unknown_and_does_not_apply() {
        for good in ["0", "1; mode=block"] {
            assert_eq!(told(&ITEM, &facts(vec![header("x-xss-protection", good)])), (1, 0, true));
        }
        assert_eq!(told(&ITEM, &facts(vec![header("x-xss-protection", "1")])), (0, 1, true));
        assert_eq!(told(&ITEM, &facts(Vec::new())), (0, 0, true));
        let nothing =
            Facts { system: System::default().into(), edge: Edge::default().into(), ..Facts::default() };
        assert!(!told(&ITEM, &nothing).2);
    }

    #[test]
    fn a_closed_policy_stands_for_it_and_an_open_one_does_not() {
        let closed = header("content-security-policy", "default-src 'self'");
        assert_eq!(told(&ITEM, &facts(vec![closed.clone()])), (1, 0, true));
        let open = header("content-security-policy", "script-src 'unsafe-inline'");
        assert_eq!(told(&ITEM, &facts(vec![open])), (0, 0, true));
        let part = ResponseHeader { scope: HeaderScope::Part("/a".to_owned()), ..closed };
        assert_eq!(told(&ITEM, &facts(vec![part])), (0, 0, true));
    }

    #[test]
    fn the_wire_settles_it() {
        super::super::wire::tests::wire_cases(&ITEM, ("x-xss-protection", "0"), ("x-xss-protection", "1"));
    }
}
