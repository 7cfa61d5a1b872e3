use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use seaworthy_facts::{Absent, Cut, FactKind, FactView, Facts};
use seaworthy_model::{Cause, ItemId, ItemReport, Section};

use crate::{Applies, Findings, Item, items, own, settle};

/// What judging needs to know besides the facts.
#[derive(Debug, Clone)]
pub struct Context {
    /// The instant as of which is judged.
    pub now: Timestamp,
    /// The commit that is checked out.
    pub commit: Option<String>,
    /// Digest of the migration files.
    pub migrations_digest: Option<String>,
    /// The version that is known to be live.
    pub deployment: Option<String>,
    /// The software is made for others to operate.
    pub distributed: bool,
    /// Items that the policy lets a person's signed word pass.
    pub attestable: Vec<ItemId>,
    /// A change was named: the review section is part of the gate.
    pub change: bool,
}

/// Judges every item, or those that `wanted` lets through; the owners' own come last.
pub fn judge(facts: &Facts, context: &Context, wanted: &dyn Fn(&Item) -> bool) -> Vec<ItemReport> {
    let mut reports: Vec<ItemReport> = items()
        .filter(|item| wanted(item))
        .map(|item| judge_item(item, facts, context, &item.evidence))
        .collect();
    for declared in own::items(&FactView::new(facts, own::READS)) {
        let item = own::item(declared);
        if wanted(&item) {
            let mut report = judge_item(&item, facts, context, &|view| own::evidence(view, declared));
            report.title.clone_from(&declared.question);
            report.remedy = report.remedy.map(|_| declared.remedy.clone());
            reports.push(report);
        }
    }
    reports
}

fn judge_item(
    item: &Item,
    facts: &Facts,
    context: &Context,
    evidence: &dyn Fn(&FactView) -> Result<Findings, Absent>,
) -> ItemReport {
    let view = FactView::new(facts, item.reads);
    // A fault in one item must not take the others with it.
    let mut found = catch_unwind(AssertUnwindSafe(|| evidence(&view))).unwrap_or_else(|_| {
        Err(Absent::new(Cause::CouldNotRun, format!("a fault in the program: judging {} panicked", item.id)))
    });
    add_records(item, facts, &mut found);
    if let Ok(findings) = &mut found {
        // What was not looked at may hold what is missing, and parts of the system that an item applies to.
        let parts: Vec<&Cut> = view.cuts().filter(|cut| cut.kinds.contains(&FactKind::System)).collect();
        let concerns = |kind: &FactKind| *kind != FactKind::System && item.reads.contains(kind);
        let own: Vec<&Cut> = view.cuts().filter(|cut| cut.kinds.iter().any(concerns)).collect();
        for scope in &mut findings.scopes {
            let mut cuts = own.clone();
            if !parts.is_empty() && scope.evidence.is_empty() && scope.applies != Applies::Yes {
                scope.applies = Applies::Yes;
                cuts.extend(&parts);
            }
            scope.unread.extend(cuts.into_iter().map(|cut| cut.left_out.clone()));
        }
    }
    let (notes, looked_for) = match &mut found {
        Ok(findings) => (std::mem::take(&mut findings.notes), std::mem::take(&mut findings.looked_for)),
        Err(_) => (Vec::new(), Vec::new()),
    };
    let judgement = settle(item, found, context);
    let open = matches!(judgement.status, seaworthy_model::Status::Fail | seaworthy_model::Status::Unknown);
    ItemReport {
        id: item.id.clone(),
        section: item.section,
        title: item.question.to_owned(),
        priority: item.priority,
        status: judgement.status,
        rung: judgement.rung,
        reason: judgement.reason,
        cause: judgement.cause,
        evidence: judgement.evidence,
        notes,
        looked_for,
        remedy: open.then(|| judgement.remedy.unwrap_or_else(|| item.remedy.to_owned())),
        settled_by: judgement.settled_by,
        accepted: None,
        in_baseline: false,
        gated: item.section != Section::Review || context.change,
    }
}

