//! Drone: `.drone.yml`, one pipeline in each document.

use seaworthy_facts::{CiSystem, Job, Workflow};
use seaworthy_syntax::tree::Node;

use super::reader::{Reader, cap};
use super::{steplist, when};

/// Reads the pipelines.
pub fn read(reader: &mut Reader) {
    for path in [".drone.star", ".drone.jsonnet"] {
        if let Some(file) = reader.file(path) {
            reader.unread("Drone, configured by a program that is not run", file.at());
        }
    }
    let Some(file) = [".drone.yml", ".drone.yaml"].iter().find_map(|path| reader.file(path)) else { return };
    for document in reader.documents(file, "Drone pipeline") {
        if document.get("steps").is_none()
            || document.get("kind").and_then(Node::as_str).is_some_and(|kind| kind != "pipeline")
        {
            continue;
        }
        let at = file.at_line(document.line);
        let triggers = when::triggers(document.get("trigger"), &file.path, reader.default_branch())
            .unwrap_or_else(|| when::usual(&at));
        let base =
            Job { services: steplist::services(document.get("services"), &file.path), ..Job::default() };
        let jobs = steplist::jobs(reader, document.get("steps"), &file.path, &[], &triggers, &base);
        reader.found.workflows.push(Workflow {
            system: CiSystem::Drone,
            name: document.get("name").and_then(Node::scalar).map_or("default".to_owned(), |name| cap(&name)),
            at,
            triggers,
            jobs,
            unread: Vec::new(),
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::pipelines::test_support::collect_from;
    use seaworthy_facts::Event;

    #[test]
    fn several_documents() {
        let found = collect_from(&[(
            ".drone.yml",
            "kind: pipeline\nname: test\nsteps:\n- name: test\n  image: node:20\n  commands:\n  - npm test\n---\nkind: secret\nname: s\n---\nkind: pipeline\nname: deploy\ntrigger:\n  branch: [main]\n  event: [push]\nsteps:\n- name: go\n  image: alpine:3\n  commands: [./deploy.sh]\n",
        )]);
        assert_eq!(found.workflows.len(), 2);
        assert!(found.workflows[0].on_changes().is_some());
        let deploy = &found.workflows[1];
        assert_eq!((deploy.triggers.len(), deploy.triggers[0].event), (1, Event::Push));
        assert!(!deploy.triggers[0].on_changes() && deploy.triggers[0].on_default_branch());
        assert_eq!(deploy.jobs[0].steps[0].at.line_number(), Some(18));
    }
}
