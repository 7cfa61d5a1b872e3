use seaworthy_facts::{Absent, Edge, Exchange, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use super::{statements, values, wire};
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `headers.permissions-policy`
pub static ITEM: Item = Item {
    id: ItemId::new("headers.permissions-policy"),
    section: Section::Headers,
    question: "Permissions-Policy is sent",
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
    page: include_str!("permissions_policy.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let see =
        &|exchange: &Exchange| wire::header(exchange, "permissions-policy", &values::permissions_policy);
    wire::ask(&ITEM, view, "Permissions-Policy", wire::Answers::Pages, see).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let (system, edge) = (view.get::<System>()?, view.get::<Edge>()?);
    let question = statements::Question {
        name: "permissions-policy",
        worth: &values::permissions_policy,
        pages_only: true,
    };
    let mut findings = statements::findings(system, edge, "Permissions-Policy", &question);
    for old in edge.header("feature-policy").filter(|header| header.counts()) {
        findings.note("Feature-Policy is obsolete: browsers obey Permissions-Policy only", Some(&old.at));
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::super::statements::tests::shared_cases;
    use super::ITEM;

    #[test]
    fn passes_fails_is_unknown_and_does_not_apply() {
        shared_cases(&ITEM, "permissions-policy", "camera=()", Some("camera 'none'"));
    }

    #[test]
    fn the_wire_settles_it() {
        super::super::wire::tests::wire_cases(
            &ITEM,
            ("permissions-policy", "camera=()"),
            ("permissions-policy", "camera 'none'"),
        );
    }
}
