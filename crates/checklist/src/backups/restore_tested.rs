use seaworthy_facts::{Absent, FactKind, FactView, Infrastructure, Role, Schedules, System};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `backups.restore-tested`
pub static ITEM: Item = Item {
    id: ItemId::new("backups.restore-tested"),
    section: Section::Backups,
    question: "A backup was restored recently, and the result was checked",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Observed,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Schedules, FactKind::Infrastructure],
    remedy: "Restore the newest backup into a scratch server on a schedule and compare it with the source.",
    page: include_str!("restore_tested.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::stateful_database(system) {
        return Ok(not_applicable);
    }
    let schedules = view.get::<Schedules>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "scheduled jobs that restore a backup, restore testing plans, restore records in the ledger",
    );
    for job in schedules.jobs.iter().chain(&schedules.ci) {
        if let Some(restore) = job.commands.iter().find(|command| command.really(Role::Restore)) {
            let program = restore.words.first().map_or("a program", String::as_str);
            findings.supports(format!("a {} restores with {program} ({})", job.kind, job.timetable), &job.at);
        }
    }
    if let Ok(infrastructure) = view.get::<Infrastructure>() {
        for kind in ["aws_backup_restore_testing_plan", "AWS::Backup::RestoreTestingPlan"] {
            for plan in infrastructure.of(kind) {
                findings.supports(
                    format!("the restore testing plan {} restores at set times", plan.name),
                    &plan.at,
                );
            }
        }
    }
    findings.because("no restore is on record, and no scheduled job restores a backup");
    shared::settle::drill_restore(&mut findings);
    Ok(findings)
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::backups::test_support::{facts, job, report, resource};
    use seaworthy_model::{Cause, Status};

    #[test]
    fn a_scheduled_restore_alone_is_untried() {
        let mut schedules = job("CI schedule", "0 5 * * 1", Some(168.0), &["pg_restore", "-d", "scratch"]);
        schedules.jobs[0].commands[0].roles = vec![Role::Restore];
        let report = report(&ITEM, &facts(schedules));
        assert_eq!((report.status, report.cause), (Status::Unknown, Some(Cause::Untried)));
    }

    #[test]
    fn a_restore_testing_plan_is_untried_as_well() {
        let mut facts = facts(Schedules::default());
        let plan = resource("aws_backup_restore_testing_plan", "weekly", &[]);
        facts.infrastructure = Infrastructure { resources: vec![plan], unread: Vec::new() }.into();
        assert_eq!(report(&ITEM, &facts).cause, Some(Cause::Untried));
    }

    #[test]
    fn backups_alone_say_nothing_and_no_database_is_not_applicable() {
        let backups = job("cron file", "0 3 * * *", Some(24.0), &["pg_dump"]);
        let found = report(&ITEM, &facts(backups));
        assert_eq!((found.status, found.cause), (Status::Unknown, Some(Cause::NoEvidence)));
        assert!(found.settled_by.is_some());
        let mut none = facts(Schedules::default());
        none.system = System::default().into();
        assert_eq!(report(&ITEM, &none).status, Status::NotApplicable);
    }
}
