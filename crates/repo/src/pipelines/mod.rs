//! Continuous integration: every system in its own file, all giving the same shape.
//!
//! What a file says is put in place before it becomes a fact: reusable workflows, composite actions, includes and
//! templates of the repository. What stands elsewhere is named as not read. Only files at the places that the systems
//! look at count, in the root of each audited folder.

mod branches;
mod circleci;
mod condition;
mod delivery;
mod drone;
mod environments;
mod github;
mod gitlab;
mod others;
mod owners;
mod reader;
mod services;
mod steplist;
mod when;
mod woodpecker;

use seaworthy_facts::Pipelines;

use crate::commands::Commands;
use crate::tree::Tree;
use reader::Reader;

/// The workflows of every CI system.
pub fn collect(tree: &Tree, commands: &Commands) -> Pipelines {
    let mut pipelines = Pipelines::default();
    for root in tree.roots() {
        let mut reader = Reader::new(tree, commands, root);
        github::read(&mut reader);
        gitlab::read(&mut reader);
        circleci::read(&mut reader);
        woodpecker::read(&mut reader);
        drone::read(&mut reader);
        delivery::read(&mut reader);
        others::read(&mut reader);
        owners::read(&mut reader);
        environments::read(&mut reader);
        let found = reader.finish();
        pipelines.workflows.extend(found.workflows);
        pipelines.unread.extend(found.unread);
        pipelines.owners.extend(found.owners);
        pipelines.environments.extend(found.environments);
    }
    pipelines.unread.extend(tree.cuts());
    pipelines
}

#[cfg(test)]
pub(crate) mod test_support {
    //! A tree of a few files, collected.
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::tree::Limits;
    use seaworthy_facts::{Job, Workflow};

    pub(crate) fn collect_from(files: &[(&str, &str)]) -> Pipelines {
        let folder = seaworthy_testkit::tree::folder(files);
        let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
        collect(&tree, &Commands::new(&tree))
    }

    pub(crate) fn only(pipelines: &Pipelines) -> &Workflow {
        assert_eq!(pipelines.workflows.len(), 1, "{pipelines:#?}");
        &pipelines.workflows[0]
    }

    pub(crate) fn job<'a>(workflow: &'a Workflow, id: &str) -> &'a Job {
        workflow.jobs.iter().find(|job| job.id == id).unwrap()
    }
}
