use seaworthy_facts::{Absent, Edge, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use super::wire;
use crate::headers::{statements, values};
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `https.hsts`
pub static ITEM: Item = Item {
    id: ItemId::new("https.hsts"),
    section: Section::Https,
    question: "Browsers are told to use HTTPS only",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Deployment,
    higher_rung_settles: true,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Edge, FactKind::Site],
    remedy: "Send Strict-Transport-Security with a max-age of at least 180 days.",
    page: include_str!("hsts.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    wire::hsts(&ITEM, view).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let (system, edge) = (view.get::<System>()?, view.get::<Edge>()?);
    let question = statements::Question {
        name: "strict-transport-security",
        worth: &|value| values::strict_transport_security(value, 15_552_000),
        pages_only: true,
    };
    Ok(statements::findings(system, edge, "Strict-Transport-Security", &question))
}

#[cfg(test)]
mod tests {
    use super::ITEM;
    use crate::headers::statements::tests::{facts, header, shared_cases, told};

    #[test]
    fn passes_fails_is_unknown_and_does_not_apply() {
        shared_cases(&ITEM, "strict-transport-security", "max-age=15552000", Some("max-age=86400"));
        let computed = seaworthy_facts::ResponseHeader {
            value: seaworthy_facts::HeaderValue::Computed("max-age=…".to_owned()),
            ..header("strict-transport-security", "")
        };
        assert_eq!(told(&ITEM, &facts(vec![computed])), (0, 0, true));
    }
}
