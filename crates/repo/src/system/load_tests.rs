//! Load tests that exist: by what their tools' scripts hold, in whatever folder they are; and their recorded results.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{LoadTest, Observed};

use crate::scan::{Needle, NeedleId, Needles, Scan};
use crate::tree::{Class, File, Tree};

/// A tool, the kinds of file that its scripts are, and a literal that such a script holds.
const SIGNS: &[(&str, &[&str], &[&str])] = &[
    // https://grafana.com/docs/k6/latest/javascript-api/
    ("k6", &["js", "ts", "mjs"], &["from 'k6", "from \"k6", "require('k6", "require(\"k6"]),
    // https://docs.locust.io/en/stable/writing-a-locustfile.html
    ("Locust", &["py"], &["from locust import", "import locust", "from locust."]),
    // https://www.artillery.io/docs/reference/test-script
    (
        "Artillery",
        &["yml", "yaml", "json", "js", "ts"],
        &["arrivalRate:", "\"arrivalRate\":", "arrivalCount:"],
    ),
    // https://docs.gatling.io/
    ("Gatling", &["scala", "java", "kt", "js", "ts"], &["io.gatling.", "@gatling.io/core"]),
    // https://jmeter.apache.org/usermanual/test_plan.html
    ("JMeter", &["jmx"], &["<jmeterTestPlan"]),
    // https://jmeter-java-dsl.github.io/
    ("JMeter", &["java", "kt"], &["us.abstracta.jmeter"]),
    // https://gettaurus.org/docs/ExecutionSettings/
    ("Taurus", &["yml", "yaml"], &["hold-for:"]),
    // https://github.com/tsenart/vegeta
    ("Vegeta", &["go", "sh", "", "mk", "yml", "yaml"], &["vegeta.NewAttacker(", "vegeta attack"]),
    // https://github.com/mcollina/autocannon
    (
        "autocannon",
        &["js", "ts", "mjs", "cjs", "json", "sh"],
        &[
            "require('autocannon')",
            "require(\"autocannon\")",
            "from 'autocannon'",
            "from \"autocannon\"",
            "autocannon -",
            "autocannon http",
        ],
    ),
    // https://github.com/alexfernandez/loadtest
    ("loadtest", &["js", "ts", "json"], &["require('loadtest')", "from 'loadtest'", "loadtest -"]),
    // https://github.com/wg/wrk
    ("wrk", &["lua"], &["wrk.method", "wrk.format(", "wrk.headers"]),
    ("wrk", &["sh", "", "mk", "json", "just"], &["wrk -", "wrk2 -"]),
    // https://github.com/hatoo/oha
    ("oha", &["sh", "", "mk", "json", "just", "toml"], &["oha -", "oha http"]),
    // https://github.com/rakyll/hey
    ("hey", &["sh", "", "mk", "json", "just"], &["hey -n", "hey -z", "hey -c"]),
    // https://httpd.apache.org/docs/current/programs/ab.html
    ("ab", &["sh", "", "mk", "json"], &["ab -n", "ab -c", "ab -t"]),
    // https://github.com/codesenberg/bombardier
    ("bombardier", &["sh", "", "mk", "json"], &["bombardier -"]),
    // https://github.com/JoeDog/siege
    ("siege", &["sh", "", "mk", "json"], &["siege -"]),
    // https://ghz.sh/docs/usage
    ("ghz", &["sh", "", "mk", "json"], &["ghz --"]),
    // https://nbomber.com/docs/getting-started/overview/
    ("NBomber", &["cs", "fs"], &["using NBomber", "open NBomber"]),
    // https://book.goose.rs/
    ("Goose", &["rs"], &["use goose::prelude"]),
    // https://github.com/fcsonline/drill
    ("drill", &["sh", "", "mk"], &["drill --benchmark"]),
    // https://pestphp.com/docs/stress-testing
    ("Pest stress testing", &["php"], &["Pest\\Stressless\\stress"]),
    // http://tsung.erlang-projects.org/user_manual/
    ("Tsung", &["xml"], &["<tsung "]),
];

/// The literals that were asked for, in the order of the signs.
#[derive(Debug, Default)]
pub struct Plan {
    signs: Vec<Vec<NeedleId>>,
}

/// Adds them.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut one = |text: &&str| {
        // A program's name must not be the end of a longer word.
        let whole_word = text.len() < 12 && text.contains(" -");
        needles.add(Needle { text: (*text).to_owned(), whole_word, per_file: 1 })
    };
    Plan { signs: SIGNS.iter().map(|(_, _, literals)| literals.iter().map(&mut one).collect()).collect() }
}

