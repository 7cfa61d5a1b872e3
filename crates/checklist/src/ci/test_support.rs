//! Facts of a small deployable system, and an item's judgement of them.
#![allow(clippy::unwrap_used)]

use seaworthy_facts::{
    Component, Declared, FactView, Facts, Launches, Location, Observed, Packages, Pipelines, Repository,
    System, TestSuite,
};
use seaworthy_model::{ItemReport, Status};

use crate::{Context, Item};

/// A server with tests.
pub fn facts(pipelines: Pipelines) -> Facts {
    let server = Observed::new("express".to_owned(), Location::line("package.json", 4));
    let system = System {
        components: vec![Component { http_server: Some(server), ships: true, ..Component::default() }],
        ..System::default()
    };
    let repository = Repository {
        tests: vec![TestSuite {
            component: ".".to_owned(),
            language: "javascript".to_owned(),
            files: 2,
            example: Location::file("tests/a.test.js"),
            end_to_end: false,
        }],
        ..Repository::default()
    };
    Facts {
        system: system.into(),
        repository: repository.into(),
        pipelines: pipelines.into(),
        declared: Declared::default().into(),
        launches: Launches::default().into(),
        packages: Packages::default().into(),
        ..Facts::default()
    }
}

/// The item's report on these facts.
pub fn report(item: &Item, facts: &Facts) -> ItemReport {
    // The view panics on what the item did not declare.
    let _ = (item.evidence)(&FactView::new(facts, item.reads));
    let context = Context {
        now: "2026-11-22T00:00:00Z".parse().unwrap(),
        commit: None,
        migrations_digest: None,
        deployment: None,
        distributed: false,
        attestable: Vec::new(),
        change: false,
    };
    crate::judge(facts, &context, &|other| other.id == item.id).remove(0)
}

/// The status and the reason.
pub fn judged(item: &Item, pipelines: Pipelines) -> (Status, String) {
    let report = report(item, &facts(pipelines));
    (report.status, report.reason)
}
