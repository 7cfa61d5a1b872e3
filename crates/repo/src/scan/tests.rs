#![allow(clippy::unwrap_used)]

use super::*;
use crate::tree::Limits as TreeLimits;

fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Tree) {
    let folder = seaworthy_testkit::tree::folder(files);
    let tree = Tree::open(folder.path(), &[], TreeLimits::default()).unwrap();
    (folder, tree)
}

#[test]
fn a_hit_has_its_line_and_text() {
    let (_folder, tree) = tree(&[("a.js", "one\n  import x from 'sentry';\n// import y from 'sentry'\n")]);
    let mut needles = Needles::default();
    let sentry = needles.text("'sentry'");
    let again = needles.text("'sentry'");
    let scan = scan(&tree, &needles);
    let hits = scan.hits(sentry);
    assert_eq!(hits.iter().map(|hit| (hit.line, hit.comment)).collect::<Vec<_>>(), [(2, false), (3, true)]);
    assert_eq!(&*hits[0].text, "  import x from 'sentry';");
    assert_eq!(scan.hits(again).len(), 2);
}

#[test]
fn whole_words_only_where_asked() {
    let (_folder, tree) = tree(&[("a.py", "flask_login\nimport flask\n")]);
    let mut needles = Needles::default();
    let word = needles.word("flask");
    let text = needles.text("flask");
    let scan = scan(&tree, &needles);
    assert_eq!(scan.hits(word).len(), 1);
    assert_eq!(scan.hits(word)[0].line, 2);
    assert_eq!(scan.hits(text).len(), 2);
}

#[test]
fn overlapping_literals_are_all_seen_on_their_lines() {
    let (_folder, tree) = tree(&[("a.txt", "x\nabcd\n")]);
    let mut needles = Needles::default();
    let long = needles.text("abcd");
    let short = needles.text("bc");
    let scan = scan(&tree, &needles);
    assert_eq!(scan.hits(long)[0].line, 2);
    assert_eq!(scan.hits(short)[0].line, 2);
}

#[test]
fn minified_and_vendored_files_give_no_hits() {
    let minified = format!("var needle_here;{}", "x=1;".repeat(10_000));
    let (_folder, tree) =
        tree(&[("public/app.js", &minified), ("vendor/a/b.go", "needle_here"), ("src/a.go", "needle_here")]);
    let mut needles = Needles::default();
    let needle = needles.text("needle_here");
    let scan = scan(&tree, &needles);
    let files: Vec<_> = scan.hits(needle).iter().map(|hit| tree.files()[hit.file].path.as_str()).collect();
    assert_eq!(files, ["src/a.go"]);
}

#[test]
fn a_library_among_served_files_does_not_ship() {
    let body = "function a() { try { b() } catch (e) {} }\n".repeat(400);
    let banner = "/*!\n * Maps v1.6.0\n * (c) 2019 A. Person, MIT License\n */\n";
    let own = "/*\n * Copyright (c) 2023 the shop\n */\n";
    let library = format!("{banner}{body}");
    let under_a_header = format!("{own}\n{banner}{body}");
    let own = format!("{own}{body}");
    let (_folder, tree) = tree(&[
        ("public/lib/maps.js", &library),
        ("public/lib/header.js", &under_a_header),
        ("public/lib/shop.js", &own),
        ("src/maps.js", &library),
    ]);
    let scan = scan(&tree, &Needles::default());
    let ships: Vec<&str> =
        tree.files().iter().filter(|file| scan.ships(file)).map(|file| file.path.as_str()).collect();
    assert_eq!(ships, ["public/lib/shop.js", "src/maps.js"]);
}

#[test]
fn of_documents_only_what_they_import_is_looked_through() {
    let text = "import { Chart } from 'charts'\n\n# Charts\n\n```ts\nimport { Map } from 'maps'\n```\n";
    let (_folder, tree) = tree(&[("docs/a.mdx", text), ("docs/b.md", text), ("docs/conf.py", text)]);
    let mut needles = Needles::default();
    let (charts, maps) = (needles.text("'charts'"), needles.text("'maps'"));
    let everywhere = needles.text("Map }");
    needles.also_in_prose(everywhere);
    let scan = scan(&tree, &needles);
    assert_eq!(scan.hits(everywhere).iter().map(|hit| hit.line).collect::<Vec<_>>(), [6, 6, 6]);
    let files =
        |needle| scan.hits(needle).iter().map(|hit| &*tree.files()[hit.file].path).collect::<Vec<_>>();
    assert_eq!(files(charts), ["docs/a.mdx", "docs/conf.py"]);
    assert_eq!(files(maps), ["docs/conf.py"]);
}

#[test]
fn a_question_is_answered_while_the_text_is_at_hand() {
    let files = [
        ("a.js", "one two"),
        ("b.js", "one"),
        ("c.js", "two"),
        ("test/d.js", "one two"),
        ("e.py", "one two"),
    ];
    let (_folder, tree) = tree(&files);
    let mut needles = Needles::default();
    let question = needles
        .ask(&["one".to_owned()], |file, text| file.language == Some("javascript") && text.contains("two"));
    let never = needles.ask(&["three".to_owned()], |_, _| true);
    let scan = scan(&tree, &needles);
    let answers =
        |question| scan.answers(question).iter().map(|file| &*tree.files()[*file].path).collect::<Vec<_>>();
    assert_eq!(answers(question), ["a.js"]);
    assert!(answers(never).is_empty());
}
