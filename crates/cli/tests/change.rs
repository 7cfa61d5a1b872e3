//! `check --since BASE`: what a change adds, and what speaks against signing it.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;
use std::process::Command;

use common::{Sample, item};
use serde_json::Value;

/// Put together here, so that no scanner takes this file for a leak.
const RANDOM: &str = "hS8kQ2vL0pZr7TnXw3BdYf6M";

const PACKAGE: &str = r#"{ "name": "shop", "private": true, "scripts": { "start": "node src/server.js" }, "dependencies": { "express": "4.19.2", "knex": "3.1.0", "pg": "8.11.5" } }"#;
const SERVER: &str = "const express = require('express');\nconst knex = require('knex')({ client: 'pg' });\nconst app = express();\napp.get('/', (req, res) => res.send('ok'));\napp.listen(process.env.PORT);\n";
const MIGRATION: &str = "exports.up = (knex) => knex.schema.createTable('orders', (table) => {\n  table.increments('id');\n  table.text('note');\n});\nexports.down = (knex) => knex.schema.dropTable('orders');\n";
const KNEXFILE: &str = "module.exports = { client: 'pg', migrations: { directory: './migrations' } };\n";

/// A shop on its default branch, with a branch of its own checked out.
fn shop(more: &[(&str, &str)]) -> Sample {
    let mut files = vec![
        ("package.json", PACKAGE),
        ("src/server.js", SERVER),
        ("knexfile.js", KNEXFILE),
        ("migrations/20240101000000_orders.js", MIGRATION),
    ];
    files.extend(more);
    let sample = Sample::repository(&files);
    sample.git(&["checkout", "-q", "-b", "work"]);
    sample
}

fn summaries(list: &Value) -> Vec<String> {
    list.as_array()
        .map(|list| list.iter().map(|one| one["summary"].as_str().unwrap().to_owned()).collect())
        .unwrap_or_default()
}

