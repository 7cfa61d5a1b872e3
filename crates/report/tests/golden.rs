//! Saved reports in every format. `UPDATE_GOLDEN=1` writes them anew.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;

use seaworthy_model::Report;
use seaworthy_report::{Format, RenderOptions, render, step_summary};

fn same(name: &str, text: &str) {
    let path = common::root().join("fixtures/reports").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let saved = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; UPDATE_GOLDEN=1 writes it", path.display()));
    assert!(
        saved == text,
        "{} differs from what is rendered now; UPDATE_GOLDEN=1 writes it anew. First difference: {:?}",
        path.display(),
        saved.lines().zip(text.lines()).find(|(saved, now)| saved != now),
    );
}

fn text(report: &Report, format: Format, options: &RenderOptions<'_>) -> String {
    render(report, format, options).unwrap()
}

#[test]
fn terminal() {
    let shop = common::shop();
    let plain = RenderOptions { width: Some(100), ..RenderOptions::default() };
    same("shop.txt", &text(&shop, Format::Terminal, &plain));
    same("shop-narrow.txt", &text(&shop, Format::Terminal, &RenderOptions { width: Some(60), ..plain }));
    same("shop-verbose.txt", &text(&shop, Format::Terminal, &RenderOptions { verbose: true, ..plain }));
    same("shop-quiet.txt", &text(&shop, Format::Terminal, &RenderOptions { quiet: true, ..plain }));
    same("shop-colour.txt", &text(&shop, Format::Terminal, &RenderOptions { colour: true, ..plain }));
    same("not-known.txt", &text(&common::not_known(), Format::Terminal, &plain));
    same("accepted-unknown.txt", &text(&common::accepted_unknown(), Format::Terminal, &plain));
    same("required.txt", &text(&common::required(), Format::Terminal, &plain));
    same("ready.txt", &text(&common::ready(), Format::Terminal, &plain));
}

#[test]
fn json() {
    same("shop.json", &text(&common::shop(), Format::Json, &RenderOptions::default()));
    same("ready.json", &text(&common::ready(), Format::Json, &RenderOptions::default()));
    same("shop.jsonl", &text(&common::shop(), Format::Jsonl, &RenderOptions::default()));
}

#[test]
fn sarif() {
    same("shop.sarif", &text(&common::shop(), Format::Sarif, &RenderOptions::default()));
}

#[test]
fn html() {
    same("shop.html", &text(&common::shop(), Format::Html, &RenderOptions::default()));
}

#[test]
fn markdown() {
    same("shop.md", &text(&common::shop(), Format::Markdown, &RenderOptions::default()));
    same("required.md", &text(&common::required(), Format::Markdown, &RenderOptions::default()));
    same("not-known.md", &step_summary(&common::not_known()));
}

#[test]
fn junit() {
    same("shop.junit.xml", &text(&common::shop(), Format::Junit, &RenderOptions::default()));
    same("required.junit.xml", &text(&common::required(), Format::Junit, &RenderOptions::default()));
    let mut strict = common::not_known();
    strict.summary.gate.strict = true;
    same("strict.junit.xml", &text(&strict, Format::Junit, &RenderOptions::default()));
}

#[test]
fn github() {
    same("shop.github.txt", &text(&common::shop(), Format::Github, &RenderOptions::default()));
}
