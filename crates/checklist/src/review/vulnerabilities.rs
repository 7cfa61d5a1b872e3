use seaworthy_facts::{Absent, Code, Exposures, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use super::support;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `review.vulnerabilities`
pub static ITEM: Item = Item {
    id: ItemId::new("review.vulnerabilities"),
    section: Section::Review,
    question: "The change opens no vulnerability",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: None,
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::Accepted,
    operator: false,
    reads: &[FactKind::Change, FactKind::Code, FactKind::Exposures],
    remedy: "Take out secrets and patterns that are open to injection.",
    page: include_str!("vulnerabilities.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let exposures = view.get::<Exposures>()?;
    let change = support::change(view);
    let mut findings = match &change {
        Ok(change) => support::begin(
            change,
            "secrets, patterns prone to attacks and new dependencies on lines that the change adds",
        ),
        Err(without) => (**without).clone(),
    };
    findings.looked_for("exposed data: committed secrets, environment files, open tables, rules and buckets, server keys in client code");
    for exposed in &exposures.found {
        let added = change.as_ref().is_ok_and(|change| change.adds(&exposed.at));
        let what =
            if added { format!("{} (added by this change)", exposed.what) } else { exposed.what.clone() };
        if exposed.priority == 1 {
            findings.contradicts(what, &exposed.at);
            if findings.remedy_so_far().is_none() {
                findings.remedy(exposed.remedy.clone());
            }
        } else {
            findings.note(what, Some(&exposed.at));
        }
    }
    if let Ok(change) = change {
        let code = view.get::<Code>()?;
        support::added_matches(&mut findings, change, code, "dangerous-pattern");
        for new in change.new_dependencies.iter().take(support::TOLD) {
            findings.note(
                format!("a new dependency, whose advisories `dependencies.audited` asks for: {}", new.value),
                Some(&new.at),
            );
        }
    }
    if findings.has_evidence() {
        findings.settled_by = None;
    }
    Ok(findings)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use seaworthy_facts::{ExposedData, Facts, Location};
    use seaworthy_model::{ExposureKind, Status};

    use super::*;
    use crate::review::support::testing;

    fn exposed(priority: u8) -> Exposures {
        Exposures {
            found: vec![ExposedData {
                kind: ExposureKind::CommittedSecret,
                priority,
                what: "a key is in the repository".into(),
                at: Location::line("src/old.ts", 3),
                digest: None,
                remedy: "replace it".into(),
            }],
            ..Exposures::default()
        }
    }

    #[test]
    fn only_a_person_answers() {
        testing::only_a_person_answers(&ITEM);
    }

    #[test]
    fn exposed_data_contradicts_with_and_without_a_change() {
        let mut facts = testing::facts(testing::change());
        facts.exposures = exposed(1).into();
        assert_eq!(testing::status(&ITEM, &facts, true), Status::Fail);
        let facts = Facts { exposures: exposed(1).into(), ..Facts::default() };
        assert_eq!(testing::status(&ITEM, &facts, false), Status::Fail);
    }

    #[test]
    fn what_may_be_meant_is_told_only() {
        let mut facts = testing::facts(testing::change());
        facts.exposures = exposed(2).into();
        assert_eq!(testing::status(&ITEM, &facts, true), Status::Pass);
    }

    #[test]
    fn a_dangerous_pattern_on_an_added_line_contradicts() {
        let mut facts = testing::facts(testing::change());
        let found = testing::seen("dangerous-pattern", "src/pay.ts", 19);
        facts.code = Code { matches: vec![found], ..Code::default() }.into();
        assert_eq!(testing::status(&ITEM, &facts, true), Status::Fail);
    }
}
