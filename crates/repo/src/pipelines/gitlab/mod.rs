//! GitLab CI: includes, `extends` and references put in place, rules evaluated.

mod rules;
mod value;

use std::rc::Rc;

use globset::GlobBuilder;
use seaworthy_facts::{
    CiSystem, Event, Job, Location, Observed, Service, Step, Trigger, Unread, Uses, Workflow,
};

use super::github::substitute::put_in_variables;
use super::reader::{Reader, Script, as_one_script, cap, harmless, overlay};
use crate::commands;
use crate::tree::{File, join};
use rules::{Part, Pipeline, Surroundings};
use value::{Item, Kind, merge};

/// Included files of one pipeline, as many as GitLab allows.
const FILES: usize = 150;
/// Levels of includes, `extends` and references.
const DEEPEST: u32 = 11;

/// Keys at the top that are no jobs.
const GLOBAL: [&str; 15] = [
    "default",
    "stages",
    "types",
    "variables",
    "workflow",
    "image",
    "services",
    "before_script",
    "after_script",
    "cache",
    "include",
    "spec",
    "pages:deploy",
    "cache_key",
    "artifacts",
];

/// Reads the pipeline.
pub fn read(reader: &mut Reader) {
    let Some(file) = [".gitlab-ci.yml", ".gitlab-ci.yaml"].iter().find_map(|path| reader.file(path)) else {
        return;
    };
    let mut config = Config::default();
    let path: Rc<str> = Rc::from(file.path.as_str());
    let whole = config.load(reader, file, 0).unwrap_or_else(|| Item::empty(&path));
    if whole.entries().is_empty() && config.templates.is_empty() {
        return;
    }
    let workflow = workflow(reader, file, &whole, config, false);
    reader.found.workflows.push(workflow);
}

/// What includes bring besides jobs of the repository.
#[derive(Default)]
struct Config {
    files: usize,
    templates: Vec<(String, Location)>,
    unread: Vec<Unread>,
}

impl Config {
    /// A file with its includes below it.
    fn load(&mut self, reader: &mut Reader, file: &File, depth: u32) -> Option<Rc<Item>> {
        self.files += 1;
        if self.files > FILES || depth > DEEPEST {
            return None;
        }
        let path: Rc<str> = Rc::from(file.path.as_str());
        // A header with `spec` may stand before the configuration.
        let document = reader.documents(file, "GitLab CI configuration").pop()?;
        let own = Item::of(&document, &path);
        let mut whole = Item::empty(&path);
        if let Some(include) = own.get("include") {
            for entry in include.list_or_single() {
                for included in self.include(reader, entry, depth) {
                    whole = merge(&whole, &included);
                }
            }
        }
        Some(merge(&whole, &own))
    }

    fn include(&mut self, reader: &mut Reader, entry: &Rc<Item>, depth: u32) -> Vec<Rc<Item>> {
        let at = Location::line(entry.path.to_string(), entry.line);
        let local = match entry.text() {
            Some(text) if text.contains("://") => {
                self.unread.push(Unread { what: format!("the CI file {}", cap(text)), at });
                return Vec::new();
            }
            Some(text) => text.to_owned(),
            None => match entry.get("local").and_then(|item| item.text()) {
                Some(text) => text.to_owned(),
                None => {
                    let text = |key: &str| entry.get(key).map(|item| item.texts()).unwrap_or_default();
                    for name in text("template").into_iter().chain(text("component")) {
                        self.templates.push((name, at.clone()));
                    }
                    for what in text("remote").into_iter().chain(text("project")) {
                        let what = format!("CI files of {what}, which are not in the repository");
                        self.unread.push(Unread { what, at: at.clone() });
                    }
                    return Vec::new();
                }
            },
        };
        let files = files_of(reader, &local, &entry.path);
        if files.is_empty() {
            self.unread
                .push(Unread { what: format!("the included file {}, which is not there", cap(&local)), at });
        }
        files.into_iter().filter_map(|file| self.load(reader, file, depth + 1)).collect()
    }
}

