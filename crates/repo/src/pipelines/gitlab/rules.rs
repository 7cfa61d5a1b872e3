//! What starts a GitLab job: `rules`, `only`/`except`, `workflow: rules`, `when`.

use std::rc::Rc;

use seaworthy_facts::{Event, Location, Trigger};

use super::value::Item;
use crate::pipelines::branches;
use crate::pipelines::condition::{Names, Val, holds};
use crate::pipelines::github::triggers::plain;
use crate::pipelines::reader::cap;

/// The kinds of pipeline that are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pipeline {
    /// Of a merge request.
    MergeRequest,
    /// Of a push to the default branch.
    Default,
    /// Of a push to a branch that nobody names.
    Branch,
    /// Of a push to a branch that the configuration names.
    Named(String),
    /// Of a tag.
    Tag,
    /// Of a timetable.
    Schedule,
    /// Started by hand.
    Web,
}

/// How a job takes part in a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The pipeline.
    pub pipeline: Pipeline,
    /// It must be started by hand.
    pub manual: bool,
    /// Its failure is allowed.
    pub failure_allowed: bool,
    /// Paths that it is limited to.
    pub paths: Vec<String>,
    /// The text of the rule that takes it in.
    pub rule: Option<String>,
    /// Where that is said.
    pub at: Location,
}

/// What conditions are evaluated with.
pub struct Surroundings<'a> {
    /// Variables of the configuration.
    pub variables: &'a [(String, String)],
    /// The default branch's name, where known.
    pub default: Option<&'a str>,
    /// Inside a pipeline that another one starts.
    pub child: bool,
}

struct Moment<'a> {
    pipeline: &'a Pipeline,
    around: &'a Surroundings<'a>,
}

const SOME_BRANCH: &str = "feature/some-change";

impl Names for Moment<'_> {
    fn value(&self, name: &str) -> Val {
        use Pipeline::*;
        let some = || Val::Begins(String::new());
        let branch = || match self.pipeline {
            Default | Schedule | Web => Val::DefaultBranch(""),
            Branch => Val::Text(SOME_BRANCH.to_owned()),
            Named(name) => Val::Text(name.clone()),
            MergeRequest | Tag => Val::Null,
        };
        match name {
            "CI" | "GITLAB_CI" => Val::Text("true".to_owned()),
            "CI_PIPELINE_SOURCE" if self.around.child => Val::Text("parent_pipeline".to_owned()),
            "CI_PIPELINE_SOURCE" => Val::Text(
                match self.pipeline {
                    MergeRequest => "merge_request_event",
                    Schedule => "schedule",
                    Web => "web",
                    _ => "push",
                }
                .to_owned(),
            ),
            "CI_COMMIT_BRANCH" => branch(),
            "CI_COMMIT_TAG" => {
                if *self.pipeline == Tag {
                    some()
                } else {
                    Val::Null
                }
            }
            "CI_COMMIT_REF_NAME" | "CI_COMMIT_REF_SLUG" => match self.pipeline {
                Tag => some(),
                MergeRequest => Val::Text(SOME_BRANCH.to_owned()),
                _ => branch(),
            },
            "CI_COMMIT_REF_PROTECTED" => match self.pipeline {
                Default | Schedule => Val::Text("true".to_owned()),
                Branch | MergeRequest => Val::Text("false".to_owned()),
                _ => Val::Unknown,
            },
            "CI_DEFAULT_BRANCH" => Val::DefaultBranch(""),
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME" if *self.pipeline == MergeRequest => Val::DefaultBranch(""),
            "CI_MERGE_REQUEST_IID" | "CI_MERGE_REQUEST_ID" | "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"
                if *self.pipeline == MergeRequest =>
            {
                some()
            }
            "CI_OPEN_MERGE_REQUESTS" => match self.pipeline {
                Branch | MergeRequest => Val::Unknown,
                _ => Val::Null,
            },
            "CI_EXTERNAL_PULL_REQUEST_IID" => Val::Null,
            _ if name.starts_with("CI_MERGE_REQUEST_") && *self.pipeline != MergeRequest => Val::Null,
            _ => match self.around.variables.iter().find(|(known, _)| known == name) {
                Some((_, value)) if !value.contains('$') && value != "(not shown)" => {
                    Val::Text(value.clone())
                }
                _ => Val::Unknown,
            },
        }
    }

    fn is_default_branch(&self, name: &str) -> Option<bool> {
        branches::is_default(name, self.around.default)
    }
}

