use seaworthy_facts::{Absent, Edge, Exchange, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use super::{statements, values, wire};
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `headers.content-type-options`
pub static ITEM: Item = Item {
    id: ItemId::new("headers.content-type-options"),
    section: Section::Headers,
    question: "X-Content-Type-Options: nosniff is sent",
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
    page: include_str!("content_type_options.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let see = &|exchange: &Exchange| {
        wire::header(exchange, "x-content-type-options", &values::content_type_options)
    };
    wire::ask(&ITEM, view, "X-Content-Type-Options", wire::Answers::All, see).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let (system, edge) = (view.get::<System>()?, view.get::<Edge>()?);
    let question = statements::Question {
        name: "x-content-type-options",
        worth: &values::content_type_options,
        pages_only: false,
    };
    Ok(statements::findings(system, edge, "X-Content-Type-Options", &question))
}

#[cfg(test)]
mod tests {
    use super::super::statements::tests::shared_cases;
    use super::ITEM;

    #[test]
    fn passes_fails_is_unknown_and_does_not_apply() {
        shared_cases(&ITEM, "x-content-type-options", "nosniff", Some("sniff"));
    }

    #[test]
    fn the_wire_settles_it() {
        super::super::wire::tests::wire_cases(
            &ITEM,
            ("x-content-type-options", "nosniff"),
            ("x-content-type-options", "sniff"),
        );
    }
}
