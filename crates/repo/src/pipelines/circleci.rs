//! CircleCI: `.circleci/config.yml` with its commands, executors, orbs and parameters.

use seaworthy_facts::{
    CiSystem, Event, Job, Location, Observed, Service, Step, Trigger, Unread, Uses, Workflow,
};
use seaworthy_syntax::tree::{Node, Value};

use super::branches;
use super::github::substitute::put_in_variables;
use super::github::triggers::plain;
use super::reader::{Reader, Script, cap, overlay, texts, variables};
use crate::commands;
use crate::tree::{File, join};

/// Commands inside commands.
const DEEPEST: u32 = 8;

type Parameters = Vec<(String, String)>;

/// Reads the configuration and, for a dynamic one, the files that it continues with.
pub fn read(reader: &mut Reader) {
    let Some(file) =
        [".circleci/config.yml", ".circleci/config.yaml"].iter().find_map(|path| reader.file(path))
    else {
        return;
    };
    let Some(document) = reader.document(file, "CircleCI configuration") else { return };
    config(reader, file, &document);
    if document.get("setup").and_then(Node::as_bool) == Some(true) {
        let others: Vec<&File> = reader
            .yaml_files(".circleci", true)
            .into_iter()
            .filter(|other| other.path != file.path)
            .collect();
        if others.is_empty() {
            reader.unread("a CircleCI configuration that is made at run time", file.at());
        }
        for other in others {
            if let Some(document) = reader.document(other, "CircleCI configuration") {
                config(reader, other, &document);
            }
        }
    }
}

struct Config<'a> {
    file: &'a File,
    document: &'a Node,
    pipeline: Parameters,
}

/// Defaults of declared parameters.
fn defaults(node: Option<&Node>) -> Parameters {
    node.map(Node::map)
        .unwrap_or_default()
        .iter()
        .take(200)
        .filter_map(|(key, declaration)| Some((cap(&key.text), cap(&declaration.get("default")?.scalar()?))))
        .collect()
}

/// Puts parameters into a text: `<< parameters.x >>`.
fn put_in(text: &str, parameters: &Parameters) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("<<") {
        let Some(length) = rest[start..].find(">>") else { break };
        let end = start + length + 2;
        let name = rest[start + 2..end - 2].trim();
        result.push_str(&rest[..start]);
        match parameters.iter().find(|(known, _)| known == name) {
            Some((_, value)) => result.push_str(value),
            None => result.push_str(&rest[start..end]),
        }
        rest = &rest[end..];
    }
    result.push_str(rest);
    result
}

/// Parameters given in a call over the defaults, under the names that the inside uses.
fn given(node: Option<&Node>, defaults: Parameters, outer: &Parameters) -> Parameters {
    let mut found: Parameters =
        outer.iter().filter(|(name, _)| name.starts_with("pipeline.")).cloned().collect();
    let own: Parameters = node
        .map(Node::map)
        .unwrap_or_default()
        .iter()
        .filter_map(|(key, value)| Some((cap(&key.text), cap(&put_in(&value.scalar()?, outer)))))
        .collect();
    found.extend(
        overlay(&defaults, own).into_iter().map(|(name, value)| (format!("parameters.{name}"), value)),
    );
    found
}

/// Whether a `when` of logic statements holds.
fn logic(node: &Node, parameters: &Parameters, depth: u32) -> Option<bool> {
    if depth > 20 {
        return None;
    }
    if let Some(truth) = node.as_bool() {
        return Some(truth);
    }
    if let Some(text) = node.scalar() {
        let text = put_in(&text, parameters);
        return match text.as_str() {
            "false" | "" | "0" => Some(false),
            _ if text.contains("<<") => None,
            _ => Some(true),
        };
    }
    let (key, value) = node.map().first()?;
    let inner = || value.list().iter().map(|node| logic(node, parameters, depth + 1));
    match key.text.as_str() {
        "and" if inner().any(|truth| truth == Some(false)) => Some(false),
        "and" => inner().all(|truth| truth == Some(true)).then_some(true),
        "or" if inner().any(|truth| truth == Some(true)) => Some(true),
        "or" => inner().all(|truth| truth == Some(false)).then_some(false),
        "not" => logic(value, parameters, depth + 1).map(|truth| !truth),
        "equal" => {
            let values: Vec<String> =
                value.list().iter().filter_map(Node::scalar).map(|text| put_in(&text, parameters)).collect();
            let same = values.windows(2).all(|pair| pair[0] == pair[1]);
            (!values.iter().any(|value| value.contains("<<"))).then_some(same)
        }
        _ => None,
    }
}