/// The files that a local include names; it may be a pattern.
fn files_of<'t>(reader: &Reader<'t, '_>, local: &str, from: &str) -> Vec<&'t File> {
    let local = local.trim_start_matches('/');
    if !local.contains('*') {
        let beside = || {
            let folder = reader.path_in_root(from).rsplit_once('/').map_or(".", |(folder, _)| folder);
            reader.file(&join(folder, local)?)
        };
        return reader.file(local).or_else(beside).into_iter().collect();
    }
    let Ok(glob) = GlobBuilder::new(local).literal_separator(true).build() else { return Vec::new() };
    let matcher = glob.compile_matcher();
    let files = reader.tree.files().iter().filter(|file| {
        matches!(file.extension(), "yml" | "yaml")
            && file.path.strip_prefix(reader.root.prefix.as_str()).is_some_and(|path| matcher.is_match(path))
    });
    reader.tree.first(files, FILES, "files that an include names")
}

fn workflow(reader: &mut Reader, file: &File, whole: &Rc<Item>, config: Config, child: bool) -> Workflow {
    let at = file.at();
    let mut unread = config.unread;
    let global = whole.get("variables").map(|item| variables(item)).unwrap_or_default();
    let workflow_rules =
        whole.get("workflow").and_then(|item| item.get("rules")).map(|item| flat(whole, item));
    let default = reader.default_branch();
    let mut jobs = Vec::new();
    let mut all: Vec<Trigger> = Vec::new();
    let allowed = |pipeline: &Pipeline, variables: &[(String, String)]| {
        let around = Surroundings { variables, default, child };
        let usual = Part {
            pipeline: pipeline.clone(),
            manual: false,
            failure_allowed: false,
            paths: Vec::new(),
            rule: None,
            at: at.clone(),
        };
        match &workflow_rules {
            Some(rules) => rules::by_rules(rules, pipeline, &around, &usual).is_some(),
            None => true,
        }
    };
    let mut stages: Vec<(String, usize)> = Vec::new();
    let order = stage_order(whole);
    for (name, line, _) in reader.tree.some(at.clone(), whole.entries(), 2_000, "jobs and settings") {
        if name.starts_with('.') || GLOBAL.contains(&name.as_str()) {
            continue;
        }
        let Some(job) = extended(whole, name, 0) else { continue };
        if ["script", "trigger", "run", "stage", "extends"].iter().all(|key| job.get(key).is_none()) {
            continue;
        }
        let job_path = whole.get(name).map_or_else(|| file.path.clone(), |item| item.path.to_string());
        let job_at = Location::line(job_path, *line);
        let variables =
            overlay(&global, job.get("variables").map(|item| variables(item)).unwrap_or_default());
        let around = Surroundings { variables: &variables, default, child };

        let when = job.get("when").and_then(|item| item.text());
        let manual = when == Some("manual");
        let failure_allowed = match job.get("allow_failure") {
            Some(item) => item.text() == Some("true"),
            None => manual && job.get("rules").is_none(),
        };
        let usual = Part {
            pipeline: Pipeline::Default,
            manual,
            failure_allowed,
            paths: Vec::new(),
            rule: None,
            at: job_at.clone(),
        };
        let rules = job.get("rules").map(|item| flat(whole, item));
        let mut texts: Vec<String> = rules
            .iter()
            .chain(&workflow_rules)
            .flatten()
            .filter_map(|rule| rule.get("if")?.text().map(str::to_owned))
            .collect();
        for item in [job.get("only"), job.get("except")].into_iter().flatten() {
            let refs = item.get("refs").unwrap_or(item);
            texts.extend(refs.texts().iter().map(|name| format!("BRANCH == \"{name}\"")));
        }
        let mut parts: Vec<Part> = rules::pipelines(&texts, default)
            .iter()
            .filter(|pipeline| allowed(pipeline, &variables))
            .filter_map(|pipeline| match &rules {
                Some(rules) => rules::by_rules(rules, pipeline, &around, &usual),
                None if job.get("only").is_some()
                    || job.get("except").is_some()
                    || workflow_rules.is_none() =>
                {
                    rules::by_only(job.get("only"), job.get("except"), pipeline, &around, &usual)
                }
                // With rules for the whole workflow, jobs without their own are in each of its pipelines.
                None => Some(Part { pipeline: pipeline.clone(), ..usual.clone() }),
            })
            .collect();
        // Pipelines by timetable or hand say nothing of their own about whether somebody must start the job.
        if parts.iter().any(|part| !part.manual) {
            parts.retain(|part| !part.manual);
        }
        let triggers = rules::triggers(&parts, &around);
        for trigger in &triggers {
            if all.iter().all(|other| other.event != trigger.event || other.branches != trigger.branches) {
                all.push(trigger.clone());
            }
        }
        let mut built = build(reader, whole, &job, name, job_at.clone(), &variables);
        built.manual = !parts.is_empty() && parts.iter().all(|part| part.manual);
        built.failure_allowed =
            if parts.is_empty() { failure_allowed } else { parts.iter().all(|part| part.failure_allowed) };
        built.disabled = when == Some("never") || parts.is_empty();
        built.condition = parts.first().and_then(|part| part.rule.clone());
        built.triggers = Some(triggers.clone());
        let stage = job.get("stage").and_then(|item| item.text()).unwrap_or("test");
        let position = order.iter().position(|name| name == stage).unwrap_or(order.len());
        if job.get("needs").is_none() {
            built.needs = stages
                .iter()
                .filter(|(_, earlier)| *earlier < position)
                .map(|(name, _)| name.clone())
                .take(200)
                .collect();
        }
        stages.push((built.id.clone(), position));
        if let Some(trigger) = job.get("trigger") {
            let children = downstream(reader, trigger, &built, child, &mut unread);
            jobs.extend(children);
        }
        jobs.push(built);
    }
    // Jobs may be written before those of earlier stages.
    for job in &mut jobs {
        let id = job.id.clone();
        let Some((_, position)) = stages.iter().find(|(name, _)| *name == id) else { continue };
        if !job.needs.is_empty() || extended(whole, &id, 0).is_some_and(|job| job.get("needs").is_some()) {
            continue;
        }
        job.needs = stages
            .iter()
            .filter(|(_, earlier)| earlier < position)
            .map(|(name, _)| name.clone())
            .take(200)
            .collect();
    }
    for (name, at) in config.templates {
        jobs.extend(template(&name, &at, &mut unread));
    }
    if all.is_empty() && !jobs.is_empty() {
        let around = Surroundings { variables: &global, default, child };
        let parts: Vec<Part> = rules::pipelines(&[], default)
            .into_iter()
            .filter(|pipeline| *pipeline != Pipeline::MergeRequest || workflow_rules.is_some())
            .filter(|pipeline| allowed(pipeline, &global))
            .map(|pipeline| Part {
                pipeline,
                manual: false,
                failure_allowed: false,
                paths: Vec::new(),
                rule: None,
                at: at.clone(),
            })
            .collect();
        all = rules::triggers(&parts, &around);
    }
    Workflow { system: CiSystem::GitlabCi, name: cap(file.name()), at, triggers: all, jobs, unread }
}

