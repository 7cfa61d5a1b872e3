//! Third-party packages.

mod audited;
mod current;
mod lockfiles;
mod manifests;
mod pinned;
mod scanning;
mod unused;

use crate::Item;

/// The items of this section, in the order of the checklist.
pub static ITEMS: &[&Item] =
    &[&pinned::ITEM, &lockfiles::ITEM, &audited::ITEM, &scanning::ITEM, &current::ITEM, &unused::ITEM];

#[cfg(test)]
mod test_support {
    //! Builders that the tests of this section share.

    use seaworthy_facts::{
        CiSystem, Dependency, Ecosystem, Facts, Job, Location, Lock, Manifest, Pipelines, Scope, Step, Usage,
        Uses, Workflow,
    };
    use seaworthy_model::Status;

    use crate::{Context, Item};

    /// The status of one item.
    pub fn judge(item: &'static Item, facts: Facts) -> Status {
        let context = Context {
            now: jiff::Timestamp::UNIX_EPOCH,
            commit: None,
            migrations_digest: None,
            deployment: None,
            distributed: false,
            attestable: Vec::new(),
            change: false,
        };
        let reports = crate::judge(&facts, &context, &|candidate| candidate.id == item.id);
        assert_eq!(reports.len(), 1);
        reports[0].status
    }

    /// A manifest that ships, with one exact run-time dependency.
    pub fn manifest(ecosystem: Ecosystem, path: &str, lock: Lock) -> Manifest {
        Manifest {
            ecosystem,
            at: Location::file(path),
            folder: path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned(),
            ships: true,
            member_of: None,
            lock,
            dependencies: vec![Dependency {
                name: "a".to_owned(),
                requirement: "1.0.0".to_owned(),
                scope: Scope::Runtime,
                exact: true,
                resolved: None,
                at: Location::line(path, 2),
                usage: Usage::NotLooked,
            }],
            partial: false,
        }
    }

    /// A pipeline whose only step uses an action.
    pub fn workflow_using(name: &str, reference: &str) -> Pipelines {
        let at = Location::line(".github/workflows/ci.yml", 7);
        let uses = Uses {
            name: name.to_owned(),
            reference: Some(reference.to_owned()),
            inputs: Vec::new(),
            roles: Vec::new(),
            at: at.clone(),
        };
        let step = Step {
            name: None,
            at: at.clone(),
            uses: Some(uses),
            commands: Vec::new(),
            condition: None,
            disabled: false,
            failure_ignored: None,
            env: Vec::new(),
            triggers: None,
        };
        let job = Job {
            id: "build".to_owned(),
            at: None,
            needs: Vec::new(),
            condition: None,
            disabled: false,
            manual: false,
            failure_allowed: false,
            environment: None,
            image: None,
            services: Vec::new(),
            env: Vec::new(),
            matrix: Vec::new(),
            triggers: None,
            steps: vec![step],
        };
        let workflow = Workflow {
            system: CiSystem::GithubActions,
            name: "ci".to_owned(),
            at,
            triggers: Vec::new(),
            jobs: vec![job],
            unread: Vec::new(),
        };
        Pipelines { workflows: vec![workflow], ..Pipelines::default() }
    }
}
