//! Jobs: needs, conditions, matrix, services, environment, and calls of reusable workflows.

use seaworthy_facts::{Job, Location, Observed, Service, Step, Trigger, Unread};
use seaworthy_syntax::tree::{Node, Value};

use super::matrix::Matrix;
use super::substitute::Known;
use super::{Draft, Frame, steps, variables_of};
use crate::commands;
use crate::pipelines::condition;
use crate::pipelines::reader::{Reader, cap, overlay, texts};

/// Reusable workflows inside reusable workflows, as deep as the forge allows.
const DEEPEST: u32 = 4;

/// Reads the jobs of a workflow.
pub fn read(
    reader: &mut Reader,
    document: &Node,
    jobs: &Node,
    frame: &Frame,
    env: &[(String, String)],
    draft: &mut Draft,
) -> Vec<Job> {
    let mut found: Vec<Job> = Vec::new();
    // Names that stand for several jobs, because a reusable workflow was put in.
    let mut stands_for: Vec<(String, Vec<String>)> = Vec::new();
    for (key, node) in reader.tree.some(Location::file(frame.path.clone()), jobs.map(), 1_000, "jobs") {
        let at = Location::line(frame.path.clone(), key.line);
        let job = Outline::read(&key.text, node, at, frame, env);
        if let Some(called) = node.get("uses").and_then(Node::as_str) {
            let inner = call(reader, called, node, &job, frame, draft);
            if inner.len() != 1 || inner[0].id != key.text {
                stands_for.push((key.text.clone(), inner.iter().map(|job| job.id.clone()).collect()));
            }
            found.extend(inner);
        } else {
            let (mut built, known_env) = job.build();
            built.steps = steps::read(
                reader,
                node.get("steps"),
                &steps::Around {
                    frame,
                    env: &known_env,
                    matrix: &job.matrix,
                    folder: default(node, document, "working-directory"),
                    shell: default(node, document, "shell"),
                },
                draft,
            );
            found.push(built);
        }
    }
    for job in &mut found {
        job.needs = job
            .needs
            .iter()
            .flat_map(|need| match stands_for.iter().find(|(name, _)| name == need) {
                Some((_, inner)) => inner.clone(),
                None => vec![need.clone()],
            })
            .take(200)
            .collect();
    }
    found
}

/// `defaults.run` of the job, or of the workflow.
fn default(job: &Node, document: &Node, name: &str) -> Option<String> {
    let path = format!("defaults.run.{name}");
    job.path(&path).or_else(|| document.path(&path)).and_then(Node::scalar)
}

/// A job's settings, without what it does.
struct Outline<'a> {
    id: String,
    node: &'a Node,
    at: Location,
    frame: &'a Frame,
    env: Vec<(String, String)>,
    matrix: Matrix,
}

impl<'a> Outline<'a> {
    fn read(id: &str, node: &'a Node, at: Location, frame: &'a Frame, env: &[(String, String)]) -> Self {
        Outline {
            id: cap(id),
            node,
            at,
            frame,
            env: overlay(env, variables_of(node)),
            matrix: Matrix::read(node.path("strategy.matrix")),
        }
    }

    fn known(&self) -> Known<'_> {
        Known { inputs: self.frame.inputs.as_deref(), env: &self.env, combination: None }
    }

    fn condition(&self) -> Option<String> {
        let text = self.node.get("if").and_then(Node::scalar)?;
        Some(cap(&self.known().bind_inputs(text.trim())))
    }

    fn at_line(&self, line: u32) -> Location {
        Location::line(self.frame.path.clone(), line)
    }

    fn build(&self) -> (Job, Vec<(String, String)>) {
        let node = self.node;
        let known = self.known();
        let condition = self.condition();
        let observed = |value: &Node, line: u32| {
            value.scalar().map(|text| Observed::new(cap(&known.put_in(&text)), self.at_line(line)))
        };
        let named = |name: &str, inner: &str| {
            let value = node.get(name)?;
            let inner = value.get(inner).unwrap_or(value);
            observed(inner, inner.line)
        };
        let env: Vec<(String, String)> =
            self.env.iter().map(|(name, value)| (name.clone(), known.put_in(value))).collect();
        let job = Job {
            id: self.id.clone(),
            at: Some(self.at.clone()),
            needs: texts(node.get("needs")),
            disabled: condition.as_deref().is_some_and(|text| super::narrow::never(text, &Known::default())),
            condition,
            manual: false,
            failure_allowed: node.get("continue-on-error").is_some_and(always_true),
            environment: named("environment", "name"),
            image: named("container", "image"),
            services: services(node.get("services"), &self.frame.path, &known),
            env: env.clone(),
            matrix: self.matrix.values(),
            triggers: None,
            steps: Vec::new(),
        };
        (job, env)
    }
}

