#![allow(clippy::unwrap_used)]

mod errors;
mod logging;
mod performance;
mod planted;
mod review;

use super::*;
use crate::tree::Limits as TreeLimits;

/// What the rules see in these files: sign, path and line.
fn seen(files: &[(&str, &str)]) -> Vec<(String, String, u32)> {
    code(files, &[])
        .matches
        .into_iter()
        .map(|found| (found.sign, found.at.path().unwrap().to_owned(), found.at.line_number().unwrap()))
        .collect()
}

fn code(files: &[(&str, &str)], items: &[OwnItem]) -> Code {
    let folder = seaworthy_testkit::tree::folder(files);
    let tree = Tree::open(folder.path(), &[], TreeLimits::default()).unwrap();
    let mut needles = Needles::default();
    let plan = plan(&tree, items, true, &mut needles);
    let scan = crate::scan::scan(&tree, &needles);
    collect(&tree, &scan, &plan)
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
    let python = "try:\n    a()\nexcept Exception:\n    pass\n";
    assert_eq!(places(&[("a.py", python)], "swallowed-error"), [("a.py".to_owned(), 3)]);
    assert!(places(&[("a.py", &python.replace("Exception", "ValueError"))], "swallowed-error").is_empty());
}

#[test]
fn deep_nesting_is_not_looked_into() {
    let deep = format!("{}catch(e){{}}{}", "(".repeat(2_000), ")".repeat(2_000));
    assert!(seen(&[("a.js", &deep)]).is_empty());
}

fn own_item(rules: &str) -> OwnItem {
    OwnItem {
        id: "own.no-moment".to_owned(),
        question: "Nothing uses moment".to_owned(),
        priority: 3,
        remedy: String::new(),
        rules: vec![rules.to_owned()],
        wanted: false,
        at: seaworthy_facts::Location::line("seaworthy.toml", 3),
    }
}

#[test]
fn rules_of_the_owners_are_read_from_files_and_folders() {
    let rule = "id: moment\nlanguage: JavaScript\nmessage: moment is called\nrule:\n  pattern: moment($$$)\n";
    let files = [("src/a.ts", "const now = moment();\n"), ("src/b.js", "1;\n"), ("checks/moment.yml", rule)];
    for named in ["checks/moment.yml", "checks", "./checks/"] {
        let code = code(&files, &[own_item(named)]);
        let check = &code.own["own.no-moment"];
        assert_eq!((check.files, check.rules.len(), check.problems.len()), (2, 1, 0), "{named}");
        let places: Vec<_> = code.of("own.no-moment").map(|found| found.at.path().unwrap()).collect();
        assert_eq!(places, ["src/a.ts"]);
    }
}

#[test]
fn a_rule_that_cannot_be_used_is_named() {
    let why = |rule: &str| {
        let code = code(&[("a.js", "1"), ("rule.yml", rule)], &[own_item("rule.yml")]);
        assert!(code.matches.is_empty());
        code.own["own.no-moment"].problems[0].what.clone()
    };
    let head = "id: a\nlanguage: JavaScript\nmessage: m\n";
    assert!(why("id: a\nlanguage: Cobol\nmessage: m\nrule: {kind: x}\n").contains("no language `Cobol`"));
    assert!(why(&format!("{head}rule: {{kind: no_such_kind}}\n")).starts_with("a: "));
    assert!(why("- 1\n").contains("expected"), "{}", why("- 1\n"));
    assert!(why("").contains("no rule"));
    let many = format!(
        "{head}rule:\n  kind: program\n  all:{}\n",
        "\n    - has: {kind: string, stopBy: end}".repeat(3)
    );
    assert!(why(&many).contains("stopBy"), "{}", why(&many));
    let missing = code(&[("a.js", "1")], &[own_item("nowhere.yml")]);
    assert!(missing.own["own.no-moment"].problems[0].what.contains("no rule file `nowhere.yml`"));
}

#[test]
fn a_rule_of_the_owners_reaches_no_item_of_the_checklist() {
    let rule =
        "id: a\nlanguage: JavaScript\nmessage: m\nmetadata: {sign: swallowed-error}\nrule: {kind: number}\n";
    let code = code(&[("a.js", "1"), ("rule.yml", rule)], &[own_item("rule.yml")]);
    assert_eq!((code.count("swallowed-error"), code.count("own.no-moment")), (0, 1));
}
