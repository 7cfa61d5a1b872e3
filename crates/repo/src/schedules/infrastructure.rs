//! Timetables that infrastructure code sets: cron tasks of Ansible, backup containers of Kamal.

use seaworthy_facts::{Infrastructure, Resource, Role};

use super::Found;
use super::kubernetes::image_command;
use crate::commands::roles_of_image;

/// Reads the resources.
pub fn read(found: &mut Found, infrastructure: &Infrastructure) {
    for task in infrastructure.of("ansible:cron") {
        ansible(found, task);
    }
    for accessory in infrastructure.of("kamal:accessory") {
        kamal(found, accessory);
    }
}

fn text<'r>(resource: &'r Resource, path: &str) -> Option<&'r str> {
    resource.get(path)?.value.as_deref()
}

fn ansible(found: &mut Found, task: &Resource) {
    if text(task, "state") == Some("absent") || task.flag("disabled") == Some(true) {
        return;
    }
    let Some(job) = task.get("job") else { return };
    let timetable = match text(task, "special_time") {
        Some(name) => format!("@{name}"),
        None => ["minute", "hour", "day", "month", "weekday"]
            .map(|field| text(task, field).unwrap_or("*"))
            .join(" "),
    };
    let commands = found.follow(job.value.as_deref().unwrap_or_default(), &job.at, ".");
    found.job("cron task of Ansible", &task.at, &timetable, commands);
}

fn kamal(found: &mut Found, accessory: &Resource) {
    let image = text(accessory, "image").unwrap_or_default();
    let roles = roles_of_image(image);
    if !roles.contains(&Role::Backup) {
        return;
    }
    let timetable = super::compose::TIMETABLES.iter().find_map(|name| {
        text(accessory, &format!("env.clear.{name}")).or_else(|| text(accessory, &format!("env.{name}")))
    });
    let continuous = image.contains("litestream");
    let Some(timetable) = timetable.or(continuous.then_some("continuous")) else { return };
    let command = image_command(image, vec![Role::Backup], accessory.at.clone());
    found.job("Kamal accessory", &accessory.at, timetable, vec![command]);
    if let Some(job) = found.schedules.jobs.last_mut().filter(|_| continuous) {
        job.interval_hours = Some(0.0);
    }
}