fn config(reader: &mut Reader, file: &File, document: &Node) {
    let pipeline: Parameters = defaults(document.get("parameters"))
        .into_iter()
        .map(|(name, value)| (format!("pipeline.parameters.{name}"), value))
        .collect();
    let config = Config { file, document, pipeline };
    let Some(workflows) = document.get("workflows") else {
        // Version 2 runs the job named `build` on every push.
        if let Some(node) = document.path("jobs.build") {
            let at = file
                .at_line(document.get("jobs").and_then(|jobs| jobs.key("build")).map_or(1, |key| key.line));
            let mut unread = Vec::new();
            let job = config.job(reader, "build", node, &config.pipeline.clone(), at.clone(), &mut unread);
            reader.found.workflows.push(Workflow {
                system: CiSystem::CircleCi,
                name: "build".to_owned(),
                at: at.clone(),
                triggers: vec![plain(Event::Push, at)],
                jobs: vec![job],
                unread,
            });
        }
        return;
    };
    for (key, node) in reader.tree.some(file.at(), workflows.map(), 200, "workflows") {
        if !matches!(node.untagged().value, Value::Map(_)) {
            continue;
        }
        let at = file.at_line(key.line);
        let workflow = config.workflow(reader, &key.text, node, at.clone());
        reader.found.workflows.push(workflow);
    }
}

