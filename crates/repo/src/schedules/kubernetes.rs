//! CronJobs.

use seaworthy_syntax::tree::Node;

use super::Found;
use crate::commands::roles_of_image;
use crate::tree::File;

/// Reads every manifest.
pub fn read(found: &mut Found) {
    for manifest in found.commands.manifests() {
        let file = &found.tree.files()[manifest.file];
        if crate::infrastructure::is_development(&file.path) {
            continue;
        }
        for object in &manifest.objects {
            self::object(found, file, object);
        }
    }
}

fn object(found: &mut Found, file: &File, object: &Node) {
    if object.get("kind").and_then(Node::as_str) == Some("CronJob") {
        cron_job(found, file, object);
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
