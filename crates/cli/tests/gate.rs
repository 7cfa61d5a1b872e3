//! Accepted risks, baseline, policy and the judging of a change.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Sample, item};

const APP: &[(&str, &str)] = &[
    ("package.json", r#"{"name": "a", "dependencies": {"express": "^4.19.0", "pg": "^8.0.0"}}"#),
    (
        "index.js",
        "const express = require('express');\nconst { Pool } = require('pg');\nconst app = express();\napp.listen(3000);\nnew Pool();\n",
    ),
];

fn accept(item: &str, until: &str) -> String {
    format!("[[accept]]\nitem = \"{item}\"\nreason = \"known\"\nowner = \"Ada\"\nuntil = \"{until}\"\n")
}

#[test]
fn a_priority_one_failure_fails_the_gate_and_an_accepted_one_does_not() {
    let sample = Sample::repository(APP);
    // A relational database without any migration: `migrations.versioned`, priority 1.
    let only = ["--only", "migrations.versioned"];
    let report = sample.report(&only);
    assert_eq!(item(&report, "migrations.versioned")["status"], "fail", "{report:#}");
    assert_eq!(report["summary"]["gate"]["verdict"], "not-ready");
    assert_eq!(sample.run(&["check", ".", "--only", "migrations.versioned"]).code, 1);

    sample.write("seaworthy.toml", &accept("migrations.versioned", "2026-12-31"));
    let accepted = sample.report(&["--only", "migrations.versioned", "--at", "2026-11-22"]);
    assert_eq!(item(&accepted, "migrations.versioned")["status"], "fail", "it stays what it is");
    assert_eq!(item(&accepted, "migrations.versioned")["accepted"]["owner"], "Ada");
    assert_eq!(accepted["summary"]["by_status"]["fail"], 1, "it stays in the count");
    assert_eq!(accepted["summary"]["gate"]["verdict"], "ready");

    let later = sample.report(&["--only", "migrations.versioned", "--at", "2027-01-01"]);
    assert_eq!(later["summary"]["gate"]["verdict"], "not-ready", "its day is past");
}

#[test]
fn a_baseline_fails_only_on_what_is_new() {
    let sample = Sample::repository(APP);
    assert_eq!(
        sample.run(&["check", ".", "--only", "migrations", "--format", "json", "-o", "before.json"]).code,
        1
    );
    assert_eq!(sample.run(&["check", ".", "--only", "migrations", "--baseline", "before.json"]).code, 0);
    let report = sample.report(&["--only", "migrations", "--baseline", "before.json"]);
    assert_eq!(item(&report, "migrations.versioned")["in_baseline"], true);
    sample.write("not.json", "[]");
    assert_eq!(sample.run(&["check", ".", "--baseline", "not.json"]).code, 2);
}

#[test]
fn a_policy_sets_floors_that_the_repository_cannot_lower() {
    let sample = Sample::repository(APP);
    let policy =
        Sample::plain(&[("policy.toml", "[accept]\nnever = [\"migrations\"]\n[gate]\nstrict = true\n")]);
    let path = policy.file("policy.toml");
    sample.write("seaworthy.toml", &accept("migrations.versioned", "2026-12-31"));
    let arguments =
        ["--only", "migrations.versioned", "--at", "2026-11-22", "--policy", path.to_str().unwrap()];
    let report = sample.report(&arguments);
    assert_eq!(report["summary"]["gate"]["verdict"], "not-ready");
    assert_eq!(report["summary"]["gate"]["strict"], true);
    let weakened = report["summary"]["gate"]["weakened"].as_array().unwrap();
    assert!(weakened[0]["summary"].as_str().unwrap().contains("lets nobody accept"), "{report:#}");
}

#[test]
fn a_change_is_judged_by_the_configuration_of_its_base() {
    let sample = Sample::repository(APP);
    sample.write("seaworthy.toml", "[gate]\nstrict = true\n");
    sample.commit("strict");
    sample.git(&["tag", "base"]);
    sample.write("seaworthy.toml", &accept("migrations.versioned", "2026-12-31"));
    sample.commit("weaker");
    let report = sample.report(&["--only", "migrations.versioned", "--at", "2026-11-22", "--since", "base"]);
    assert_eq!(report["summary"]["gate"]["verdict"], "not-ready");
    assert_eq!(report["summary"]["gate"]["strict"], true);
    let weakened: Vec<&str> = report["summary"]["gate"]["weakened"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| note["summary"].as_str().unwrap())
        .collect();
    assert_eq!(weakened.len(), 2, "{weakened:?}");
    assert!(weakened[0].contains("strict") && weakened[1].contains("migrations.versioned"), "{weakened:?}");
    let run = sample.run(&["check", ".", "--since", "nowhere"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("nowhere"), "{run:?}");
}

#[test]
fn the_review_section_gates_only_a_change() {
    let sample = Sample::repository(APP);
    let whole = sample.report(&["--only", "review"]);
    assert_eq!(whole["summary"]["gate"]["verdict"], "not-known", "nothing in the gate was looked at");
    assert!(whole["summary"]["gate"]["reasons"].as_array().unwrap().is_empty());
    assert_eq!(item(&whole, "review.vulnerabilities")["gated"], false);
    let change = sample.report(&["--only", "review", "--since", "HEAD"]);
    assert_eq!(change["summary"]["gate"]["verdict"], "not-known");
}
