#![no_main]
//! Values of headers as a hostile server sends them, through the items that judge them: policies by the grammar of CSP,
//! structured fields, transport security.

use libfuzzer_sys::fuzz_target;
use seaworthy_checklist::{Context, judge};
use seaworthy_facts::{Exchange, Facts, Origin, Site};
use seaworthy_model::{Cause, Section};
use serde_json::json;

fuzz_target!(|text: &str| {
    let mut lines = text.lines();
    let headers: Vec<(&str, &str)> = [
        "content-security-policy",
        "permissions-policy",
        "strict-transport-security",
        "referrer-policy",
        "x-frame-options",
        "x-content-type-options",
        "x-xss-protection",
        "content-security-policy",
    ]
    .into_iter()
    .filter_map(|name| Some((name, lines.next()?)))
    .chain([("content-type", "text/html")])
    .collect();
    let exchange: Exchange = serde_json::from_value(json!({
        "asked": "home", "method": "GET", "url": "https://a.example/", "status": 200,
        "headers": headers, "meta_policies": lines.collect::<Vec<_>>(),
    }))
    .expect("an exchange");
    let origin: Origin = serde_json::from_value(json!({
        "url": "https://a.example", "environment": "production", "at": "2026-06-01T00:00:00Z",
        "exchanges": [exchange],
    }))
    .expect("an origin");
    let facts = Facts { site: Site { origins: vec![origin], ..Site::default() }.into(), ..Facts::default() };
    let context = Context {
        now: "2026-06-01T00:00:00Z".parse().expect("an instant"),
        commit: None,
        migrations_digest: None,
        deployment: None,
        distributed: false,
        attestable: Vec::new(),
        change: false,
    };
    let wanted = |item: &seaworthy_checklist::Item| matches!(item.section, Section::Headers | Section::Https);
    for report in judge(&facts, &context, &wanted) {
        // A panic is caught where items are judged, and must not be.
        assert!(report.cause != Some(Cause::CouldNotRun), "{}: {}", report.id, report.reason);
    }
});
