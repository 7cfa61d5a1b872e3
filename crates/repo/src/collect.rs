//! Puts the rooms together: list, plan, scan, and let each room make its kind of fact.

use std::path::PathBuf;
use std::sync::LazyLock;

use rayon::{ThreadPool, ThreadPoolBuilder};
use seaworthy_facts::{Cut, Declared, FactKind, Facts, Repository};

use crate::change::Asked;
use crate::commands::Commands;
use crate::scan::{Needles, scan};
use crate::tree::{Limits, ListError, Tree};
use crate::{
    alerting, assets, capabilities, change, code, containers, documents, edge, error_handling, exposures,
    formats, infrastructure, launches, logging, migrations, packages, pages, pipelines, privacy, runtimes,
    schedules, schema, system,
};

/// What the collector needs.
#[derive(Debug, Clone)]
pub struct Input {
    /// The audited folder.
    pub folder: PathBuf,
    /// Further folders of the same system.
    pub with: Vec<PathBuf>,
    /// What the owners declare.
    pub declared: Declared,
    /// The change that is judged, where one was named.
    pub change: Option<Asked>,
}

/// Runs rooms side by side and names what they give.
macro_rules! side_by_side {
    ($($name:pat = $room:expr;)+) => { let joined!(names $($name,)+) = joined!(rooms $($room,)+); };
}

macro_rules! joined {
    (names $last:pat,) => { $last };
    (names $first:pat, $($rest:pat,)+) => { ($first, joined!(names $($rest,)+)) };
    (rooms $last:expr,) => { $last };
    (rooms $first:expr, $($rest:expr,)+) => { rayon::join(|| $first, || joined!(rooms $($rest,)+)) };
}

/// The threads that the rooms share. A thread that waits for one room takes up another one on top of it, and hostile
/// files are nested as deep as the limits allow: so their stacks are larger than usual.
static WORKERS: LazyLock<Option<ThreadPool>> =
    LazyLock::new(|| ThreadPoolBuilder::new().stack_size(16 * 1024 * 1024).build().ok());

/// Reads the folders and gives the facts.
///
/// # Errors
/// When a folder cannot be listed at all. Everything less is a problem inside the facts.
pub fn collect(input: &Input) -> Result<Facts, ListError> {
    match &*WORKERS {
        Some(workers) => workers.install(|| collect_here(input)),
        None => collect_here(input),
    }
}

