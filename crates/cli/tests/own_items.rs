//! Items that the owners add, through the real program.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Sample, item};

const CONFIG: &str = r#"
[[item]]
id = "own.no-moment"
question = "Nothing uses moment"
priority = 1
remedy = "Use Temporal."
rules = ["checks"]
"#;
const RULE: &str =
    "id: moment\nlanguage: JavaScript\nmessage: moment is called\nrule:\n  pattern: moment($$$)\n";

fn sample(code: &str, config: &str) -> Sample {
    let package = r#"{"name": "a", "dependencies": {"express": "4.21.2"}}"#;
    Sample::repository(&[
        ("package.json", package),
        ("src/a.ts", code),
        ("checks/moment.yml", RULE),
        ("seaworthy.toml", config),
    ])
}

#[test]
fn an_own_item_is_judged_and_gates_like_the_others() {
    let failing = sample("export const now = moment();\n", CONFIG);
    let report = failing.report(&[]);
    let own = item(&report, "own.no-moment");
    assert_eq!((own["status"].as_str(), own["title"].as_str()), (Some("fail"), Some("Nothing uses moment")));
    assert_eq!(own["evidence"][0]["location"]["path"], "src/a.ts");
    let run = failing.run(&["check", ".", "--only", "own"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("src/a.ts:1"), "{run:?}");

    let passing = sample("export const now = Date.now();\n", CONFIG);
    let run = passing.run(&["check", ".", "--only", "own.no-moment"]);
    assert_eq!(run.code, 0, "{run:?}");
    for format in ["sarif", "html", "markdown", "junit", "github", "jsonl"] {
        let run = failing.run(&["check", ".", "--format", format]);
        assert!(run.stdout.contains("own.no-moment"), "{format}: {run:?}");
    }
}

#[test]
fn a_mistake_in_an_own_item_points_at_its_line() {
    let wrong = |config: &str, says: &str| {
        let run = sample("1", config).run(&["check", "."]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.stderr.contains(says) && run.stderr.contains("seaworthy.toml:"), "{says}: {run:?}");
    };
    wrong(&CONFIG.replace("own.no-moment", "ci.tests"), "own.NAME");
    wrong(&CONFIG.replace("priority = 1", "priority = 4"), "1, 2 or 3");
    wrong(&CONFIG.replace("rules = [\"checks\"]", ""), "has no `rules`");
    wrong(&CONFIG.replace("remedy", "remdy"), "did you mean `remedy`");
    wrong(&format!("{CONFIG}{CONFIG}"), "two items");
    let run = sample("1", CONFIG).run(&["check", ".", "--only", "own.moment"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("own.moment"), "{run:?}");
}

#[test]
fn a_change_cannot_take_an_own_item_out() {
    let sample = sample("moment();\n", CONFIG);
    sample.write("seaworthy.toml", "");
    sample.commit("without the item");
    let report = sample.report(&["--since", "HEAD~1"]);
    assert_eq!(item(&report, "own.no-moment")["status"], "fail");
    assert!(
        report["summary"]["gate"].to_string().contains("own.no-moment is taken out"),
        "{}",
        report["summary"]
    );
}
