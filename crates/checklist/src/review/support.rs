//! What the questions about one change share.

use seaworthy_facts::{Absent, Change, ChangedKind, Code, FactView};
use seaworthy_model::Cause;

use crate::{Findings, shared};

/// Most places of one kind that are told.
pub(super) const TOLD: usize = 20;

/// The change, or the findings that say that none was named or could be read.
pub(super) fn change<'a>(view: &FactView<'a>) -> Result<&'a Change, Box<Findings>> {
    view.get::<Change>().map_err(|absent| Box::new(without(absent)))
}

/// Nothing is known of a change.
pub(super) fn without(absent: Absent) -> Findings {
    let unasked = absent.cause == Cause::NotPermitted;
    let mut findings = Findings::without_facts(absent);
    if unasked {
        shared::settle::change(&mut findings);
    } else {
        findings.settled_by("fetch the history that the base of the change is in", None);
    }
    findings
}

/// The beginning of every answer: how large the change is, and that nobody has signed for it yet.
pub(super) fn begin(change: &Change, looked_for: &str) -> Findings {
    let mut findings = Findings::new();
    findings.looked_for(format!("a signed answer that is bound to commit {}", short(&change.head)));
    findings.looked_for(looked_for);
    findings.because(format!(
        "nobody has signed the answer for commit {} ({})",
        short(&change.head),
        size(change)
    ));
    findings.settled_by(
        "read the change with the question in mind, then sign the answer",
        Some("seaworthy attest ITEM --until DAY --note TEXT"),
    );
    for unread in change.unread.iter().take(TOLD) {
        findings.note(unread.what.clone(), Some(&unread.at));
    }
    findings
}

/// `3 commits, 12 files, +120 −30 lines that ship`.
pub(super) fn size(change: &Change) -> String {
    let shipped: Vec<_> = change.shipped().collect();
    let added: u32 = shipped.iter().map(|file| file.added).sum();
    let removed: u32 = shipped.iter().map(|file| file.removed).sum();
    format!(
        "{}, {}, +{added} −{removed} lines in {} that ship",
        shared::count(u64::from(change.commits), "commit"),
        shared::count(change.files.len() as u64, "file"),
        shared::count(shipped.len() as u64, "file"),
    )
}

fn short(commit: &str) -> String {
    commit.chars().take(10).collect()
}

/// Adds what the rules of a sign see on lines that the change adds.
pub(super) fn added_matches(findings: &mut Findings, change: &Change, code: &Code, sign: &str) -> usize {
    let found: Vec<_> = code
        .of(sign)
        .filter(|found| change.adds(&found.at))
        .filter(|found| {
            found
                .at
                .path()
                .and_then(|path| change.file(path))
                .is_some_and(|file| file.kind == ChangedKind::Shipped)
        })
        .collect();
    for found in found.iter().take(TOLD) {
        findings.contradicts(format!("the change adds {}", found.says), &found.at);
    }
    found.len()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod testing {
    use std::collections::BTreeMap;

    use seaworthy_facts::{ChangedFile, CodeMatch, Exposures, Facts, Hunk, Location, Migrations};
    use seaworthy_model::{Evidence, Status};

    use super::*;
    use crate::Item;

    /// A change of one shipped file, on whose lines 10 to 19 it adds something.
    pub fn change() -> Change {
        Change {
            since: "main".into(),
            base: "b".repeat(40),
            head: "a".repeat(40),
            commits: 1,
            files: vec![file("src/pay.ts")],
            ..Change::default()
        }
    }

    /// A file with ten added lines.
    pub fn file(path: &str) -> ChangedFile {
        ChangedFile {
            path: path.into(),
            kind: ChangedKind::Shipped,
            new: false,
            gone: false,
            added: 10,
            removed: 0,
            hunks: vec![Hunk { line: 10, added: 10, removed: 0 }],
            churn: 0,
            sensitive: None,
            edited_since: false,
        }
    }

    /// What a rule saw.
    pub fn seen(sign: &str, path: &str, line: u32) -> CodeMatch {
        CodeMatch {
            sign: sign.into(),
            rule: "rule".into(),
            says: "something".into(),
            at: Location::line(path, line),
            language: "typescript".into(),
            text: String::new(),
            captures: BTreeMap::new(),
        }
    }

    /// Facts with this change and nothing that speaks against it.
    pub fn facts(change: Change) -> Facts {
        Facts {
            change: change.into(),
            code: Code::default().into(),
            exposures: Exposures::default().into(),
            migrations: Migrations::default().into(),
            ..Facts::default()
        }
    }

    /// The status of an item, with a person's word for it or without.
    pub fn status(item: &Item, facts: &Facts, signed: bool) -> Status {
        let view = FactView::new(facts, item.reads);
        let mut found = (item.evidence)(&view);
        if let (true, Ok(findings)) = (signed, &mut found) {
            findings.add(Evidence {
                rung: seaworthy_model::Rung::Attested,
                subject: Some(format!("gitCommit:{}", "a".repeat(40))),
                ..Evidence::configured("read it", Location::Record { record: "r.json".into() })
            });
        }
        let context = crate::Context {
            now: jiff::Timestamp::UNIX_EPOCH,
            commit: Some("a".repeat(40)),
            migrations_digest: None,
            deployment: None,
            distributed: false,
            attestable: Vec::new(),
            change: true,
        };
        crate::settle(item, found, &context).status
    }

    /// Every question is unknown without a word and passes with one, when nothing speaks against it.
    pub fn only_a_person_answers(item: &Item) {
        assert_eq!(status(item, &facts(change()), false), Status::Unknown);
        assert_eq!(status(item, &facts(change()), true), Status::Pass);
        let view_of_nothing = Facts { exposures: Exposures::default().into(), ..Facts::default() };
        let found = (item.evidence)(&FactView::new(&view_of_nothing, item.reads)).unwrap();
        assert_eq!(found.settled_by.unwrap().command.as_deref(), Some("seaworthy check --since BASE"));
    }
}