/// A template or component of GitLab's, as a job that does what it is known for.
fn template(name: &str, at: &Location, unread: &mut Vec<Unread>) -> Option<Job> {
    let roles = commands::roles_of_gitlab_template(name);
    if roles.is_empty() {
        // These only decide which pipelines there are.
        if !name.starts_with("Workflows/") {
            unread.push(Unread { what: format!("the CI template {}", cap(name)), at: at.clone() });
        }
        return None;
    }
    let (short, reference) =
        name.split_once('@').map_or((name, None), |(name, version)| (name, Some(cap(version))));
    let mut step = Step::new(at.clone());
    step.uses = Some(Uses { name: cap(short), reference, inputs: Vec::new(), roles, at: at.clone() });
    Some(Job { id: cap(name), at: Some(at.clone()), steps: vec![step], ..Job::default() })
}

/// The jobs of a child pipeline of the repository.
fn downstream(
    reader: &mut Reader,
    trigger: &Rc<Item>,
    parent: &Job,
    child: bool,
    unread: &mut Vec<Unread>,
) -> Vec<Job> {
    let at = Location::line(trigger.path.to_string(), trigger.line);
    let Some(include) = trigger.get("include") else {
        unread.push(Unread { what: "a pipeline of another project".to_owned(), at });
        return Vec::new();
    };
    if child {
        // Children of children are left out.
        unread.push(Unread { what: "a child pipeline of a child pipeline".to_owned(), at });
        return Vec::new();
    }
    let mut found = Vec::new();
    for entry in include.list_or_single() {
        let local = entry.text().or_else(|| entry.get("local").and_then(|item| item.text()));
        let files = local.map(|local| files_of(reader, local, &entry.path)).unwrap_or_default();
        let Some(file) = files.first() else {
            unread.push(Unread {
                what: "a child pipeline that is made at run time".to_owned(),
                at: at.clone(),
            });
            continue;
        };
        let mut config = Config::default();
        let Some(whole) = config.load(reader, file, 1) else { continue };
        let workflow = workflow(reader, file, &whole, config, true);
        unread.extend(workflow.unread);
        for mut job in workflow.jobs {
            let own = job.triggers.take().unwrap_or_default();
            let outer = parent.triggers.clone().unwrap_or_default();
            // It runs when the parent's job runs, as far as its own rules allow.
            job.triggers = Some(
                outer
                    .into_iter()
                    .filter(|trigger| {
                        own.iter().any(|own| own.event == trigger.event)
                            || trigger.event == Event::PullRequest && !own.is_empty()
                    })
                    .collect(),
            );
            job.id = format!("{} / {}", parent.id, job.id);
            job.manual |= parent.manual;
            job.failure_allowed |= parent.failure_allowed;
            found.push(job);
        }
    }
    found
}

