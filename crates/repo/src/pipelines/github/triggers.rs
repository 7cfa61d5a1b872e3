//! `on:` in all its forms.

use seaworthy_facts::{Event, Location, Trigger};
use seaworthy_syntax::tree::{Node, Value};

use crate::pipelines::branches;
use crate::pipelines::reader::texts;

/// A trigger without any filter.
pub fn plain(event: Event, at: Location) -> Trigger {
    Trigger {
        event,
        branches: Vec::new(),
        branches_ignored: Vec::new(),
        tags: Vec::new(),
        paths: Vec::new(),
        paths_ignored: Vec::new(),
        types: Vec::new(),
        default_branch: matches!(event, Event::Push | Event::PullRequest | Event::PullRequestTarget)
            .then_some(true),
        cron: None,
        at,
    }
}

fn event_of(name: &str) -> Event {
    match name {
        "pull_request" => Event::PullRequest,
        "pull_request_target" => Event::PullRequestTarget,
        "push" => Event::Push,
        "create" => Event::Tag,
        "release" => Event::Release,
        "schedule" => Event::Schedule,
        "workflow_dispatch" | "repository_dispatch" => Event::Manual,
        "workflow_run" => Event::WorkflowRun,
        "workflow_call" => Event::Called,
        "merge_group" => Event::MergeQueue,
        "deployment" | "deployment_status" => Event::Deployment,
        _ => Event::Other,
    }
}

/// Reads the value of `on`.
pub fn read(on: &Node, line: u32, path: &str, default: Option<&str>) -> Vec<Trigger> {
    let mut found = Vec::new();
    match &on.untagged().value {
        Value::Map(entries) => {
            for (key, settings) in entries {
                one(&key.text, settings, Location::line(path, key.line), default, &mut found);
            }
        }
        Value::List(names) => {
            for name in names {
                if let Some(text) = name.as_str() {
                    one(text, &NOTHING, Location::line(path, name.line), default, &mut found);
                }
            }
        }
        _ => {
            if let Some(name) = on.as_str() {
                one(name, &NOTHING, Location::line(path, line), default, &mut found);
            }
        }
    }
    found
}

const NOTHING: Node = Node { value: Value::Null, line: 1, column: 1 };

fn one(name: &str, settings: &Node, at: Location, default: Option<&str>, found: &mut Vec<Trigger>) {
    if found.len() > 100 {
        return;
    }
    let event = event_of(name);
    if event == Event::Schedule {
        for entry in settings.list_or_single() {
            let mut trigger =
                plain(event, at.path().map_or(at.clone(), |path| Location::line(path, entry.line)));
            trigger.cron = entry.get("cron").and_then(Node::scalar);
            found.push(trigger);
        }
        return;
    }
    let mut trigger = plain(event, at);
    trigger.types = texts(settings.get("types"));
    trigger.paths = texts(settings.get("paths"));
    trigger.paths_ignored = texts(settings.get("paths-ignore"));
    trigger.branches = texts(settings.get("branches"));
    trigger.branches_ignored = texts(settings.get("branches-ignore"));
    let tags = texts(settings.get("tags"));
    let tag_filter = settings.get("tags").is_some() || settings.get("tags-ignore").is_some();
    let branch_filter = !trigger.branches.is_empty() || !trigger.branches_ignored.is_empty();
    match event {
        Event::Push => {
            // A filter of tags alone leaves branches out, and the other way round.
            let tag = Trigger {
                event: Event::Tag,
                branches: Vec::new(),
                branches_ignored: Vec::new(),
                tags,
                default_branch: None,
                ..trigger.clone()
            };
            if branch_filter || !tag_filter {
                trigger.default_branch =
                    branches::take_default(&trigger.branches, &trigger.branches_ignored, default);
                found.push(trigger);
            }
            if tag_filter || !branch_filter {
                found.push(tag);
            }
        }
        Event::PullRequest | Event::PullRequestTarget => {
            trigger.default_branch =
                branches::take_default(&trigger.branches, &trigger.branches_ignored, default);
            found.push(trigger);
        }
        _ => found.push(trigger),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use seaworthy_syntax::{Limits, yaml};

    fn triggers(text: &str) -> Vec<Trigger> {
        let node = yaml::parse(text, &Limits::default()).unwrap();
        read(node.get("on").unwrap(), node.key("on").unwrap().line, "w.yml", None)
    }

    fn events(text: &str) -> Vec<Event> {
        triggers(text).iter().map(|trigger| trigger.event).collect()
    }

    #[test]
    fn text_list_and_mapping() {
        assert_eq!(events("on: pull_request\n"), [Event::PullRequest]);
        assert_eq!(events("on: [push, workflow_dispatch]\n"), [Event::Push, Event::Tag, Event::Manual]);
        let found = triggers("on:\n  pull_request:\n  push:\n    branches: [main]\n");
        assert_eq!(found[0].at.line_number(), Some(2));
        assert_eq!((found[1].event, found[1].default_branch), (Event::Push, Some(true)));
        assert_eq!(found.len(), 2);
        assert!(found[0].on_changes() && !found[1].on_changes());
    }

    #[test]
    fn tags_alone_are_no_pushes_of_branches() {
        assert_eq!(events("on:\n  push:\n    tags: ['v*']\n"), [Event::Tag]);
        assert_eq!(events("on:\n  push: {branches: [main], tags: ['v*']}\n"), [Event::Push, Event::Tag]);
    }

    #[test]
    fn schedules_releases_and_filters() {
        let found = triggers(
            "on:\n  schedule:\n    - cron: '0 3 * * *'\n    - cron: '0 4 * * *'\n  release:\n    types: [published]\n  pull_request:\n    types: [labeled]\n    paths: [src/**]\n",
        );
        assert_eq!(found[1].cron.as_deref(), Some("0 4 * * *"));
        assert_eq!(found[1].at.line_number(), Some(4));
        assert_eq!((found[2].event, found[2].types.len()), (Event::Release, 1));
        assert!(!found[3].on_changes());
        assert_eq!(found[3].paths, ["src/**"]);
    }
}