fn against(report: &Value, id: &str) -> Vec<String> {
    item(report, id)["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|piece| piece["polarity"] == "against")
        .map(|piece| {
            format!("{}:{}", piece["location"]["path"].as_str().unwrap_or(""), piece["location"]["line"])
        })
        .collect()
}

#[test]
fn without_a_change_the_questions_say_how_to_ask_them() {
    let sample = shop(&[]);
    let report = sample.report(&[]);
    for id in ["review.understood", "review.vulnerabilities", "review.rollback"] {
        assert_eq!(item(&report, id)["status"], "unknown");
        assert_eq!(item(&report, id)["settled_by"]["command"], "seaworthy check --since BASE");
        assert_eq!(item(&report, id)["gated"], false);
    }
}

#[test]
fn a_change_is_told_riskiest_first() {
    let sample = shop(&[]);
    sample.write("src/auth/login.js", "exports.login = (user) => user.ok;\n");
    sample.write("src/text.js", "exports.text = 'a';\n");
    sample.commit("more");
    let report = sample.report(&["--since", "main"]);
    let understood = item(&report, "review.understood");
    assert_eq!(understood["status"], "unknown");
    assert_eq!(understood["gated"], true);
    assert_eq!(understood["notes"][0]["location"]["path"], "src/auth/login.js");
}

#[test]
fn secrets_and_dangerous_patterns_of_a_change_block() {
    let sample = shop(&[]);
    let key = format!("sk_{}_{RANDOM}", "live");
    sample.write("src/pay.js", &format!("const stripe = require('stripe')('{key}');\n"));
    sample.write(
        "src/find.js",
        "exports.find = (db, id) =>\n  db.query(`SELECT * FROM orders WHERE id = ${id}`);\n",
    );
    sample.commit("pay");
    let report = sample.report(&["--since", "main"]);
    let mut found = against(&report, "review.vulnerabilities");
    found.sort();
    assert_eq!(found, ["src/find.js:2", "src/pay.js:1"]);
    assert_eq!(report["exposures"][0]["added"], true);
    assert_eq!(report["exposures"][0]["kind"], "committed-secret");
    assert_eq!(report["summary"]["gate"]["verdict"], "not-ready");
    let run = sample.run(&["check", ".", "--since", "main"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("Exposed now") && !run.stdout.contains(RANDOM));
}

#[test]
fn what_was_there_before_the_change_is_not_held_against_it() {
    let sample = shop(&[(
        "src/old.js",
        "exports.find = (db, id) => db.query(`SELECT * FROM orders WHERE id = ${id}`);\n",
    )]);
    sample.write("src/new.js", "exports.a = 1;\n");
    sample.commit("new");
    let report = sample.report(&["--since", "main"]);
    assert_eq!(against(&report, "review.vulnerabilities"), Vec::<String>::new());
}

#[test]
fn exposed_data_is_shown_in_every_format() {
    let secret = format!("PORT=1\nJWT_SECRET={RANDOM}\n");
    let sample = shop(&[(".env", &secret)]);
    for format in ["terminal", "json", "jsonl", "sarif", "html", "markdown", "junit", "github"] {
        let run = sample.run(&["check", ".", "--format", format]);
        assert!(run.stdout.contains("JWT_SECRET"), "{format}\n{}", run.stdout);
        assert!(!run.stdout.contains(RANDOM), "{format}");
    }
    let report = sample.report(&[]);
    assert_eq!(report["exposures"][0]["location"]["line"], 2);
    assert_eq!(item(&report, "review.vulnerabilities")["status"], "fail");
    assert_eq!(item(&report, "review.vulnerabilities")["gated"], false);
}

const RENAME: &str = "exports.up = (knex) => knex.schema.alterTable('orders', (table) => {\n  table.renameColumn('note', 'remark');\n});\nexports.down = (knex) => knex.schema.alterTable('orders', (table) => {\n  table.renameColumn('remark', 'note');\n});\n";
const INDEX: &str = "exports.up = (knex) => knex.schema.alterTable('orders', (table) => {\n  table.index('note');\n});\nexports.down = (knex) => knex.schema.alterTable('orders', (table) => {\n  table.dropIndex('note');\n});\n";

#[test]
fn unsafe_operations_that_a_change_adds_block() {
    let sample = shop(&[]);
    sample.write("migrations/20240201000000_remark.js", RENAME);
    sample.commit("rename");
    let report = sample.report(&["--since", "main"]);
    assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{}", report["findings"]);
    let finding = &report["findings"][0];
    assert_eq!(finding["kind"], "unsafe-migration:rename-column");
    assert_eq!(finding["blocking"], true);
    assert_eq!(finding["location"]["path"], "migrations/20240201000000_remark.js");
    assert!(!finding["remedy"].as_str().unwrap().is_empty());
    assert_eq!(against(&report, "review.rollback").len(), 1);
    for format in ["terminal", "json", "jsonl", "sarif", "html", "markdown", "junit", "github"] {
        let run = sample.run(&["check", ".", "--since", "main", "--only", "migrations", "--format", format]);
        assert_eq!(run.code, 1, "{format}");
        assert!(run.stdout.contains("unsafe migration operation"), "{format}\n{}", run.stdout);
    }
    // The same operation in the history is one finding of the item, and blocks nothing by itself.
    sample.git(&["checkout", "-q", "-b", "later"]);
    sample.write("src/new.js", "exports.a = 1;\n");
    sample.commit("later");
    let report = sample.report(&["--since", "work"]);
    assert_eq!(summaries(&report["findings"]), Vec::<String>::new());
}

#[test]
fn the_size_of_the_table_decides_where_it_is_declared() {
    for (declared, blocking) in [("orders", true), ("events", false)] {
        let sample = shop(&[("seaworthy.toml", &format!("[database]\nlarge_tables = [\"{declared}\"]\n"))]);
        sample.write("migrations/20240201000000_index.js", INDEX);
        sample.commit("index");
        let report = sample.report(&["--since", "main", "--only", "migrations"]);
        assert_eq!(report["findings"][0]["kind"], "unsafe-migration:index-not-concurrent");
        assert_eq!(report["findings"][0]["blocking"], blocking, "{declared}");
    }
}

#[test]
fn a_table_that_the_change_makes_is_empty() {
    let sample = shop(&[]);
    let table = MIGRATION.replace("orders", "events");
    sample.write("migrations/20240201000000_events.js", &table);
    sample.write("migrations/20240202000000_index.js", &INDEX.replace("orders", "events"));
    sample.commit("events");
    let report = sample.report(&["--since", "main"]);
    assert_eq!(summaries(&report["findings"]), Vec::<String>::new());
}

#[test]
fn coverage_of_the_added_lines_is_told() {
    let sample = shop(&[(".gitignore", "coverage/\n")]);
    let body: String = (0..30).map(|n| format!("exports.a{n} = () => {n};\n")).collect();
    sample.write("src/new.js", &body);
    sample.commit("new");
    let lines: String = (1..=30).map(|line| format!("DA:{line},{}\n", u8::from(line <= 5))).collect();
    sample.write("coverage/lcov.info", &format!("SF:src/new.js\n{lines}end_of_record\n"));
    let report = sample.report(&["--since", "main"]);
    let notes = summaries(&item(&report, "review.edge-cases")["notes"]);
    assert!(notes[0].contains("tests run 5 of 30 added lines"), "{notes:?}");
    assert_eq!(against(&report, "review.edge-cases"), ["src/new.js:6"]);
    sample.git(&["rm", "-q", "--cached", "-r", "--ignore-unmatch", "coverage"]);
    std::fs::rename(sample.file("coverage/lcov.info"), sample.file("elsewhere.info")).unwrap();
    let given = sample.report(&["--since", "main", "--coverage", "elsewhere.info"]);
    assert_eq!(against(&given, "review.edge-cases"), ["src/new.js:6"]);
}

fn key(folder: &Path) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "ada@example.org", "-f"])
        .arg(folder.join("key"))
        .output()
        .expect("ssh-keygen is installed (Debian package openssh-client)");
    assert!(made.status.success());
}

#[test]
fn a_signed_answer_holds_after_its_record_is_committed_and_not_for_other_code() {
    let keys = tempfile::tempdir().unwrap();
    key(keys.path());
    let public = std::fs::read_to_string(keys.path().join("key.pub")).unwrap();
    let public = public.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    let sample = shop(&[
        ("seaworthy.toml", "[ledger]\nallowed-signers = \"signers\"\n"),
        ("signers", &format!("ada@example.org namespaces=\"seaworthy\" {public}\n")),
    ]);
    let until = (jiff::Zoned::now().date() + jiff::Span::new().days(10)).to_string();
    sample.write("src/new.js", "exports.a = 1;\n");
    sample.commit("new");
    let path = keys.path().join("key");
    let run = sample.run(&[
        "attest",
        "review.understood",
        "--until",
        &until,
        "--note",
        "read all of it",
        "--key",
        path.to_str().unwrap(),
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let status =
        |sample: &Sample| item(&sample.report(&["--since", "main"]), "review.understood")["status"].clone();
    assert_eq!(status(&sample), "pass");
    sample.commit("the record");
    assert_eq!(status(&sample), "pass");
    sample.write("src/new.js", "exports.a = 2;\n");
    sample.commit("other code");
    assert_eq!(status(&sample), "unknown");
}