fn stage_order(whole: &Rc<Item>) -> Vec<String> {
    let mut order = vec![".pre".to_owned()];
    match whole.get("stages") {
        Some(stages) => order.extend(stages.texts()),
        None => order.extend(["build", "test", "deploy"].map(str::to_owned)),
    }
    order.push(".post".to_owned());
    order
}

/// `variables`, where a value may be a mapping with `value`.
fn variables(item: &Item) -> Vec<(String, String)> {
    item.entries()
        .iter()
        .take(500)
        .filter_map(|(name, _, value)| {
            let value = value.get("value").map_or_else(|| value.text(), |value| value.text())?;
            Some((cap(name), harmless(name, value)))
        })
        .collect()
}

/// A job with what it extends below it.
fn extended(whole: &Rc<Item>, name: &str, depth: u32) -> Option<Rc<Item>> {
    let own = whole.get(name)?;
    if depth > DEEPEST || !matches!(own.kind, Kind::Map(_)) {
        return None;
    }
    let Some(extends) = own.get("extends") else { return Some(own.clone()) };
    let mut below = Item::empty(&own.path);
    for base in extends.texts().iter().take(20) {
        if let Some(base) = extended(whole, base, depth + 1) {
            below = merge(&below, &base);
        }
    }
    Some(merge(&below, own))
}

/// The members of a list with references put in and nested lists opened.
fn flat(whole: &Rc<Item>, item: &Rc<Item>) -> Vec<Rc<Item>> {
    let mut found = Vec::new();
    flatten(whole, item, 0, &mut found);
    found
}

fn flatten(whole: &Rc<Item>, item: &Rc<Item>, depth: u32, found: &mut Vec<Rc<Item>>) {
    if depth > DEEPEST || found.len() > 2_000 {
        return;
    }
    match &item.kind {
        Kind::List(items) => {
            for item in items {
                flatten(whole, item, depth + 1, found);
            }
        }
        Kind::Reference(path) => {
            let mut parts = path.iter();
            let target = parts.next().and_then(|name| extended(whole, name, 0));
            let target = parts.try_fold(target, |item, key| Some(item?.get(key).cloned())).flatten();
            if let Some(target) = target {
                flatten(whole, &target, depth + 1, found);
            }
        }
        Kind::Null => {}
        _ => found.push(item.clone()),
    }
}