fn always_true(node: &Node) -> bool {
    node.as_bool() == Some(true)
        || node.as_str().is_some_and(|text| condition::holds(text, &Known::default()) == Some(true))
}

fn services(node: Option<&Node>, path: &str, known: &Known) -> Vec<Service> {
    let entries = node.map(Node::map).unwrap_or_default();
    entries
        .iter()
        .take(100)
        .filter_map(|(key, service)| {
            let image = service.get("image").unwrap_or(service).scalar()?;
            Some(Service {
                name: cap(&key.text),
                image: cap(&known.put_in(&image)),
                at: Location::line(path, service.get("image").map_or(key.line, |image| image.line)),
            })
        })
        .collect()
}

/// A job that calls a reusable workflow: the jobs of that workflow, when it is the repository's own.
fn call(
    reader: &mut Reader,
    called: &str,
    node: &Node,
    outline: &Outline,
    frame: &Frame,
    draft: &mut Draft,
) -> Vec<Job> {
    let line = node.key("uses").map_or(1, |key| key.line);
    let at = outline.at_line(line);
    let (mut caller, env) = outline.build();
    let own = called.strip_prefix("./");
    let file = own.and_then(|path| reader.file(path));
    let document = match file {
        Some(file) if frame.depth < DEEPEST => reader.document(file, "reusable workflow"),
        _ => None,
    };
    let (Some(file), Some(document)) = (file, document) else {
        let mut step = Step::new(at.clone());
        let (name, reference) = steps::split_reference(called);
        let inputs = steps::inputs(node.get("with"), &outline.known());
        let roles = commands::roles_of_action(&name, &inputs);
        if roles.is_empty() {
            let what = match own {
                Some(path) => format!("the reusable workflow {}, which is not there", cap(path)),
                None => format!("the reusable workflow {} of another repository", cap(called)),
            };
            draft.unread.push(Unread { what, at: at.clone() });
        }
        step.uses = Some(seaworthy_facts::Uses { name, reference, inputs, roles, at });
        caller.steps.push(step);
        return vec![caller];
    };
    draft.put_in.push(file.path.clone());
    let given = node.get("with");
    let declared = document.path("on.workflow_call.inputs").map(Node::map).unwrap_or_default();
    let given_texts: Vec<String> = given
        .map(|given| given.map().iter().filter_map(|(_, value)| value.scalar()).collect())
        .unwrap_or_default();
    let used = outline.matrix.used_in(&given_texts.iter().map(String::as_str).collect::<Vec<_>>());
    let several = used.len() > 1;
    let mut found = Vec::new();
    for combination in used {
        let known = Known { inputs: frame.inputs.as_deref(), env: &env, combination: combination.as_deref() };
        let mut inputs = steps::inputs(given, &known);
        for (key, declaration) in declared {
            if inputs.iter().all(|(name, _)| *name != key.text)
                && let Some(default) = declaration.get("default").and_then(Node::scalar)
            {
                inputs.push((key.text.clone(), default));
            }
        }
        let inner_frame = Frame {
            path: file.path.clone(),
            via: frame.via.iter().cloned().chain([outline.at.clone()]).collect(),
            inputs: Some(inputs),
            depth: frame.depth + 1,
            checkout: None,
        };
        let Some(jobs) = document.get("jobs") else { break };
        let inner = read(reader, &document, jobs, &inner_frame, &variables_of(&document), draft);
        let suffix = match &combination {
            Some(pairs) if several => {
                format!(" ({})", pairs.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", "))
            }
            _ => String::new(),
        };
        let id = |inner: &str| format!("{}{suffix} / {inner}", caller.id);
        let ids: Vec<String> = inner.iter().map(|job| job.id.clone()).collect();
        for mut job in inner {
            job.needs = job
                .needs
                .iter()
                .map(|need| if ids.contains(need) { id(need) } else { need.clone() })
                .collect();
            job.needs.extend(caller.needs.iter().cloned());
            job.id = id(&job.id);
            job.condition = both(caller.condition.as_deref(), job.condition.as_deref());
            job.disabled |= caller.disabled;
            job.failure_allowed |= caller.failure_allowed;
            found.push(job);
        }
    }
    found
}

