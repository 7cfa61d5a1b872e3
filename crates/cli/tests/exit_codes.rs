//! Exit codes are a contract, and wrong input gets a clear line.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Sample, item, run_in};

/// A small application that has something to fail: a server without CI.
const APP: &[(&str, &str)] = &[
    ("package.json", r#"{"name": "a", "dependencies": {"express": "^4.19.0", "pg": "^8.0.0"}}"#),
    (
        "index.js",
        "const express = require('express');\nconst { Pool } = require('pg');\nconst app = express();\napp.listen(3000);\nnew Pool();\n",
    ),
];

#[test]
fn an_empty_folder_was_not_checked() {
    let run = Sample::plain(&[]).run(&["check", "."]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("nothing was checked"), "{run:?}");
    assert_eq!(run.stdout, "");
}

#[test]
fn a_file_instead_of_a_folder() {
    let sample = Sample::plain(&[("a.txt", "x")]);
    let run = sample.run(&["check", "a.txt"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("a.txt: a file, not a folder"), "{run:?}");
}

#[test]
fn no_such_path() {
    let run = Sample::plain(&[]).run(&["check", "nowhere"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("nowhere: no such folder"), "{run:?}");
}

#[test]
fn an_unknown_option_and_an_unknown_command() {
    let sample = Sample::plain(&[]);
    assert_eq!(sample.run(&["check", "--frmat", "json"]).code, 2);
    assert_eq!(sample.run(&["chek"]).code, 2);
    assert_eq!(sample.run(&[]).code, 2);
    assert_eq!(sample.run(&["--help"]).code, 0);
    assert_eq!(sample.run(&["--version"]).code, 0);
}

#[test]
fn a_mistyped_item_gets_the_nearest() {
    let sample = Sample::repository(APP);
    let run = sample.run(&["check", ".", "--only", "ci.test"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("did you mean `ci.tests`?"), "{run:?}");
    let run = sample.run(&["explain", "backup.database"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("backups.database"), "{run:?}");
    let run = sample.run(&["check", ".", "--deploy", "vercl"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("vercel"), "{run:?}");
}

#[test]
fn a_mistake_in_the_configuration_points_at_its_line() {
    let sample = Sample::repository(APP);
    sample.write("seaworthy.toml", "[gate]\nstrct = true\n");
    let run = sample.run(&["check", "."]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("seaworthy.toml:2:1"), "{run:?}");
    assert!(run.stderr.contains("did you mean `strict`?"), "{run:?}");
}

#[test]
fn unknown_at_priority_one_is_said_and_passes_unless_strict() {
    let sample = Sample::repository(APP);
    let plain = sample.run(&["check", ".", "--only", "backups"]);
    assert_eq!(plain.code, 0, "{plain:?}");
    assert!(plain.stdout.to_lowercase().contains("not known"), "{plain:?}");
    assert!(!plain.stdout.contains("passed"), "{plain:?}");
    assert_eq!(sample.run(&["check", ".", "--only", "backups", "--strict"]).code, 1);
}

#[test]
fn nothing_deployable_makes_items_not_applicable() {
    let sample = Sample::repository(&[("notes.txt", "only text\n")]);
    let report = sample.report(&[]);
    assert_eq!(item(&report, "ci.tests")["status"], "not-applicable");
    assert!(item(&report, "ci.tests")["reason"].as_str().unwrap().contains("nothing that can be deployed"));
}

#[test]
fn several_paths_give_one_report_each_and_lose_none() {
    let one = Sample::repository(APP);
    let two = Sample::repository(&[("notes.txt", "text\n")]);
    let empty = Sample::plain(&[]);
    let paths = [one.path(), empty.path(), two.path()].map(|path| path.to_str().unwrap().to_owned());
    let run = run_in(one.path(), &["check", &paths[0], &paths[1], &paths[2], "--format", "jsonl"]);
    assert_eq!(run.code, 3, "{run:?}");
    let lines: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["subject"]["path"], paths[2]);
    let run = run_in(one.path(), &["check", &paths[0], &paths[2], "--format", "html"]);
    assert_eq!(run.code, 2, "{run:?}");
}

#[test]
fn formats_go_to_their_files() {
    let sample = Sample::repository(APP);
    let run = sample.run(&[
        "check", ".", "--format", "json", "-o", "a.out", "--format", "sarif", "-o", "b.out", "-o", "c.html",
    ]);
    assert!(run.code <= 1, "{run:?}");
    let json: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(sample.file("a.out")).unwrap()).unwrap();
    assert_eq!(json["schema"], "seaworthy.report/1");
    let sarif: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(sample.file("b.out")).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert!(std::fs::read_to_string(sample.file("c.html")).unwrap().contains("<html"));
    let run = sample.run(&["check", ".", "-o", "d.unknown"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("ending"), "{run:?}");
    let run = sample.run(&["check", ".", "-o", "no/such/folder/a.json"]);
    assert_eq!(run.code, 2);
}

#[test]
fn the_two_halves_give_the_same_judgement() {
    let sample = Sample::repository(APP);
    let whole = sample.report(&[]);
    let run = sample.run(&["collect", ".", "-o", "facts.json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let run = sample.run(&["judge", "facts.json", "--format", "json"]);
    let judged: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(judged["items"], whole["items"]);
    sample.write("broken.json", "{\"schema\": 1");
    let run = sample.run(&["judge", "broken.json"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("seaworthy collect"), "{run:?}");
}

#[test]
fn check_writes_nothing_into_the_folder() {
    let sample = Sample::repository(APP);
    let before = sample.git(&["status", "--porcelain", "--ignored"]);
    sample.run(&["check", "."]);
    assert_eq!(sample.git(&["status", "--porcelain", "--ignored"]), before);
}

#[test]
fn helpers_of_the_shell() {
    let sample = Sample::plain(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = sample.run(&["completions", shell]);
        assert_eq!(run.code, 0);
        assert!(run.stdout.contains("seaworthy"));
    }
    assert!(sample.run(&["man"]).stdout.contains(".TH"));
}

#[test]
fn the_checklist_is_shown() {
    let sample = Sample::plain(&[]);
    let run = sample.run(&["list", "--json"]);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(rows.len(), 86);
    let run = sample.run(&["explain", "ci.tests"]);
    assert!(run.stdout.contains("## How to fix"), "{run:?}");
    assert_eq!(sample.run(&["list", "cii"]).code, 2);
}

#[test]
fn init_writes_a_configuration_that_check_reads() {
    let sample = Sample::repository(APP);
    let run = sample.run(&["init", "."]);
    assert_eq!(run.code, 0, "{run:?}");
    let text = std::fs::read_to_string(sample.file("seaworthy.toml")).unwrap();
    assert!(text.contains("[app]"), "{text}");
    assert!(sample.run(&["check", "."]).code <= 1);
    let again = sample.run(&["init", "."]);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("--force"), "{again:?}");
    // What is commented out must be right too, once the marks are taken off.
    let uncommented: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.starts_with('[') || rest.contains(" = ") => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    sample.write("seaworthy.toml", &uncommented);
    let run = sample.run(&["check", "."]);
    assert!(!run.stderr.contains("seaworthy.toml"), "{run:?}\n{uncommented}");
}

/// Root may read everything, so as root the program is run as nobody.
#[cfg(unix)]
#[test]
fn a_tree_that_may_not_be_read() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;

    let mode =
        |path: std::path::PathBuf, mode: u32| set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let sample = Sample::plain(APP);
    sample.write("secret/inside.js", "1");
    sample.write("closed/package.json", "{}");
    mode(sample.path().to_owned(), 0o755);
    mode(sample.file("index.js"), 0o000);
    mode(sample.file("closed"), 0o000);
    let run = common::run_as_nobody(sample.path(), &["check", ".", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    let problems = report["coverage"].to_string();
    for path in ["index.js", "closed"] {
        assert!(problems.contains(path), "{path}: {problems}");
    }
    assert!(problems.contains("ermission denied"), "{problems}");
    // The rest was judged all the same.
    assert_eq!(item(&report, "dependencies.lockfiles")["status"], "fail");

    mode(sample.path().to_owned(), 0o000);
    let run = common::run_as_nobody(std::path::Path::new("/"), &["check", &sample.path().to_string_lossy()]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("ermission denied"), "{run:?}");
    mode(sample.path().to_owned(), 0o700);
    mode(sample.file("closed"), 0o700);
}
