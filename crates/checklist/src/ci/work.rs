//! Work that CI does: where, started by what, and why it may not count.

use seaworthy_facts::{Command, Event, Job, Location, Pipelines, Role, Step, Trigger, Unread, Workflow};

/// A step or one of its commands that does work of some kind.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// Its workflow.
    pub workflow: &'a Workflow,
    /// Its job.
    pub job: &'a Job,
    /// Its step.
    pub step: &'a Step,
    /// The command, where it is one.
    pub command: Option<&'a Command>,
    /// Its place among the steps of its job.
    pub position: usize,
}

/// All work of these kinds, in the order of the files.
pub fn all<'a>(pipelines: &'a Pipelines, roles: &[Role]) -> Vec<Work<'a>> {
    pipelines.jobs().flat_map(|(workflow, job)| of_job(workflow, job, roles)).collect()
}

/// The work of these kinds of one job.
pub fn of_job<'a>(workflow: &'a Workflow, job: &'a Job, roles: &[Role]) -> Vec<Work<'a>> {
    let mut found = Vec::new();
    for (position, step) in job.steps.iter().enumerate() {
        let work = Work { workflow, job, step, command: None, position };
        if step.uses.as_ref().is_some_and(|uses| uses.roles.iter().any(|role| roles.contains(role))) {
            found.push(work);
        }
        for command in &step.commands {
            if command.roles.iter().any(|role| roles.contains(role)) {
                found.push(Work { command: Some(command), ..work });
            }
        }
    }
    found
}

impl<'a> Work<'a> {
    /// Where it is written: the command itself, else the step.
    pub fn at(&self) -> &'a Location {
        self.command.map_or(&self.step.at, |command| &command.at)
    }

    /// What it is, in a few words.
    pub fn name(&self) -> String {
        let name = match (self.command, &self.step.uses) {
            (Some(command), _) => command.words.join(" "),
            (None, Some(uses)) => uses.name.clone(),
            (None, None) => self.job.id.clone(),
        };
        let line = name.lines().next().unwrap_or_default();
        let short: String = line.chars().take(70).collect();
        let short = if short.len() < name.len() {
            format!("`{}…`", short.trim_end())
        } else {
            format!("`{short}`")
        };
        // Written in a script or manifest that the step calls.
        if self.at().path() == self.step.at.path() {
            short
        } else {
            format!("{short} (called at {})", self.step.at)
        }
    }

    /// What starts it.
    pub fn triggers(&self) -> &'a [Trigger] {
        self.workflow.triggers_of(self.job, self.step)
    }

    /// Why it never does its work, if so.
    pub fn idle(&self) -> Option<String> {
        if self.job.disabled || self.step.disabled {
            return Some("it can never run".to_owned());
        }
        if let Some(missing) = self.command.and_then(|command| command.missing.as_ref()) {
            return Some(format!("{missing} does not exist"));
        }
        if let Some(pattern) = self.command.and_then(|command| command.selects_nothing.as_ref()) {
            return Some(format!("it selects nothing ({pattern})"));
        }
        (self.triggers().is_empty() && !self.workflow.triggers.is_empty())
            .then(|| "its condition never holds for what starts the workflow".to_owned())
    }

    /// Why its outcome does not matter, if so.
    pub fn masked(&self) -> Option<String> {
        if self.job.failure_allowed {
            return Some("the job may fail".to_owned());
        }
        if let Some(why) = &self.step.failure_ignored {
            return Some(format!("its failure is ignored ({why})"));
        }
        self.command
            .and_then(|command| command.ignored.as_ref())
            .map(|why| format!("its failure is ignored ({why})"))
    }

    /// Why it is no evidence, if so: it never runs, waits for a person, or cannot fail.
    pub fn void(&self) -> Option<String> {
        self.idle()
            .or_else(|| self.job.manual.then(|| "somebody must start it by hand".to_owned()))
            .or_else(|| self.masked())
    }

    /// The trigger for proposed changes.
    pub fn on_changes(&self) -> Option<&'a Trigger> {
        self.triggers().iter().find(|trigger| trigger.on_changes())
    }

    /// The trigger for changes of the default branch, or for proposed ones.
    pub fn on_default_branch(&self) -> Option<&'a Trigger> {
        self.on_changes().or_else(|| self.triggers().iter().find(|trigger| trigger.on_default_branch()))
    }

    /// The trigger by timetable.
    pub fn on_schedule(&self) -> Option<&'a Trigger> {
        self.triggers().iter().find(|trigger| trigger.event == Event::Schedule)
    }

    /// A trigger that needs no person besides whoever changes the repository.
    pub fn automatic(&self) -> Option<&'a Trigger> {
        self.triggers().iter().find(|trigger| is_automatic(trigger))
    }
}

/// Whether a trigger needs no person besides whoever changes the repository.
pub fn is_automatic(trigger: &Trigger) -> bool {
    !matches!(trigger.event, Event::Manual | Event::Called | Event::Other)
}

/// A trigger in words: "on pull requests".
pub fn when(trigger: &Trigger) -> String {
    let branches = || trigger.branches.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
    let mut text = match trigger.event {
        Event::PullRequest | Event::PullRequestTarget => "on pull requests".to_owned(),
        Event::Push if trigger.branches.is_empty() && trigger.default_branch == Some(false) => {
            "on pushes to other branches than the default one".to_owned()
        }
        Event::Push if trigger.branches.is_empty() => "on every push".to_owned(),
        Event::Push => format!("on pushes to {}", branches()),
        Event::Tag => "on tags".to_owned(),
        Event::Release => "on releases".to_owned(),
        Event::Schedule => match &trigger.cron {
            Some(cron) => format!("on a schedule ({cron})"),
            None => "on a schedule".to_owned(),
        },
        Event::Manual => "by hand".to_owned(),
        Event::WorkflowRun => "after another workflow".to_owned(),
        Event::Called => "when another workflow calls it".to_owned(),
        Event::MergeQueue => "in the merge queue".to_owned(),
        Event::Deployment => "after deployments".to_owned(),
        Event::Other => "on other events".to_owned(),
    };
    if !trigger.paths.is_empty() {
        text.push_str(&format!(
            " that touch {}",
            trigger.paths.iter().take(3).cloned().collect::<Vec<_>>().join(", ")
        ));
    }
    text
}

