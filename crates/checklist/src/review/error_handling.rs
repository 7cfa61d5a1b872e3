use seaworthy_facts::{Absent, Code, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use super::support;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `review.error-handling`
pub static ITEM: Item = Item {
    id: ItemId::new("review.error-handling"),
    section: Section::Review,
    question: "Errors in the change are handled",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: None,
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::Accepted,
    operator: false,
    reads: &[FactKind::Change, FactKind::Code],
    remedy: "Handle each error that the change can meet.",
    page: include_str!("error_handling.md"),
    evidence,
};

/// What rules call errors that nobody hears of.
const SIGNS: &[&str] = &["swallowed-error", "unchecked-error", "ignored-error"];

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let change = match support::change(view) {
        Ok(change) => change,
        Err(findings) => return Ok(*findings),
    };
    let code = view.get::<Code>()?;
    let mut findings = support::begin(change, "errors that are swallowed on lines that the change adds");
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
    fn an_error_that_the_change_swallows_contradicts_the_word() {
        let with = |line| {
            let mut facts = testing::facts(testing::change());
            facts.code = Code {
                matches: vec![testing::seen("swallowed-error", "src/pay.ts", line)],
                ..Code::default()
            }
            .into();
            testing::status(&ITEM, &facts, true)
        };
        assert_eq!(with(12), Status::Fail);
        // It was there before.
        assert_eq!(with(9), Status::Pass);
    }
}
