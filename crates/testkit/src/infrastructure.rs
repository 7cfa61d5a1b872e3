//! Infrastructure facts in few words.

use seaworthy_facts::{InfrastructureTool, Location, Resource, Setting};

/// A resource that ships. Its settings stand where it does.
pub fn resource(
    tool: InfrastructureTool,
    kind: &str,
    name: &str,
    at: &Location,
    settings: &[(&str, &str)],
) -> Resource {
    let setting = |(path, value): &(&str, &str)| Setting {
        path: (*path).to_owned(),
        value: Some((*value).to_owned()),
        at: at.clone(),
    };
    Resource {
        tool,
        kind: kind.to_owned(),
        name: name.to_owned(),
        settings: settings.iter().map(setting).collect(),
        at: at.clone(),
        development: false,
        off: None,
    }
}
