//! Where the backups of a job go, as far as its commands and its container say.

use seaworthy_facts::{Command, Destination, Infrastructure, Resource, Role, ScheduledJob};

/// Addresses of storage apart from the host.
const ADDRESSES: &[&str] = &[
    "s3://",
    "s3:",
    "gs://",
    "b2://",
    "b2:",
    "az://",
    "azure:",
    "abfs://",
    "swift:",
    "sftp:",
    "ssh://",
    "rsync://",
    "webdav://",
    "webdavs://",
    "davs://",
    "rclone:",
    "rest:http",
    "gdrive:",
    "oss://",
    "cos://",
    "r2://",
    "ftp://",
    "ftps://",
    "r2:",
    "gcs:",
];

/// Variables of backup containers that name storage apart from the host.
const REMOTE: &[&str] = &[
    "S3_",
    "_S3",
    "AWS_",
    "B2_",
    "AZURE",
    "GCS",
    "GOOGLE_",
    "SFTP",
    "SSH_HOST",
    "WEBDAV",
    "RCLONE",
    "DROPBOX",
    "MINIO",
    "BLOB",
    "FTP_",
    "SWIFT",
    "OS_AUTH_URL",
    "WALG_",
    "R2_",
];

/// The destination of a job.
pub fn of_job(job: &ScheduledJob, holder: Option<&Resource>, all: Option<&Infrastructure>) -> Destination {
    for command in job.commands.iter().filter(|command| command.effective()) {
        if let Some(place) = of_command(command) {
            return Destination::Apart(place);
        }
    }
    if let Some(resource) = holder {
        match of_container(resource, all) {
            Destination::Unknown => {}
            known => return known,
        }
    }
    // A runner of CI is a machine of its own, whose disk is gone after the job.
    if job.kind == "CI schedule" {
        return Destination::Unknown;
    }
    let Some(backup) = job.commands.iter().find(|command| command.really(Role::Backup)) else {
        return Destination::Unknown;
    };
    match local_path(backup, &job.commands) {
        Some(path) if holder.is_some_and(|resource| resource.kind == "service") => Destination::Beside(path),
        Some(path) if of_this_host(backup) => Destination::Beside(path),
        Some(path) => Destination::Local(path),
        None => Destination::Unknown,
    }
}

/// Storage apart from the host that a command writes to.
fn of_command(command: &Command) -> Option<String> {
    let program =
        command.words.first().map(|word| word.rsplit('/').next().unwrap_or(word)).unwrap_or_default();
    let word = |place: usize| command.words.get(place).map(String::as_str).unwrap_or_default();
    let rest = command.words.get(1..).unwrap_or_default();
    // What is fetched or restored from elsewhere is not sent there.
    if command.roles.contains(&Role::Restore) {
        return None;
    }
    let host_path = |text: &String| {
        let (host, path) = text.split_once(':').unwrap_or((text, ""));
        !path.is_empty()
            && host.len() > 1
            && !host.contains('/')
            && !host.starts_with(['-', '$', '{'])
            && !path.starts_with("//")
    };
    let sends = match program {
        "aws" => matches!((word(1), word(2)), ("s3", "cp" | "sync" | "mv") | ("s3api", "put-object")),
        "gsutil" => matches!(word(1), "cp" | "rsync" | "mv") || word(1) == "-m",
        "gcloud" => word(1) == "storage" && matches!(word(2), "cp" | "rsync" | "mv"),
        "az" => word(1) == "storage" && rest.iter().any(|word| word.starts_with("upload")),
        "azcopy" => matches!(word(1), "copy" | "sync" | "cp"),
        "s3cmd" | "s4cmd" | "s5cmd" => rest.iter().any(|word| matches!(word.as_str(), "put" | "sync" | "cp")),
        "mc" => matches!(word(1), "cp" | "mirror" | "pipe" | "put"),
        "b2" | "b2v4" => rest.iter().any(|word| word.contains("upload") || word == "sync"),
        "rclone" => rest.iter().any(|word| {
            matches!(word.as_str(), "copy" | "sync" | "move" | "copyto" | "moveto" | "rcat" | "bisync")
        }),
        "doctl" | "lftp" | "sftp" | "ncftpput" | "gpgtar" => program != "doctl",
        _ => false,
    };
    if sends {
        let target = rest.iter().rev().find(|word| is_address(word) || host_path(word));
        // The last word is the target: a download ends on a local path.
        let last = rest.iter().rev().find(|word| !word.starts_with('-'));
        let downloads = matches!(program, "aws" | "gsutil" | "gcloud" | "rclone" | "s3cmd" | "s5cmd")
            && last.is_some_and(|last| {
                !is_address(last) && !host_path(last) && !last.contains('$') && !last.contains("s3")
            });
        let store = match program {
            "aws" | "s3cmd" | "s4cmd" | "s5cmd" => "S3",
            "gsutil" | "gcloud" => "Google Cloud Storage",
            "az" | "azcopy" => "Azure Storage",
            "b2" | "b2v4" => "Backblaze B2",
            _ => "another host",
        };
        return (!downloads).then(|| target.map_or_else(|| store.to_owned(), |target| shortened(target)));
    }
    match program {
        "scp" | "rsync" => {
            rest.last().filter(|last| host_path(last) || is_address(last)).map(|last| shortened(last))
        }
        "ssh" => None,
        "curl" => rest
            .iter()
            .any(|word| matches!(word.as_str(), "-T" | "--upload-file"))
            .then(|| "an upload".to_owned()),
        "wal-g" | "wal-e" => Some("the storage of WAL-G".to_owned()),
        "barman-cloud-backup" => Some("object storage".to_owned()),
        "heroku" => command.roles.contains(&Role::Backup).then(|| "Heroku's backup storage".to_owned()),
        _ => {
            let cloud = matches!(program, "aws" | "gcloud" | "az" | "pscale")
                && command.roles.contains(&Role::Backup);
            if cloud {
                return Some("the snapshot storage of the cloud".to_owned());
            }
            if word(0).starts_with("actions/upload-artifact") {
                return Some("the artefacts of the CI system".to_owned());
            }
            let action =
                word(0).contains('/') && word(0).split('/').count() == 2 && !word(0).starts_with(['/', '.']);
            if action && word(0).contains("s3") && !command.words.iter().any(|word| word == "download") {
                return Some(word(0).to_owned());
            }
            // Repositories of restic, Borg, Kopia and others.
            rest.iter()
                .find(|word| is_address(word.split_once('=').map_or(word.as_str(), |(_, value)| value)))
                .filter(|_| command.roles.contains(&Role::Backup))
                .or_else(|| {
                    rest.iter().find(|word| {
                        matches!(program, "borg" | "borgmatic") && host_path(word) && word.contains('@')
                    })
                })
                .map(|word| shortened(word))
        }
    }
}