fn build(
    reader: &mut Reader,
    whole: &Rc<Item>,
    job: &Rc<Item>,
    name: &str,
    at: Location,
    variables: &[(String, String)],
) -> Job {
    let inherits =
        job.get("inherit").and_then(|item| item.get("default")).and_then(|item| item.text()) != Some("false");
    let setting = |key: &str| {
        job.get(key)
            .or_else(|| whole.get("default").filter(|_| inherits).and_then(|default| default.get(key)))
            .or_else(|| whole.get(key).filter(|_| inherits))
            .cloned()
    };
    let put_in = |text: &str| put_in_variables(text, variables);
    let place = |item: &Item| Location::line(item.path.to_string(), item.line);
    let image = setting("image").and_then(|image| {
        let name = image.get("name").unwrap_or(&image);
        Some(Observed::new(cap(&put_in(name.text()?)), place(name)))
    });
    let services = setting("services")
        .map(|services| flat(whole, &services))
        .unwrap_or_default()
        .iter()
        .filter_map(|service| {
            let image = service.get("name").unwrap_or(service);
            let alias = service.get("alias").and_then(|alias| alias.text()).or_else(|| image.text())?;
            Some(Service { name: cap(alias), image: cap(&put_in(image.text()?)), at: place(image) })
        })
        .collect();
    let environment = job.get("environment").and_then(|environment| {
        let action = environment.get("action").and_then(|action| action.text()).unwrap_or("start");
        let name = environment.get("name").unwrap_or(environment);
        (action == "start").then_some(())?;
        Some(Observed::new(cap(&put_in(name.text()?)), place(name)))
    });
    let stops = job.get("environment").and_then(|item| item.get("action")).and_then(|item| item.text())
        == Some("stop");

    let combinations = parallel(job);
    let mut steps = Vec::new();
    for (keys, ignored) in
        [(&["before_script", "script"][..], None), (&["after_script"][..], Some("after_script"))]
    {
        let lines: Vec<Rc<Item>> =
            keys.iter().filter_map(|key| setting(key)).flat_map(|script| flat(whole, &script)).collect();
        let start = job.get(keys[keys.len() - 1]).map(|script| {
            Location::line(script.path.to_string(), job.key_line(keys[keys.len() - 1]).unwrap_or(script.line))
        });
        if lines.is_empty() || !reader.step(&at) {
            continue;
        }
        let mut step = Step::new(start.unwrap_or_else(|| at.clone()));
        step.name = Some(keys[keys.len() - 1].to_owned());
        step.failure_ignored = ignored.map(|key| format!("{key} does not fail the job"));
        if stops {
            step.name = Some("stops the environment".to_owned());
            step.condition = Some("the environment is stopped".to_owned());
        }
        for combination in &combinations {
            for command in script(reader, &lines, &overlay(variables, combination.clone())) {
                if !step.commands.contains(&command) {
                    step.commands.push(command);
                }
            }
        }
        steps.push(step);
    }
    Job {
        id: cap(name),
        at: Some(at),
        needs: job
            .get("needs")
            .map(|needs| {
                flat(whole, needs)
                    .iter()
                    .filter_map(|need| need.get("job").unwrap_or(need).text().map(cap))
                    .collect()
            })
            .unwrap_or_default(),
        environment,
        image,
        services,
        env: variables.to_vec(),
        matrix: Vec::new(),
        steps,
        ..Job::default()
    }
}

/// The combinations of `parallel: matrix`.
fn parallel(job: &Rc<Item>) -> Vec<Vec<(String, String)>> {
    let mut found: Vec<Vec<(String, String)>> = Vec::new();
    let entries = job.get("parallel").and_then(|item| item.get("matrix"));
    for entry in entries.map(|item| item.list_or_single()).unwrap_or_default() {
        let mut combinations = vec![Vec::new()];
        for (name, _, values) in entry.entries() {
            combinations = combinations
                .iter()
                .flat_map(|combination| {
                    values.texts().into_iter().map(|value| {
                        let mut combination: Vec<(String, String)> = combination.clone();
                        combination.push((name.clone(), value));
                        combination
                    })
                })
                .take(32)
                .collect();
        }
        found.extend(combinations);
    }
    found.truncate(32);
    if found.is_empty() {
        found.push(Vec::new());
    }
    found
}

/// The entries of a script, which one shell runs: a `cd` holds for what follows.
fn script(
    reader: &Reader,
    lines: &[Rc<Item>],
    variables: &[(String, String)],
) -> Vec<seaworthy_facts::Command> {
    let mut found = Vec::new();
    let mut folder = ".".to_owned();
    let mut rest = lines;
    while let Some(first) = rest.first() {
        // As many entries as stand below each other in one file make one script.
        let mut together: Vec<(String, u32)> = Vec::new();
        let mut length = 0;
        for item in rest {
            let Some(text) = item.text() else { break };
            if item.path != first.path {
                break;
            }
            together.push((put_in_variables(text, variables), item.line));
            if as_one_script(&together).is_none() {
                together.pop();
                break;
            }
            length += 1;
        }
        if let Some((text, line)) = as_one_script(&together) {
            let text = text.replace("$CI_PROJECT_DIR/", "").replace("${CI_PROJECT_DIR}/", "");
            let script = Script { path: &first.path, line, folder: &folder, via: &[], pipefail: true };
            found.extend(reader.follow(&text, &script));
        }
        for (text, _) in &together {
            let change = text.trim().strip_prefix("cd ").map(|target| target.trim_matches(['"', '\'', ' ']));
            if let Some(target) = change
                && !target.contains(char::is_whitespace)
                && let Some(inside) = join(&folder, target.trim_start_matches("$CI_PROJECT_DIR/"))
            {
                folder = inside;
            }
        }
        rest = &rest[length.max(1)..];
    }
    found
}

#[cfg(test)]
mod tests;
