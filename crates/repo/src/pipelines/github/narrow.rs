//! Which triggers a condition leaves: `github.event_name == 'push'`, `startsWith(github.ref, 'refs/tags/')`, ….

use seaworthy_facts::{Event, Trigger};

use super::substitute::Known;
use crate::pipelines::branches;
use crate::pipelines::condition::{Names, Val, holds};

/// What is known of a run that a trigger starts.
struct Moment<'a> {
    known: &'a Known<'a>,
    event: Option<&'static str>,
    on_branch: Branch<'a>,
    default: Option<&'a str>,
}

enum Branch<'a> {
    Default,
    Other(&'a str),
    Tag,
    PullRequest,
    Unknown,
}

impl Names for Moment<'_> {
    fn value(&self, name: &str) -> Val {
        let lower = name.to_ascii_lowercase();
        // Text before the branch's or tag's own name.
        let reference = |heads: &'static str, tags: &str| match &self.on_branch {
            Branch::Default => Val::DefaultBranch(heads),
            Branch::Other(name) => Val::Text(format!("{heads}{name}")),
            Branch::Tag => Val::Begins(tags.to_owned()),
            Branch::PullRequest => {
                Val::Text(if heads.is_empty() { "0/merge" } else { "refs/pull/0/merge" }.to_owned())
            }
            Branch::Unknown => Val::Unknown,
        };
        match lower.as_str() {
            "github.event_name" => self.event.map_or(Val::Unknown, |event| Val::Text(event.to_owned())),
            "github.ref" => reference("refs/heads/", "refs/tags/"),
            "github.ref_name" => reference("", ""),
            "github.ref_type" => match self.on_branch {
                Branch::Default | Branch::Other(_) => Val::Text("branch".to_owned()),
                Branch::Tag => Val::Text("tag".to_owned()),
                _ => Val::Unknown,
            },
            "github.event.repository.default_branch" => Val::DefaultBranch(""),
            "github.head_ref" | "github.base_ref" => match self.event {
                Some("pull_request" | "pull_request_target") | None => Val::Unknown,
                Some(_) => Val::Text(String::new()),
            },
            _ => {
                // The part of the event that only one kind of event has.
                for (part, events) in [
                    ("github.event.pull_request", &["pull_request", "pull_request_target"][..]),
                    ("github.event.release", &["release"]),
                    ("github.event.schedule", &["schedule"]),
                    ("github.event.workflow_run", &["workflow_run"]),
                    ("github.event.inputs", &["workflow_dispatch"]),
                    ("github.event.client_payload", &["workflow_dispatch"]),
                    ("github.event.deployment", &["deployment_status"]),
                    ("github.event.issue", &["other"]),
                    ("github.event.comment", &["other"]),
                    ("inputs.", &["workflow_dispatch"]),
                ] {
                    if lower.starts_with(part) && self.event.is_some_and(|event| !events.contains(&event)) {
                        let known = self.known.value(name);
                        return if known == Val::Unknown { Val::Null } else { known };
                    }
                }
                self.indirect(name)
            }
        }
    }

    fn is_default_branch(&self, name: &str) -> Option<bool> {
        branches::is_default(name, self.default)
    }
}

impl Moment<'_> {
    /// A variable may hold a condition itself.
    fn indirect(&self, name: &str) -> Val {
        let variable = name
            .strip_prefix("env.")
            .and_then(|name| self.known.env.iter().find(|(key, _)| key == name))
            .map(|(_, value)| value.as_str())
            .filter(|value| value.starts_with("${{") && !value.contains("env."));
        match variable {
            Some(expression) => holds(expression, self).map_or(Val::Unknown, |truth| {
                // Variables are texts.
                Val::Text(truth.to_string())
            }),
            None => self.known.value(name),
        }
    }
}

fn event_name(trigger: &Trigger) -> Option<&'static str> {
    Some(match trigger.event {
        Event::PullRequest => "pull_request",
        Event::PullRequestTarget => "pull_request_target",
        Event::Push | Event::Tag => "push",
        Event::Release => "release",
        Event::Schedule => "schedule",
        Event::Manual => "workflow_dispatch",
        Event::WorkflowRun => "workflow_run",
        Event::MergeQueue => "merge_group",
        Event::Deployment => "deployment_status",
        Event::Other => "other",
        Event::Called => return None,
    })
}

/// Whether a condition can never hold, whatever starts the run.
pub fn never(condition: &str, known: &Known) -> bool {
    holds(condition, known) == Some(false)
}

/// The trigger as far as the condition lets it through.
pub fn narrow(trigger: &Trigger, condition: &str, known: &Known, default: Option<&str>) -> Option<Trigger> {
    let ask = |on_branch: Branch<'_>| {
        let moment = Moment { known, event: event_name(trigger), on_branch, default };
        holds(condition, &moment) != Some(false)
    };
    match trigger.event {
        Event::Push => narrow_push(trigger, condition, known, default),
        Event::Tag | Event::Release => ask(Branch::Tag).then(|| trigger.clone()),
        Event::PullRequest => ask(Branch::PullRequest).then(|| trigger.clone()),
        Event::Schedule | Event::PullRequestTarget | Event::WorkflowRun => {
            ask(Branch::Default).then(|| trigger.clone())
        }
        _ => ask(Branch::Unknown).then(|| trigger.clone()),
    }
}

