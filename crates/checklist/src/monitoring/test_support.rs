//! Facts of a small server, with products, infrastructure and a platform.
#![allow(clippy::unwrap_used)]

use seaworthy_facts::{
    AlertReceiver, AlertRule, Capabilities, Certainty, Component, Database, Engine, Facts, Guarantee,
    Infrastructure, InfrastructureTool, Location, Observed, Pipelines, Platform, Product, Signal, System,
};
use seaworthy_model::Status;

use crate::Item;

/// How a product shows.
#[derive(Debug, Clone, Copy)]
pub enum Sign {
    /// Used in this file.
    Used(&'static str),
    /// Only declared.
    Declared,
    /// Behind this switch, which is off.
    Off(&'static str),
}

/// A server with these products: capability, name, sign.
pub fn with_products(products: &[(&str, &str, Sign)]) -> Facts {
    let products = products
        .iter()
        .map(|(capability, name, sign)| {
            let mut product = Product {
                capability: (*capability).to_owned(),
                name: (*name).to_owned(),
                docs: "https://example.org".to_owned(),
                ..Product::default()
            };
            match sign {
                Sign::Used(path) => product.used.push(Location::line(*path, 4)),
                Sign::Declared => product.declared.push(Location::line("package.json", 8)),
                Sign::Off(switch) => {
                    product.off.push(Observed::new((*switch).to_owned(), Location::line("app.py", 6)));
                }
            }
            product
        })
        .collect();
    let server = Observed::new("express".to_owned(), Location::line("package.json", 4));
    let component =
        Component { folder: ".".to_owned(), http_server: Some(server), ships: true, ..Component::default() };
    Facts {
        system: System { components: vec![component], ..System::default() }.into(),
        capabilities: Capabilities { products }.into(),
        pipelines: Pipelines::default().into(),
        ..Facts::default()
    }
}

/// The same with a database.
pub fn with_database(products: &[(&str, &str, Sign)]) -> Facts {
    let mut facts = with_products(products);
    let mut system = facts.system.get().unwrap().clone();
    system.databases.push(Database {
        engine: Engine::Postgresql,
        at: Location::line("package.json", 9),
        shown_by: "pg".to_owned(),
        alternative: false,
    });
    facts.system = system.into();
    facts
}

/// A server on a platform that makes a promise.
pub fn on_platform(key: &str, certainty: Certainty, claim: &str) -> Facts {
    let mut facts = with_products(&[]);
    let mut system = facts.system.get().unwrap().clone();
    system.platforms.push(Platform {
        key: key.to_owned(),
        at: Location::file("platform.toml"),
        certainty,
        environments: Vec::new(),
        guarantees: vec![Guarantee {
            claim: claim.to_owned(),
            says: "it is collected".to_owned(),
            link: "https://example.org".to_owned(),
        }],
    });
    facts.system = system.into();
    facts
}

/// Infrastructure of one resource.
pub fn resource(kind: &str, settings: &[(&str, &str)]) -> Infrastructure {
    let at = Location::line("main.tf", 2);
    let resource = seaworthy_testkit::infrastructure::resource(
        InfrastructureTool::Terraform,
        kind,
        "main",
        &at,
        settings,
    );
    Infrastructure { resources: vec![resource], ..Infrastructure::default() }
}

/// A Prometheus rule that is loaded.
pub fn rule(name: &str, signals: &[Signal]) -> AlertRule {
    AlertRule {
        name: name.to_owned(),
        system: "Prometheus".to_owned(),
        signals: signals.to_vec(),
        loaded_by: Some("prometheus.yml".to_owned()),
        notifies: None,
        analysis: false,
        at: Location::line("rules.yml", 5),
    }
}

/// A receiver that is routed to.
pub fn receiver(name: &str, channels: &[&str]) -> AlertReceiver {
    AlertReceiver {
        name: name.to_owned(),
        system: "Alertmanager".to_owned(),
        channels: channels.iter().map(|channel| (*channel).to_owned()).collect(),
        routed: true,
        at: Location::line("alertmanager.yml", 3),
    }
}

/// The status and the reason.
pub fn judged(item: &Item, facts: &Facts) -> (Status, String) {
    let report = crate::ci::test_support::report(item, facts);
    (report.status, report.reason)
}