/// The pipelines to ask for: the general ones, and a push to each branch that these texts name.
pub fn pipelines(texts: &[String], default: Option<&str>) -> Vec<Pipeline> {
    let mut found = vec![
        Pipeline::MergeRequest,
        Pipeline::Default,
        Pipeline::Branch,
        Pipeline::Tag,
        Pipeline::Schedule,
        Pipeline::Web,
    ];
    for text in texts {
        if !text.contains("BRANCH") && !text.contains("REF_NAME") {
            continue;
        }
        for name in text.split(['"', '\'']).skip(1).step_by(2) {
            let plausible = !name.is_empty()
                && name.len() < 100
                && !name.contains(' ')
                && !name.contains("merge_request");
            let named = Pipeline::Named(name.to_owned());
            if plausible
                && branches::is_default(name, default) != Some(true)
                && !found.contains(&named)
                && found.len() < 30
            {
                found.push(named);
            }
        }
    }
    found
}

fn place(item: &Item) -> Location {
    Location::line(item.path.to_string(), item.line)
}

fn yes(item: Option<&Rc<Item>>) -> Option<bool> {
    match item?.text()? {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// How `rules` let a job (or the whole workflow) take part in a pipeline.
pub fn by_rules(
    rules: &[Rc<Item>],
    pipeline: &Pipeline,
    around: &Surroundings,
    usual: &Part,
) -> Option<Part> {
    let moment = Moment { pipeline, around };
    for rule in rules {
        let condition = rule.get("if").and_then(|item| item.text());
        let truth = match condition {
            Some(text) => holds(text, &moment),
            None => Some(true),
        };
        if truth == Some(false) {
            continue;
        }
        let changes = rule.get("changes");
        let paths = changes.map(|item| item.get("paths").unwrap_or(item).texts()).unwrap_or_default();
        let limited = !paths.is_empty() || rule.get("exists").is_some();
        match rule.get("when").and_then(|item| item.text()) {
            // It may or may not be kept out: what follows decides.
            Some("never") if truth.is_none() || limited => continue,
            Some("never") => return None,
            when => {
                return Some(Part {
                    pipeline: pipeline.clone(),
                    manual: when.map_or(usual.manual, |when| when == "manual"),
                    failure_allowed: yes(rule.get("allow_failure")).unwrap_or(usual.failure_allowed),
                    paths,
                    rule: condition.map(cap),
                    at: place(rule),
                });
            }
        }
    }
    None
}

/// How `only` and `except` let a job take part; without them, in pipelines of branches and tags.
pub fn by_only(
    only: Option<&Rc<Item>>,
    except: Option<&Rc<Item>>,
    pipeline: &Pipeline,
    around: &Surroundings,
    usual: &Part,
) -> Option<Part> {
    let refs = |item: &Rc<Item>| {
        item.get("refs").map_or_else(
            || {
                if item.entries().is_empty() { item.texts() } else { Vec::new() }
            },
            |refs| refs.texts(),
        )
    };
    let names = only.map(&refs).unwrap_or_default();
    let names = if names.is_empty() { vec!["branches".to_owned(), "tags".to_owned()] } else { names };
    if !names.iter().any(|name| is_ref(name, pipeline, around)) {
        return None;
    }
    if let Some(except) = except {
        let conditional = except.get("changes").is_some() || except.get("variables").is_some();
        if !conditional && refs(except).iter().any(|name| is_ref(name, pipeline, around)) {
            return None;
        }
    }
    let variables = only.and_then(|only| only.get("variables")).map(|item| item.texts()).unwrap_or_default();
    let moment = Moment { pipeline, around };
    if !variables.is_empty() && variables.iter().all(|text| holds(text, &moment) == Some(false)) {
        return None;
    }
    let paths = only.and_then(|only| only.get("changes")).map(|item| item.texts()).unwrap_or_default();
    let at = only.map_or_else(|| usual.at.clone(), |only| place(only));
    Some(Part {
        pipeline: pipeline.clone(),
        paths,
        at,
        rule: (!variables.is_empty()).then(|| variables.join(" || ")),
        ..usual.clone()
    })
}

fn is_ref(name: &str, pipeline: &Pipeline, around: &Surroundings) -> bool {
    use Pipeline::*;
    let name = name.split('@').next().unwrap_or(name);
    match (name, pipeline) {
        ("merge_requests", MergeRequest) | ("tags", Tag) | ("schedules", Schedule) | ("web", Web) => true,
        ("branches" | "pushes", Default | Branch | Named(_)) => true,
        // Pipelines by timetable and by hand are pipelines of a branch.
        ("branches", Schedule | Web) => true,
        (
            "merge_requests"
            | "tags"
            | "schedules"
            | "web"
            | "branches"
            | "pushes"
            | "api"
            | "triggers"
            | "pipelines"
            | "external"
            | "chat"
            | "external_pull_requests",
            _,
        ) => false,
        (_, MergeRequest) => false,
        (name, pipeline) => {
            let condition = if name.starts_with('/') {
                format!("$CI_COMMIT_REF_NAME =~ {name}")
            } else if name.contains('$') {
                format!("$CI_COMMIT_REF_NAME == {name}")
            } else {
                format!("$CI_COMMIT_REF_NAME == \"{name}\"")
            };
            holds(&condition, &Moment { pipeline, around }) != Some(false)
        }
    }
}

/// The triggers that stand for the pipelines in which a job takes part. Timetables and starts by hand are settings of the
/// forge; they count only where a rule names them.
pub fn triggers(parts: &[Part], around: &Surroundings) -> Vec<Trigger> {
    let mut found: Vec<Trigger> = Vec::new();
    let part = |wanted: Pipeline| parts.iter().find(|part| part.pipeline == wanted);
    let names = |part: &Part, word: &str| part.rule.as_deref().is_some_and(|rule| rule.contains(word));
    let mut add = |event: Event, part: &Part| {
        let mut trigger = plain(event, part.at.clone());
        trigger.paths.clone_from(&part.paths);
        found.push(trigger);
    };
    if let Some(part) = part(Pipeline::MergeRequest) {
        add(Event::PullRequest, part);
    }
    if let Some(part) = part(Pipeline::Tag) {
        add(Event::Tag, part);
    }
    if let Some(part) = part(Pipeline::Schedule).filter(|part| names(part, "schedule")) {
        add(Event::Schedule, part);
    }
    if let Some(part) = part(Pipeline::Web).filter(|part| names(part, "web")) {
        add(Event::Manual, part);
    }
    let default_name = || around.default.unwrap_or("main").to_owned();
    let push = |part: &Part, branches: Vec<String>, ignored: Vec<String>, default: Option<bool>| {
        let mut trigger = plain(Event::Push, part.at.clone());
        trigger.paths.clone_from(&part.paths);
        trigger.branches = branches;
        trigger.branches_ignored = ignored;
        trigger.default_branch = default;
        trigger
    };
    match (part(Pipeline::Branch), part(Pipeline::Default)) {
        (Some(part), Some(_)) => found.push(push(part, Vec::new(), Vec::new(), Some(true))),
        (Some(part), None) => found.push(push(part, Vec::new(), vec![default_name()], Some(false))),
        (None, default) => {
            if let Some(part) = default {
                found.push(push(part, vec![default_name()], Vec::new(), Some(true)));
            }
            for part in parts {
                if let Pipeline::Named(name) = &part.pipeline {
                    found.push(push(part, vec![name.clone()], Vec::new(), Some(false)));
                }
            }
        }
    }
    found
}
