//! CI facts in few words.

use seaworthy_facts::{
    CiSystem, Command, Event, Job, Location, Pipelines, Role, Step, Trigger, Uses, Workflow,
};

/// A trigger without filters.
pub fn trigger(event: Event) -> Trigger {
    Trigger {
        event,
        branches: Vec::new(),
        branches_ignored: Vec::new(),
        tags: Vec::new(),
        paths: Vec::new(),
        paths_ignored: Vec::new(),
        types: Vec::new(),
        default_branch: matches!(event, Event::Push | Event::PullRequest).then_some(true),
        cron: None,
        at: Location::line(".github/workflows/ci.yml", 2),
    }
}

/// A push to the default branch.
pub fn push_to_main() -> Trigger {
    Trigger { branches: vec!["main".to_owned()], ..trigger(Event::Push) }
}

/// A workflow of GitHub Actions.
pub fn workflow(triggers: Vec<Trigger>, jobs: Vec<Job>) -> Workflow {
    Workflow {
        system: CiSystem::GithubActions,
        name: "CI".to_owned(),
        at: Location::file(".github/workflows/ci.yml"),
        triggers,
        jobs,
        unread: Vec::new(),
    }
}

/// CI with one workflow of one job.
pub fn ci(triggers: Vec<Trigger>, steps: Vec<Step>) -> Pipelines {
    Pipelines { workflows: vec![workflow(triggers, vec![job("build", steps)])], ..Pipelines::default() }
}

/// A job.
pub fn job(id: &str, steps: Vec<Step>) -> Job {
    Job {
        id: id.to_owned(),
        at: Some(Location::line(".github/workflows/ci.yml", 5)),
        steps,
        ..Job::default()
    }
}

/// A command that does this kind of work.
pub fn command(line: &str, roles: &[Role]) -> Command {
    Command {
        words: line.split_whitespace().map(str::to_owned).collect(),
        text: line.to_owned(),
        at: Location::line(".github/workflows/ci.yml", 12),
        via: Vec::new(),
        roles: roles.to_vec(),
        ignored: None,
        missing: None,
        selects_nothing: None,
        condition: None,
    }
}

/// A step that runs one command.
pub fn run(line: &str, roles: &[Role]) -> Step {
    Step { commands: vec![command(line, roles)], ..Step::new(Location::line(".github/workflows/ci.yml", 11)) }
}

/// A step that uses an action.
pub fn uses(name: &str, inputs: &[(&str, &str)], roles: &[Role]) -> Step {
    let at = Location::line(".github/workflows/ci.yml", 11);
    let inputs = inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Step {
        uses: Some(Uses {
            name: name.to_owned(),
            reference: Some("v1".to_owned()),
            inputs,
            roles: roles.to_vec(),
            at: at.clone(),
        }),
        ..Step::new(at)
    }
}
