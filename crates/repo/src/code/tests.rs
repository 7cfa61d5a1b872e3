#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;
use crate::tree::Limits as TreeLimits;

/// What the rules see in these files: sign, path and line.
fn seen(files: &[(&str, &str)]) -> Vec<(String, String, u32)> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let tree = Tree::open(folder.path(), &[], TreeLimits::default()).unwrap();
    let mut needles = Needles::default();
    let plan = plan(&mut needles);
    let scan = crate::scan::scan(&tree, &needles);
    let code = collect(&tree, &scan, &plan);
    code.matches
        .into_iter()
        .map(|found| (found.sign, found.at.path().unwrap().to_owned(), found.at.line_number().unwrap()))
        .collect()
}

fn places(files: &[(&str, &str)], sign: &str) -> Vec<(String, u32)> {
    seen(files).into_iter().filter(|(found, ..)| found == sign).map(|(_, path, line)| (path, line)).collect()
}

#[test]
fn a_rule_for_javascript_reads_all_its_dialects() {
    let body = "try { a() } catch (e) {}\n";
    let files = [
        ("a.js", body),
        ("b.ts", body),
        ("c.tsx", body),
        ("d.vue", "<template></template>\n<script>\ntry { a() } catch {}\n</script>"),
        ("e.test.js", body),
    ];
    let found = places(&files, "swallowed-error");
    let expected = [("a.js", 1), ("b.ts", 1), ("c.tsx", 1), ("d.vue", 3)];
    assert_eq!(found, expected.map(|(path, line)| (path.to_owned(), line)));
}

#[test]
fn a_catch_that_does_something_is_none() {
    assert!(places(&[("a.js", "try { a() } catch (e) { log(e) }\n")], "swallowed-error").is_empty());
    let python = "try:\n    a()\nexcept ValueError:\n    pass\n";
    assert_eq!(places(&[("a.py", python)], "swallowed-error"), [("a.py".to_owned(), 3)]);
}

#[test]
fn deep_nesting_is_not_looked_into() {
    let deep = format!("{}catch(e){{}}{}", "(".repeat(2_000), ")".repeat(2_000));
    assert!(seen(&[("a.js", &deep)]).is_empty());
}
