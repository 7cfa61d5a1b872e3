//! Steps: commands, actions, and composite actions of the repository put in place.

use seaworthy_facts::{Location, Step, Uses};
use seaworthy_syntax::tree::Node;

use super::jobs::both;
use super::matrix::{Combination, Matrix};
use super::substitute::{Known, put_in_variables};
use super::{Draft, Frame, variables_of};
use crate::commands;
use crate::pipelines::condition;
use crate::pipelines::reader::{Reader, Script, cap, overlay};
use crate::tree::join;

mod elsewhere;

/// Composite actions inside composite actions.
const DEEPEST: u32 = 8;

/// What surrounds the steps of a job or action.
pub struct Around<'a> {
    /// The file.
    pub frame: &'a Frame,
    /// Variables of workflow and job.
    pub env: &'a [(String, String)],
    /// The job's matrix.
    pub matrix: &'a Matrix,
    /// Default working directory.
    pub folder: Option<String>,
    /// Default shell.
    pub shell: Option<String>,
}

/// Reads the steps.
pub fn read(reader: &mut Reader, nodes: Option<&Node>, around: &Around, draft: &mut Draft) -> Vec<Step> {
    let mut found = Vec::new();
    let nodes = nodes.map(Node::list).unwrap_or_default();
    let checkout = around.frame.checkout.clone().or_else(|| checkout_folder(nodes));
    for node in nodes {
        let at = Location::line(around.frame.path.clone(), node.line);
        if !super::jobs::is_map(node) {
            continue;
        }
        if !reader.step(&at) {
            break;
        }
        one(reader, node, at, around, checkout.as_deref(), draft, &mut found);
    }
    elsewhere::told(&mut found);
    found
}

/// Where this repository itself is checked out to, when that is not the workspace.
fn checkout_folder(steps: &[Node]) -> Option<String> {
    let own = |step: &&Node| {
        step.get("uses").and_then(Node::as_str).is_some_and(|uses| uses.starts_with("actions/checkout@"))
            && step.path("with.repository").is_none()
    };
    let mut checkouts = steps.iter().filter(own);
    let path = checkouts.next()?.path("with.path").and_then(Node::scalar)?;
    if checkouts.next().is_some() || path.contains("${{") {
        return None;
    }
    join(".", &path).filter(|path| path != ".")
}

/// Actions that run a shell text, and the input that holds it.
const SHELL_INPUTS: &[(&str, &str)] = &[
    // https://github.com/appleboy/ssh-action
    ("appleboy/ssh-action", "script"),
    // https://github.com/nick-fields/retry
    ("nick-fields/retry", "command"),
    // https://github.com/Azure/cli
    ("azure/cli", "inlineScript"),
    ("Azure/cli", "inlineScript"),
];