/// The triggers of some work in words.
pub fn when_all(triggers: &[Trigger]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for trigger in triggers {
        let text = when(trigger);
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.len() {
        0 => "never".to_owned(),
        1..=3 => texts.join(" and "),
        _ => format!("{} and more", texts[..3].join(", ")),
    }
}

/// What nobody reads and could hold work that these triggers start.
pub fn unread(pipelines: &Pipelines, starts: impl Fn(&Workflow) -> bool) -> Vec<Unread> {
    let mut found = pipelines.unread.clone();
    for workflow in pipelines.workflows.iter().filter(|workflow| starts(workflow)) {
        found.extend(workflow.unread.iter().cloned());
    }
    found
}

/// "6 workflows", "one workflow", "no CI configuration".
pub fn count(pipelines: &Pipelines) -> String {
    match pipelines.workflows.len() {
        0 => "there is no CI configuration".to_owned(),
        1 => "one workflow".to_owned(),
        many => format!("{many} workflows"),
    }
}

/// The environment that a deployment is for, as far as names tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Production, said in so many words.
    Production,
    /// Staging, a preview or another one beside production.
    Beside,
    /// Nothing says otherwise.
    Unsaid,
}

const PRODUCTION: [&str; 5] = ["production", "prod", "prd", "live", "release"];
const BESIDE: [&str; 22] = [
    "staging",
    "stage",
    "stg",
    "preview",
    "previews",
    "review",
    "dev",
    "development",
    "qa",
    "uat",
    "test",
    "testing",
    "sandbox",
    "demo",
    "preprod",
    "preproduction",
    "canary",
    "nightly",
    "pr",
    "acceptance",
    "acc",
    "integration",
];

/// What a name says about the environment.
pub fn target_of(name: &str) -> Target {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    if words.iter().any(|word| BESIDE.contains(word)) || lower.contains("pre-prod") {
        Target::Beside
    } else if words.iter().any(|word| PRODUCTION.contains(word)) {
        Target::Production
    } else {
        Target::Unsaid
    }
}

impl Work<'_> {
    /// The environment that it is for: by the job's own word, else by the names of command, step, job and workflow, the
    /// nearest first.
    pub fn target(&self) -> Target {
        if let Some(environment) = &self.job.environment {
            let said = target_of(&environment.value);
            if said != Target::Unsaid {
                return said;
            }
        }
        let file = self.workflow.at.path().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        let arguments = self.command.map(|command| environment_words(&command.words)).unwrap_or_default();
        let inputs = self.step.uses.as_ref().filter(|_| self.command.is_none()).map(|uses| {
            uses.inputs
                .iter()
                .filter(|(name, _)| {
                    let name = name.to_ascii_lowercase();
                    ["env", "stage", "target", "alias", "workspace", "namespace", "app", "service", "stack"]
                        .iter()
                        .any(|word| name.contains(word))
                })
                .map(|(_, value)| value.as_str())
                .collect::<Vec<_>>()
                .join(" ")
        });
        let near = [
            arguments.as_str(),
            inputs.as_deref().unwrap_or_default(),
            self.step.name.as_deref().unwrap_or_default(),
            self.job.id.as_str(),
        ];
        let far = [file, self.workflow.name.as_str()];
        for name in near.into_iter().chain(far) {
            match target_of(name) {
                Target::Unsaid => {}
                said => return said,
            }
        }
        let triggers = self.triggers();
        // A branch may be named after its environment.
        let branches: Vec<&String> = triggers.iter().flat_map(|trigger| &trigger.branches).collect();
        if !branches.is_empty() && branches.iter().all(|branch| target_of(branch) == Target::Beside) {
            return Target::Beside;
        }
        // What runs for pull requests alone is a preview.
        let previews = |trigger: &Trigger| {
            matches!(trigger.event, Event::PullRequest | Event::PullRequestTarget)
                && !trigger.types.iter().any(|kind| kind == "closed")
        };
        let labelled = |trigger: &Trigger| {
            matches!(trigger.event, Event::PullRequest | Event::PullRequestTarget)
                && trigger.types.iter().any(|kind| kind == "labeled")
        };
        if !triggers.is_empty() && triggers.iter().all(|trigger| previews(trigger) || labelled(trigger)) {
            return Target::Beside;
        }
        Target::Unsaid
    }

    /// The tool that does it: a program with its subcommand, or an action.
    pub fn tool(&self) -> String {
        match (self.command, &self.step.uses) {
            (Some(command), _) => {
                let mut words = command.words.iter().map(String::as_str);
                let program = words.next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
                let next = words.find(|word| !word.starts_with('-')).unwrap_or_default();
                format!("{program} {next}").trim().to_owned()
            }
            (None, Some(uses)) => uses.name.clone(),
            (None, None) => String::new(),
        }
    }
}

/// The words of a command that may name an environment: what is no path, address or image.
fn environment_words(words: &[String]) -> String {
    words
        .iter()
        .skip(1)
        .filter(|word| word.len() < 80 && !word.contains("://") && !word.contains("@"))
        .map(|word| word.rsplit('/').next().unwrap_or(word))
        .filter(|word| *word != "release" && *word != "test" && *word != "live")
        .collect::<Vec<_>>()
        .join(" ")
}
