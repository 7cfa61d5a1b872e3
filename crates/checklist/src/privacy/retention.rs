use seaworthy_facts::{Absent, FactKind, FactView, Privacy, RetentionKind, System};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `privacy.retention`
pub static ITEM: Item = Item {
    id: ItemId::new("privacy.retention"),
    section: Section::Privacy,
    question: "Personal data is deleted after a set time",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(180),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Privacy],
    remedy: "Write down how long data is kept and run a purge job.",
    page: include_str!("retention.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::people(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let privacy = view.get::<Privacy>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "a written rule in the policy, the readme or a document; jobs that delete what is old; indexes and tables whose entries expire",
    );
    let mut idle = false;
    let mut passing = false;
    for rule in &privacy.retention {
        match (rule.kind, &rule.runs) {
            _ if !rule.personal => {
                passing = true;
                findings
                    .note(format!("{}, which is no retention of people's data", rule.says), Some(&rule.at));
            }
            (RetentionKind::Purge, None) => {
                idle = true;
                findings.note(format!("{}, but nothing was found that runs it", rule.says), Some(&rule.at));
            }
            (RetentionKind::Purge, Some(runs)) => {
                findings.supports(format!("{}, run by {runs}", rule.says), &rule.at);
            }
            (RetentionKind::Written | RetentionKind::Expiry, _) => {
                findings.supports(rule.says.clone(), &rule.at);
            }
        }
    }
    findings.because(match (idle, passing) {
        (true, _) => "code deletes what is old, but nothing was found that runs it at set times",
        (false, true) => "only sessions, caches, limits and the like are deleted after a time",
        (false, false) => "no written rule, and nothing that deletes what is old",
    });
    findings.settled_by("write the rule down, and let a job apply it", None);
    Ok(findings)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use seaworthy_facts::{Facts, Location, RetentionRule};
    use seaworthy_model::Status;

    use super::*;
    use crate::privacy::test_support::{facts, report};

    fn status(kind: RetentionKind, runs: bool, personal: bool) -> Status {
        let rule = RetentionRule {
            kind,
            says: "old visits are deleted".to_owned(),
            at: Location::line("app/jobs/purge.rb", 4),
            runs: runs.then(|| Location::file("app/jobs/purge.rb")),
            personal,
        };
        let privacy = Privacy { retention: vec![rule], ..Privacy::default() };
        report(&ITEM, &Facts { privacy: privacy.into(), ..facts() }).status
    }

    #[test]
    fn rules_that_cover_people_pass() {
        assert_eq!(status(RetentionKind::Written, false, true), Status::Pass);
        assert_eq!(status(RetentionKind::Purge, true, true), Status::Pass);
        assert_eq!(status(RetentionKind::Expiry, false, true), Status::Pass);
    }

    #[test]
    fn what_nothing_runs_or_what_covers_only_sessions_is_unknown() {
        assert_eq!(status(RetentionKind::Purge, false, true), Status::Unknown);
        assert_eq!(status(RetentionKind::Purge, true, false), Status::Unknown);
        assert_eq!(report(&ITEM, &facts()).status, Status::Unknown);
        let nobody = Facts { system: System::default().into(), ..facts() };
        assert_eq!(report(&ITEM, &nobody).status, Status::NotApplicable);
    }
}