/// A script of each tool, the first that shows it.
pub fn scripts(tree: &Tree, scan: &Scan, plan: &Plan) -> Vec<LoadTest> {
    let mut found: Vec<LoadTest> = Vec::new();
    for ((tool, extensions, _), needles) in SIGNS.iter().zip(&plan.signs) {
        let mut hits: Vec<_> = needles
            .iter()
            .flat_map(|needle| scan.hits(*needle))
            .filter(|hit| !hit.comment)
            .map(|hit| (hit, &tree.files()[hit.file]))
            .filter(|(_, file)| can_be(file) && extensions.contains(&extension(file)))
            .collect();
        hits.sort_by_key(|(hit, _)| (hit.file, hit.line));
        if let Some((hit, file)) = hits.first()
            && !found.iter().any(|known| known.tool == *tool)
        {
            found.push(LoadTest { tool: (*tool).to_owned(), at: file.at_line(hit.line) });
        }
    }
    found
}

fn extension(file: &File) -> &str {
    if file.name() == "Makefile" { "" } else { file.extension() }
}

/// Somebody else's, an example or a page for people shows nothing about this application. CI files are read as what
/// they run.
fn can_be(file: &File) -> bool {
    matches!(file.class, Class::Shipped | Class::Test | Class::Development)
        && !file.path.starts_with(".github/")
        && !file.path.starts_with(".gitlab")
}

/// A folder or file that is about load.
static LOAD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(^|[/_.\- ])(load|stress|perf|performance|k6|locust|gatling|artillery|jmeter|soak)([/_.\- ]?tests?(ing)?)?([/_.\- ]|$)").ok()
});

/// A measured rate or a percentile of times.
static MEASURED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\bp\(?9[059]\)?|\b9[059](th|%)|req(uest)?s?\s*(/|per)\s*s|\brps\b|http_req_duration|requests\.?/s").ok()
});

/// Files with the outcome of a run: beside load tests, named as results, and holding measurements.
pub fn results(tree: &Tree) -> Vec<Observed<String>> {
    let (Some(load), Some(measured)) = (LOAD.as_ref(), MEASURED.as_ref()) else { return Vec::new() };
    let mut found = Vec::new();
    for file in tree.files() {
        let extension = file.extension();
        if !matches!(extension, "json" | "csv" | "md" | "txt" | "html" | "jtl" | "log")
            || matches!(file.class, Class::Vendored | Class::Example)
        {
            continue;
        }
        let path = file.path.to_ascii_lowercase();
        let named = extension == "jtl"
            || ["result", "report", "summary", "baseline"].iter().any(|word| path.contains(word));
        if !named || !load.is_match(&path) {
            continue;
        }
        let Some(text) = tree.text(file) else { continue };
        let mut end = text.len().min(200_000);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let digits = text[..end].bytes().filter(u8::is_ascii_digit).count();
        if digits >= 8 && (extension == "jtl" || measured.is_match(&text[..end])) {
            found.push(Observed::new("measurements of a load test".to_owned(), file.at()));
            if found.len() >= 5 {
                break;
            }
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tree::Limits;

    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Tree) {
        let folder = seaworthy_testkit::tree::folder(files);
        let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
        (folder, tree)
    }

    fn tools(files: &[(&str, &str)]) -> Vec<String> {
        let (_folder, tree) = tree(files);
        let mut needles = Needles::default();
        let plan = plan(&mut needles);
        let scan = crate::scan::scan(&tree, &needles);
        scripts(&tree, &scan, &plan).into_iter().map(|test| test.tool).collect()
    }

    #[test]
    fn scripts_are_found_wherever_they_are() {
        assert_eq!(tools(&[("tests/load/a.js", "import http from 'k6/http';\n")]), ["k6"]);
        assert_eq!(tools(&[("locustfile.py", "from locust import HttpUser\n")]), ["Locust"]);
        assert_eq!(tools(&[("perf/plan.jmx", "<jmeterTestPlan version=\"1.2\">\n")]), ["JMeter"]);
        assert_eq!(
            tools(&[("package.json", "{\"scripts\":{\"load\":\"autocannon -c 10 http://x\"}}")]),
            ["autocannon"]
        );
        assert_eq!(tools(&[("bench.sh", "wrk -t4 -c100 http://localhost\n")]), ["wrk"]);
    }

    #[test]
    fn other_programs_pages_and_comments_are_none() {
        assert!(tools(&[("a.sh", "grab -n 1\nslab -c\n# wrk -t4\n")]).is_empty());
        assert!(tools(&[("docs/load.md", "run `k6`: from 'k6/http'")]).is_empty());
        assert!(tools(&[("examples/a.py", "from locust import HttpUser\n")]).is_empty());
    }

    #[test]
    fn results_hold_measurements() {
        let count = |files: &[(&str, &str)]| results(&tree(files).1).len();
        assert_eq!(count(&[("load-tests/results/2026-01.md", "p95: 120 ms, 450 req/s, 27000 requests")]), 1);
        assert_eq!(count(&[("load-tests/README.md", "p95 must be under 500 ms 12345678")]), 0);
        assert_eq!(count(&[("reports/coverage.json", "{\"p95\": 12345678}")]), 0);
    }
}
