//! Backups that operators make inside a Kubernetes cluster, continuous archiving, and Litestream.

use seaworthy_facts::{Destination, Infrastructure, Location, ManagedBackup, Resource};

use super::Found;

/// The operators archive the write-ahead log at least this often.
const ARCHIVES: f64 = 5.0 / 60.0;

/// Reads the resources.
pub fn read(found: &mut Found, infrastructure: &Infrastructure) {
    let mut backups = Vec::new();
    for resource in infrastructure.resources.iter().filter(|resource| resource.ships()) {
        object(resource, infrastructure, &mut backups);
    }
    found.schedules.managed_backups.extend(backups);
    configuration(found);
}

fn text<'r>(resource: &'r Resource, path: &str) -> Option<&'r str> {
    resource.get(path)?.value.as_deref().filter(|text| !text.is_empty())
}

fn below(resource: &Resource, path: &str) -> bool {
    resource.get(path).is_some() || resource.all(&format!("{path}.**")).next().is_some()
}

fn place(resource: &Resource, path: &str) -> Location {
    let inside = format!("{path}.**");
    let setting = resource.get(path).or_else(|| resource.all(&inside).next());
    setting.map_or_else(|| resource.at.clone(), |setting| setting.at.clone())
}

/// Where a storage block puts things.
fn storage(resource: &Resource, path: &str) -> Destination {
    for (key, name) in [
        ("s3", "S3"),
        ("gcs", "Google Cloud Storage"),
        ("azure", "Azure Blob Storage"),
        ("b2", "Backblaze B2"),
        ("swift", "Swift"),
        ("rest", "a REST server"),
        ("s3Credentials", "S3"),
        ("azureCredentials", "Azure Blob Storage"),
        ("googleCredentials", "Google Cloud Storage"),
    ] {
        if below(resource, &format!("{path}.{key}")) {
            return Destination::Apart(name.to_owned());
        }
    }
    if let Some(address) =
        text(resource, &format!("{path}.destinationPath")).filter(|text| text.contains("://"))
    {
        return Destination::Apart(address.chars().take(100).collect());
    }
    Destination::Unknown
}

