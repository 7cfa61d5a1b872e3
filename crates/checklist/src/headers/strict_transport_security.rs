use seaworthy_facts::{Absent, Edge, Exchange, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use super::{statements, values, wire};
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `headers.strict-transport-security`
pub static ITEM: Item = Item {
    id: ItemId::new("headers.strict-transport-security"),
    section: Section::Headers,
    question: "Strict-Transport-Security is sent",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Deployment,
    higher_rung_settles: true,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Edge, FactKind::Site],
    remedy: "Set the header in the application or at the proxy, on every answer.",
    page: include_str!("strict_transport_security.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let see = &|exchange: &Exchange| wire::transport_security(exchange, 31_536_000);
    wire::ask(&ITEM, view, "Strict-Transport-Security", wire::Answers::OverTls, see).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let (system, edge) = (view.get::<System>()?, view.get::<Edge>()?);
    let question = statements::Question {
        name: "strict-transport-security",
        worth: &|value| values::strict_transport_security(value, 31_536_000),
        pages_only: false,
    };
    let mut findings = statements::findings(system, edge, "Strict-Transport-Security", &question);
    let setters = statements::ask(edge, &question).good;
    if let [(first, _), (second, _), ..] = setters.as_slice()
        && first.layer != second.layer
    {
        findings
            .note(format!("{} sets it, too: an answer must carry it once", second.set_by), Some(&second.at));
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::super::statements::tests::shared_cases;
    use super::ITEM;

    #[test]
    fn passes_fails_is_unknown_and_does_not_apply() {
        shared_cases(&ITEM, "strict-transport-security", "max-age=31536000", Some("max-age=15552000"));
    }

    #[test]
    fn the_wire_settles_it() {
        super::super::wire::tests::wire_cases(
            &ITEM,
            ("strict-transport-security", "max-age=31536000"),
            ("strict-transport-security", "max-age=60"),
        );
    }
}