/// Adds what the ledger holds about an item to what the item found itself. A record about a component goes to that
/// component; one about the whole system goes to all of them.
fn add_records(item: &Item, facts: &Facts, found: &mut Result<Findings, Absent>) {
    let Ok(records) = facts.records.get() else { return };
    for entry in records.entries.iter().filter(|entry| entry.item == item.id) {
        if let Err(absent) = found {
            *found = Ok(Findings::without_facts(absent.clone()));
        }
        let Ok(findings) = found else { return };
        // Where the site showed something, the item applies, whatever the repository lets see.
        if entry.probe && findings.scopes.iter().all(|scope| matches!(scope.applies, Applies::No(_))) {
            let looked_for = std::mem::take(&mut findings.looked_for);
            *findings = Findings { looked_for, ..Findings::new() };
        }
        let by_component = findings.scopes.iter().any(|scope| scope.component.is_some());
        match &entry.evidence.component {
            Some(component) if by_component => {
                match findings.scopes.iter_mut().find(|scope| scope.component.as_ref() == Some(component)) {
                    Some(scope) => scope.evidence.push(entry.evidence.clone()),
                    None => {
                        findings.component(component.clone()).add(entry.evidence.clone());
                    }
                }
            }
            _ => findings.scopes.iter_mut().for_each(|scope| scope.evidence.push(entry.evidence.clone())),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use seaworthy_facts::{RecordEntry, Records};
    use seaworthy_model::{Evidence, Location};

    use super::*;

    fn record(component: Option<&str>) -> Facts {
        let location = Location::Record { record: ".seaworthy/records/r.json".to_owned() };
        let evidence = Evidence {
            component: component.map(str::to_owned),
            ..Evidence::configured("it was tried", location)
        };
        let entry = RecordEntry {
            item: ItemId::new("ci.tests"),
            evidence,
            signed_by: None,
            attestation: false,
            probe: false,
        };
        Facts { records: Records { entries: vec![entry], ..Records::default() }.into(), ..Facts::default() }
    }

    /// Each scope's component and how many pieces of evidence it has.
    fn joined(record: &Facts, components: &[&str]) -> Vec<(Option<String>, usize)> {
        let item = crate::find("ci.tests").unwrap();
        let mut findings = Findings::new();
        for component in components {
            findings.component(*component).because("nothing here");
        }
        let mut found = Ok(findings);
        add_records(item, record, &mut found);
        found.unwrap().scopes.into_iter().map(|scope| (scope.component, scope.evidence.len())).collect()
    }

    #[test]
    fn a_record_reaches_the_component_that_it_is_about() {
        let named = |name: &str, count| (Some(name.to_owned()), count);
        assert_eq!(joined(&record(Some("web")), &["api", "web"]), [named("api", 0), named("web", 1)]);
        assert_eq!(joined(&record(None), &["api", "web"]), [named("api", 1), named("web", 1)]);
        assert_eq!(joined(&record(Some("old")), &["api"]), [named("api", 0), named("old", 1)]);
        assert_eq!(joined(&record(Some("web")), &[]), [(None, 1)]);
    }

    fn context() -> Context {
        Context {
            now: "2026-11-22T00:00:00Z".parse().unwrap(),
            commit: None,
            migrations_digest: None,
            deployment: None,
            distributed: false,
            attestable: Vec::new(),
            change: false,
        }
    }

    #[test]
    fn nothing_is_missing_where_not_all_was_looked_at() {
        use seaworthy_facts::{Repository, Unread};
        use seaworthy_model::Status;
        let item = crate::find("performance.caching").unwrap();
        let read = *item.reads.iter().find(|kind| **kind != FactKind::System).unwrap();
        let judged = |kinds: &[FactKind]| {
            let left_out = Unread { what: "more than 2 files".to_owned(), at: Location::file("c") };
            let cuts = match kinds {
                [] => Vec::new(),
                kinds => vec![Cut { kinds: kinds.to_vec(), left_out }],
            };
            let facts =
                Facts { repository: Repository { cuts, ..Repository::default() }.into(), ..Facts::default() };
            let report = judge_item(item, &facts, &context(), &|_| {
                let mut findings = Findings::new();
                findings.because("nothing is there");
                Ok(findings)
            });
            (report.status, report.reason)
        };
        assert_eq!(judged(&[]), (Status::Fail, "nothing is there".to_owned()));
        assert_eq!(judged(&[FactKind::Change]).0, Status::Fail);
        assert_eq!(judged(&[FactKind::Change, read]), (Status::Unknown, "more than 2 files (c)".to_owned()));
    }

    #[test]
    fn a_manifest_that_could_not_be_read_leaves_open_what_applies() {
        use seaworthy_facts::{Repository, System, Unread};
        use seaworthy_model::Status;
        let status = |kinds: &[FactKind]| {
            let left_out = Unread {
                what: "package.json could not be read".to_owned(),
                at: Location::file("package.json"),
            };
            let cuts = vec![Cut { kinds: kinds.to_vec(), left_out }];
            let facts = Facts {
                repository: Repository { cuts, ..Repository::default() }.into(),
                system: System::default().into(),
                ..Facts::default()
            };
            judge(&facts, &context(), &|item| item.id == ItemId::new("ci.tests")).remove(0).status
        };
        assert_eq!(status(&[FactKind::Documents]), Status::NotApplicable);
        assert_eq!(status(&[FactKind::Packages, FactKind::System]), Status::Unknown);
    }

    #[test]
    fn a_record_of_another_item_changes_nothing() {
        let mut found = Err(Absent::new(Cause::CouldNotRun, "why"));
        add_records(crate::find("ci.quality").unwrap(), &record(None), &mut found);
        assert!(found.is_err());
    }
}
