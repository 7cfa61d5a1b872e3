//! Woodpecker: `.woodpecker.yml`, or every file below `.woodpecker/`.

use seaworthy_facts::{CiSystem, Job, Workflow};
use seaworthy_syntax::tree::Node;

use super::github::triggers::plain;
use super::reader::{Reader, cap, texts};
use super::{steplist, when};
use crate::tree::File;

/// Reads the pipelines.
pub fn read(reader: &mut Reader) {
    let mut files: Vec<&File> = reader.yaml_files(".woodpecker", true);
    if files.is_empty() {
        files.extend([".woodpecker.yml", ".woodpecker.yaml"].iter().find_map(|path| reader.file(path)));
    }
    for file in files {
        if let Some(document) = reader.document(file, "Woodpecker pipeline") {
            let workflow = workflow(reader, file, &document);
            reader.found.workflows.push(workflow);
        }
    }
}

fn workflow(reader: &mut Reader, file: &File, document: &Node) -> Workflow {
    let at = file.at();
    let mut triggers = when::triggers(document.get("when"), &file.path, reader.default_branch())
        .unwrap_or_else(|| when::usual(&at));
    // Before there was `when` at the top.
    let branches = texts(document.get("branches"));
    if !branches.is_empty() && document.get("when").is_none() {
        for trigger in &mut triggers {
            trigger.branches.clone_from(&branches);
            trigger.default_branch = super::branches::take_default(&branches, &[], reader.default_branch());
        }
    }
    let matrix = super::github::combinations(document.get("matrix"));
    let base = Job { services: steplist::services(document.get("services"), &file.path), ..Job::default() };
    let steps = document.get("steps").or_else(|| document.get("pipeline"));
    let mut jobs = steplist::jobs(reader, steps, &file.path, &matrix, &triggers, &base);
    // A step may run at events that the file as a whole does not name only when the file names none.
    if document.get("when").is_none() {
        for job in &mut jobs {
            let own = steps
                .and_then(|steps| find_step(steps, &job.id))
                .and_then(|step| when::triggers(step.get("when"), &file.path, reader.default_branch()));
            if let Some(own) = own {
                for trigger in &own {
                    if triggers.iter().all(|other| other.event != trigger.event) {
                        triggers.push(plain(trigger.event, trigger.at.clone()));
                    }
                }
                job.triggers = Some(own);
            }
        }
    }
    Workflow { system: CiSystem::Woodpecker, name: cap(file.name()), at, triggers, jobs, unread: Vec::new() }
}

fn find_step<'a>(steps: &'a Node, name: &str) -> Option<&'a Node> {
    steps
        .get(name)
        .or_else(|| steps.list().iter().find(|step| step.get("name").and_then(Node::as_str) == Some(name)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::pipelines::test_support::{collect_from, job, only};
    use seaworthy_facts::Event;

    #[test]
    fn steps_as_mapping_or_list() {
        let found = collect_from(&[(
            ".woodpecker.yml",
            "when:\n  - event: pull_request\n  - event: push\n    branch: main\nsteps:\n  test:\n    image: golang:1.22\n    commands:\n      - go test ./...\n  publish:\n    image: woodpeckerci/plugin-docker-buildx:5\n    settings:\n      tags: [latest, v1]\n      password: hunter22\n    when:\n      event: push\nservices:\n  db:\n    image: postgres:16\n",
        )]);
        let workflow = only(&found);
        let events: Vec<_> = workflow.triggers.iter().map(|trigger| trigger.event).collect();
        assert_eq!(events, [Event::PullRequest, Event::Push]);
        assert_eq!(workflow.triggers[1].default_branch, Some(true));
        let publish = job(workflow, "publish");
        assert_eq!(publish.triggers.as_ref().unwrap().len(), 1);
        assert_eq!(publish.needs, ["test"]);
        let uses = publish.steps[0].uses.as_ref().unwrap();
        assert_eq!(uses.input("tags"), Some("latest\nv1"));
        assert_eq!(uses.input("password"), Some("(not shown)"));
        assert_eq!(publish.services[0].image, "postgres:16");
    }

    #[test]
    fn every_file_of_the_folder_and_cron() {
        let found = collect_from(&[
            (
                ".woodpecker/a.yaml",
                "steps:\n  - name: x\n    image: a\n    failure: ignore\n    commands: [make]\n",
            ),
            (".woodpecker/b.yml", "when: {event: cron, cron: nightly}\nsteps: {}\n"),
        ]);
        assert_eq!(found.workflows.len(), 2);
        assert!(found.workflows[0].jobs[0].steps[0].failure_ignored.is_some());
        assert!(found.workflows[0].on_changes().is_some());
        assert!(found.workflows[1].on_schedule().is_some());
    }
}
