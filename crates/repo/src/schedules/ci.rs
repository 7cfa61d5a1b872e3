//! Workflows of CI that make or restore backups at set times.

use seaworthy_facts::{Command, Destination, Event, Pipelines, Role, ScheduledJob};

use super::Found;
use super::kubernetes::image_command;

/// Most jobs.
const MOST: usize = 100;

/// Takes the jobs that a schedule starts and that have to do with backups.
pub fn read(found: &mut Found, pipelines: &Pipelines) {
    for (workflow, job) in pipelines.jobs() {
        let concerns = job.steps.iter().find(|step| {
            [Role::Backup, Role::Restore].iter().any(|role| step.does(*role).is_some())
                && workflow.triggers_of(job, step).iter().any(|trigger| trigger.event == Event::Schedule)
        });
        let Some(step) = concerns.filter(|_| found.schedules.ci.len() < MOST) else { continue };
        let Some(trigger) =
            workflow.triggers_of(job, step).iter().find(|trigger| trigger.event == Event::Schedule)
        else {
            continue;
        };
        // What other steps of the job do with the file tells where it goes.
        let commands: Vec<Command> = job
            .steps
            .iter()
            .filter(|step| step.effective())
            .flat_map(|step| {
                let uses = step.uses.iter().map(|uses| {
                    let mut command = image_command(&uses.name, uses.roles.clone(), uses.at.clone());
                    command
                        .words
                        .extend(uses.inputs.iter().take(20).map(|(name, value)| format!("{name}={value}")));
                    command
                });
                uses.chain(step.commands.iter().cloned()).collect::<Vec<_>>()
            })
            .collect();
        let timetable = trigger.cron.clone().unwrap_or_default();
        found.schedules.ci.push(ScheduledJob {
            kind: "CI schedule".to_owned(),
            at: step.does(Role::Backup).or_else(|| step.does(Role::Restore)).unwrap_or(&step.at).clone(),
            interval_hours: super::interval(&timetable),
            timetable,
            commands,
            destination: Destination::Unknown,
        });
    }
}
