use seaworthy_facts::{Absent, Browser, Edge, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use super::{statements, values, wire};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `headers.content-security-policy`
pub static ITEM: Item = Item {
    id: ItemId::new("headers.content-security-policy"),
    section: Section::Headers,
    question: "A Content-Security-Policy is enforced that keeps scripts closed",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Deployment,
    higher_rung_settles: true,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Edge, FactKind::Site, FactKind::Browser],
    remedy: "Set the header in the application or at the proxy, on every answer.",
    page: include_str!("content_security_policy.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let see = &wire::scripts;
    let mut live = wire::ask(&ITEM, view, "Content-Security-Policy", wire::Answers::Pages, see);
    for visit in view.get::<Browser>().iter().flat_map(|browser| &browser.visits) {
        if let Some(first) = visit.policy_violations.first() {
            let count = visit.policy_violations.len();
            live.note(
                format!("a browser blocks what the home page does, {count} times: {first}"),
                &visit.url,
            );
        }
    }
    live.join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let (system, edge) = (view.get::<System>()?, view.get::<Edge>()?);
    if let Some(not_applicable) = shared::answers_http(system) {
        return Ok(not_applicable);
    }
    let title = "Content-Security-Policy";
    let mut findings = statements::looked_for(title);
    let question = statements::Question {
        name: "content-security-policy",
        worth: &values::content_security_policy,
        pages_only: true,
    };
    let answer = statements::ask(edge, &question);
    if let Some((header, notes)) = answer.good.first() {
        findings.note(format!("the policy's grade is {}", values::grade(notes)), Some(&header.at));
    }
    answer.tell(&mut findings, title, true);
    let mut reason = answer.reason(title);
    if let Some(report) = edge.header("content-security-policy-report-only").find(|header| header.counts()) {
        findings.note("a policy that only reports forbids nothing", Some(&report.at));
        if answer.nothing.is_empty() {
            reason = format!("the policy at {} only reports, it forbids nothing", report.at);
        }
    }
    findings.because(reason).unread(&edge.unread);
    shared::settle::url(&mut findings);
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::super::statements::tests::{facts, header, shared_cases, told};
    use super::ITEM;
    use crate::live::tests::{exchange, origin, probed, report, visit};
    use seaworthy_facts::{Asked, Browser, Facts, Visit};
    use seaworthy_model::Environment;

    #[test]
    fn passes_fails_is_unknown_and_does_not_apply() {
        shared_cases(
            &ITEM,
            "content-security-policy",
            "default-src 'self'",
            Some("script-src 'unsafe-inline'"),
        );
    }

    #[test]
    fn reports_and_policies_without_scripts_are_not_enough() {
        let report = header("content-security-policy-report-only", "default-src 'self'");
        assert_eq!(told(&ITEM, &facts(vec![report])), (0, 0, true));
        let framing = header("content-security-policy", "frame-ancestors 'none'");
        assert_eq!(told(&ITEM, &facts(vec![framing])), (0, 0, true));
    }

    #[test]
    fn the_wire_settles_it() {
        super::super::wire::tests::wire_cases(
            &ITEM,
            ("content-security-policy", "default-src 'self'"),
            ("content-security-policy", "script-src 'unsafe-inline'"),
        );
    }

    #[test]
    fn what_a_browser_blocks_is_told() {
        let home = exchange(Asked::Home, 200, &[("content-security-policy", "default-src 'self'")]);
        let mut facts = probed(vec![origin(Environment::Production, vec![home])]);
        let blocked = Visit { policy_violations: vec!["refused to run x.js".to_owned()], ..visit() };
        facts.browser = Browser { visits: vec![blocked], ..Browser::default() }.into();
        let notes = report(&ITEM, &facts).notes;
        assert!(notes.iter().any(|note| note.summary.ends_with("refused to run x.js")), "{notes:?}");
        let alone = Facts { site: facts.site, ..Facts::default() };
        assert!(report(&ITEM, &alone).notes.iter().all(|note| !note.summary.contains("browser")));
    }
}
