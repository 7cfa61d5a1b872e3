//! GitHub Actions, and Forgejo's and Gitea's, which read the same files.

mod jobs;
mod matrix;
mod narrow;
mod steps;
pub(super) mod substitute;
pub(super) mod triggers;

use seaworthy_facts::{CiSystem, Event, Location, Unread, Workflow};
use seaworthy_syntax::tree::Node;

use super::reader::{Reader, cap, variables};
use crate::tree::File;

/// Folders and whose they are.
const FOLDERS: [(&str, CiSystem); 3] = [
    (".github/workflows", CiSystem::GithubActions),
    (".forgejo/workflows", CiSystem::ForgejoActions),
    (".gitea/workflows", CiSystem::ForgejoActions),
];

/// How a file of the repository is put into another one.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// The file's path as in [`File::path`].
    pub path: String,
    /// How it was reached.
    pub via: Vec<Location>,
    /// Inputs handed in, or their defaults; none for a workflow that events start.
    pub inputs: Option<Vec<(String, String)>>,
    /// How many files deep.
    pub depth: u32,
    /// Folder into which the repository is checked out, where that is not the workspace itself.
    pub checkout: Option<String>,
}

/// A workflow while it is read.
pub struct Draft<'a> {
    /// Parts not followed.
    pub unread: &'a mut Vec<Unread>,
    /// Reusable workflows that were put in.
    pub put_in: &'a mut Vec<String>,
}

/// Reads the workflows.
pub fn read(reader: &mut Reader) {
    let mut put_in = Vec::new();
    let first = reader.found.workflows.len();
    for (folder, system) in FOLDERS {
        for file in reader.yaml_files(folder, false) {
            if let Some(workflow) = workflow(reader, file, system, &mut put_in) {
                reader.found.workflows.push(workflow);
            }
        }
    }
    // What is only ever called stands where it is called.
    for workflow in &mut reader.found.workflows[first..] {
        if workflow.triggers.iter().all(|trigger| trigger.event == Event::Called)
            && workflow.at.path().is_some_and(|path| put_in.iter().any(|other| other == path))
        {
            workflow.jobs.clear();
        }
    }
}

fn workflow(
    reader: &mut Reader,
    file: &File,
    system: CiSystem,
    put_in: &mut Vec<String>,
) -> Option<Workflow> {
    let document = reader.document(file, "workflow")?;
    let (Some(on), Some(jobs)) = (document.get("on"), document.get("jobs")) else {
        if !document.map().is_empty() {
            reader.unread("a workflow without `on` or `jobs`", file.at());
        }
        return None;
    };
    let line = document.key("on").map_or(1, |key| key.line);
    let triggers = triggers::read(on, line, &file.path, reader.default_branch());
    let mut unread = Vec::new();
    let frame = Frame { path: file.path.clone(), ..Frame::default() };
    let env = variables_of(&document);
    let mut draft = Draft { unread: &mut unread, put_in };
    let mut jobs = jobs::read(reader, &document, jobs, &frame, &env, &mut draft);
    jobs::narrow(&mut jobs, &triggers, reader.default_branch());
    Some(Workflow {
        system,
        name: document
            .get("name")
            .and_then(Node::scalar)
            .map_or_else(|| file.name().to_owned(), |name| cap(&name)),
        at: file.at(),
        triggers,
        jobs,
        unread,
    })
}

/// The combinations of a matrix that is written out, as Woodpecker has it too.
pub(super) fn combinations(node: Option<&Node>) -> Vec<Vec<(String, String)>> {
    let mut combinations = matrix::Matrix::read(node).combinations;
    combinations.truncate(32);
    combinations
}

/// The `env` of a level.
fn variables_of(node: &Node) -> Vec<(String, String)> {
    node.get("env").map(variables).unwrap_or_default()
}

#[cfg(test)]
mod tests;
