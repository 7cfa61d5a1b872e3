use serde::{Deserialize, Serialize};

use crate::*;

/// Continuous integration, as configured in the repository.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pipelines {
    /// Every workflow or pipeline that was read.
    pub workflows: Vec<Workflow>,
    /// CI systems that are there but that this version does not read.
    pub unread: Vec<Unread>,
    /// CODEOWNERS rules, in file order.
    pub owners: Vec<OwnerRule>,
    /// Deployment environments that files define (overlays, values files, platform files of an environment).
    #[serde(default)]
    pub environments: Vec<EnvironmentDefinition>,
}

/// A file or block that defines a deployment environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentDefinition {
    /// Its name as written (`staging`, `production`, `review`); `*` for whichever is handed in.
    pub name: String,
    /// How it is defined (`Helm values`, `Kustomize overlay`, `Terraform variable`, `Heroku review apps`, …).
    pub mechanism: String,
    /// What environments of the same templates have in common: definitions with the same text here are made from the same.
    pub template: String,
    /// Where.
    pub at: Location,
    /// Services whose engines its files choose.
    #[serde(default)]
    pub services: Vec<EnvironmentService>,
}

/// A service that an environment runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentService {
    /// What it is: services of one kind take each other's place (`relational database`).
    pub kind: String,
    /// The engine's name (`PostgreSQL`).
    pub engine: String,
    /// Its major version, where it is said.
    pub major: Option<String>,
    /// Where.
    pub at: Location,
}

impl Pipelines {
    /// Every job of every workflow.
    pub fn jobs(&self) -> impl Iterator<Item = (&Workflow, &Job)> {
        self.workflows.iter().flat_map(|workflow| workflow.jobs.iter().map(move |job| (workflow, job)))
    }

    /// Every step that can fail its run, of every job that can run.
    pub fn steps(&self) -> impl Iterator<Item = (&Workflow, &Job, &Step)> {
        self.jobs().flat_map(|(workflow, job)| job.steps.iter().map(move |step| (workflow, job, step)))
    }
}

/// A rule of a CODEOWNERS file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerRule {
    /// The pattern.
    pub pattern: String,
    /// Its owners; none takes ownership away.
    pub owners: Vec<String>,
    /// Where.
    pub at: Location,
}

/// A CI system whose configuration is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CiSystem {
    /// GitHub Actions.
    GithubActions,
    /// Forgejo and Gitea Actions.
    ForgejoActions,
    /// GitLab CI.
    GitlabCi,
    /// CircleCI.
    CircleCi,
    /// Woodpecker.
    Woodpecker,
    /// Drone.
    Drone,
    /// Continuous delivery described apart from CI (Shipit, Argo CD, Flux).
    Delivery,
}

/// A workflow file, or a pipeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// The system.
    pub system: CiSystem,
    /// Its name, or the file's.
    pub name: String,
    /// The file.
    pub at: Location,
    /// What starts it.
    pub triggers: Vec<Trigger>,
    /// Its jobs. Reusable workflows, composite actions and includes of the repository are already put in.
    pub jobs: Vec<Job>,
    /// Parts that could not be followed (a remote include, a reusable workflow of another repository).
    pub unread: Vec<Unread>,
}

impl Workflow {
    /// It runs for every pull request (a path filter may leave some out), or on every push to any branch.
    pub fn on_changes(&self) -> Option<&Trigger> {
        self.triggers.iter().find(|trigger| trigger.on_changes())
    }

    /// It runs on every push to the default branch or on changes.
    pub fn on_default_branch(&self) -> Option<&Trigger> {
        self.on_changes().or_else(|| {
            self.triggers.iter().find(|t| t.event == Event::Push && t.default_branch != Some(false))
        })
    }

    /// It runs at set times.
    pub fn on_schedule(&self) -> Option<&Trigger> {
        self.triggers.iter().find(|trigger| trigger.event == Event::Schedule)
    }

    /// What really starts a step of one of its jobs: the workflow's triggers, narrowed by the job and by the step.
    /// Empty when it never runs.
    pub fn triggers_of<'a>(&'a self, job: &'a Job, step: &'a Step) -> &'a [Trigger] {
        if job.disabled || step.disabled {
            return &[];
        }
        step.triggers.as_deref().unwrap_or_else(|| self.triggers_of_job(job))
    }

    /// What really starts one of its jobs. Empty when it never runs.
    pub fn triggers_of_job<'a>(&'a self, job: &'a Job) -> &'a [Trigger] {
        if job.disabled { &[] } else { job.triggers.as_deref().unwrap_or(&self.triggers) }
    }
}

/// What starts a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// The kind.
    pub event: Event,
    /// Branch patterns that it is limited to.
    pub branches: Vec<String>,
    /// Branch patterns left out.
    pub branches_ignored: Vec<String>,
    /// Tag patterns (for pushes of tags).
    pub tags: Vec<String>,
    /// Path patterns that it is limited to.
    pub paths: Vec<String>,
    /// Path patterns left out.
    pub paths_ignored: Vec<String>,
    /// Event types (`labeled`, `published`, …), where limited.
    pub types: Vec<String>,
    /// Whether the default branch is among its branches; unknown when the default branch is not known.
    pub default_branch: Option<bool>,
    /// Cron expression, for schedules.
    pub cron: Option<String>,
    /// Where.
    pub at: Location,
}

