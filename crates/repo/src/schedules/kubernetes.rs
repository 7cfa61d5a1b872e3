//! CronJobs and the backup settings of database operators.

use seaworthy_syntax::tree::Node;

use super::Found;
use crate::commands::roles_of_image;
use crate::tree::File;

/// Reads every manifest.
pub fn read(found: &mut Found) {
    for manifest in found.commands.manifests() {
        let file = &found.tree.files()[manifest.file];
        for object in &manifest.objects {
            self::object(found, file, object);
        }
    }
}

fn object(found: &mut Found, file: &File, object: &Node) {
    let kind = object.get("kind").and_then(Node::as_str).unwrap_or_default();
    let group = object.get("apiVersion").and_then(Node::as_str).unwrap_or_default().to_owned();
    let name = object.path("metadata.name").and_then(Node::scalar).unwrap_or_default();
    let line = object.get("kind").map_or(1, |node| node.line);
    match kind {
        "CronJob" => cron_job(found, file, object),
        "ScheduledBackup" | "Schedule"
            if group.contains("cnpg") || group.contains("k8up") || group.contains("velero") =>
        {
            let schedule = object.path("spec.schedule").or_else(|| object.path("spec.backup.schedule"));
            let suspended = object.path("spec.suspend").and_then(Node::as_bool) == Some(true);
            let timetable = schedule.and_then(Node::scalar).unwrap_or_default();
            let at = file.at_line(schedule.map_or(line, |node| node.line));
            found.managed(format!("{kind} {name}"), !suspended, None, super::interval(&timetable), at);
        }
        "Cluster" if group.contains("cnpg") => {
            if let Some(backup) = object.path("spec.backup") {
                let days = backup
                    .get("retentionPolicy")
                    .and_then(Node::scalar)
                    .and_then(|policy| policy.trim_end_matches(['d', 'w', 'm']).parse().ok());
                // The operator archives the write-ahead log all the time.
                let archives = backup.get("barmanObjectStore").is_some();
                found.managed(
                    format!("Cluster {name}"),
                    true,
                    days,
                    archives.then_some(5.0 / 60.0),
                    file.at_line(backup.line),
                );
            }
        }
        "postgresql" if group.contains("zalan.do") => {
            if let Some(backup) = object.path("spec.enableLogicalBackup") {
                let schedule = object.path("spec.logicalBackupSchedule").and_then(Node::scalar);
                let hours = schedule.as_deref().and_then(super::interval);
                found.managed(
                    format!("postgresql {name}"),
                    backup.as_bool() == Some(true),
                    None,
                    hours,
                    file.at_line(backup.line),
                );
            }
        }
        "PostgresCluster" | "PerconaPGCluster" | "PerconaXtraDBCluster" | "PerconaServerMongoDB" => {
            if let Some(backups) = object.path("spec.backups").or_else(|| object.path("spec.backup")) {
                let enabled = backups.get("enabled").and_then(Node::as_bool) != Some(false);
                found.managed(format!("{kind} {name}"), enabled, None, None, file.at_line(backups.line));
            }
        }
        "MariaDB" | "Backup" if group.contains("mariadb") => {
            if let Some(cron) = object.path("spec.schedule.cron") {
                let hours = cron.scalar().as_deref().and_then(super::interval);
                found.managed(format!("{kind} {name}"), true, None, hours, file.at_line(cron.line));
            }
        }
        _ => {}
    }
}

fn cron_job(found: &mut Found, file: &File, object: &Node) {
    if object.path("spec.suspend").and_then(Node::as_bool) == Some(true) {
        return;
    }
    let Some(schedule) = object.path("spec.schedule") else { return };
    let at = file.at_line(schedule.line);
    let mut commands = Vec::new();
    for container in object.path("spec.jobTemplate.spec.template.spec.containers").map_or(&[][..], Node::list)
    {
        commands.extend(container_commands(found, file, container));
    }
    found.job("Kubernetes CronJob", &at, &schedule.scalar().unwrap_or_default(), commands);
}

/// What a container runs: its words, or what its image is known to do.
fn container_commands(found: &Found, file: &File, container: &Node) -> Vec<seaworthy_facts::Command> {
    let words: Vec<String> = ["command", "args"]
        .iter()
        .filter_map(|key| container.get(key))
        .flat_map(|node| node.list().iter().filter_map(Node::scalar).collect::<Vec<_>>())
        .collect();
    let at = file.at_line(
        container.get("command").or_else(|| container.get("args")).map_or(container.line, |n| n.line),
    );
    let mut commands = Vec::new();
    if !words.is_empty() {
        let place = crate::commands::Place {
            path: &file.path,
            line: at.line_number().unwrap_or(1),
            folder: ".",
            via: &[],
        };
        commands = found.commands.follow_words(&words, &place);
    }
    let image = container.get("image").and_then(Node::scalar).unwrap_or_default();
    let roles = roles_of_image(&image);
    if commands.iter().all(|command| command.roles.is_empty()) && !roles.is_empty() {
        commands.push(image_command(&image, roles, file.at_line(container.line)));
    }
    commands
}

/// A command that stands for what an image does by itself.
pub fn image_command(
    image: &str,
    roles: Vec<seaworthy_facts::Role>,
    at: seaworthy_facts::Location,
) -> seaworthy_facts::Command {
    seaworthy_facts::Command {
        words: vec![image.chars().take(200).collect()],
        text: image.chars().take(200).collect(),
        at,
        via: Vec::new(),
        roles,
        ignored: None,
        missing: None,
        selects_nothing: None,
        condition: None,
    }
}
