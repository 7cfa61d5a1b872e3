use seaworthy_facts::{Absent, Code, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use super::support;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `review.scale`
pub static ITEM: Item = Item {
    id: ItemId::new("review.scale"),
    section: Section::Review,
    question: "The change holds under more load",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: None,
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::Accepted,
    operator: false,
    reads: &[FactKind::Change, FactKind::Code],
    remedy: "Compare a load test of the change with one of its base.",
    page: include_str!("scale.md"),
    evidence,
};

/// What rules call work that grows with the data.
const SIGNS: &[&str] = &["query-in-loop", "client-per-request", "connection-per-call"];

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let change = match support::change(view) {
        Ok(change) => change,
        Err(findings) => return Ok(*findings),
    };
    let code = view.get::<Code>()?;
    let mut findings = support::begin(
        change,
        "a load test of this commit beside one of its base; queries in loops and connections per call on added lines",
    );
    for sign in SIGNS {
        support::added_matches(&mut findings, change, code, sign);
    }
    Ok(findings)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use seaworthy_model::Status;

    use super::*;
    use crate::review::support::testing;

    #[test]
    fn only_a_person_answers() {
        testing::only_a_person_answers(&ITEM);
    }

    #[test]
    fn a_client_for_each_request_contradicts_the_word() {
        let mut facts = testing::facts(testing::change());
        let found = testing::seen("client-per-request", "src/pay.ts", 11);
        facts.code = Code { matches: vec![found], ..Code::default() }.into();
        assert_eq!(testing::status(&ITEM, &facts, true), Status::Fail);
    }
}
