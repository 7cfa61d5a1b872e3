use serde::{Deserialize, Serialize};

use crate::*;

/// What is run when the application is released and started, outside CI.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Launches {
    /// Each way to start.
    pub launches: Vec<Launch>,
    /// Deployment descriptions with a bearing on the way back (Kubernetes Deployments, Helm releases, ECS services, …).
    pub rollouts: Vec<Rollout>,
    /// Descriptions that are broken or too many, so that nothing can be concluded from what is not here.
    #[serde(default)]
    pub unread: Vec<Unread>,
}

/// A way to release or start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// When it is run.
    pub stage: Stage,
    /// What defines it (`Dockerfile`, `Procfile release`, `compose service app`, `fly release_command`, …).
    pub defined_by: String,
    /// Where.
    pub at: Location,
    /// The commands, followed.
    pub commands: Vec<Command>,
    /// It is meant for development only.
    pub development: bool,
}

/// When a launch happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// While the artefact is built.
    Build,
    /// Once per release, before the new version takes traffic.
    Release,
    /// At each start of a process.
    Start,
}

/// How new versions replace old ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// Lower-case key: `kubernetes-deployment`, `argo-rollout`, `flagger`, `helm-atomic`, `kamal`, `capistrano`,
    /// `ecs-circuit-breaker`, `code-deploy`, `shipit`, `version-input`, `blue-green`, `systemd`, …
    pub mechanism: String,
    /// One sentence on what was seen.
    pub summary: String,
    /// It gives a way back (a Deployment with `revisionHistoryLimit: 0` does not).
    pub way_back: bool,
    /// Where.
    pub at: Location,
}
