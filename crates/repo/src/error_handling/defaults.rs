//! What the server frameworks in use do with an unhandled error when nothing is changed.

use std::sync::LazyLock;

use seaworthy_facts::{DefaultLog, ErrorDefaults, System};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Framework {
    keys: Vec<String>,
    language: String,
    logs: DefaultLog,
    hides: Option<bool>,
    switch: Option<String>,
    link: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    framework: Vec<Framework>,
}

static FRAMEWORKS: LazyLock<Vec<Framework>> = LazyLock::new(|| {
    toml::from_str::<File>(include_str!("frameworks.toml")).map(|file| file.framework).unwrap_or_default()
});

/// The defaults of each framework of each component that answers HTTP.
pub fn defaults(system: &System) -> Vec<ErrorDefaults> {
    let mut found = Vec::new();
    for component in system.components.iter().filter(|component| component.ships) {
        for used in &component.frameworks {
            let known = FRAMEWORKS.iter().find(|known| known.keys.contains(&used.value));
            let Some(known) = known.filter(|_| component.http_server.is_some()) else { continue };
            found.push(ErrorDefaults {
                framework: used.value.clone(),
                language: known.language.clone(),
                component: component.folder.clone(),
                logs: known.logs,
                switch: known.switch.clone(),
                hides: known.hides,
                link: known.link.clone(),
                at: used.at.clone(),
            });
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use seaworthy_facts::{Component, Location, Observed};

    #[test]
    fn the_table_is_sound_and_names_known_frameworks() {
        let file: File = toml::from_str(include_str!("frameworks.toml")).unwrap();
        let mut seen = std::collections::HashSet::new();
        for framework in &file.framework {
            assert!(framework.link.starts_with("https://"), "{:?}", framework.keys);
            for key in &framework.keys {
                assert!(seen.insert(key.clone()), "{key} twice");
                let known = crate::capabilities::SIGNATURES.iter().any(|signature| {
                    matches!(signature.capability, "http-server" | "front-end") && signature.key() == *key
                });
                assert!(known, "{key} is no framework");
            }
        }
    }

    #[test]
    fn only_what_answers_http_has_defaults() {
        let component = |server: bool| Component {
            folder: "api".to_owned(),
            frameworks: vec![Observed::new("express".to_owned(), Location::file("api/app.js"))],
            http_server: server.then(|| Observed::new("Express".to_owned(), Location::file("api/app.js"))),
            ships: true,
            ..Component::default()
        };
        let of = |server| {
            defaults(&System { components: vec![component(server)], ..System::default() })
                .into_iter()
                .map(|found| (found.framework, found.logs, found.switch))
                .collect::<Vec<_>>()
        };
        assert_eq!(of(true), [("express".to_owned(), DefaultLog::Error, Some("node".to_owned()))]);
        assert!(of(false).is_empty());
    }
}
