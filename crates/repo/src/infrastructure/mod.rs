//! Infrastructure as code, read as what it is: every resource with its settings, whatever the tool.
//!
//! One file for each tool; all give the same shape. Values are worked out as far as they follow from what the
//! repository holds (defaults, variables, overlays); what does not follow stays open.

mod charts;
mod cloud_formation;
mod compose;
mod flatten;
mod helm;
mod kubernetes;
pub mod manifests;
mod place;
mod platforms;
mod tasks;
mod terraform;

pub use flatten::flatten;
pub use place::is_development;

use seaworthy_facts::{Infrastructure, InfrastructureTool, Resource, Setting, Unread};

use crate::commands::Commands;
use crate::scan::{Hit, NeedleId, Needles, Scan};
use crate::tree::{Class, File, Tree};

/// Most resources in all.
const RESOURCES: usize = 5_000;
/// Most settings in all.
const SETTINGS: usize = 200_000;
/// Most notes of what is not read.
const UNREAD: usize = 200;

/// The literals that show which files of common formats describe infrastructure.
#[derive(Debug)]
pub struct Plan {
    cloud_formation: NeedleId,
    task_definition: NeedleId,
    helm: [NeedleId; 2],
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    Plan {
        cloud_formation: needles.text("AWS::"),
        task_definition: needles.word("containerDefinitions"),
        helm: [needles.text("helm upgrade"), needles.text("helm install")],
    }
}

/// Reads it.
pub fn collect(tree: &Tree, scan: &Scan, plan: &Plan, commands: &Commands) -> Infrastructure {
    let mut found = Found { tree, resources: Vec::new(), unread: Vec::new(), settings_left: SETTINGS };
    terraform::read(&mut found);
    let templates =
        files_of(tree, scan.hits(plan.cloud_formation), &["yml", "yaml", "json", "template", "cfn"]);
    cloud_formation::read(&mut found, &templates);
    compose::read(&mut found);
    let chart_folders = helm::folders(tree);
    kubernetes::read(&mut found, commands.manifests(), &chart_folders);
    let releases: Vec<Hit> = plan.helm.iter().flat_map(|needle| scan.hits(*needle)).cloned().collect();
    helm::read(&mut found, &chart_folders, &releases);
    charts::helmfiles(&mut found);
    platforms::read(&mut found);
    tasks::definitions(&mut found, &files_of(tree, scan.hits(plan.task_definition), &["json"]));
    tasks::ansible(&mut found);
    let mut unread = found.unread;
    unread.extend(commands.cuts().into_iter().chain(tree.cuts()));
    Infrastructure { resources: found.resources, unread }
}

/// The files of these hits that have one of these extensions and can ship.
fn files_of<'t>(tree: &'t Tree, hits: &[Hit], extensions: &[&str]) -> Vec<&'t File> {
    let mut places: Vec<usize> = hits.iter().map(|hit| hit.file).collect();
    places.dedup();
    places
        .into_iter()
        .map(|place| &tree.files()[place])
        .filter(|file| can_ship(file) && extensions.contains(&file.extension()))
        .collect()
}

/// What the readers share and add to.
struct Found<'t> {
    tree: &'t Tree,
    resources: Vec<Resource>,
    unread: Vec<Unread>,
    settings_left: usize,
}

/// A resource before it is kept.
struct Draft<'f> {
    tool: InfrastructureTool,
    kind: String,
    name: String,
    file: &'f File,
    line: u32,
    settings: Vec<Setting>,
    development: bool,
    off: Option<String>,
}

impl Found<'_> {
    /// Whether there is room for more.
    fn has_room(&self) -> bool {
        self.resources.len() < RESOURCES && self.settings_left > 0
    }

    /// Keeps a resource, as far as there is room.
    fn add(&mut self, draft: Draft) {
        if !self.has_room() {
            self.tree.cut(draft.file.at(), "more infrastructure than is kept; not all of it was read");
            return;
        }
        let mut settings = draft.settings;
        if settings.len() > self.settings_left {
            self.tree.cut(draft.file.at(), "more infrastructure than is kept; not all of it was read");
        }
        settings.truncate(self.settings_left);
        self.settings_left -= settings.len();
        self.resources.push(Resource {
            tool: draft.tool,
            kind: draft.kind.chars().take(200).collect(),
            name: draft.name.chars().take(200).collect(),
            settings,
            at: draft.file.at_line(draft.line.max(1)),
            development: draft.development,
            off: draft.off,
        });
    }

    /// Notes infrastructure code that nothing here reads.
    fn unread(&mut self, what: impl Into<String>, at: seaworthy_facts::Location) {
        let unread = Unread { what: what.into(), at };
        if self.unread.len() < UNREAD && !self.unread.contains(&unread) {
            self.unread.push(unread);
        }
    }

    /// Notes a file that is broken.
    fn broken(&mut self, file: &File, error: &seaworthy_syntax::ParseError) {
        self.tree.broken(&file.path, error);
        self.unread(format!("{} is broken and was not read", file.path), file.at());
    }
}

/// Whether a file can say what runs in production: examples, tests, documentation and vendored files cannot.
fn can_ship(file: &File) -> bool {
    matches!(file.class, Class::Shipped | Class::Development)
}

#[cfg(test)]
mod tests;