impl Config<'_> {
    fn at(&self, line: u32) -> Location {
        self.file.at_line(line)
    }

    fn workflow(&self, reader: &mut Reader, name: &str, node: &Node, at: Location) -> Workflow {
        let mut triggers = Vec::new();
        for trigger in node.get("triggers").map(Node::list).unwrap_or_default() {
            let Some(schedule) = trigger.get("schedule") else { continue };
            let mut found = plain(Event::Schedule, self.at(trigger.line));
            found.cron = schedule.get("cron").and_then(Node::scalar);
            triggers.push(found);
        }
        let condition = node.get("when").map(|when| logic(when, &self.pipeline, 0)).or_else(|| {
            node.get("unless").map(|unless| logic(unless, &self.pipeline, 0).map(|truth| !truth))
        });
        if triggers.is_empty() {
            match condition {
                // It runs when somebody sets the parameter.
                Some(Some(false)) => triggers.push(plain(Event::Manual, at.clone())),
                _ => {
                    triggers.push(plain(Event::Push, at.clone()));
                    triggers.push(plain(Event::Tag, at.clone()));
                }
            }
        }
        let scheduled = when_scheduled(node.get("when"));
        if scheduled {
            triggers = vec![plain(Event::Schedule, at.clone())];
        }
        let mut jobs: Vec<Job> = Vec::new();
        let mut unread = Vec::new();
        let entries = node.get("jobs").map(Node::list).unwrap_or_default();
        for entry in reader.tree.some(self.file.at_line(node.line), entries, 500, "jobs") {
            let (called, settings) = match entry.map().first() {
                Some((key, settings)) => (key.text.clone(), Some(settings)),
                None => (entry.scalar().unwrap_or_default(), None),
            };
            if called.is_empty() {
                continue;
            }
            self.called(reader, &called, settings, entry.line, &triggers, &mut jobs, &mut unread);
        }
        // What follows an approval waits for a person.
        for _ in 0..20 {
            let manual: Vec<String> =
                jobs.iter().filter(|job| job.manual).map(|job| job.id.clone()).collect();
            let mut changed = false;
            for job in &mut jobs {
                if !job.manual && job.needs.iter().any(|need| manual.contains(need)) {
                    job.manual = true;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        Workflow { system: CiSystem::CircleCi, name: cap(name), at, triggers, jobs, unread }
    }

    #[allow(clippy::too_many_arguments)]
    fn called(
        &self,
        reader: &mut Reader,
        called: &str,
        settings: Option<&Node>,
        line: u32,
        triggers: &[Trigger],
        jobs: &mut Vec<Job>,
        unread: &mut Vec<Unread>,
    ) {
        let at = self.at(line);
        let setting = |name: &str| settings.and_then(|settings| settings.get(name));
        let matrix =
            super::github::combinations(setting("matrix").and_then(|matrix| matrix.get("parameters")));
        let none = vec![Vec::new()];
        for combination in if matrix.is_empty() { &none } else { &matrix } {
            let definition = self.document.path("jobs").and_then(|jobs| jobs.get(called));
            let outer: Parameters = combination
                .iter()
                .map(|(name, value)| (format!("matrix.{name}"), value.clone()))
                .chain(self.pipeline.iter().cloned())
                .collect();
            let own = defaults(definition.and_then(|definition| definition.get("parameters")));
            let mut parameters = given(settings, own, &outer);
            for (name, value) in combination {
                parameters.retain(|(known, _)| *known != format!("parameters.{name}"));
                parameters.push((format!("parameters.{name}"), value.clone()));
            }
            let mut job = if setting("type").and_then(Node::as_str) == Some("approval") {
                Job { manual: true, at: Some(at.clone()), ..Job::default() }
            } else if let Some(definition) = definition {
                let line =
                    self.document.get("jobs").and_then(|jobs| jobs.key(called)).map_or(line, |key| key.line);
                self.job(reader, called, definition, &parameters, self.at(line), unread)
            } else {
                let mut job = Job { at: Some(at.clone()), ..Job::default() };
                let mut step = Step::new(at.clone());
                let uses = self.orb(called, settings, &at);
                if uses.roles.is_empty() && called.contains('/') {
                    unread.push(Unread {
                        what: format!("the job {} of an orb", cap(&uses.name)),
                        at: at.clone(),
                    });
                }
                step.uses = Some(uses);
                job.steps.push(step);
                job
            };
            // Steps that the call adds.
            for (position, name) in [(0, "pre-steps"), (usize::MAX, "post-steps")] {
                if let Some(steps) = setting(name) {
                    let mut more = Vec::new();
                    self.steps(reader, steps, &parameters, ".", &job.env, 0, &[], &mut more);
                    let position = position.min(job.steps.len());
                    job.steps.splice(position..position, more);
                }
            }
            let name = setting("name").and_then(Node::scalar).map(|name| put_in(&name, &outer));
            job.id = cap(&name.unwrap_or_else(|| called.to_owned()));
            job.needs = setting("requires")
                .map(Node::list)
                .unwrap_or_default()
                .iter()
                .filter_map(|need| {
                    need.scalar().or_else(|| need.map().first().map(|(key, _)| key.text.clone()))
                })
                .collect();
            let own = self.filtered(reader, setting("filters"), triggers);
            job.triggers = (own != triggers).then_some(own);
            jobs.push(job);
        }
    }

    /// The workflow's triggers under a job's `filters`.
    fn filtered(&self, reader: &Reader, filters: Option<&Node>, triggers: &[Trigger]) -> Vec<Trigger> {
        let list = |path: &str| -> Vec<String> {
            texts(filters.and_then(|filters| filters.path(path)))
                .iter()
                .flat_map(|pattern| branches::globs_of(pattern))
                .collect()
        };
        let (only, ignored) = (list("branches.only"), list("branches.ignore"));
        let (tags, tags_ignored) = (list("tags.only"), list("tags.ignore"));
        let with_tags = !tags.is_empty() || !tags_ignored.is_empty();
        let line = filters.map(|filters| filters.line);
        let mut found = Vec::new();
        for trigger in triggers {
            let mut trigger = trigger.clone();
            match trigger.event {
                Event::Push => {
                    if ignored.iter().any(|pattern| pattern == "**") {
                        continue;
                    }
                    trigger.branches.clone_from(&only);
                    trigger.branches_ignored.clone_from(&ignored);
                    trigger.default_branch = branches::take_default(&only, &ignored, reader.default_branch());
                }
                Event::Tag if with_tags => trigger.tags.clone_from(&tags),
                // Tags start nothing unless a filter names them.
                Event::Tag => continue,
                _ => {}
            }
            if let Some(line) = line {
                trigger.at = self.at(line);
            }
            found.push(trigger);
        }
        found
    }

    fn orb(&self, called: &str, settings: Option<&Node>, at: &Location) -> Uses {
        let (alias, rest) = called.split_once('/').unwrap_or((called, ""));
        let reference = self.document.get("orbs").and_then(|orbs| orbs.get(alias)).and_then(Node::scalar);
        let (name, version) = match reference.as_deref().map(|orb| orb.split_once('@').unwrap_or((orb, ""))) {
            Some((orb, version)) => (format!("{orb}/{rest}"), (!version.is_empty()).then(|| cap(version))),
            None => (called.to_owned(), None),
        };
        let inputs: Parameters = settings
            .map(Node::map)
            .unwrap_or_default()
            .iter()
            .filter_map(|(key, value)| {
                Some((cap(&key.text), super::reader::harmless(&key.text, &value.scalar()?)))
            })
            .collect();
        let mut roles = commands::roles_of_action(&name, &inputs);
        // The orb is known by its own name, whatever it is called here.
        let known = name.split_once('/').map_or(name.as_str(), |(_, orb)| orb);
        for other in [known, called] {
            if roles.is_empty() {
                roles = commands::roles_of_action(other, &inputs);
            }
        }
        Uses { name: cap(&name), reference: version, inputs, roles, at: at.clone() }
    }

    fn job(
        &self,
        reader: &mut Reader,
        id: &str,
        node: &Node,
        parameters: &Parameters,
        at: Location,
        _unread: &mut Vec<Unread>,
    ) -> Job {
        let executor = node.get("executor").and_then(|executor| {
            let name = executor.get("name").unwrap_or(executor).scalar()?;
            self.document.get("executors")?.get(&put_in(&name, parameters))
        });
        let setting =
            |name: &str| node.get(name).or_else(|| executor.and_then(|executor| executor.get(name)));
        let images: Vec<(String, u32)> = setting("docker")
            .map(Node::list)
            .unwrap_or_default()
            .iter()
            .filter_map(|entry| entry.get("image"))
            .filter_map(|image| Some((cap(&put_in(&image.scalar()?, parameters)), image.line)))
            .collect();
        let mut env =
            executor.and_then(|executor| executor.get("environment")).map(variables).unwrap_or_default();
        env = overlay(&env, node.get("environment").map(variables).unwrap_or_default());
        for (_, value) in &mut env {
            *value = cap(&put_in(value, parameters));
        }
        let folder = setting("working_directory").and_then(Node::scalar).unwrap_or_default();
        // The repository itself is checked out into the job's working directory.
        let home = put_in(&folder, parameters);
        let mut steps = Vec::new();
        if let Some(list) = node.get("steps") {
            self.steps(reader, list, parameters, &home, &env, 0, &[], &mut steps);
        }
        Job {
            id: cap(id),
            at: Some(at),
            image: images.first().map(|(image, line)| Observed::new(image.clone(), self.at(*line))),
            services: images
                .iter()
                .skip(1)
                .map(|(image, line)| Service {
                    name: image.clone(),
                    image: image.clone(),
                    at: self.at(*line),
                })
                .collect(),
            env,
            steps,
            ..Job::default()
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn steps(
        &self,
        reader: &mut Reader,
        list: &Node,
        parameters: &Parameters,
        home: &str,
        env: &[(String, String)],
        depth: u32,
        via: &[Location],
        found: &mut Vec<Step>,
    ) {
        if depth > DEEPEST {
            return;
        }
        for node in list.list() {
            let at = self.at(node.line);
            if !reader.step(&at) {
                return;
            }
            let (name, settings) = match node.map().first() {
                Some((key, settings)) => (key.text.clone(), Some(settings)),
                None => (node.scalar().unwrap_or_default(), None),
            };
            match (name.as_str(), settings) {
                ("run", Some(settings)) => {
                    let step = self.run(reader, settings, parameters, home, env, via, at);
                    found.push(step);
                }
                ("when" | "unless", Some(settings)) => {
                    let truth =
                        settings.get("condition").and_then(|condition| logic(condition, parameters, 0));
                    let runs = if name == "when" { truth } else { truth.map(|truth| !truth) };
                    if runs != Some(false)
                        && let Some(steps) = settings.get("steps")
                    {
                        self.steps(reader, steps, parameters, home, env, depth + 1, via, found);
                    }
                }
                _ => {
                    if let Some(command) = self.document.get("commands").and_then(|all| all.get(&name)) {
                        let inner = given(settings, defaults(command.get("parameters")), parameters);
                        let via: Vec<Location> = via.iter().cloned().chain([at]).collect();
                        if let Some(steps) = command.get("steps") {
                            self.steps(reader, steps, &inner, home, env, depth + 1, &via, found);
                        }
                    } else {
                        let mut step = Step::new(at.clone());
                        step.uses = Some(self.orb(&name, settings, &at));
                        found.push(step);
                    }
                }
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn run(
        &self,
        reader: &mut Reader,
        settings: &Node,
        parameters: &Parameters,
        home: &str,
        env: &[(String, String)],
        via: &[Location],
        at: Location,
    ) -> Step {
        let mut step = Step::new(at);
        let command = settings.get("command").unwrap_or(settings);
        step.name = settings.get("name").and_then(Node::scalar).map(|name| cap(&put_in(&name, parameters)));
        step.env = settings.get("environment").map(variables).unwrap_or_default();
        step.condition = settings
            .get("when")
            .and_then(Node::scalar)
            .filter(|when| when != "always")
            .map(|when| cap(&when));
        // Steps for after a failure are not part of a run that goes well.
        step.disabled = false;
        let text = put_in(&command.scalar().unwrap_or_default(), parameters);
        let mut all = overlay(env, step.env.clone());
        for (_, value) in &mut all {
            *value = put_in(value, parameters);
        }
        let folder = settings.get("working_directory").and_then(Node::scalar).unwrap_or_default();
        let folder = inside(&put_in(&folder, parameters), home);
        let script =
            Script { path: &self.file.path, line: command.line, folder: &folder, via, pipefail: true };
        step.commands = reader.follow(&put_in_variables(&text, &all), &script);
        step
    }
}

/// A working directory as a folder of the repository, which is checked out to `home`.
fn inside(folder: &str, home: &str) -> String {
    let home = home.trim_end_matches('/');
    let rest = match folder.strip_prefix(home) {
        Some(rest) if !home.is_empty() && (rest.is_empty() || rest.starts_with('/')) => rest,
        _ => folder
            .strip_prefix("~/project")
            .or_else(|| folder.strip_prefix("/home/circleci/project"))
            .unwrap_or(folder),
    };
    join(".", rest.trim_start_matches("~/").trim_start_matches('/')).unwrap_or_else(|| ".".to_owned())
}

/// `when: {equal: [scheduled_pipeline, << pipeline.trigger_source >>]}`.
fn when_scheduled(node: Option<&Node>) -> bool {
    let mut found = false;
    let mut negated = false;
    if let Some(node) = node {
        node.walk(&mut |path, node| {
            found |= node.as_str() == Some("scheduled_pipeline");
            negated |= path.contains(&"not");
        });
    }
    found && !negated
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::pipelines::test_support::{collect_from, job};
    use seaworthy_facts::Event;

    const CONFIG: &str = r#"version: 2.1
orbs: {node: circleci/node@5.1}
parameters:
  nightly: {type: boolean, default: false}
executors:
  base:
    docker:
      - image: cimg/node:20.1
      - image: cimg/postgres:16.1
commands:
  call:
    parameters: {what: {type: string, default: lint}}
    steps:
      - run: npm run << parameters.what >>
jobs:
  test:
    executor: base
    steps:
      - checkout
      - node/install-packages
      - call: {what: test}
      - run: {name: all, command: make all, working_directory: ~/project/app}
  deploy:
    machine: true
    steps: [{run: ./deploy.sh}]
workflows:
  main:
    jobs:
      - test
      - hold: {type: approval, requires: [test]}
      - deploy:
          requires: [hold]
          filters:
            branches: {only: main}
  nightly:
    when: << pipeline.parameters.nightly >>
    jobs: [test]
  weekly:
    triggers:
      - schedule: {cron: "0 0 * * 0", filters: {branches: {only: main}}}
    jobs: [test]
"#;

    #[test]
    fn workflows_commands_and_approvals() {
        let found = collect_from(&[(".circleci/config.yml", CONFIG)]);
        let main = &found.workflows[0];
        assert!(main.on_changes().is_some());
        let test = job(main, "test");
        assert_eq!(test.image.as_ref().unwrap().value, "cimg/node:20.1");
        assert_eq!(test.services[0].image, "cimg/postgres:16.1");
        assert_eq!(test.steps.len(), 4);
        assert_eq!(test.steps[1].uses.as_ref().unwrap().name, "circleci/node/install-packages");
        assert_eq!(test.steps[2].at.line_number(), Some(14));
        assert_eq!(test.steps[3].name.as_deref(), Some("all"));
        let deploy = job(main, "deploy");
        assert!(deploy.manual);
        assert_eq!(deploy.triggers.as_ref().unwrap()[0].default_branch, Some(true));
        assert_eq!(found.workflows[1].triggers[0].event, Event::Manual);
        assert_eq!(found.workflows[2].triggers[0].cron.as_deref(), Some("0 0 * * 0"));
    }

    #[test]
    fn tags_need_a_filter() {
        let found = collect_from(&[(
            ".circleci/config.yml",
            "version: 2.1\njobs:\n  publish: {machine: true, steps: [checkout]}\nworkflows:\n  w:\n    jobs:\n      - publish:\n          filters: {branches: {ignore: /.*/}, tags: {only: /^v.*/}}\n",
        )]);
        let triggers = found.workflows[0].jobs[0].triggers.as_ref().unwrap();
        assert_eq!((triggers.len(), triggers[0].event), (1, Event::Tag));
        assert_eq!(triggers[0].tags, ["v**"]);
    }
}
