use seaworthy_facts::{Absent, Destination, Engine, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use super::found::Found;
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `backups.separate-location`
pub static ITEM: Item = Item {
    id: ItemId::new("backups.separate-location"),
    section: Section::Backups,
    question: "Backups are kept apart from the data that they protect",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Schedules, FactKind::Launches, FactKind::Infrastructure],
    remedy: "Send backups to another host, account or region.",
    page: include_str!("separate_location.md"),
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
    findings.looked_for("where the backups are sent: object storage, other hosts, volumes, folders");
    for backup in &found.backups {
        if let Destination::Apart(place) = &backup.destination {
            findings.supports(format!("{}; they go to {place}", backup.what), &backup.at);
        }
    }
    if findings.has_evidence() {
        findings.note(
            "apart from disk and host; whether account and region differ as well is not told here",
            None,
        );
    }
    // The database lives in a file of the application's host.
    let embedded = system
        .databases
        .iter()
        .filter(|database| database.engine.is_stateful())
        .all(|database| database.engine == Engine::Sqlite);
    let mut why = None;
    for backup in &found.backups {
        let beside = match &backup.destination {
            Destination::Beside(place) => Some(place),
            Destination::Local(place) if embedded => Some(place),
            Destination::Local(place) => {
                why.get_or_insert(format!(
                    "{}; they stay on {place}, and whether the database is on that machine is not told",
                    backup.what
                ));
                None
            }
            _ => None,
        };
        let Some(place) = beside else { continue };
        let summary = format!("{}; they stay beside the data, in {place}", backup.what);
        // A copy on the spot is fine where another goes elsewhere.
        if found.backups.iter().any(|other| matches!(other.destination, Destination::Apart(_))) {
            findings.note(summary, Some(&backup.at));
        } else {
            findings.contradicts(summary, &backup.at);
        }
    }
    if !findings.has_evidence() {
        match found.backups.first() {
            Some(backup) => {
                findings.because(
                    why.unwrap_or_else(|| format!("{}, but where they go is not told", backup.what)),
                );
                findings.settled_by("write the place that backups are sent to into the repository", None);
            }
            None => {
                findings.unread(&found.unread);
                findings.because("no backups were found whose place could be told");
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
    use crate::backups::test_support::{command, facts, job, managed, report, resource, with_service};
    use seaworthy_facts::{Infrastructure, Role, Schedules};
    use seaworthy_model::Status;

    fn of(lines: &[&str]) -> Status {
        let mut schedules = job("cron file", "0 3 * * *", Some(24.0), &["true"]);
        schedules.jobs[0].commands = lines.iter().map(|line| command(line)).collect();
        if let Some(first) = schedules.jobs[0].commands.first_mut() {
            first.roles = vec![Role::Backup];
        }
        report(&ITEM, &facts(schedules)).status
    }

    #[test]
    fn other_hosts_and_object_storage_pass() {
        assert_eq!(of(&["pg_dump app", "aws s3 cp - s3://acme/a.dump"]), Status::Pass);
        assert_eq!(of(&["pg_dump -f /b/a app", "rclone copy /b remote:backups"]), Status::Pass);
        assert_eq!(of(&["pg_dump -f /b/a app", "rsync -a /b backup@other.example:/b"]), Status::Pass);
        assert_eq!(of(&["restic -r s3:https://x/y backup /data"]), Status::Pass);
        assert_eq!(of(&["borg create ssh://u@h/./r::x /data"]), Status::Pass);
        assert_eq!(of(&["wal-g backup-push /var/lib/postgresql"]), Status::Pass);
    }

    #[test]
    fn the_same_host_fails() {
        assert_eq!(of(&["pg_dump -f /var/backups/a app"]), Status::Fail);
        assert_eq!(of(&["mysqldump app > /var/backups/a.sql"]), Status::Fail);
        assert_eq!(of(&["pg_dump -h localhost app > /var/backups/a.sql"]), Status::Fail);
    }

    #[test]
    fn what_cannot_be_told_is_unknown() {
        assert_eq!(of(&["pg_dump -h db.example app > /var/backups/a.sql"]), Status::Unknown);
        assert_eq!(of(&["pg_dump $DATABASE_URL > /var/backups/a.sql"]), Status::Unknown);
        // Fetching from a bucket sends nothing there.
        assert_eq!(
            of(&["pg_dump -h db.example app > /b/a.sql", "aws s3 cp s3://acme/config /etc/x"]),
            Status::Unknown
        );
        assert_eq!(report(&ITEM, &facts(Schedules::default())).status, Status::Unknown);
    }

    fn container(settings: &[(&str, &str)]) -> Status {
        let (schedules, infrastructure) = with_service(settings);
        let mut facts = facts(schedules);
        facts.infrastructure = infrastructure.into();
        report(&ITEM, &facts).status
    }

    #[test]
    fn containers_tell_by_variables_and_volumes() {
        let local = ("volumes.0", "./backups:/backups");
        assert_eq!(container(&[("image", "prodrigestivill/postgres-backup-local:16"), local]), Status::Fail);
        assert_eq!(
            container(&[("image", "x/postgres-backup:1"), ("environment.S3_BUCKET", "b"), local]),
            Status::Pass
        );
        assert_eq!(
            container(&[("image", "mazzolino/restic"), ("environment.RESTIC_REPOSITORY", "/r")]),
            Status::Fail
        );
        assert_eq!(
            container(&[("image", "mazzolino/restic"), ("environment.RESTIC_REPOSITORY", "b2:x:y")]),
            Status::Pass
        );
        assert_eq!(container(&[("image", "x/pg-backup"), ("volumes.0", "./data:/data")]), Status::Unknown);
    }

    #[test]
    fn a_share_of_another_host_passes() {
        let (schedules, mut infrastructure) =
            with_service(&[("image", "x/pg-backup"), ("volumes.0", "nas:/backup")]);
        infrastructure.resources.push(resource("volume", "nas", &[("driver_opts.type", "nfs")]));
        let mut facts = facts(schedules);
        facts.infrastructure = infrastructure.into();
        assert_eq!(report(&ITEM, &facts).status, Status::Pass);
    }

    #[test]
    fn managed_backups_are_kept_apart_and_litestream_by_its_file() {
        assert_eq!(report(&ITEM, &facts(managed(true, Some(7), Some(0.1)))).status, Status::Pass);
        let litestream = |address: &str| {
            let resource = resource("litestream:database", "app.db", &[("replicas.0.url", address)]);
            let infrastructure = Infrastructure { resources: vec![resource], unread: Vec::new() };
            super::super::destination::of_litestream(Some(&infrastructure), &[])
        };
        assert_eq!(litestream("s3://b/app"), Destination::Apart("s3://b".to_owned()));
        assert!(matches!(litestream("/backup/app"), Destination::Beside(_)));
    }

    #[test]
    fn no_database_is_not_applicable() {
        let mut none = facts(Schedules::default());
        none.system = System::default().into();
        assert_eq!(report(&ITEM, &none).status, Status::NotApplicable);
    }
}