/// Two conditions that must both hold.
pub fn both(outer: Option<&str>, inner: Option<&str>) -> Option<String> {
    let bare = |text: &str| {
        let text = text.trim();
        text.strip_prefix("${{")
            .and_then(|rest| rest.strip_suffix("}}"))
            .filter(|inner| !inner.contains("${{"))
            .unwrap_or(text)
            .trim()
            .to_owned()
    };
    match (outer, inner) {
        (None, inner) => inner.map(str::to_owned),
        (outer, None) => outer.map(str::to_owned),
        (Some(outer), Some(inner)) => Some(cap(&format!("({}) && ({})", bare(outer), bare(inner)))),
    }
}

/// Works out which of the workflow's triggers start each job and step: by its condition, and by the jobs it needs.
pub fn narrow(jobs: &mut [Job], triggers: &[Trigger], default: Option<&str>) {
    let mut left: Vec<Vec<Option<Trigger>>> = jobs
        .iter()
        .map(|job| {
            let known = Known { env: &job.env, ..Known::default() };
            triggers
                .iter()
                .map(|trigger| match &job.condition {
                    _ if job.disabled => None,
                    Some(condition) => super::narrow::narrow(trigger, condition, &known, default),
                    None => Some(trigger.clone()),
                })
                .collect()
        })
        .collect();
    // A chain of needs is as long as there are jobs; few are longer than this.
    for _ in 0..20 {
        let mut changed = false;
        for index in 0..jobs.len() {
            let runs_anyway = jobs[index].condition.as_deref().is_some_and(|text| {
                text.contains("always()") || text.contains("cancelled()") || text.contains("failure()")
            });
            if runs_anyway {
                continue;
            }
            for need in &jobs[index].needs {
                let Some(needed) = jobs.iter().position(|job| job.id == *need) else { continue };
                let others = left[needed].clone();
                for (own, other) in left[index].iter_mut().zip(&others) {
                    let narrowed = match (&own, other) {
                        (Some(own), Some(other)) => Some(super::narrow::both(own, other)),
                        _ => None,
                    };
                    if narrowed != *own {
                        *own = narrowed;
                        changed = true;
                    }
                }
            }
        }
        if !changed {
            break;
        }
    }
    for (job, left) in jobs.iter_mut().zip(left) {
        let left: Vec<Trigger> = left.into_iter().flatten().collect();
        for step in &mut job.steps {
            let Some(condition) = &step.condition else { continue };
            let env = overlay(&job.env, step.env.clone());
            let known = Known { env: &env, ..Known::default() };
            if super::narrow::never(condition, &known) {
                step.disabled = true;
            }
            let own: Vec<Trigger> = left
                .iter()
                .filter_map(|trigger| super::narrow::narrow(trigger, condition, &known, default))
                .collect();
            if own != left {
                step.triggers = Some(own);
            }
        }
        if left != triggers {
            job.triggers = Some(left);
        }
    }
}

/// Whether a node is a mapping.
pub fn is_map(node: &Node) -> bool {
    matches!(node.untagged().value, Value::Map(_))
}
