//! What browsers are sent: images, bundles, and how long they may keep them.

mod builds;
mod caching;
mod images;
mod plain;
#[cfg(test)]
mod tests;

use seaworthy_facts::{Assets, Launches, Pipelines};

use crate::commands::Commands;
use crate::scan::{Needles, Scan};
use crate::tree::{Class, File, Tree};

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    builds: builds::Plan,
    caching: caching::Plan,
    images: images::Plan,
}

/// What this room reads.
pub struct Seen<'a, 't> {
    /// The files.
    pub tree: &'t Tree,
    /// The hits.
    pub scan: &'a Scan,
    /// The literals.
    pub plan: &'a Plan,
    /// Follows commands.
    pub commands: &'a Commands<'t>,
    /// What is run when images are built and at release.
    pub launches: &'a Launches,
    /// Continuous integration.
    pub pipelines: &'a Pipelines,
}

/// Adds the literals of caching headers and build settings, and the names of large images.
pub fn plan(tree: &Tree, needles: &mut Needles) -> Plan {
    Plan {
        builds: builds::plan(needles),
        caching: caching::plan(needles),
        images: images::plan(tree, needles),
    }
}

/// Reads it.
pub fn collect(seen: &Seen) -> Assets {
    let mut assets = Assets::default();
    images::collect(seen, &mut assets);
    builds::collect(seen, &mut assets);
    caching::collect(seen, &mut assets);
    assets.plain_sources = plain::collect(seen);
    assets
}

/// How a folder's files reach browsers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// A web server hands out the folder as it is.
    Served,
    /// Only what the code names.
    ByName,
    /// Not at all.
    Never,
}

/// How a file reaches browsers, as far as its path tells.
fn reach(file: &File) -> Reach {
    const NEVER: &[&str] = &[
        "doc",
        "docs",
        "documentation",
        "screenshot",
        "screenshots",
        "design",
        "designs",
        "mockup",
        "mockups",
        "wireframes",
        "wiki",
        "storybook",
        "android",
        "ios",
        "macos",
        "windows",
        "linux",
        "fastlane",
        "snap",
        "debian",
        "flatpak",
        "charts",
        "helm",
        "k8s",
        "terraform",
        "notebooks",
        "datasets",
        "training",
        "seeds",
        "seed",
    ];
    const SERVED: &[&str] =
        &["public", "static", "wwwroot", "webroot", "www", "htdocs", "public_html", "staticfiles"];
    if file.class != Class::Shipped {
        return Reach::Never;
    }
    let folder = file.folder().to_ascii_lowercase();
    if folder.split('/').any(|part| part.starts_with('.') && part != "." || NEVER.contains(&part)) {
        return Reach::Never;
    }
    let rails = folder == "app/assets" || folder.contains("app/assets/");
    if rails || folder.split('/').any(|part| SERVED.contains(&part)) { Reach::Served } else { Reach::ByName }
}
