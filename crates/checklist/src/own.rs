//! Items that the owners add: a question, and rules whose matches answer it.

use seaworthy_facts::{Absent, Code, Declared, FactKind, FactView, OwnCheck, OwnItem};
use seaworthy_model::{Cause, ItemId, Section};

use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// How many places an item shows.
const SHOWN: usize = 50;

/// The owner's items that were declared.
pub(crate) fn items<'a>(view: &FactView<'a>) -> &'a [OwnItem] {
    view.get::<Declared>().map_or(&[], |declared| &declared.items)
}

/// The kinds of fact that they read.
pub(crate) const READS: &[FactKind] = &[FactKind::Declared, FactKind::Code];

/// An owner's item as the checklist knows items. Its question and remedy are the owner's.
pub(crate) fn item(own: &OwnItem) -> Item {
    Item {
        id: ItemId::read(own.id.clone()),
        section: Section::Own,
        question: "",
        priority: own.priority,
        absence: Absence::Fail,
        fresh_days: None,
        floor: Floor::Configured,
        void_on: VoidOn::Commit,
        higher_rung_settles: false,
        attestation: Attestation::ByPolicy,
        operator: false,
        reads: READS,
        remedy: "",
        page: "",
        evidence: |_| Ok(Findings::new()),
    }
}

/// What the item's rules saw.
pub(crate) fn evidence(view: &FactView, own: &OwnItem) -> Result<Findings, Absent> {
    let code = view.get::<Code>()?;
    let nothing = OwnCheck::default();
    let check = code.own.get(&own.id).unwrap_or(&nothing);
    if let Some(problem) = check.problems.first() {
        let place = match problem.at.line_number() {
            Some(line) => format!("{}:{line}", problem.at.path().unwrap_or_default()),
            None => problem.at.path().unwrap_or_default().to_owned(),
        };
        return Err(Absent::new(Cause::CouldNotRun, format!("{place}: {}", problem.what)));
    }
    let mut findings = Findings::new();
    for rule in &check.rules {
        findings.looked_for(format!("rule {} in {} files", rule.value, check.files));
    }
    if check.files == 0 {
        return Ok(Findings::not_applicable("no shipped file is in the language of its rules"));
    }
    for found in code.of(&own.id).take(SHOWN) {
        if own.wanted {
            findings.supports(&found.says, &found.at);
        } else {
            findings.contradicts(&found.says, &found.at);
        }
    }
    let count = code.count(&own.id);
    if count == 0 && !own.wanted {
        let names: Vec<_> = check.rules.iter().map(|rule| rule.value.as_str()).collect();
        let summary = format!("{} matched nothing in {} files", names.join(", "), check.files);
        findings.supports(summary, check.rules.first().map_or(&own.at, |rule| &rule.at));
    }
    if count > SHOWN as u64 {
        findings.note(format!("{count} places in all; {SHOWN} are shown"), None);
    }
    findings.because(format!("no rule matched in {} files", check.files));
    Ok(findings)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use seaworthy_facts::{CodeMatch, Facts, Location, Observed, Problem};
    use seaworthy_model::{ItemReport, Status};

    use super::*;
    use crate::ci::test_support::facts;

    fn judged(wanted: bool, matches: u64, files: u64, problems: Vec<Problem>) -> ItemReport {
        let own = OwnItem {
            id: "own.no-moment".to_owned(),
            question: "Nothing uses moment".to_owned(),
            priority: 3,
            remedy: "Use Temporal.".to_owned(),
            rules: vec!["checks/moment.yml".to_owned()],
            wanted,
            at: Location::line("seaworthy.toml", 1),
        };
        let found = |line: u64| CodeMatch {
            sign: own.id.clone(),
            rule: "moment".to_owned(),
            says: "moment is imported".to_owned(),
            at: Location::line("src/a.js", u32::try_from(line).unwrap() + 1),
            language: "javascript".to_owned(),
            text: String::new(),
            captures: BTreeMap::new(),
        };
        let rule = Observed::new("moment".to_owned(), Location::line("checks/moment.yml", 1));
        let check = OwnCheck { rules: vec![rule], files, problems };
        let code = Code {
            matches: (0..matches).map(found).collect(),
            counts: BTreeMap::from([(own.id.clone(), matches)]),
            own: BTreeMap::from([(own.id.clone(), check)]),
            ..Code::default()
        };
        let base = facts(seaworthy_facts::Pipelines::default());
        let declared = Declared { items: vec![own.clone()], ..Declared::default() };
        let facts = Facts { declared: declared.into(), code: code.into(), ..base };
        let context = crate::Context {
            now: "2026-11-22T00:00:00Z".parse().unwrap(),
            commit: None,
            migrations_digest: None,
            deployment: None,
            distributed: false,
            attestable: Vec::new(),
            change: false,
        };
        crate::judge(&facts, &context, &|item| item.id.as_str() == own.id).remove(0)
    }

    #[test]
    fn unwanted_matches_fail_and_none_pass() {
        let failed = judged(false, 2, 5, Vec::new());
        assert_eq!((failed.status, failed.evidence.len()), (Status::Fail, 2));
        assert_eq!((failed.title.as_str(), failed.section), ("Nothing uses moment", Section::Own));
        assert_eq!(failed.remedy.as_deref(), Some("Use Temporal."));
        let passed = judged(false, 0, 5, Vec::new());
        assert_eq!(passed.status, Status::Pass);
        assert!(passed.evidence[0].summary.contains("nothing in 5 files"));
    }

    #[test]
    fn wanted_matches_pass_and_none_fail() {
        assert_eq!(judged(true, 1, 5, Vec::new()).status, Status::Pass);
        assert_eq!(judged(true, 0, 5, Vec::new()).status, Status::Fail);
    }

    #[test]
    fn without_files_it_does_not_apply_and_with_a_broken_rule_nothing_is_known() {
        assert_eq!(judged(false, 0, 0, Vec::new()).status, Status::NotApplicable);
        let broken =
            Problem { at: Location::file("checks/moment.yml"), what: "no language `Cobol`".to_owned() };
        let unknown = judged(false, 0, 5, vec![broken]);
        assert_eq!((unknown.status, unknown.cause), (Status::Unknown, Some(Cause::CouldNotRun)));
        assert!(unknown.reason.contains("checks/moment.yml: no language"), "{}", unknown.reason);
    }
}
