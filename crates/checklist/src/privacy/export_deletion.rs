use seaworthy_facts::{Absent, DataRequest, FactKind, FactView, Privacy, RequestKind, System};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `privacy.export-deletion`
pub static ITEM: Item = Item {
    id: ItemId::new("privacy.export-deletion"),
    section: Section::Privacy,
    question: "People can export their data and delete their account",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Privacy],
    remedy: "Add an export and an account deletion.",
    page: include_str!("export_deletion.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::accounts(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let privacy = view.get::<Privacy>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "routes, handlers, jobs and commands that export a person's data or delete an account, and what frameworks bring along for both",
    );
    let of = |kind| privacy.requests.iter().find(|request| request.kind == kind);
    match (of(RequestKind::Export), of(RequestKind::Deletion)) {
        (Some(export), Some(deletion)) => {
            findings.supports(format!("export: {}", export.says), &export.at);
            findings.supports(format!("deletion: {}", deletion.says), &deletion.at);
        }
        (Some(export), None) => {
            one(&mut findings, export, "a person's data can be exported, but no code deletes an account");
            findings.remedy("Add a deletion of the account, with the data that hangs on it.");
        }
        (None, Some(deletion)) => {
            one(&mut findings, deletion, "an account can be deleted, but no code exports a person's data");
            findings.remedy("Add an export of everything that belongs to the person.");
        }
        (None, None) => {
            findings.because("no code exports a person's data, and none deletes an account");
        }
    }
    findings.settled_by("write both directions from one list of what belongs to a person", None);
    Ok(findings)
}

/// Only one of the two.
fn one(findings: &mut Findings, request: &DataRequest, says: &str) {
    findings.contradicts(format!("{says} ({})", request.says), &request.at);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use seaworthy_facts::{Facts, Location};
    use seaworthy_model::Status;

    use super::*;
    use crate::privacy::test_support::{facts, report};

    fn status(kinds: &[RequestKind]) -> Status {
        let request = |kind: &RequestKind| DataRequest {
            kind: *kind,
            says: "delete_account".to_owned(),
            at: Location::line("app/settings.py", 9),
        };
        let privacy = Privacy { requests: kinds.iter().map(request).collect(), ..Privacy::default() };
        report(&ITEM, &Facts { privacy: privacy.into(), ..facts() }).status
    }

    #[test]
    fn both_directions_are_needed() {
        assert_eq!(status(&[RequestKind::Export, RequestKind::Deletion]), Status::Pass);
        assert_eq!(status(&[RequestKind::Export]), Status::Fail);
        assert_eq!(status(&[RequestKind::Deletion]), Status::Fail);
        assert_eq!(status(&[]), Status::Fail);
    }

    #[test]
    fn without_accounts_it_does_not_apply_and_without_facts_it_is_unknown() {
        let nobody = Facts { system: System::default().into(), ..facts() };
        assert_eq!(report(&ITEM, &nobody).status, Status::NotApplicable);
        let uncollected = Facts { privacy: Default::default(), ..facts() };
        assert_eq!(report(&ITEM, &uncollected).status, Status::Unknown);
    }
}