fn is_address(word: &str) -> bool {
    let word = word.trim_start_matches(['"', '\'']);
    ADDRESSES.iter().any(|address| word.starts_with(address)) || word.contains(".blob.core.windows.net")
}

/// The scheme and the first part of an address: enough to recognise it.
fn shortened(address: &str) -> String {
    let address = address.trim_matches(['"', '\'']);
    let address = address.split_once('=').map_or(address, |(_, value)| value);
    let scheme = address.find("://").map_or(0, |at| at + 3);
    let end = address[scheme..].find('/').map_or(address.len(), |at| scheme + at);
    address[..end].chars().take(80).collect()
}

/// The local path that a command writes its backup to.
fn local_path(backup: &Command, all: &[Command]) -> Option<String> {
    let is_path = |text: &str| {
        (text.starts_with('/') || text.starts_with("./") || text.starts_with("~/") || text.starts_with("../"))
            && !text.starts_with("/dev/")
            && text.len() > 1
    };
    let mut words = backup.words.iter().skip(1);
    while let Some(word) = words.next() {
        let value = match word.as_str() {
            "-f" | "--file" | "-o" | "--out" | "-D" | "--pgdata" | "--target-dir" | "-r" | "--repo"
            | "--archive" => words.next().cloned(),
            other => ["--file=", "--out=", "--archive=", "--result-file=", "--target-dir=", "--repo=", "-f"]
                .iter()
                .find_map(|option| other.strip_prefix(option))
                .map(str::to_owned)
                .or_else(|| other.split_once("::").map(|(repository, _)| repository.to_owned())),
        };
        if let Some(path) = value.filter(|value| is_path(value)) {
            return Some(path);
        }
    }
    // `… > FILE`, of the command itself or of what it is piped into.
    all.iter()
        .filter(|command| command.at.path() == backup.at.path())
        .filter_map(|command| command.text.rsplit_once('>').map(|(_, after)| after.trim()))
        .filter_map(|after| after.split_whitespace().next())
        .map(|path| path.trim_matches(['"', '\'']).to_owned())
        .find(|path| is_path(path) && !path.contains("log"))
}

