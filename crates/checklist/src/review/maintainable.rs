use seaworthy_facts::{Absent, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use super::support;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `review.maintainable`
pub static ITEM: Item = Item {
    id: ItemId::new("review.maintainable"),
    section: Section::Review,
    question: "The change can be maintained",
    priority: 3,
    absence: Absence::Unknown,
    fresh_days: None,
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::Accepted,
    operator: false,
    reads: &[FactKind::Change],
    remedy: "Split what is complex and remove what is duplicated.",
    page: include_str!("maintainable.md"),
    evidence,
};

/// Paths through a function that nobody holds in mind at once.
const TANGLED: u32 = 30;
/// Lines of a block that should have been shared.
const COPIED: u32 = 40;
/// Lines of a function that is long.
const LONG: u32 = 150;

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let change = match support::change(view) {
        Ok(change) => change,
        Err(findings) => return Ok(*findings),
    };
    let mut findings =
        support::begin(change, "functions that got complex or long, and blocks that stand elsewhere too");
    for function in change.complex.iter().take(support::TOLD) {
        let before = function.before.map_or("new".to_owned(), |before| format!("{before} before"));
        let long = if function.lines > LONG { format!(", {} lines", function.lines) } else { String::new() };
        let what = format!("`{}` has {} paths ({before}){long}", function.name, function.after);
        // Where it was tangled already, a little more is told and not held against the change.
        let doubled = function
            .before
            .is_none_or(|before| function.after >= before.saturating_add(before / 4).max(before + 5));
        if function.after >= TANGLED && doubled {
            findings.contradicts(what, &function.at);
        } else {
            findings.note(what, Some(&function.at));
        }
    }
    for duplicate in change.duplicates.iter().take(support::TOLD) {
        let what = format!("{} lines that stand at {} too", duplicate.lines, duplicate.of);
        if duplicate.lines >= COPIED {
            findings.contradicts(format!("the change adds {what}"), &duplicate.at);
        } else {
            findings.note(what, Some(&duplicate.at));
        }
    }
    Ok(findings)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use seaworthy_facts::{ComplexFunction, Duplicate, Location};
    use seaworthy_model::Status;

    use super::*;
    use crate::review::support::testing;

    fn complex(before: Option<u32>, after: u32) -> Status {
        let mut change = testing::change();
        change.complex = vec![ComplexFunction {
            name: "f".into(),
            at: Location::line("src/pay.ts", 10),
            before,
            after,
            lines: 40,
        }];
        testing::status(&ITEM, &testing::facts(change), true)
    }

    #[test]
    fn only_a_person_answers() {
        testing::only_a_person_answers(&ITEM);
    }

    #[test]
    fn tangles_that_are_new_contradict_the_word() {
        assert_eq!(complex(None, 34), Status::Fail);
        assert_eq!(complex(None, 14), Status::Pass);
        assert_eq!(complex(Some(33), 34), Status::Pass);
    }

    #[test]
    fn long_copies_contradict_the_word() {
        let with = |lines| {
            let mut change = testing::change();
            change.duplicates = vec![Duplicate {
                at: Location::line("src/pay.ts", 10),
                of: Location::line("src/old.ts", 3),
                lines,
            }];
            testing::status(&ITEM, &testing::facts(change), true)
        };
        assert_eq!((with(60), with(15)), (Status::Fail, Status::Pass));
    }
}
