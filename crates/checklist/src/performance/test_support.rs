//! Facts for the tests of this section's items.
#![allow(clippy::unwrap_used)]

use seaworthy_facts::{
    Assets, Capabilities, Code, CodeMatch, Component, Containers, Database, Declared, Ecosystem, Engine,
    FactView, Facts, Infrastructure, Launches, Location, Migrations, Observed, Packages, Pipelines, Product,
    Repository, Schedules, Schema, System,
};
use seaworthy_model::{ItemReport, Status};

use crate::{Context, Item};

/// A sign at a place.
pub(super) fn sign(value: &str, path: &str, line: u32) -> Observed<String> {
    Observed::new(value.to_owned(), Location::line(path, line))
}

/// A server with pages, one database and nothing else.
pub(super) fn facts(engine: Option<Engine>) -> Facts {
    let component = Component {
        folder: ".".to_owned(),
        ecosystem: Some(Ecosystem::Npm),
        http_server: Some(sign("Express", "src/app.js", 3)),
        front_end: Some(sign("React", "src/main.jsx", 1)),
        ships: true,
        ..Component::default()
    };
    let databases = engine.map(|engine| Database {
        engine,
        at: Location::file("compose.yaml"),
        shown_by: "compose.yaml".to_owned(),
        alternative: false,
    });
    let system = System {
        components: vec![component],
        databases: databases.into_iter().collect(),
        ..System::default()
    };
    Facts {
        system: system.into(),
        repository: Repository::default().into(),
        capabilities: Capabilities::default().into(),
        pipelines: Pipelines::default().into(),
        launches: Launches::default().into(),
        schedules: Schedules::default().into(),
        assets: Assets::default().into(),
        code: Code::default().into(),
        schema: Schema::default().into(),
        infrastructure: Infrastructure::default().into(),
        containers: Containers::default().into(),
        packages: Packages::default().into(),
        migrations: Migrations::default().into(),
        declared: Declared::default().into(),
        ..Facts::default()
    }
}

/// The same without a front end.
pub(super) fn without_pages() -> Facts {
    let component = Component {
        http_server: Some(sign("Express", "src/app.js", 3)),
        ships: true,
        ..Component::default()
    };
    Facts { system: System { components: vec![component], ..System::default() }.into(), ..facts(None) }
}

/// A library: nothing runs.
pub(super) fn library() -> Facts {
    Facts { system: System::default().into(), ..facts(None) }
}

/// Products in use: capability, name and place.
pub(super) fn products(used: &[(&str, &str, &str)]) -> Capabilities {
    let product = |(capability, name, path): &(&str, &str, &str)| Product {
        capability: (*capability).to_owned(),
        name: (*name).to_owned(),
        declared: Vec::new(),
        used: vec![Location::line(*path, 1)],
        off: Vec::new(),
        docs: String::new(),
    };
    Capabilities { products: used.iter().map(product).collect() }
}

/// Sign, path, line and captures.
pub(super) type SeenInTest<'a> = (&'a str, &'a str, u32, &'a [(&'a str, &'a str)]);

/// What a rule saw: sign, path, line and captures.
pub(super) fn code(seen: &[SeenInTest]) -> Code {
    let mut code = Code::default();
    for (sign, path, line, captures) in seen {
        *code.counts.entry((*sign).to_owned()).or_insert(0) += 1;
        code.matches.push(CodeMatch {
            sign: (*sign).to_owned(),
            rule: (*sign).to_owned(),
            says: format!("{sign} was seen"),
            at: Location::line(*path, *line),
            language: "javascript".to_owned(),
            text: String::new(),
            captures: captures.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        });
    }
    code
}

/// The item's report on these facts.
pub(super) fn report(item: &Item, facts: &Facts) -> ItemReport {
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

/// The item's status on these facts.
pub(super) fn status(item: &Item, facts: &Facts) -> Status {
    report(item, facts).status
}
