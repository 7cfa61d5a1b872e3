use seaworthy_facts::{Absent, Edge, Exchange, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use super::{statements, values, wire};
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `headers.referrer-policy`
pub static ITEM: Item = Item {
    id: ItemId::new("headers.referrer-policy"),
    section: Section::Headers,
    question: "Referrer-Policy is strict",
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
    page: include_str!("referrer_policy.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let see = &|exchange: &Exchange| wire::header(exchange, "referrer-policy", &values::referrer_policy);
    wire::ask(&ITEM, view, "Referrer-Policy", wire::Answers::Pages, see).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let (system, edge) = (view.get::<System>()?, view.get::<Edge>()?);
    let question =
        statements::Question { name: "referrer-policy", worth: &values::referrer_policy, pages_only: true };
    Ok(statements::findings(system, edge, "Referrer-Policy", &question))
}

#[cfg(test)]
mod tests {
    use super::super::statements::tests::shared_cases;
    use super::ITEM;

    #[test]
    fn passes_fails_is_unknown_and_does_not_apply() {
        shared_cases(&ITEM, "referrer-policy", "no-referrer", Some("unsafe-url"));
    }

    #[test]
    fn the_wire_settles_it() {
        super::super::wire::tests::wire_cases(
            &ITEM,
            ("referrer-policy", "same-origin"),
            ("referrer-policy", "unsafe-url"),
        );
    }
}
