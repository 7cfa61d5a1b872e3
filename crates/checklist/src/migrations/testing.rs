//! Facts for the tests of this section's items.
#![allow(clippy::unwrap_used)]

use seaworthy_facts::{
    CiSystem, Command, Containers, Database, Documents, Engine, Event, FactView, Facts, Hazard, Job,
    Launches, Location, Migration, MigrationSet, Migrations, Pipelines, Role, Service, Step, System, Trigger,
    WayBack, Workflow,
};
use seaworthy_model::Status;

use crate::Item;

/// The status of an item on these facts.
pub(crate) fn status(item: &Item, facts: &Facts) -> Status {
    let view = FactView::new(facts, item.reads);
    let context = crate::Context {
        now: jiff::Timestamp::UNIX_EPOCH,
        commit: None,
        migrations_digest: None,
        deployment: None,
        distributed: false,
        attestable: Vec::new(),
        change: false,
    };
    crate::settle(item, (item.evidence)(&view), &context).status
}

/// A system with one database and these sets; nothing else is there.
pub(crate) fn facts(engine: Engine, sets: Vec<MigrationSet>) -> Facts {
    Facts {
        system: System {
            databases: vec![Database {
                engine,
                at: Location::file("compose.yaml"),
                shown_by: "compose.yaml".into(),
                alternative: false,
            }],
            ..System::default()
        }
        .into(),
        migrations: migrations(sets).into(),
        pipelines: Pipelines::default().into(),
        launches: Launches::default().into(),
        containers: Containers::default().into(),
        documents: Documents::default().into(),
        ..Facts::default()
    }
}

/// These sets and nothing else.
pub(crate) fn migrations(sets: Vec<MigrationSet>) -> Migrations {
    Migrations { sets, ..Migrations::default() }
}

/// A set of reversible migrations that only add.
pub(crate) fn set(framework: &str, engine: Engine, count: u32) -> MigrationSet {
    MigrationSet {
        framework: framework.to_owned(),
        folders: vec!["db/migrate".into()],
        engine: Some(engine),
        count,
        newest: (0..count.min(20))
            .map(|number| Migration {
                name: number.to_string(),
                at: Location::file(format!("db/migrate/{number}.rb")),
                way_back: WayBack::Yes,
                only_adds: true,
                hazards: Vec::new(),
                creates: Vec::new(),
                lock_timeout: false,
            })
            .collect(),
        has_downs: true,
    }
}

/// Takes the way back from the newest so many.
pub(crate) fn one_way(set: &mut MigrationSet, number: usize) {
    for migration in set.newest.iter_mut().take(number) {
        migration.way_back = WayBack::No { why: "its way back is empty".into(), at: migration.at.clone() };
    }
}

/// Gives the newest an unsafe operation.
pub(crate) fn hazardous(set: &mut MigrationSet) {
    set.newest[0].hazards.push(Hazard {
        kind: "drop-column".into(),
        summary: "drops a column".into(),
        safe_form: "later".into(),
        table: None,
        at: Location::line("db/migrate/0.rb", 3),
    });
}

/// A command with a role.
pub(crate) fn command(words: &[&str], role: Role) -> Command {
    Command {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        text: words.join(" "),
        at: Location::line("ci.yml", 9),
        via: Vec::new(),
        roles: vec![role],
        ignored: None,
        missing: None,
        selects_nothing: None,
        condition: None,
    }
}

/// One job on pull requests that runs one command, with these service images.
pub(crate) fn pipelines(role: Role, images: &[&str]) -> Pipelines {
    let at = Location::file("ci.yml");
    let step = Step {
        name: None,
        at: at.clone(),
        uses: None,
        commands: vec![command(&["run", "it"], role)],
        condition: None,
        disabled: false,
        failure_ignored: None,
        env: Vec::new(),
        triggers: None,
    };
    let job = Job {
        id: "test".into(),
        services: images
            .iter()
            .map(|image| Service { name: "db".into(), image: (*image).to_owned(), at: at.clone() })
            .collect(),
        steps: vec![step],
        ..Job::default()
    };
    let trigger = Trigger {
        event: Event::PullRequest,
        branches: Vec::new(),
        branches_ignored: Vec::new(),
        tags: Vec::new(),
        paths: Vec::new(),
        paths_ignored: Vec::new(),
        types: Vec::new(),
        default_branch: None,
        cron: None,
        at: at.clone(),
    };
    let workflow = Workflow {
        system: CiSystem::GithubActions,
        name: "CI".into(),
        at,
        triggers: vec![trigger],
        jobs: vec![job],
        unread: Vec::new(),
    };
    Pipelines { workflows: vec![workflow], ..Pipelines::default() }
}
