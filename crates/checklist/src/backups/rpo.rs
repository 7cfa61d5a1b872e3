use seaworthy_facts::{Absent, Declared, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use super::found::{Found, in_words};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// Hours that may be lost where nothing is declared.
const ASSUMED: f64 = 24.0;

/// `backups.rpo`
pub static ITEM: Item = Item {
    id: ItemId::new("backups.rpo"),
    section: Section::Backups,
    question: "No gap between backups is longer than the recovery point objective",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[
        FactKind::System,
        FactKind::Schedules,
        FactKind::Launches,
        FactKind::Infrastructure,
        FactKind::Declared,
    ],
    remedy: "Back up at least as often as the recovery point objective asks, or archive the write-ahead log.",
    page: include_str!("rpo.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::stateful_database(system) {
        return Ok(not_applicable);
    }
    let declared = view.get::<Declared>().ok().and_then(|declared| declared.rpo_hours);
    let objective = declared.unwrap_or(ASSUMED);
    let allowed = match declared {
        Some(hours) => format!("the {} that are declared", in_words(hours)),
        None => format!("the {} that are assumed, since none are declared", in_words(ASSUMED)),
    };
    let found = Found::gather(view)?;
    let mut findings = Findings::new();
    Found::looked_for(&mut findings);
    let mut known: Vec<_> = found.backups.iter().filter_map(|backup| Some((backup.hours?, backup))).collect();
    known.sort_by(|left, right| left.0.total_cmp(&right.0));
    let gap = |hours: f64| {
        if hours == 0.0 { "at once".to_owned() } else { format!("at most {} apart", in_words(hours)) }
    };
    for (hours, backup) in known.iter().filter(|(hours, _)| *hours <= objective) {
        findings.supports(format!("{}, {}: within {allowed}", backup.what, gap(*hours)), &backup.at);
    }
    // Rarer backups beside frequent ones do no harm.
    if !findings.has_evidence()
        && let Some((hours, backup)) = known.first()
        // What has an unknown interval may be the more frequent one.
        && known.len() == found.backups.len()
    {
        findings.contradicts(format!("{}, {}: more than {allowed}", backup.what, gap(*hours)), &backup.at);
        findings.remedy(format!(
            "Back up at least every {}, or archive the log continuously.",
            in_words(objective)
        ));
    }
    if declared.is_none() && findings.has_evidence() {
        findings.note("declare how much may be lost: `[objectives] rpo` in seaworthy.toml", None);
    }
    if !findings.has_evidence() {
        match found.backups.first() {
            Some(backup) => {
                findings.because(format!("{}, but how often cannot be told", backup.what));
                findings.settled_by("write the timetable of the backups into the repository", None);
            }
            None => {
                findings.unread(&found.unread);
                findings.because("no schedule of backups was found");
                shared::settle::infrastructure(&mut findings);
            }
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::backups::test_support::{facts, job, managed, report};
    use seaworthy_facts::Schedules;
    use seaworthy_model::Status;

    fn of(hours: Option<f64>, objective: Option<f64>) -> (Status, String) {
        let mut facts = facts(job("cron file", "x", hours, &["pg_dump"]));
        facts.declared = Declared { rpo_hours: objective, ..Declared::default() }.into();
        let report = report(&ITEM, &facts);
        (report.status, report.reason)
    }

    #[test]
    fn the_interval_is_compared_with_the_objective() {
        let (status, reason) = of(Some(24.0), None);
        assert_eq!(status, Status::Pass);
        assert!(reason.contains("assumed"), "{reason}");
        assert_eq!(of(Some(168.0), None).0, Status::Fail);
        assert_eq!(of(Some(24.0), Some(1.0)).0, Status::Fail);
        assert_eq!(of(Some(168.0), Some(200.0)).0, Status::Pass);
        assert_eq!(of(None, None).0, Status::Unknown);
    }

    #[test]
    fn the_most_frequent_counts() {
        let mut both = job("cron file", "weekly", Some(168.0), &["pg_dump"]);
        both.managed_backups = managed(true, None, Some(0.1)).managed_backups;
        assert_eq!(report(&ITEM, &facts(both)).status, Status::Pass);
        let mut unknown = job("cron file", "weekly", Some(168.0), &["pg_dump"]);
        unknown.managed_backups = managed(true, None, None).managed_backups;
        assert_eq!(report(&ITEM, &facts(unknown)).status, Status::Unknown);
    }

    #[test]
    fn none_is_unknown_and_no_database_is_not_applicable() {
        assert_eq!(report(&ITEM, &facts(Schedules::default())).status, Status::Unknown);
        assert_eq!(report(&ITEM, &facts(managed(false, Some(0), None))).status, Status::Unknown);
        let mut none = facts(Schedules::default());
        none.system = System::default().into();
        assert_eq!(report(&ITEM, &none).status, Status::NotApplicable);
    }
}
