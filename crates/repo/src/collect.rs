//! Puts the rooms together: list, plan, scan, and let each room make its kind of fact.

use std::path::PathBuf;

use seaworthy_facts::{Declared, Facts};

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

/// Reads the folders and gives the facts.
///
/// # Errors
/// When a folder cannot be listed at all. Everything less is a problem inside the facts.
pub fn collect(input: &Input) -> Result<Facts, ListError> {
    let tree = Tree::open(&input.folder, &input.with, Limits::default())?;

    let mut needles = Needles::default();
    let pages_plan = pages::plan(&mut needles);
    let privacy_plan = privacy::plan(&mut needles);
    let packages_plan = packages::plan(&tree, &mut needles);
    let capabilities_plan = capabilities::plan(&mut needles);
    let system_plan = system::plan(&mut needles);
    let migrations_plan = migrations::plan(&mut needles);
    let code_plan = code::plan(&tree, &input.declared.items, &mut needles);
    let error_handling_plan = error_handling::plan(&mut needles);
    let infrastructure_plan = infrastructure::plan(&mut needles);
    let schedules_plan = schedules::plan(&mut needles);
    let assets_plan = assets::plan(&tree, &mut needles);
    let alerting_plan = alerting::plan(&mut needles);
    let edge_plan = edge::plan(&mut needles);
    let logging_plan = logging::plan(&mut needles);
    let exposures_plan = exposures::plan(&mut needles);
    let scan = scan(&tree, &needles);

    let commands = Commands::new(&tree);
    let containers = containers::collect(&tree);
    let pipelines = pipelines::collect(&tree, &commands);
    let launches = launches::collect(&tree, &commands);
    let infrastructure = infrastructure::collect(&tree, &scan, &infrastructure_plan, &commands);
    let schedules = schedules::collect(&schedules::Seen {
        tree: &tree,
        scan: &scan,
        plan: &schedules_plan,
        commands: &commands,
        infrastructure: &infrastructure,
        pipelines: &pipelines,
    });
    let packages = packages::collect(&tree, &scan, packages_plan, &launches);
    let capabilities = capabilities::collect(&tree, &scan, &capabilities_plan, &packages, &containers);
    let system = system::collect(&system::Seen {
        tree: &tree,
        scan: &scan,
        plan: &system_plan,
        declared: &input.declared,
        capabilities: &capabilities,
        containers: &containers,
        pipelines: &pipelines,
        launches: &launches,
    });
    let runtimes = runtimes::collect(&tree, &packages, &containers, &pipelines);
    let migrations = migrations::collect(&migrations::Seen {
        tree: &tree,
        scan: &scan,
        plan: &migrations_plan,
        system: &system,
        pipelines: &pipelines,
        launches: &launches,
    });
    let documents = documents::collect(&tree);
    let code = code::collect(&tree, &scan, &code_plan);
    let edge = edge::collect(&edge::Seen {
        tree: &tree,
        scan: &scan,
        plan: &edge_plan,
        launches: &launches,
        packages: &packages,
        pipelines: &pipelines,
        schedules: &schedules,
        commands: &commands,
        containers: &containers,
        infrastructure: &infrastructure,
        system: &system,
    });
    let error_handling = error_handling::collect(&error_handling::Seen {
        tree: &tree,
        scan: &scan,
        plan: &error_handling_plan,
        system: &system,
    });
    let exposures = exposures::collect(&exposures::Seen {
        tree: &tree,
        scan: &scan,
        plan: &exposures_plan,
        declared: &input.declared,
        infrastructure: &infrastructure,
    });
    let change = change::collect(&change::Seen {
        tree: &tree,
        scan: &scan,
        packages: &packages,
        asked: input.change.as_ref(),
    });
    let alerting = alerting::collect(&tree, &scan, &alerting_plan, &infrastructure, &pipelines);
    let pages = pages::collect(&tree, &scan, &pages_plan, &system, &privacy::is_foreign);
    let schema = schema::collect(&tree, &migrations);
    let assets = assets::collect(&assets::Seen {
        tree: &tree,
        scan: &scan,
        plan: &assets_plan,
        commands: &commands,
        launches: &launches,
        pipelines: &pipelines,
    });
    let logging = logging::collect(&tree, &scan, &logging_plan, &system);
    let privacy = privacy::collect(&privacy::Seen {
        tree: &tree,
        scan: &scan,
        plan: &privacy_plan,
        packages: &packages,
        system: &system,
        pages: &pages,
        schedules: &schedules,
    });
    formats::check(&tree, &packages);
    // Last, so that the problems of every room are in it.
    let repository = system::repository(&tree, &scan, &system_plan, &system, &migrations);

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