/// Whether a dump is taken from a server on this very machine: over the socket, or from `localhost`.
fn of_this_host(backup: &Command) -> bool {
    let program =
        backup.words.first().map(|word| word.rsplit('/').next().unwrap_or(word)).unwrap_or_default();
    if !matches!(
        program,
        "pg_dump"
            | "pg_dumpall"
            | "pg_basebackup"
            | "mysqldump"
            | "mariadb-dump"
            | "mariabackup"
            | "xtrabackup"
            | "mongodump"
            | "sqlite3"
    ) {
        return false;
    }
    let text = backup.words.join(" ");
    let local = ["-h localhost", "--host=localhost", "-h 127.0.0.1", "--host=127.0.0.1", "-hlocalhost"]
        .iter()
        .any(|sign| text.contains(sign));
    let host = backup.words.iter().any(|word| {
        word == "-h"
            || word.starts_with("--host")
            || word.starts_with("-h")
            || word.starts_with("--uri")
            || word.contains("://")
    });
    // A variable may hold a whole address.
    local || !host && !text.contains('$')
}

/// What the container of a job says: variables of its image, and volumes.
fn of_container(resource: &Resource, all: Option<&Infrastructure>) -> Destination {
    let variables: Vec<(&str, Option<&str>)> = match resource.kind.as_str() {
        "CronJob" => resource
            .all("spec.jobTemplate.spec.template.spec.containers.*.env.*.name")
            .filter_map(|name| Some((name.value.as_deref()?, None)))
            .collect(),
        _ => resource
            .settings
            .iter()
            .filter_map(|setting| {
                let name = setting
                    .path
                    .strip_prefix("environment.")
                    .or_else(|| setting.path.strip_prefix("env.clear."))
                    .or_else(|| setting.path.strip_prefix("env."))?;
                Some((name, setting.value.as_deref()))
            })
            .chain(resource.all("env.secret.*").filter_map(|setting| Some((setting.value.as_deref()?, None))))
            .collect(),
    };
    let image = resource.get("image").and_then(|image| image.value.as_deref()).unwrap_or_default();
    for name in ["RESTIC_REPOSITORY", "BORG_REPO", "KOPIA_REPOSITORY"] {
        if let Some((_, value)) = variables.iter().find(|(variable, _)| variable == &name) {
            return match value {
                Some(value) if value.starts_with('/') => Destination::Beside((*value).to_owned()),
                Some(value) => Destination::Apart(shortened(value)),
                None => Destination::Unknown,
            };
        }
    }
    if image.contains("litestream") {
        return of_litestream(all, &[]);
    }
    let remote = variables.iter().find(|(name, value)| {
        // A service's own database may live in a cloud as well: only what names a store of files counts.
        REMOTE.iter().any(|sign| name.to_ascii_uppercase().contains(sign))
            && *value != Some("")
            && *value != Some("false")
    });
    if let Some((name, _)) = remote {
        return Destination::Apart(format!("the storage that {name} names"));
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains("-s3") || last.contains("s3-") {
        return Destination::Apart("S3".to_owned());
    }
    if resource.kind != "service" {
        return Destination::Unknown;
    }
    for volume in resource.all("volumes.*") {
        let Some(text) = volume.value.as_deref() else { continue };
        let mut parts = text.split(':');
        let (host, inside, mode) =
            (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next());
        let keeps =
            ["backup", "archive", "dump"].iter().any(|sign| inside.contains(sign) || host.contains(sign));
        if !keeps || mode.is_some_and(|mode| mode.starts_with("ro")) {
            continue;
        }
        // A named volume may be a share of another host.
        let shared = all.is_some_and(|all| {
            all.of("volume").any(|volume| {
                volume.name == host
                    && volume.settings.iter().any(|setting| {
                        setting.path.starts_with("driver")
                            && setting.value.as_deref().is_some_and(|value| {
                                ["nfs", "cifs", "smb", "sshfs", "rclone", "s3"]
                                    .iter()
                                    .any(|kind| value.contains(kind))
                            })
                    })
            })
        });
        return if shared {
            Destination::Apart(format!("the volume {host}, a share of another host"))
        } else {
            Destination::Beside(format!("{host}, on the host of the containers"))
        };
    }
    Destination::Unknown
}

/// The replicas of Litestream's configuration, or the address given to it.
pub fn of_litestream(all: Option<&Infrastructure>, words: &[String]) -> Destination {
    if let Some(address) = words.iter().find(|word| is_address(word)) {
        return Destination::Apart(shortened(address));
    }
    let Some(all) = all else { return Destination::Unknown };
    for database in all.of("litestream:database") {
        for path in ["replicas.*.url", "replica.url", "replicas.*.type", "replica.type"] {
            match database.get(path).map(|setting| setting.value.as_deref()) {
                Some(Some("file")) => return Destination::Beside("a folder of the same host".to_owned()),
                Some(Some(value)) if value.starts_with('/') || value.starts_with("file:") => {
                    return Destination::Beside(value.chars().take(80).collect());
                }
                Some(Some(value)) if !value.is_empty() => return Destination::Apart(shortened(value)),
                _ => {}
            }
        }
    }
    Destination::Unknown
}