fn object(resource: &Resource, all: &Infrastructure, backups: &mut Vec<ManagedBackup>) {
    let group = text(resource, "apiVersion").unwrap_or_default();
    let mut add =
        |enabled: bool, days: Option<u32>, hours: Option<f64>, destination: Destination, at: Location| {
            backups.push(ManagedBackup {
                resource: format!("{} {}", resource.kind, resource.name).trim_end().to_owned(),
                enabled,
                retention_days: days,
                interval_hours: hours,
                destination,
                at,
            });
        };
    let scheduled = |path: &str| text(resource, path).and_then(super::interval);
    match resource.kind.as_str() {
        "ScheduledBackup" if group.contains("cnpg") => {
            let cluster = text(resource, "spec.cluster.name").unwrap_or_default();
            let store = all
                .of("Cluster")
                .find(|other| other.name == cluster)
                .map(|other| storage(other, "spec.backup.barmanObjectStore"))
                .unwrap_or_default();
            let off = resource.flag("spec.suspend") == Some(true);
            add(!off, None, scheduled("spec.schedule"), store, place(resource, "spec.schedule"));
        }
        "Cluster" if group.contains("cnpg") => {
            let days = text(resource, "spec.backup.retentionPolicy")
                .and_then(|policy| policy.strip_suffix('d')?.parse().ok());
            if below(resource, "spec.backup.barmanObjectStore") {
                let store = match storage(resource, "spec.backup.barmanObjectStore") {
                    Destination::Unknown => Destination::Apart("object storage".to_owned()),
                    known => known,
                };
                // The operator archives the write-ahead log all the time.
                add(true, days, Some(ARCHIVES), store, place(resource, "spec.backup"));
            } else if let Some(plugin) = resource
                .all("spec.plugins.*.name")
                .find(|name| name.value.as_deref().is_some_and(|name| name.contains("barman-cloud")))
            {
                add(
                    true,
                    None,
                    Some(ARCHIVES),
                    Destination::Apart("object storage".to_owned()),
                    plugin.at.clone(),
                );
            } else if below(resource, "spec.backup.volumeSnapshot") {
                add(true, days, None, Destination::Unknown, place(resource, "spec.backup"));
            }
        }
        "Schedule" if group.contains("velero") => {
            let off = resource.flag("spec.paused") == Some(true);
            let store = Destination::Apart("Velero's backup location in object storage".to_owned());
            add(!off, None, scheduled("spec.schedule"), store, place(resource, "spec.schedule"));
        }
        "Schedule" if group.contains("k8up") && below(resource, "spec.backup.schedule") => {
            let hours = scheduled("spec.backup.schedule");
            let store = storage(resource, "spec.backend");
            add(true, None, hours, store, place(resource, "spec.backup.schedule"));
        }
        "postgresql" if group.contains("zalan.do") => {
            if let Some(on) = resource.flag("spec.enableLogicalBackup") {
                // Half past midnight unless told otherwise; logical backups go to object storage.
                let hours = scheduled("spec.logicalBackupSchedule").or(Some(24.0));
                let store = Destination::Apart("the operator's bucket for logical backups".to_owned());
                add(on, None, hours, store, place(resource, "spec.enableLogicalBackup"));
            }
        }
        "PostgresCluster" => {
            let repos = (0..4).map(|place| format!("spec.backups.pgbackrest.repos.{place}"));
            let repos: Vec<String> = repos.filter(|repo| below(resource, repo)).collect();
            let hours = repos
                .iter()
                .flat_map(|repo| {
                    ["full", "differential", "incremental"].map(|kind| format!("{repo}.schedules.{kind}"))
                })
                .filter_map(|path| scheduled(&path))
                .min_by(f64::total_cmp);
            let store =
                repos.iter().map(|repo| storage(resource, repo)).find(|store| *store != Destination::Unknown);
            if !repos.is_empty() {
                // pgBackRest archives the write-ahead log to every repository.
                let hours = hours.map(|_| ARCHIVES);
                add(true, None, hours, store.unwrap_or_default(), place(resource, &repos[0]));
            }
        }
        "PerconaXtraDBCluster" | "PerconaPGCluster" | "PerconaServerMongoDB" | "PerconaServerMySQL" => {
            let tasks = if resource.kind == "PerconaServerMongoDB" {
                "spec.backup.tasks"
            } else {
                "spec.backup.schedule"
            };
            let hours = resource
                .all(&format!("{tasks}.*.schedule"))
                .filter_map(|setting| super::interval(setting.value.as_deref()?))
                .min_by(f64::total_cmp);
            let recovers = resource.flag("spec.backup.pitr.enabled") == Some(true);
            let store = resource
                .all("spec.backup.storages.*.type")
                .filter_map(|kind| kind.value.as_deref())
                .find(|kind| matches!(*kind, "s3" | "azure" | "gcs"))
                .map_or(Destination::Unknown, |kind| Destination::Apart(kind.to_owned()));
            if hours.is_some() || resource.flag("spec.backup.enabled") == Some(false) {
                let on = resource.flag("spec.backup.enabled") != Some(false);
                add(
                    on,
                    None,
                    if recovers { Some(ARCHIVES) } else { hours },
                    store,
                    place(resource, "spec.backup"),
                );
            }
        }
        "Backup" | "PhysicalBackup" if group.contains("mariadb") && below(resource, "spec.schedule.cron") => {
            let off = resource.flag("spec.schedule.suspend") == Some(true);
            let store = storage(resource, "spec.storage");
            let hours = scheduled("spec.schedule.cron");
            add(!off, None, hours, store, place(resource, "spec.schedule.cron"));
        }
        "InnoDBCluster" => {
            let hours = resource
                .all("spec.backupSchedules.*.schedule")
                .filter_map(|setting| super::interval(setting.value.as_deref()?))
                .min_by(f64::total_cmp);
            if hours.is_some() {
                add(true, None, hours, Destination::Unknown, place(resource, "spec.backupSchedules"));
            }
        }
        "RecurringJob" if group.contains("longhorn") && text(resource, "spec.task") == Some("backup") => {
            let store = Destination::Apart("Longhorn's backup target".to_owned());
            add(true, None, scheduled("spec.cron"), store, place(resource, "spec.cron"));
        }
        "BackupConfiguration" if group.contains("stash") || group.contains("kubestash") => {
            add(
                true,
                None,
                scheduled("spec.schedule"),
                Destination::Unknown,
                place(resource, "spec.schedule"),
            );
        }
        // https://github.com/bitnami/charts/tree/main/bitnami/postgresql
        "chart:postgresql" | "chart:mongodb" if below(resource, "backup.enabled") => {
            if let Some(on) = resource.flag("backup.enabled") {
                let hours = scheduled("backup.cronjob.schedule").or(Some(24.0));
                add(on, None, hours, Destination::Unknown, place(resource, "backup.enabled"));
            }
        }
        // https://github.com/cloudnative-pg/charts/tree/main/charts/cluster
        "chart:cluster" if below(resource, "backups.enabled") => {
            if let Some(on) = resource.flag("backups.enabled") {
                let store = Destination::Apart("object storage".to_owned());
                add(on, None, Some(ARCHIVES), store, place(resource, "backups.enabled"));
            }
        }
        "chart:velero" => {
            for setting in resource.all("schedules.*.schedule") {
                let hours = setting.value.as_deref().and_then(super::interval);
                let store = Destination::Apart("Velero's backup location in object storage".to_owned());
                add(true, None, hours, store, setting.at.clone());
            }
        }
        "service" => {
            // `postgres -c archive_mode=on -c archive_command=…`
            let words: Vec<&str> = resource
                .settings
                .iter()
                .filter(|setting| setting.path == "command" || setting.path.starts_with("command."))
                .filter_map(|setting| setting.value.as_deref())
                .collect();
            let command = words.join(" ");
            if command.contains("archive_mode=on") && command.contains("archive_command=") {
                add(true, None, None, archive(&command), place(resource, "command"));
            }
        }
        _ => {}
    }
}

