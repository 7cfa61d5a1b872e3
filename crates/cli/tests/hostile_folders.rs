//! The real program on folders that would stop or crash a careless one: it ends, with a clear word and the right code.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::symlink;
use std::process::Command;

use common::{Sample, item};

/// What every folder holds besides, and must not be lost.
const APP: &[(&str, &str)] = &[
    ("package.json", r#"{"name": "a", "dependencies": {"express": "^4.19.0"}}"#),
    ("index.js", "const app = require('express')();\napp.listen(3000);\n"),
];

/// The coverage as text, after a look at whether the ordinary part was judged. What fails does not close the gate.
fn coverage(sample: &Sample) -> String {
    let run = sample.run(&["check", ".", "--format", "json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    assert_eq!(item(&report, "dependencies.lockfiles")["status"], "fail");
    assert_eq!(report["items"].as_array().unwrap().len(), 86);
    report["coverage"].to_string()
}

#[test]
fn a_file_of_a_gigabyte() {
    let sample = Sample::plain(APP);
    sample.write("docker-compose.yml", &"# a line of text that says nothing\n".repeat(300));
    let file = fs::OpenOptions::new().write(true).open(sample.file("docker-compose.yml")).unwrap();
    file.set_len(1 << 30).unwrap();
    let problems = coverage(&sample);
    assert!(problems.contains("docker-compose.yml") && problems.contains("MB are more than"), "{problems}");
}

#[test]
fn links_in_circles() {
    let sample = Sample::plain(APP);
    symlink("b.yml", sample.file("a.yml")).unwrap();
    symlink("a.yml", sample.file("b.yml")).unwrap();
    symlink("fly.toml", sample.file("fly.toml")).unwrap();
    symlink(".", sample.file("here")).unwrap();
    symlink("..", sample.file("up")).unwrap();
    let problems = coverage(&sample);
    assert!(problems.contains("fly.toml") && problems.contains("symbolic link"), "{problems}");
}

#[test]
fn a_link_in_a_circle_instead_of_a_folder() {
    let sample = Sample::plain(APP);
    symlink("circle", sample.file("circle")).unwrap();
    let run = sample.run(&["check", "circle"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("circle"), "{run:?}");
}

#[test]
fn pipes_are_not_waited_for() {
    let sample = Sample::plain(APP);
    for name in ["Dockerfile", "fly.toml", "main.py"] {
        assert!(Command::new("mkfifo").arg(sample.file(name)).status().unwrap().success());
    }
    coverage(&sample);
    let run = sample.run(&["check", "Dockerfile"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("Dockerfile"), "{run:?}");
}

#[test]
fn a_hundred_thousand_files_in_one_folder() {
    let sample = Sample::plain(APP);
    let many = sample.file("many");
    fs::create_dir(&many).unwrap();
    for number in 0..100_000 {
        fs::File::create(many.join(format!("{number}.js"))).unwrap();
    }
    coverage(&sample);
}

#[test]
fn names_that_are_no_utf_8() {
    let sample = Sample::plain(APP);
    let odd = |bytes: &[u8]| sample.path().join(OsString::from_vec(bytes.to_vec()));
    fs::create_dir(odd(b"\xff\xfe")).unwrap();
    fs::write(odd(b"\xff\xfe/package.json"), "{").unwrap();
    fs::write(odd(b"caf\xe9.js"), "fetch('x')\n").unwrap();
    fs::write(odd(b"new\nline.py"), "x = 1\n").unwrap();
    let problems = coverage(&sample);
    assert!(problems.contains("\u{fffd}/package.json"), "{problems}");
    // The folder itself may have such a name.
    let folder = odd(b"\xe9t\xe9");
    fs::create_dir(&folder).unwrap();
    for (path, text) in APP {
        fs::write(folder.join(path), text).unwrap();
    }
    let output = common::command(sample.path()).arg("check").arg(&folder).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_broken_file_is_named_where_people_look() {
    let sample = Sample::plain(APP);
    sample.write("fly.toml", "app = \"a\"\n[deploy\n");
    sample.write("main.tf", "a = 1\nb = {\n");
    sample.write("api/pyproject.toml", "[project\n");
    let run = sample.run(&["check", ".", "--format", "markdown"]);
    assert_eq!(run.code, 0, "{run:?}");
    for place in ["fly.toml:2", "main.tf:", "api/pyproject.toml:1"] {
        assert!(run.stdout.contains(place), "{place}: {run:?}");
    }
    // A manifest that cannot be read is not one that is in order.
    let report = sample.report(&[]);
    assert_ne!(item(&report, "dependencies.lockfiles")["status"], "pass");
    assert_ne!(item(&report, "dependencies.unused")["status"], "pass");
}
