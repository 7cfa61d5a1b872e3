//! `when:` and `trigger:` of Woodpecker and Drone.

use seaworthy_facts::{Event, Location, Trigger};
use seaworthy_syntax::tree::{Node, Value};

use super::branches;
use super::github::triggers::plain;
use super::reader::texts;

/// `[a, b]`, `a`, or `{include: […], exclude: […]}`.
fn constraint(node: Option<&Node>) -> (Vec<String>, Vec<String>) {
    match node {
        Some(node) if matches!(node.untagged().value, Value::Map(_)) => {
            (texts(node.get("include")), texts(node.get("exclude")))
        }
        node => (texts(node), Vec::new()),
    }
}

fn event_of(name: &str) -> Event {
    match name {
        "push" => Event::Push,
        "pull_request" | "pull-request" => Event::PullRequest,
        "tag" => Event::Tag,
        "release" => Event::Release,
        "cron" => Event::Schedule,
        "manual" | "custom" | "promote" | "rollback" => Event::Manual,
        "deployment" => Event::Deployment,
        _ => Event::Other,
    }
}

/// Events that start everything that has no constraint.
const USUAL: [Event; 3] = [Event::Push, Event::PullRequest, Event::Tag];

/// The triggers of a `when`; none when there is no constraint on what starts it.
pub fn triggers(node: Option<&Node>, path: &str, default: Option<&str>) -> Option<Vec<Trigger>> {
    let node = node?;
    let mut found = Vec::new();
    for entry in node.list_or_single().into_iter().take(50) {
        let (events, excluded) = constraint(entry.get("event"));
        let (branches, branches_ignored) = constraint(entry.get("branch"));
        let (paths, paths_ignored) = constraint(entry.get("path"));
        let reference = texts(entry.get("ref"));
        let at = Location::line(path, entry.line);
        let events: Vec<Event> = if events.is_empty() {
            let excluded: Vec<Event> = excluded.iter().map(|name| event_of(name)).collect();
            USUAL.into_iter().filter(|event| !excluded.contains(event)).collect()
        } else {
            events.iter().map(|name| event_of(name)).collect()
        };
        for event in events {
            if event == Event::Tag && (!branches.is_empty() && entry.get("event").is_none()) {
                continue;
            }
            let tags: Vec<String> = reference
                .iter()
                .filter_map(|reference| reference.strip_prefix("refs/tags/"))
                .map(str::to_owned)
                .collect();
            if !reference.is_empty() && (event == Event::Tag) == tags.is_empty() {
                continue;
            }
            let mut trigger = plain(event, at.clone());
            trigger.paths.clone_from(&paths);
            trigger.paths_ignored.clone_from(&paths_ignored);
            if event == Event::Tag {
                trigger.tags = tags;
            } else {
                trigger.branches.clone_from(&branches);
                trigger.branches_ignored.clone_from(&branches_ignored);
            }
            if matches!(event, Event::Push | Event::PullRequest) {
                trigger.default_branch = branches::take_default(&branches, &branches_ignored, default);
            }
            trigger.cron = entry.get("cron").and_then(Node::scalar);
            found.push(trigger);
        }
    }
    Some(found)
}

/// What starts a pipeline without any constraint.
pub fn usual(at: &Location) -> Vec<Trigger> {
    USUAL.into_iter().map(|event| plain(event, at.clone())).collect()
}

/// What is left of the pipeline's triggers under a step's own `when`.
pub fn narrow(outer: &[Trigger], inner: Option<Vec<Trigger>>) -> Option<Vec<Trigger>> {
    let inner = inner?;
    let mut left = Vec::new();
    for trigger in outer {
        for own in inner.iter().filter(|own| own.event == trigger.event) {
            // The narrower of the two filters.
            let mut both = if own.branches.is_empty() { trigger.clone() } else { own.clone() };
            if both.default_branch != Some(false) {
                both.default_branch =
                    if trigger.default_branch == Some(false) { Some(false) } else { own.default_branch };
            }
            left.push(both);
        }
    }
    (left != outer).then_some(left)
}
