//! Facts of a small application with accounts.
#![allow(clippy::unwrap_used)]

use seaworthy_facts::{Component, Declared, Facts, Location, Observed, Pages, Privacy, System};

pub use crate::ci::test_support::report;

/// A server with pages and accounts.
pub fn facts() -> Facts {
    let sign = |what: &str| Observed::new(what.to_owned(), Location::line("package.json", 4));
    let system = System {
        components: vec![Component {
            http_server: Some(sign("express")),
            front_end: Some(sign("react")),
            ships: true,
            ..Component::default()
        }],
        accounts: vec![sign("Passport")],
        people: vec![sign("a form")],
        ..System::default()
    };
    let pages = Pages { first_page: Some(Location::file("src/App.tsx")), ..Pages::default() };
    Facts {
        system: system.into(),
        declared: Declared::default().into(),
        pages: pages.into(),
        privacy: Privacy::default().into(),
        ..Facts::default()
    }
}
