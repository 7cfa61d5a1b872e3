use seaworthy_facts::{Absent, Change, ChangedFile, ChangedKind, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use super::support;
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `review.understood`
pub static ITEM: Item = Item {
    id: ItemId::new("review.understood"),
    section: Section::Review,
    question: "The change is understood",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: None,
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::Accepted,
    operator: false,
    reads: &[FactKind::Change],
    remedy: "Read every hunk, the riskiest first.",
    page: include_str!("understood.md"),
    evidence,
};

/// Files that are told, riskiest first.
const FILES: usize = 15;
/// More lines than somebody reads with care in one go.
const MANY: u32 = 400;

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let change = match support::change(view) {
        Ok(change) => change,
        Err(findings) => return Ok(*findings),
    };
    let mut findings = support::begin(change, "each place that differs, riskiest first");
    let added: u32 = change.shipped().map(|file| file.added).sum();
    if added > MANY {
        findings.note(
            format!("{added} lines that ship are more than somebody reads with care in one go; smaller changes are understood better"),
            None,
        );
    }
    let mut files: Vec<&ChangedFile> =
        change.files.iter().filter(|file| !file.gone && file.kind != ChangedKind::Opaque).collect();
    files.sort_by_key(|file| std::cmp::Reverse(risk(change, file)));
    for file in files.iter().take(FILES) {
        let first = file.hunks.iter().max_by_key(|hunk| hunk.added).map_or(1, |hunk| hunk.line.max(1));
        findings.note(told(change, file), Some(&seaworthy_facts::Location::line(file.path.clone(), first)));
    }
    if files.len() > FILES {
        findings.note(
            format!("and {} with less risk", shared::count((files.len() - FILES) as u64, "file")),
            None,
        );
    }
    for new in change.new_dependencies.iter().take(support::TOLD) {
        findings.note(format!("a new dependency: {}", new.value), Some(&new.at));
    }
    for file in
        change.files.iter().filter(|file| file.kind == ChangedKind::Opaque && !file.gone).take(support::TOLD)
    {
        findings.note(
            "generated, vendored or binary: nobody reads it line by line, so make it anew and compare",
            Some(&seaworthy_facts::Location::file(file.path.clone())),
        );
    }
    Ok(findings)
}

/// Size, how often the file changed lately, complexity that grew, and paths that touch what hurts. A file that ships
/// counts before one that does not.
fn risk(change: &Change, file: &ChangedFile) -> u32 {
    let size = file.added.min(400) + file.removed.min(400) / 4;
    let complex: u32 = complexity(change, file).map_or(0, |after| after.min(50) * 3);
    let weight = if file.kind == ChangedKind::Shipped { 3 } else { 1 };
    let sensitive = if file.sensitive.is_some() { 150 } else { 0 };
    weight * (size + file.churn.min(50) * 2 + complex + sensitive)
}

fn complexity(change: &Change, file: &ChangedFile) -> Option<u32> {
    change
        .complex
        .iter()
        .filter(|function| function.at.path() == Some(&file.path))
        .map(|function| function.after)
        .max()
}

fn told(change: &Change, file: &ChangedFile) -> String {
    let mut words =
        format!("+{} −{} in {}", file.added, file.removed, shared::count(file.hunks.len() as u64, "place"));
    if file.new {
        words.push_str(", new");
    }
    if let Some(sensitive) = &file.sensitive {
        words.push_str(&format!(", about {sensitive}"));
    }
    if file.churn > 2 {
        words.push_str(&format!(", changed by {} of the last 100 commits", file.churn));
    }
    if let Some(after) = complexity(change, file) {
        words.push_str(&format!(", a function with {after} paths"));
    }
    words
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::review::support::testing;

    #[test]
    fn only_a_person_answers() {
        testing::only_a_person_answers(&ITEM);
    }

    #[test]
    fn what_touches_security_comes_first() {
        let mut change = testing::change();
        change.files = vec![
            ChangedFile { sensitive: Some("money".into()), ..testing::file("src/pay.ts") },
            ChangedFile { added: 100, ..testing::file("src/text.ts") },
        ];
        let facts = testing::facts(change);
        let findings = evidence(&FactView::new(&facts, ITEM.reads)).unwrap();
        assert_eq!(findings.notes[0].location.as_ref().unwrap().to_string(), "src/pay.ts:10");
        assert!(findings.notes[0].summary.contains("about money"));
    }
}