/// Where an archive command sends the log to.
fn archive(command: &str) -> Destination {
    for (sign, name) in [
        ("wal-g", "WAL-G's storage"),
        ("wal-e", "WAL-E's storage"),
        ("barman-cloud", "object storage"),
        ("s3://", "S3"),
        ("gs://", "Google Cloud Storage"),
        ("rsync", "another host"),
        ("scp ", "another host"),
    ] {
        if command.contains(sign) {
            return Destination::Apart(name.to_owned());
        }
    }
    Destination::Unknown
}

/// `archive_mode = on` in a server's own configuration.
fn configuration(found: &mut Found) {
    let files = found.tree.named("postgresql.conf").filter(|file| super::can_ship(file));
    let files = found.tree.first(files, 20, "configurations of PostgreSQL");
    for file in files {
        let Some(text) = found.tree.text(file) else { continue };
        let setting = |name: &str| {
            text.lines().zip(1..).find_map(|(line, number)| {
                let rest = line.trim_start().strip_prefix(name)?.trim_start();
                let value = rest.strip_prefix('=').unwrap_or(rest).split(" #").next()?.trim();
                Some((value.trim_matches('\'').to_owned(), number))
            })
        };
        let (Some((mode, line)), Some((command, _))) = (setting("archive_mode"), setting("archive_command"))
        else {
            continue;
        };
        if !matches!(mode.as_str(), "on" | "always") || command.is_empty() {
            continue;
        }
        // A number alone is seconds.
        let hours = setting("archive_timeout").and_then(|(value, _)| {
            let value =
                if value.bytes().all(|byte| byte.is_ascii_digit()) { format!("{value}s") } else { value };
            super::duration(&value).filter(|hours| *hours > 0.0)
        });
        found.schedules.managed_backups.push(ManagedBackup {
            resource: "continuous archiving of PostgreSQL".to_owned(),
            enabled: true,
            retention_days: None,
            interval_hours: hours,
            destination: archive(&command),
            at: file.at_line(line),
        });
    }
}