fn one(
    reader: &mut Reader,
    node: &Node,
    at: Location,
    around: &Around,
    checkout: Option<&str>,
    draft: &mut Draft,
    found: &mut Vec<Step>,
) {
    let frame = around.frame;
    let text = |name: &str| node.get(name).and_then(Node::scalar);
    let own_env = variables_of(node);
    let env = overlay(around.env, own_env.clone());
    let plain = Known { inputs: frame.inputs.as_deref(), env: &env, combination: None };
    let condition = text("if").map(|condition| plain.bind_inputs(condition.trim()));

    let mut step = Step::new(at.clone());
    step.name = text("name").map(|name| cap(&plain.put_in(&name)));
    step.env = own_env.iter().map(|(name, value)| (name.clone(), cap(&plain.put_in(value)))).collect();
    step.condition = condition.as_deref().map(cap);

    // The combinations of the matrix under which it runs, told apart only where they make a difference.
    let mut texts: Vec<String> = ["if", "run", "uses", "working-directory", "shell", "continue-on-error"]
        .iter()
        .filter_map(|name| text(name))
        .chain(around.folder.clone())
        .chain(env.iter().map(|(_, value)| value.clone()))
        .collect();
    texts.extend(
        node.get("with").map(Node::map).unwrap_or_default().iter().filter_map(|(_, value)| value.scalar()),
    );
    let mut combinations = around.matrix.used_in(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let all = combinations.len();
    let base = Known { inputs: frame.inputs.as_deref(), env: &env, combination: None };
    if let Some(condition) = &condition {
        combinations
            .retain(|combination| condition::holds(condition, &base.with(combination)) != Some(false));
    }
    if combinations.is_empty() && all > 0 {
        step.disabled = true;
        combinations = vec![None];
    }
    let ignored = text("continue-on-error").is_some_and(|text| {
        combinations.iter().all(|combination| condition::holds(&text, &base.with(combination)) == Some(true))
    });
    if ignored {
        step.failure_ignored = Some("continue-on-error".to_owned());
    }

    if let Some(uses) = text("uses") {
        let line = node.key("uses").map_or(node.line, |key| key.line);
        let uses_at = Location::line(frame.path.clone(), line);
        if let Some(path) = uses.strip_prefix("./") {
            let path = match checkout {
                Some(folder) => path.strip_prefix(folder).map_or(path, |rest| rest.trim_start_matches('/')),
                None => path,
            };
            if composite(reader, path, node, &step, &combinations, around, &env, checkout, draft, found) {
                return;
            }
        }
        let (name, reference) = split_reference(&uses);
        let mut roles = Vec::new();
        let mut given = Vec::new();
        for combination in &combinations {
            let inputs = inputs(node.get("with"), &base.with(combination));
            let more = match name.strip_prefix("docker://") {
                Some(image) => commands::roles_of_image(image),
                None => commands::roles_of_action(&name, &inputs),
            };
            for role in more {
                if !roles.contains(&role) {
                    roles.push(role);
                }
            }
            if given.is_empty() {
                given = inputs;
            }
        }
        step.uses = Some(Uses { name, reference, inputs: given, roles, at: uses_at });
    }

    // An action that runs a shell text of its inputs, here or on another machine.
    let shell_input = step.uses.as_ref().and_then(|uses| {
        let input = SHELL_INPUTS.iter().find(|(name, _)| *name == uses.name)?.1;
        let given = node.get("with")?.get(input)?;
        // The whole text: what is kept of an input for people is shortened.
        let combination = combinations.first()?;
        Some((base.with(combination).put_in(&given.scalar()?), given.line))
    });
    if let Some((text, line)) = shell_input {
        let text = elsewhere::with_copied_scripts(reader, &text, found);
        let script = Script { path: &frame.path, line, folder: ".", via: &frame.via, pipefail: false };
        step.commands.extend(reader.follow(&text, &script));
    }
    if let (Some(run), Some(value)) = (text("run"), node.get("run")) {
        for combination in &combinations {
            let known = base.with(combination);
            let shell = text("shell").or_else(|| around.shell.clone()).map(|shell| known.put_in(&shell));
            if !understands_shell(shell.as_deref()) {
                continue;
            }
            let folder = text("working-directory").or_else(|| around.folder.clone());
            let folder = folder.map_or(".".to_owned(), |folder| known.put_in(&folder));
            let values: Vec<(String, String)> =
                env.iter().map(|(name, value)| (name.clone(), known.put_in(value))).collect();
            let run = put_in_variables(&known.put_in(&run), &values);
            let script = Script {
                path: &frame.path,
                line: value.line,
                folder: &working_folder(&folder, checkout),
                via: &frame.via,
                pipefail: shell.as_deref() == Some("bash"),
            };
            for command in reader.follow(&run, &script) {
                if !step.commands.contains(&command) {
                    step.commands.push(command);
                }
            }
        }
    }
    found.push(step);
}

impl<'a> Known<'a> {
    /// The same, for a combination of the matrix.
    fn with(&self, combination: &'a Option<Combination>) -> Known<'a> {
        Known { combination: combination.as_deref(), ..self.clone() }
    }
}

/// The folder in the repository that a working directory means.
fn working_folder(folder: &str, checkout: Option<&str>) -> String {
    let folder = folder.trim();
    let folder =
        ["${{ github.workspace }}", "${{github.workspace}}", "$GITHUB_WORKSPACE", "${GITHUB_WORKSPACE}"]
            .iter()
            .find_map(|workspace| folder.strip_prefix(workspace))
            .unwrap_or(folder)
            .trim_start_matches('/');
    let folder = join(".", folder).unwrap_or_else(|| ".".to_owned());
    match checkout {
        Some(checkout) => match folder.strip_prefix(checkout) {
            Some("") => ".".to_owned(),
            Some(rest) if rest.starts_with('/') => rest[1..].to_owned(),
            _ => folder,
        },
        None => folder,
    }
}

fn understands_shell(shell: Option<&str>) -> bool {
    let Some(shell) = shell else { return true };
    let program = shell.split_whitespace().next().unwrap_or(shell);
    // `nix develop -c bash -e {0}` and the like end in a shell.
    matches!(program, "bash" | "sh" | "zsh" | "dash" | "pwsh" | "powershell" | "cmd")
        || shell.contains("bash")
        || shell.contains(" sh")
}

/// `name@reference`.
pub fn split_reference(uses: &str) -> (String, Option<String>) {
    match uses.split_once('@') {
        Some((name, reference)) => (cap(name), Some(cap(reference))),
        None => (cap(uses), None),
    }
}

/// The inputs of a `with`, as far as known.
pub fn inputs(node: Option<&Node>, known: &Known) -> Vec<(String, String)> {
    let entries = node.map(Node::map).unwrap_or_default();
    entries
        .iter()
        .take(200)
        .filter_map(|(key, value)| {
            let text = known.put_in(&value.scalar()?);
            // Lists of image tags are longer than other texts.
            let text = if text.len() > 4_000 { cap(&text) } else { text };
            let name = cap(&key.text);
            Some((name.clone(), secretless(&name, text)))
        })
        .collect()
}

fn secretless(name: &str, value: String) -> String {
    let shown = crate::pipelines::reader::harmless(name, "x y");
    let reference = value.contains("${{") || value.starts_with('$');
    if shown != "x y" && !reference { shown } else { value }
}

/// Puts the steps of a composite action of the repository in place. False when it is none.
#[allow(clippy::too_many_arguments)]
fn composite(
    reader: &mut Reader,
    path: &str,
    node: &Node,
    caller: &Step,
    combinations: &[Option<Combination>],
    around: &Around,
    env: &[(String, String)],
    checkout: Option<&str>,
    draft: &mut Draft,
    found: &mut Vec<Step>,
) -> bool {
    if around.frame.depth >= DEEPEST {
        return false;
    }
    let path = path.trim_end_matches('/');
    let Some(file) =
        ["action.yml", "action.yaml"].iter().find_map(|name| reader.file(&format!("{path}/{name}")))
    else {
        return false;
    };
    let Some(document) = reader.document(file, "composite action") else { return false };
    if document.path("runs.using").and_then(Node::as_str) != Some("composite") {
        return false;
    }
    for combination in combinations {
        let known =
            Known { inputs: around.frame.inputs.as_deref(), env, combination: combination.as_deref() };
        let mut given = inputs(node.get("with"), &known);
        for (key, declaration) in document.get("inputs").map(Node::map).unwrap_or_default() {
            if given.iter().all(|(name, _)| *name != key.text)
                && let Some(default) = declaration.get("default").and_then(Node::scalar)
            {
                given.push((key.text.clone(), default));
            }
        }
        let frame = Frame {
            path: file.path.clone(),
            via: around.frame.via.iter().cloned().chain([caller.at.clone()]).collect(),
            inputs: Some(given),
            depth: around.frame.depth + 1,
            checkout: checkout.map(str::to_owned),
        };
        let inner = Around { frame: &frame, env, matrix: &Matrix::default(), folder: None, shell: None };
        for mut step in read(reader, document.path("runs.steps"), &inner, draft) {
            step.condition = both(caller.condition.as_deref(), step.condition.as_deref());
            step.disabled |= caller.disabled;
            step.failure_ignored = step.failure_ignored.or_else(|| caller.failure_ignored.clone());
            step.env = overlay(&caller.env, step.env);
            if !found.contains(&step) {
                found.push(step);
            }
        }
    }
    true
}