/// A branch that nobody names: what holds for it holds for the branches of proposed changes.
const SOME_BRANCH: &str = "feature/some-change";

fn narrow_push(trigger: &Trigger, condition: &str, known: &Known, default: Option<&str>) -> Option<Trigger> {
    let ask = |on_branch: Branch<'_>| {
        let moment = Moment { known, event: Some("push"), on_branch, default };
        holds(condition, &moment) != Some(false)
    };
    let all = trigger.branches.is_empty();
    let on_default = trigger.default_branch != Some(false) && ask(Branch::Default);
    let on_any = (all || trigger.branches.iter().any(|branch| branch.contains('*')))
        && ask(Branch::Other(SOME_BRANCH));
    if on_any {
        return Some(if on_default || trigger.default_branch == Some(false) {
            trigger.clone()
        } else {
            let mut narrowed = trigger.clone();
            narrowed.branches_ignored.push(default.unwrap_or("main").to_owned());
            narrowed.default_branch = Some(false);
            narrowed
        });
    }
    // Branches that the filter or the condition names.
    let mut named: Vec<&str> = trigger.branches.iter().map(String::as_str).collect();
    if all {
        named.extend(
            condition.split('\'').skip(1).step_by(2).map(|text| text.trim_start_matches("refs/heads/")),
        );
    }
    let mut left: Vec<String> = Vec::new();
    for name in named.into_iter().take(50) {
        let is_default = branches::is_default(name, default) == Some(true);
        if if is_default { on_default } else { ask(Branch::Other(name)) }
            && left.iter().all(|other| other != name)
        {
            left.push(name.to_owned());
        }
    }
    if !all && left == trigger.branches {
        return Some(trigger.clone());
    }
    if on_default && all && left.iter().all(|name| branches::is_default(name, default) != Some(true)) {
        left.push(default.unwrap_or("main").to_owned());
    }
    (!left.is_empty()).then(|| Trigger {
        default_branch: if on_default { trigger.default_branch } else { Some(false) },
        branches: left,
        ..trigger.clone()
    })
}

/// What two narrowed forms of the same trigger have in common.
pub fn both(left: &Trigger, right: &Trigger) -> Trigger {
    if left.on_changes() && !right.on_changes() { right.clone() } else { left.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipelines::github::triggers::plain;
    use seaworthy_facts::Location;

    fn left(events: &[Event], condition: &str) -> Vec<(Event, bool)> {
        events
            .iter()
            .filter_map(|event| {
                narrow(&plain(*event, Location::file("w")), condition, &Known::default(), None)
            })
            .map(|trigger| (trigger.event, trigger.on_changes()))
            .collect()
    }

    #[test]
    fn conditions_on_the_event() {
        use Event::*;
        let all = [PullRequest, Push, Tag, Schedule, Manual];
        assert_eq!(left(&all, "github.event_name == 'push'"), [(Push, true), (Tag, false)]);
        assert_eq!(left(&all, "github.event_name != 'pull_request'").len(), 4);
        assert_eq!(left(&all, "startsWith(github.ref, 'refs/tags/')"), [(Tag, false), (Manual, false)]);
        assert_eq!(left(&[PullRequest, Push], "github.ref == 'refs/heads/main'"), [(Push, false)]);
        assert_eq!(left(&[PullRequest, Push], "${{ github.ref_name == 'main' }}"), [(Push, false)]);
        assert_eq!(left(&[PullRequest, Push], "github.event.pull_request.draft == false").len(), 2);
        assert_eq!(
            left(&[PullRequest, Push], "github.event.pull_request.merged == true"),
            [(PullRequest, true)]
        );
        assert_eq!(left(&all, "github.repository == 'a/b'").len(), 5);
        assert_eq!(left(&[Push], "github.ref != 'refs/heads/main'"), [(Push, true)]);
        assert_eq!(left(&[Push], "github.ref == 'refs/heads/production'"), [(Push, false)]);
        assert!(never("false", &Known::default()) && !never("github.actor == 'x'", &Known::default()));
    }

    #[test]
    fn a_condition_in_a_variable() {
        let env = [("MAIN".to_owned(), "${{ github.ref == 'refs/heads/main' }}".to_owned())];
        let known = Known { env: &env, ..Known::default() };
        let request = plain(Event::PullRequest, Location::file("w"));
        assert!(narrow(&request, "env.MAIN == 'true'", &known, None).is_none());
        assert!(narrow(&request, "env.MAIN == 'false'", &known, None).is_some());
    }
}
