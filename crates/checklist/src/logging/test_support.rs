//! Facts of a small server with its log, and an item's judgement of them.

use seaworthy_facts::{
    Code, Component, Facts, Infrastructure, InfrastructureTool, Location, Logging, Pipelines, Resource,
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

/// Two servers, `api` and `mail`, whose log is so.
pub fn two_servers(logging: Logging) -> Facts {
    let mut facts = facts(logging);
    let mut system = facts.system.get().cloned().unwrap_or_default();
    let first = system.components.first().cloned().unwrap_or_default();
    let named = |folder: &str| Component { folder: folder.to_owned(), ships: true, ..first.clone() };
    system.components = vec![named("api"), named("mail")];
    facts.system = system.into();
    facts
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
