//! The published formats hold: the report's own schema, and the official one of SARIF.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;

use seaworthy_model::{Report, Status};
use seaworthy_report::{Format, RenderOptions, render, schema};
use serde_json::Value;

fn errors(schema: &Value, document: &Value) -> Vec<String> {
    let validator = jsonschema::options().build(schema).unwrap();
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn all() -> Vec<Report> {
    let mut strict = common::not_known();
    strict.summary.gate.strict = true;
    vec![
        common::shop(),
        common::not_known(),
        common::accepted_unknown(),
        common::ready(),
        common::report(Vec::new(), false),
        common::filled(common::HOSTILE),
        strict,
    ]
}

fn parsed(report: &Report, format: Format) -> Value {
    serde_json::from_str(&render(report, format, &RenderOptions::default()).unwrap()).unwrap()
}

#[test]
fn the_committed_schema_is_the_models_own() {
    let path = common::root().join("docs/report.schema.json");
    let now = schema().unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &now).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == now,
        "docs/report.schema.json is not what the model says; UPDATE_GOLDEN=1 writes it anew"
    );
}

#[test]
fn json_reports_fit_the_published_schema() {
    let schema = serde_json::from_str(&schema().unwrap()).unwrap();
    for report in all() {
        for format in [Format::Json, Format::Jsonl] {
            assert_eq!(errors(&schema, &parsed(&report, format)), Vec::<String>::new());
        }
    }
    let saved = fs::read_to_string(common::root().join("fixtures/reports/shop.json")).unwrap();
    assert_eq!(errors(&schema, &serde_json::from_str(&saved).unwrap()), Vec::<String>::new());
}

#[test]
fn the_schema_refuses_what_is_not_a_report() {
    let schema = serde_json::from_str(&schema().unwrap()).unwrap();
    let good = parsed(&common::shop(), Format::Json);
    for (pointer, wrong) in [
        ("/schema", "seaworthy.report/2"),
        ("/items/0/status", "passed"),
        ("/summary/gate/verdict", "fine"),
        ("/items/0/priority", "high"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = wrong.into();
        assert!(!errors(&schema, &bad).is_empty(), "{pointer} = {wrong} was accepted");
    }
}

#[test]
fn a_json_report_reads_back_as_the_same_report() {
    let report = common::not_known();
    let back: Report = serde_json::from_value(parsed(&report, Format::Json)).unwrap();
    assert_eq!(back, report);
}

#[test]
fn jsonl_is_one_line() {
    let line = render(&common::shop(), Format::Jsonl, &RenderOptions::default()).unwrap();
    assert_eq!(line.matches('\n').count(), 1);
    assert!(line.ends_with('\n'));
}

#[test]
fn sarif_fits_the_official_schema() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/sarif-schema-2.1.0.json");
    let mut schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    // The official pattern of languages lacks a bracket, which this validator does not forgive. Reports name none.
    for part in ["run", "toolComponent"] {
        let language = schema.pointer_mut(&format!("/definitions/{part}/properties/language")).unwrap();
        language.as_object_mut().unwrap().remove("pattern").unwrap();
    }
    for report in all() {
        assert_eq!(errors(&schema, &parsed(&report, Format::Sarif)), Vec::<String>::new());
    }
    let mut bad = parsed(&common::shop(), Format::Sarif);
    bad["runs"][0]["results"][0]["kind"] = "unknown".into();
    assert!(!errors(&schema, &bad).is_empty(), "the schema accepts anything");
}

#[test]
fn sarif_keeps_every_item_and_tells_the_truth_about_the_run() {
    let report = common::shop();
    let sarif = parsed(&report, Format::Sarif);
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    for (index, item) in report.items.iter().enumerate() {
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], item.id.as_str());
        let kind = match item.status {
            Status::Pass => "pass",
            Status::Fail => "fail",
            Status::Unknown => "open",
            Status::NotApplicable => "notApplicable",
        };
        let own: Vec<&Value> = results.iter().filter(|result| result["ruleId"] == item.id.as_str()).collect();
        assert!(!own.is_empty(), "{} has no result", item.id);
        for result in own {
            assert_eq!(result["kind"], kind);
            assert_eq!(result["ruleIndex"], index);
            assert_eq!(result["level"] == "none", item.status != Status::Fail);
        }
    }
    // A collector failed.
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let clean = parsed(&common::ready(), Format::Sarif);
    assert_eq!(clean["runs"][0]["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn sarif_fingerprints_are_unique_and_do_not_depend_on_lines() {
    let prints = |report: &Report| -> Vec<String> {
        parsed(report, Format::Sarif)["runs"][0]["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|result| result["partialFingerprints"]["seaworthy/v1"].as_str().unwrap().to_owned())
            .collect()
    };
    let report = common::shop();
    let before = prints(&report);
    let mut unique = before.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), before.len());
    let mut moved = report;
    for evidence in moved.items.iter_mut().flat_map(|item| &mut item.evidence) {
        if let seaworthy_model::Location::File { line: Some(line), .. } = &mut evidence.location {
            *line += 7;
        }
    }
    assert_eq!(prints(&moved), before);
}

#[test]
fn sarif_suppresses_only_what_is_accepted_now() {
    let sarif = parsed(&common::shop(), Format::Sarif);
    let suppression = |id: &str| {
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        results.iter().find(|result| result["ruleId"] == id).unwrap()["suppressions"][0]["status"].clone()
    };
    assert_eq!(suppression("https.tls-version"), "accepted");
    assert_eq!(suppression("logging.retention"), "rejected");
    assert_eq!(suppression("ci.tests"), Value::Null);
}