fn collect_here(input: &Input) -> Result<Facts, ListError> {
    let tree = &Tree::open(&input.folder, &input.with, Limits::default())?;

    let mut needles = Needles::default();
    let pages_plan = &pages::plan(&mut needles);
    let privacy_plan = &privacy::plan(&mut needles);
    let packages_plan = packages::plan(tree, &mut needles);
    let capabilities_plan = &capabilities::plan(&mut needles);
    let system_plan = &system::plan(&mut needles);
    let migrations_plan = &migrations::plan(&mut needles);
    let code_plan = &code::plan(tree, &input.declared.items, input.change.is_some(), &mut needles);
    let error_handling_plan = &error_handling::plan(&mut needles);
    let infrastructure_plan = &infrastructure::plan(&mut needles);
    let schedules_plan = &schedules::plan(&mut needles);
    let assets_plan = &assets::plan(tree, &mut needles);
    let alerting_plan = &alerting::plan(&mut needles);
    let edge_plan = &edge::plan(&mut needles);
    let logging_plan = &logging::plan(&mut needles);
    let exposures_plan = &exposures::plan(&mut needles);
    let scan = &scan(tree, &needles);
    let declared = &input.declared;

    // Problems are put together in the order of the turns, whatever room comes to its end first.
    let commands_tree = &tree.turn(1);
    let commands = &Commands::new(commands_tree);
    side_by_side! {
        code = code::collect(&tree.turn(13), scan, code_plan);
        deployment = {
            side_by_side! {
                pipelines = pipelines::collect(&tree.turn(3), commands);
                launches = launches::collect(&tree.turn(4), commands);
                infrastructure =
                    infrastructure::collect(&tree.turn(5), scan, infrastructure_plan, commands);
            }
            let schedules = schedules::collect(&schedules::Seen {
                tree: &tree.turn(6),
                scan,
                plan: schedules_plan,
                commands,
                infrastructure: &infrastructure,
                pipelines: &pipelines,
            });
            (pipelines, launches, infrastructure, schedules)
        };
        parts = {
            side_by_side! {
                containers = containers::collect(&tree.turn(2));
                packages = packages::collect(&tree.turn(7), scan, packages_plan);
            }
            let capabilities =
                capabilities::collect(&tree.turn(8), scan, capabilities_plan, &packages, &containers);
            (containers, packages, capabilities)
        };
        documents = documents::collect(&tree.turn(12));
    }
    let (pipelines, launches, infrastructure, schedules) = &deployment;
    let (containers, packages, capabilities) = &parts;
    let system = system::collect(&system::Seen {
        tree: &tree.turn(9),
        scan,
        plan: system_plan,
        declared,
        capabilities,
        containers,
        pipelines,
        launches,
    });
    side_by_side! {
        stored = {
            let migrations = migrations::collect(&migrations::Seen {
                tree: &tree.turn(11),
                scan,
                plan: migrations_plan,
                system: &system,
                pipelines,
                launches,
            });
            let schema = schema::collect(&tree.turn(20), &migrations);
            let digest = system::migrations_digest(&tree.turn(u8::MAX), &migrations);
            (migrations, schema, digest)
        };
        repository = system::repository(&tree.turn(u8::MAX), scan, system_plan, &system);
        () = formats::check(&tree.turn(24), packages);
        logging = logging::collect(&tree.turn(22), scan, logging_plan, &system);
        edge = edge::collect(&edge::Seen {
            tree: &tree.turn(14),
            scan,
            plan: edge_plan,
            launches,
            packages,
            pipelines,
            schedules,
            commands,
            containers,
            infrastructure,
            system: &system,
        });
        shown = {
            let pages =
                pages::collect(&tree.turn(19), scan, pages_plan, &system, &privacy::is_foreign);
            let privacy = privacy::collect(&privacy::Seen {
                tree: &tree.turn(23),
                scan,
                plan: privacy_plan,
                packages,
                system: &system,
                pages: &pages,
                schedules,
            });
            (pages, privacy)
        };
        exposures = exposures::collect(&exposures::Seen {
            tree: &tree.turn(16),
            scan,
            plan: exposures_plan,
            declared,
            infrastructure,
        });
        assets = assets::collect(&assets::Seen {
            tree: &tree.turn(21),
            scan,
            plan: assets_plan,
            commands,
            launches,
            pipelines,
        });
        error_handling = error_handling::collect(&error_handling::Seen {
            tree: &tree.turn(15),
            scan,
            plan: error_handling_plan,
            system: &system,
        });
        change = change::collect(&change::Seen {
            tree: &tree.turn(17),
            scan,
            packages,
            asked: input.change.as_ref(),
        });
        alerting = alerting::collect(&tree.turn(18), scan, alerting_plan, infrastructure, pipelines);
        runtimes = runtimes::collect(&tree.turn(10), packages, containers, pipelines);
    }
    let (migrations, schema, migrations_digest) = stored;
    let (pages, privacy) = shown;
    let mut repository = Repository { migrations_digest, problems: tree.problems(), ..repository };
    let unread = packages::unread_manifests(&tree.turn(7));
    repository.cuts = tree
        .all_cuts()
        .into_iter()
        .chain(unread.into_iter().map(|manifest| (7, manifest)))
        .map(|(turn, left_out)| Cut { kinds: kinds(turn).to_vec(), left_out })
        .collect();
    let (pipelines, launches, infrastructure, schedules) = deployment;
    let (containers, packages, capabilities) = parts;

    Ok(Facts {
        declared: input.declared.clone().into(),
        repository: repository.into(),
        system: system.into(),
        capabilities: capabilities.into(),
        pipelines: pipelines.into(),
        launches: launches.into(),
        schedules: schedules.into(),
        packages: packages.into(),
        containers: containers.into(),
        runtimes: runtimes.into(),
        migrations: migrations.into(),
        documents: documents.into(),
        infrastructure: infrastructure.into(),
        code: code.into(),
        edge: edge.into(),
        error_handling: error_handling.into(),
        exposures: exposures.into(),
        change,
        alerting: alerting.into(),
        pages: pages.into(),
        schema: schema.into(),
        assets: assets.into(),
        logging: logging.into(),
        privacy: privacy.into(),
        ..Facts::default()
    })
}

/// The kinds of fact that the room with this turn makes.
fn kinds(turn: u8) -> &'static [FactKind] {
    use FactKind::*;
    match turn {
        // Before the pass: manifests, and what the rules ask for.
        0 => &[Packages, Code, Assets, System],
        // Commands are followed for all of these.
        1 => &[Pipelines, Launches, Infrastructure, Schedules],
        2 => &[Containers],
        3 => &[Pipelines],
        4 => &[Launches],
        5 => &[Infrastructure],
        6 => &[Schedules],
        // They tell what the system consists of.
        7 => &[Packages, System],
        8 => &[Capabilities],
        9 => &[System],
        10 => &[Runtimes],
        11 => &[Migrations],
        12 => &[Documents],
        13 => &[Code],
        14 => &[Edge],
        15 => &[ErrorHandling],
        16 => &[Exposures],
        17 => &[Change],
        18 => &[Alerting],
        19 => &[Pages],
        20 => &[Schema],
        21 => &[Assets],
        22 => &[Logging],
        23 => &[Privacy],
        _ => &[Repository],
    }
}
