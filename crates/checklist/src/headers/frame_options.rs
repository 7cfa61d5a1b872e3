use seaworthy_facts::{Absent, Edge, FactKind, FactView, Layer, System};
use seaworthy_model::{ItemId, Section};

use super::{statements, values, wire};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `headers.frame-options`
pub static ITEM: Item = Item {
    id: ItemId::new("headers.frame-options"),
    section: Section::Headers,
    question: "Framing by other sites is refused",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Deployment,
    higher_rung_settles: true,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Edge, FactKind::Site],
    remedy: "Set the header in the application or at the proxy, on every answer.",
    page: include_str!("frame_options.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let see = &wire::framing;
    wire::ask(&ITEM, view, "X-Frame-Options", wire::Answers::Pages, see).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let (system, edge) = (view.get::<System>()?, view.get::<Edge>()?);
    if let Some(not_applicable) = shared::answers_http(system) {
        return Ok(not_applicable);
    }
    let title = "X-Frame-Options";
    let mut findings = statements::looked_for("X-Frame-Options or `frame-ancestors`");
    let header =
        statements::Question { name: "x-frame-options", worth: &values::frame_options, pages_only: true };
    let mut answer = statements::ask(edge, &header);
    let policy = statements::Question {
        name: "content-security-policy",
        worth: &values::frame_ancestors,
        pages_only: true,
    };
    let mut ancestors = statements::ask(edge, &policy);
    // Browsers ignore `frame-ancestors` in a document, and a policy without it says nothing here.
    ancestors.good.retain(|(header, _)| header.layer != Layer::Document);
    ancestors.bad.retain(|(header, _)| header.layer != Layer::Document);
    ancestors.nothing.clear();
    ancestors.removed.clear();
    // Where both are sent, browsers obey `frame-ancestors`.
    if !ancestors.good.is_empty() {
        answer.bad.clear();
        for header in answer.removed.drain(..) {
            findings.note("X-Frame-Options is taken away, `frame-ancestors` stays", Some(&header.at));
        }
    }
    if answer.good.is_empty() || !ancestors.good.is_empty() {
        ancestors.tell(&mut findings, "`frame-ancestors`", true);
    }
    answer.tell(&mut findings, title, true);
    findings.because(answer.reason("X-Frame-Options (or `frame-ancestors`)")).unread(&edge.unread);
    shared::settle::url(&mut findings);
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::super::statements::tests::{facts, header, shared_cases, told};
    use super::ITEM;

    #[test]
    fn passes_fails_is_unknown_and_does_not_apply() {
        shared_cases(&ITEM, "x-frame-options", "DENY", Some("ALLOWALL"));
    }

    #[test]
    fn frame_ancestors_count_and_win() {
        let policy = header("content-security-policy", "frame-ancestors 'self'");
        assert_eq!(told(&ITEM, &facts(vec![policy.clone()])), (1, 0, true));
        let old = header("x-frame-options", "ALLOW-FROM https://a.example");
        assert_eq!(told(&ITEM, &facts(vec![policy, old])), (1, 0, true));
        let open = header("content-security-policy", "frame-ancestors *");
        assert_eq!(told(&ITEM, &facts(vec![open])), (0, 1, true));
        let document = seaworthy_facts::ResponseHeader {
            layer: seaworthy_facts::Layer::Document,
            ..header("content-security-policy", "frame-ancestors 'self'")
        };
        assert_eq!(told(&ITEM, &facts(vec![document])), (0, 0, true));
    }

    #[test]
    fn the_wire_settles_it() {
        super::super::wire::tests::wire_cases(
            &ITEM,
            ("x-frame-options", "DENY"),
            ("x-frame-options", "ALLOWALL"),
        );
    }
}
