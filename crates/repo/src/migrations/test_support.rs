//! Small trees for tests, read as a whole repository would be.
#![allow(clippy::unwrap_used)]

use seaworthy_facts::{Launches, MigrationSet, Migrations, Pipelines, System, WayBack};

use super::{Seen, collect, plan};
use crate::scan::{Needles, scan};
use crate::tree::{Limits, Tree};

/// The migrations of a folder that holds these files.
pub fn migrations(files: &[(&str, &str)]) -> Migrations {
    migrations_with(files, &System::default(), &Pipelines::default(), &Launches::default())
}

/// The same with facts of other rooms.
pub fn migrations_with(
    files: &[(&str, &str)],
    system: &System,
    pipelines: &Pipelines,
    launches: &Launches,
) -> Migrations {
    let folder = seaworthy_testkit::tree::folder(files);
    let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
    let mut needles = Needles::default();
    let plan = plan(&mut needles);
    let scan = scan(&tree, &needles);
    collect(&Seen { tree: &tree, scan: &scan, plan: &plan, system, pipelines, launches })
}

/// The only set of such a folder.
pub fn only_set(files: &[(&str, &str)]) -> MigrationSet {
    let migrations = migrations(files);
    assert_eq!(migrations.sets.len(), 1, "{:?}", migrations.sets);
    migrations.sets.into_iter().next().unwrap()
}

/// Newest first: name, whether it can be reversed, the kinds of its hazards.
pub fn outline(set: &MigrationSet) -> Vec<(&str, bool, Vec<&str>)> {
    set.newest
        .iter()
        .map(|migration| {
            (
                migration.name.as_str(),
                !matches!(migration.way_back, WayBack::No { .. }),
                migration.hazards.iter().map(|hazard| hazard.kind.as_str()).collect(),
            )
        })
        .collect()
}