impl Trigger {
    /// It fires for proposed changes: pull or merge requests of the default branch, or pushes without a branch filter.
    pub fn on_changes(&self) -> bool {
        match self.event {
            Event::PullRequest => {
                self.default_branch != Some(false)
                    && (self.types.is_empty()
                        || self
                            .types
                            .iter()
                            .any(|t| matches!(t.as_str(), "opened" | "synchronize" | "reopened")))
            }
            Event::Push => {
                self.tags.is_empty()
                    && (self.branches.is_empty() || self.branches.iter().any(|b| b == "**" || b == "*"))
            }
            Event::MergeQueue => true,
            _ => false,
        }
    }

    /// It fires when the default branch gets new commits (and perhaps when others do).
    pub fn on_default_branch(&self) -> bool {
        self.event == Event::Push && self.default_branch != Some(false)
    }
}

/// The kind of a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A pull or merge request.
    PullRequest,
    /// A pull request run with the base's secrets and code (`pull_request_target`).
    PullRequestTarget,
    /// A push of commits to branches.
    Push,
    /// A push of a tag.
    Tag,
    /// A published release.
    Release,
    /// A set time.
    Schedule,
    /// By hand.
    Manual,
    /// Another workflow's end.
    WorkflowRun,
    /// Called by another workflow only.
    Called,
    /// A merge queue.
    MergeQueue,
    /// A deployment status.
    Deployment,
    /// Something else (issues, labels, comments).
    Other,
}

/// A job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its key.
    pub id: String,
    /// Where.
    pub at: Option<Location>,
    /// Jobs of the same workflow that must succeed before.
    pub needs: Vec<String>,
    /// Condition under which it runs (capped source text).
    pub condition: Option<String>,
    /// It can never run (`if: false`, GitLab `when: never`, a hidden job).
    pub disabled: bool,
    /// It must be started by hand (GitLab `when: manual`, CircleCI approval).
    pub manual: bool,
    /// Its failure does not fail the run.
    pub failure_allowed: bool,
    /// Deployment environment that it names (`production`, `staging`).
    pub environment: Option<Observed<String>>,
    /// Container image that it runs in.
    pub image: Option<Observed<String>>,
    /// Service containers.
    pub services: Vec<Service>,
    /// Environment variables of workflow, job and system, name to value (secrets are never values here).
    pub env: Vec<(String, String)>,
    /// Matrix values, name to values (literal ones).
    pub matrix: Vec<(String, Vec<String>)>,
    /// Own triggers, narrower than the workflow's, where the job has rules, filters, a condition on the event or needs
    /// a job that has. Empty: no trigger of the workflow can start it.
    pub triggers: Option<Vec<Trigger>>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A service container of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its key.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Where.
    pub at: Location,
}

/// A step of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its name, when given.
    pub name: Option<String>,
    /// Where.
    pub at: Location,
    /// The action, orb command or plugin that it uses.
    pub uses: Option<Uses>,
    /// The commands that it runs, followed.
    pub commands: Vec<Command>,
    /// Condition under which it runs (capped source text).
    pub condition: Option<String>,
    /// It can never run.
    pub disabled: bool,
    /// Its failure does not fail the job, and why.
    pub failure_ignored: Option<String>,
    /// Its own environment variables, name to value (secrets are never values here).
    pub env: Vec<(String, String)>,
    /// Triggers under which it runs, where its own condition leaves some of the job's out.
    pub triggers: Option<Vec<Trigger>>,
}

impl Step {
    /// A step at a place, with nothing in it.
    pub fn new(at: Location) -> Self {
        Step {
            name: None,
            at,
            uses: None,
            commands: Vec::new(),
            condition: None,
            disabled: false,
            failure_ignored: None,
            env: Vec::new(),
            triggers: None,
        }
    }

    /// It can run and its failure counts.
    pub fn effective(&self) -> bool {
        !self.disabled && self.failure_ignored.is_none()
    }

    /// The place where this step really does work of this kind, if it does.
    pub fn does(&self, role: Role) -> Option<&Location> {
        if !self.effective() {
            return None;
        }
        if self.uses.as_ref().is_some_and(|uses| uses.roles.contains(&role)) {
            return Some(&self.at);
        }
        self.commands.iter().find(|command| command.really(role)).map(|command| &command.at)
    }
}

/// A step written by somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uses {
    /// `owner/repository/path`, orb or plugin name.
    pub name: String,
    /// Tag, branch or commit after the `@`.
    pub reference: Option<String>,
    /// Its inputs, name to value.
    pub inputs: Vec<(String, String)>,
    /// What kind of work it does.
    pub roles: Vec<Role>,
    /// Where.
    pub at: Location,
}

impl Uses {
    /// An input's value.
    pub fn input(&self, name: &str) -> Option<&str> {
        self.inputs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}
