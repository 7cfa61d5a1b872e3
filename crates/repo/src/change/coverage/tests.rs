#![allow(clippy::unwrap_used)]

use seaworthy_facts::Hunk;

use super::super::Looked;
use super::collect;
use crate::tree::{Limits, Tree};

fn counted(
    files: &[(&str, &str)],
    folders: &[&str],
    head_time: i64,
    path: &str,
) -> Vec<(String, u32, u32, bool)> {
    let folder = seaworthy_testkit::tree::folder(files);
    let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
    let hunks = [Hunk { line: 2, added: 2, removed: 0 }];
    let looked = Looked { path, file: tree.file(path), before: "", after: "", hunks: &hunks };
    let folders: Vec<String> = folders.iter().map(|folder| (*folder).to_owned()).collect();
    let (reports, _) = collect(&tree, &[], &folders, head_time, &[looked]);
    reports
        .into_iter()
        .map(|report| (report.at.to_string(), report.counted, report.covered, report.older))
        .collect()
}

#[test]
fn only_added_lines_count() {
    let lcov = "SF:src/a.ts\nDA:1,1\nDA:2,1\nDA:3,0\nDA:4,0\nend_of_record\n";
    let found = counted(&[("src/a.ts", "a\nb\nc\nd\n"), ("coverage/lcov.info", lcov)], &["."], 0, "src/a.ts");
    assert_eq!(found, [("coverage/lcov.info".to_owned(), 2, 1, false)]);
}

#[test]
fn a_report_that_is_older_than_the_commit_says_so() {
    let found =
        counted(&[("src/a.ts", ""), ("lcov.info", "SF:src/a.ts\nDA:2,1\n")], &["."], i64::MAX, "src/a.ts");
    assert!(found[0].3);
}

#[test]
fn paths_are_matched_by_their_ends() {
    let absolute = "SF:/builds/api/src/a.ts\nDA:2,1\n";
    assert_eq!(counted(&[("api/src/a.ts", ""), ("lcov.info", absolute)], &["."], 0, "api/src/a.ts")[0].1, 1);
    let inside = "SF:src/a.ts\nDA:2,1\n";
    let files = [("api/src/a.ts", ""), ("web/src/a.ts", ""), ("api/coverage/lcov.info", inside)];
    assert_eq!(counted(&files, &["api"], 0, "api/src/a.ts")[0].1, 1);
    // Two files could be meant: nothing is claimed.
    let files = [("api/src/a.ts", ""), ("web/src/a.ts", ""), ("lcov.info", inside)];
    assert_eq!(counted(&files, &["."], 0, "api/src/a.ts")[0].1, 0);
}
