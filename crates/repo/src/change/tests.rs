#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

use seaworthy_facts::{Change, ChangedKind, Collected, Facts};

use super::Asked;
use crate::{Input, collect};

struct Repository(tempfile::TempDir);

impl Repository {
    fn new(files: &[(&str, &str)]) -> Repository {
        let repository = Repository(tempfile::tempdir().unwrap());
        repository.git(&["init", "-q", "-b", "main"]);
        repository.commit(files);
        repository
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn commit(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            self.write(path, text);
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "m"]);
    }

    fn git(&self, arguments: &[&str]) {
        let output = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .current_dir(self.folder())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HOME", self.folder())
            .output()
            .expect("git is installed (Debian package git)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn since(&self, revision: &str) -> Facts {
        let change = Some(Asked { since: revision.to_owned(), coverage: Vec::new() });
        collect(&Input {
            folder: self.folder().to_owned(),
            with: Vec::new(),
            declared: Default::default(),
            change,
        })
        .unwrap()
    }

    fn change(&self, revision: &str) -> Change {
        match self.since(revision).change {
            Collected::Found(change) => *change,
            Collected::Absent(absent) => panic!("{absent:?}"),
        }
    }
}

#[test]
fn hunks_are_counted_from_the_common_commit() {
    let repository = Repository::new(&[
        ("src/a.ts", "one\ntwo\nthree\n"),
        ("src/b.ts", "b\n"),
        ("tests/a.test.ts", "t\n"),
    ]);
    repository.git(&["checkout", "-q", "-b", "work"]);
    repository.commit(&[
        ("src/a.ts", "one\ntwo\nnew\nthree\n"),
        ("src/auth/new.ts", "x\ny\n"),
        ("tests/a.test.ts", "t\nu\n"),
    ]);
    repository.git(&["checkout", "-q", "main"]);
    repository.commit(&[("src/b.ts", "on main only\n")]);
    repository.git(&["checkout", "-q", "work"]);
    let change = repository.change("main");
    assert_eq!(change.commits, 1);
    let shown: Vec<_> = change
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.kind, file.added, file.removed, file.new))
        .collect();
    assert_eq!(
        shown,
        [
            ("src/a.ts", ChangedKind::Shipped, 1, 0, false),
            ("src/auth/new.ts", ChangedKind::Shipped, 2, 0, true),
            ("tests/a.test.ts", ChangedKind::Test, 1, 0, false),
        ]
    );
    assert!(change.files[0].adds(3) && !change.files[0].adds(2) && !change.files[0].adds(4));
    assert_eq!(change.files[1].sensitive.as_deref(), Some("who may do what"));
    assert_eq!(change.files[0].churn, 1);
}

#[test]
fn files_that_only_moved_and_files_edited_since() {
    let repository = Repository::new(&[("src/a.ts", "one\ntwo\n"), ("src/c.ts", "c\n")]);
    repository.git(&["checkout", "-q", "-b", "work"]);
    repository.git(&["mv", "src/a.ts", "src/b.ts"]);
    repository.commit(&[("src/c.ts", "c\nd\n")]);
    repository.write("src/c.ts", "edited\nc\nd\n");
    let change = repository.change("main");
    assert_eq!(change.files.len(), 1);
    assert!(change.files[0].edited_since && !change.files[0].adds(2));
}

#[test]
fn new_dependencies_are_named() {
    let manifest = |more: &str| {
        format!(
            "{{\n  \"name\": \"a\",\n  \"dependencies\": {{\n    {more}\"express\": \"4.0.0\"\n  }}\n}}\n"
        )
    };
    let repository =
        Repository::new(&[("package.json", &manifest("")), ("index.js", "require('express');\n")]);
    repository.git(&["checkout", "-q", "-b", "work"]);
    repository.commit(&[("package.json", &manifest("\"left-pad\": \"1.0.0\",\n    "))]);
    let change = repository.change("main");
    let names: Vec<_> = change.new_dependencies.iter().map(|new| new.value.as_str()).collect();
    assert_eq!(names, ["left-pad (npm)"]);
}

#[test]
fn blocks_that_stand_elsewhere() {
    let block: String = (0..14).map(|n| format!("  const value{n} = compute(input, {n});\n")).collect();
    let repository = Repository::new(&[("src/a.ts", &format!("function a(input) {{\n{block}}}\n"))]);
    repository.git(&["checkout", "-q", "-b", "work"]);
    repository.commit(&[("src/b.ts", &format!("function b(input) {{\n{block}}}\n"))]);
    let change = repository.change("main");
    assert_eq!(change.duplicates.len(), 1);
    assert_eq!(change.duplicates[0].at.to_string(), "src/b.ts:2");
    assert_eq!(change.duplicates[0].of.to_string(), "src/a.ts:2");
}

#[test]
fn an_unknown_revision_is_an_absence() {
    let repository = Repository::new(&[("a.ts", "a\n")]);
    assert!(matches!(repository.since("nowhere").change, Collected::Absent(_)));
}

#[test]
fn records_do_not_make_another_version() {
    let repository = Repository::new(&[("a.ts", "a\n")]);
    repository.commit(&[(".seaworthy/records/one.json", "{}\n")]);
    assert_eq!(super::same_code(repository.folder(), ".seaworthy/records").len(), 2);
    repository.commit(&[("a.ts", "b\n")]);
    assert_eq!(super::same_code(repository.folder(), ".seaworthy/records").len(), 1);
}
