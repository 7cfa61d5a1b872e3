//! Facts for the tests of this section's items.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use seaworthy_facts::{
    Capabilities, Code, CodeMatch, Component, ErrorHandling, FactView, Facts, Infrastructure, Launches,
    Location, Observed, Repository, System,
};
use seaworthy_model::Status;

use crate::Item;

/// The status of an item on these facts.
pub(crate) fn status(item: &Item, facts: &Facts) -> Status {
    // The view panics on what the item did not declare.
    let _ = (item.evidence)(&FactView::new(facts, item.reads));
    let context = crate::Context {
        now: jiff::Timestamp::UNIX_EPOCH,
        commit: None,
        migrations_digest: None,
        deployment: None,
        distributed: false,
        attestable: Vec::new(),
        change: false,
    };
    crate::judge(facts, &context, &|other| other.id == item.id).remove(0).status
}

/// One component that serves pages with a framework.
pub(crate) fn system(framework: &str) -> System {
    let sign = || Observed::new(framework.to_owned(), Location::file("app/main"));
    System {
        components: vec![Component {
            folder: ".".to_owned(),
            frameworks: vec![sign()],
            http_server: Some(sign()),
            front_end: Some(sign()),
            ships: true,
            ..Component::default()
        }],
        api: vec![sign()],
        outgoing_calls: vec![sign()],
        ..System::default()
    }
}

/// The same with two servers, `api` and `mail`.
pub(crate) fn two_servers(facts: Facts) -> Facts {
    let mut system = facts.system.get().unwrap().clone();
    let server = system.components[0].clone();
    let named = |folder: &str| Component { folder: folder.to_owned(), ..server.clone() };
    system.components = vec![named("api"), named("mail")];
    Facts { system: system.into(), ..facts }
}

/// Matches of rules: sign, path, language.
pub(crate) fn code(signs: &[(&str, &str, &str)]) -> Code {
    let mut code = Code::default();
    for (sign, path, language) in signs {
        *code.counts.entry((*sign).to_owned()).or_insert(0) += 1;
        code.matches.push(CodeMatch {
            sign: (*sign).to_owned(),
            rule: format!("{language}-{sign}"),
            says: (*sign).to_owned(),
            at: Location::line(*path, 3),
            language: (*language).to_owned(),
            text: String::new(),
            captures: BTreeMap::new(),
        });
    }
    code
}

/// A system with one framework, and what rules saw in its code.
pub(crate) fn facts(framework: &str, signs: &[(&str, &str, &str)]) -> Facts {
    Facts {
        system: system(framework).into(),
        code: code(signs).into(),
        capabilities: Capabilities::default().into(),
        error_handling: ErrorHandling::default().into(),
        launches: Launches::default().into(),
        infrastructure: Infrastructure::default().into(),
        repository: Repository { shipped_lines: 4_000, ..Repository::default() }.into(),
        ..Facts::default()
    }
}

/// Nothing that runs.
pub(crate) fn nothing() -> Facts {
    Facts { system: System::default().into(), ..facts("rails", &[]) }
}
