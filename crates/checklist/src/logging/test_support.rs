//! Facts of a small server with its log, and an item's judgement of them.

use seaworthy_facts::{
    Code, Facts, Infrastructure, InfrastructureTool, Location, Logging, Pipelines, Resource,
};
use seaworthy_model::ItemReport;

use crate::Item;

pub fn at(path: &str, line: u32) -> Location {
    Location::line(path, line)
}

/// A server whose log is so.
pub fn facts(logging: Logging) -> Facts {
    Facts {
        logging: logging.into(),
        code: Code::default().into(),
        infrastructure: Infrastructure::default().into(),
        ..crate::ci::test_support::facts(Pipelines::default())
    }
}

/// The item's report on these facts.
pub fn report(item: &Item, facts: &Facts) -> ItemReport {
    crate::ci::test_support::report(item, facts)
}

/// A resource with these settings.
pub fn resource(kind: &str, settings: &[(&str, &str)]) -> Resource {
    let at = at("infrastructure.yml", 1);
    seaworthy_testkit::infrastructure::resource(InfrastructureTool::Compose, kind, "web", &at, settings)
}
