use seaworthy_facts::{Absent, Certainty, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use super::found::Found;
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `backups.database`
pub static ITEM: Item = Item {
    id: ItemId::new("backups.database"),
    section: Section::Backups,
    question: "Backups of every database run, and work",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Observed,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Schedules, FactKind::Launches, FactKind::Infrastructure],
    remedy: "Schedule a backup of each database and let the result be checked.",
    page: include_str!("database.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::stateful_database(system) {
        return Ok(not_applicable);
    }
    let found = Found::gather(view)?;
    let mut findings = Findings::new();
    Found::looked_for(&mut findings);
    for backup in &found.backups {
        findings.supports(backup.what.clone(), &backup.at);
    }
    if found.backups.is_empty() {
        for off in &found.off {
            if !counts(&off.resource, system) {
                findings.note(format!("{} would have no backups", off.resource), Some(&off.at));
                continue;
            }
            let how = match off.retention_days {
                Some(0) => "keeps no backups: its retention is 0 days, set or by default",
                _ => "has no backups: they are off, switched off or by default",
            };
            findings.contradicts(format!("{} {how}", off.resource), &off.at);
        }
        for script in &found.scripts {
            if says_backup(&script.value) {
                findings.contradicts(format!("{}, and nothing schedules it", script.value), &script.at);
            } else {
                findings.note(format!("{}, and nothing schedules it", script.value), Some(&script.at));
            }
        }
    } else {
        for off in &found.off {
            findings.note(format!("{} has no backups of its own", off.resource), Some(&off.at));
        }
    }
    if findings.has_evidence() {
        if !found.backups.is_empty() {
            shared::settle::drill_restore(&mut findings);
        } else if let Some(off) = found.off.first() {
            findings.remedy(format!("Switch on the backups of {}.", off.resource));
        } else {
            findings.remedy("Let a schedule run the script, send its result to another place, and let its failure be heard.");
        }
    } else {
        findings.unread(&found.unread);
        findings.because(format!("nothing in the repository makes backups of {}", databases(system)));
        shared::settle::infrastructure(&mut findings);
    }
    Ok(findings)
}

/// A script that is there to make backups of production, rather than one that dumps something on its way.
fn says_backup(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let local = lower
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| matches!(word, "local" | "dev" | "development" | "test" | "staging"));
    lower.contains("backup") && !local
}

/// Whether a platform's file decides where the system runs: one of several offers does not.
fn counts(resource: &str, system: &System) -> bool {
    let Some((platform, _)) = resource.split_once(':').filter(|(platform, _)| *platform != "module") else {
        return true;
    };
    let known = system.platforms.iter().find(|known| known.key == platform);
    known.is_none_or(|known| known.certainty <= Certainty::Configured)
}

/// The databases in use, for people.
fn databases(system: &System) -> String {
    let mut names: Vec<&str> = system
        .databases
        .iter()
        .filter(|database| database.engine.is_stateful() && !database.alternative)
        .map(|database| database.engine.name())
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() { "the database".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::backups::test_support::{facts, job, managed, report, script};
    use seaworthy_facts::{Location, Platform, Schedules};
    use seaworthy_model::{Cause, Status};

    fn judged(schedules: Schedules) -> (Status, Option<Cause>, String) {
        let report = report(&ITEM, &facts(schedules));
        (report.status, report.cause, report.reason)
    }

    #[test]
    fn a_schedule_alone_is_untried() {
        let (status, cause, reason) = judged(job("cron file", "0 3 * * *", Some(24.0), &["pg_dump", "app"]));
        assert_eq!((status, cause), (Status::Unknown, Some(Cause::Untried)));
        assert!(reason.contains("pg_dump"), "{reason}");
        let (status, cause, _) = judged(managed(true, Some(7), Some(0.1)));
        assert_eq!((status, cause), (Status::Unknown, Some(Cause::Untried)));
    }

    #[test]
    fn switched_off_fails_unless_something_else_makes_backups() {
        assert_eq!(judged(managed(false, Some(0), None)).0, Status::Fail);
        let mut both = managed(false, Some(0), None);
        both.jobs = job("cron file", "0 3 * * *", Some(24.0), &["pg_dump", "app"]).jobs;
        assert_eq!(judged(both).0, Status::Unknown);
    }

    #[test]
    fn a_script_that_nothing_schedules_fails() {
        assert_eq!(judged(script("scripts/backup.sh runs pg_dump")).0, Status::Fail);
        assert_eq!(judged(script("scripts/export.sh runs pg_dump")).0, Status::Unknown);
        assert_eq!(judged(script("the target `local-db-backup` of Makefile")).0, Status::Unknown);
    }

    #[test]
    fn an_offer_of_a_platform_decides_nothing() {
        let mut off = managed(false, None, None);
        off.managed_backups[0].resource = "render:database.db".to_owned();
        let mut facts = facts(off);
        assert_eq!(report(&ITEM, &facts).status, Status::Fail);
        let mut system = facts.system.get().unwrap().clone();
        system.platforms.push(Platform {
            key: "render".to_owned(),
            at: Location::file("render.yaml"),
            certainty: Certainty::Optional,
            environments: Vec::new(),
            guarantees: Vec::new(),
        });
        facts.system = system.into();
        assert_eq!(report(&ITEM, &facts).status, Status::Unknown);
    }

    #[test]
    fn nothing_is_unknown_and_no_database_is_not_applicable() {
        let (status, cause, _) = judged(Schedules::default());
        assert_eq!((status, cause), (Status::Unknown, Some(Cause::NoEvidence)));
        let mut none = facts(Schedules::default());
        none.system = System::default().into();
        assert_eq!(report(&ITEM, &none).status, Status::NotApplicable);
    }
}
