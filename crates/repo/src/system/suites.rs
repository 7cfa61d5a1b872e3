//! Tests that exist: by the names and by the content that runners look for.

use std::collections::BTreeMap;

use seaworthy_facts::{Component, Location, TestSuite};

use crate::scan::{Needle, NeedleId, Needles, Scan};
use crate::tree::{Class, File, Tree};

/// What a runner looks for in a file, by language.
const MARKS: &[(&str, &[&str])] = &[
    ("python", &["def test_", "def test(", "TestCase)", "TestCase,"]),
    (
        "javascript",
        &[
            "describe(",
            "it(\"",
            "it('",
            "it(`",
            "test(\"",
            "test('",
            "test(`",
            "test.describe(",
            "it.each",
            "test.each",
        ],
    ),
    (
        "ruby",
        &[
            "RSpec.describe",
            "describe \"",
            "describe '",
            "it \"",
            "it '",
            "def test_",
            "test \"",
            "test '",
            "should \"",
            "context \"",
        ],
    ),
    ("php", &["function test", "#[Test]", "@test", "it('", "it(\"", "test('", "test(\"", "describe('"]),
    ("go", &["func Test", "func Fuzz"]),
    (
        "jvm",
        &[
            "@Test",
            "@ParameterizedTest",
            "extends Specification",
            "StringSpec(",
            "FunSpec(",
            "AnyFlatSpec",
            "AnyFunSuite",
        ],
    ),
    ("csharp", &["[Fact", "[Theory", "[Test]", "[TestMethod", "[TestCase"]),
    ("rust", &["#[test]", "::test]", "#[test_case", "#[rstest"]),
    ("elixir", &["use ExUnit.Case", "test \"", "ConnCase", "DataCase"]),
    ("dart", &["test('", "testWidgets("]),
    ("swift", &["XCTestCase", "@Test"]),
];

const END_TO_END: &[&str] = &[
    "@playwright/test",
    "playwright.sync_api",
    "playwright.async_api",
    "cy.visit(",
    "puppeteer",
    "selenium",
    "selenium-webdriver",
    "webdriverio",
    "Laravel\\Dusk",
    "ApplicationSystemTestCase",
    "StaticLiveServerTestCase",
    "Microsoft.Playwright",
    "use Wallaby",
    "nightwatch",
    "testcafe",
];

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    marks: Vec<(&'static str, NeedleId)>,
    end_to_end: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut one =
        |text: &str, word| needles.add(Needle { text: text.to_owned(), whole_word: word, per_file: 1 });
    Plan {
        marks: MARKS
            .iter()
            .flat_map(|(language, marks)| marks.iter().map(move |mark| (*language, *mark)))
            .map(|(language, mark)| (language, one(mark, is_closed(mark))))
            .collect(),
        end_to_end: END_TO_END.iter().map(|text| one(text, false)).collect(),
    }
}

/// A mark that ends in a sign of its own must not begin inside a longer word; a mark that goes on as a name may.
fn is_closed(mark: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    mark.starts_with(word) && !mark.ends_with(word)
}

/// The suites, by component, language and kind.
pub fn suites(tree: &Tree, scan: &Scan, plan: &Plan, components: &[Component]) -> Vec<TestSuite> {
    let mut drives = vec![false; tree.files().len()];
    for hit in plan.end_to_end.iter().flat_map(|needle| scan.hits(*needle)).filter(|hit| !hit.comment) {
        drives[hit.file] = true;
    }
    let mut first: Vec<Option<u32>> = vec![None; tree.files().len()];
    for (language, needle) in &plan.marks {
        for hit in scan.hits(*needle).iter().filter(|hit| !hit.comment || hit.text.contains("@test")) {
            let file = &tree.files()[hit.file];
            if family(file.language) == Some(language) && is_test_file(file) && !scan.generated[file.index] {
                let line = &mut first[hit.file];
                *line = Some(line.map_or(hit.line, |known| known.min(hit.line)));
            }
        }
    }
    let mut suites: BTreeMap<(String, String, bool), TestSuite> = BTreeMap::new();
    for (file, line) in tree.files().iter().zip(first) {
        let (Some(line), Some(language)) = (line, file.language) else { continue };
        let end_to_end = drives[file.index] || is_end_to_end(&file.path);
        let component = component_of(components, &file.path);
        let example: Location = file.at_line(line);
        suites
            .entry((component.clone(), language.to_owned(), end_to_end))
            .and_modify(|suite| suite.files += 1)
            .or_insert(TestSuite { component, language: language.to_owned(), files: 1, example, end_to_end });
    }
    suites.into_values().collect()
}

fn family(language: Option<&'static str>) -> Option<&'static str> {
    Some(match language? {
        "javascript" | "typescript" | "vue" | "svelte" => "javascript",
        "java" | "kotlin" | "scala" | "groovy" => "jvm",
        "csharp" | "fsharp" => "csharp",
        other => other,
    })
}

/// Names and places that runners look at.
fn is_test_file(file: &File) -> bool {
    let path = file.path.to_ascii_lowercase();
    let name = path.rsplit('/').next().unwrap_or(&path);
    let stem = name.split('.').next().unwrap_or(name);
    let original = file.name().split('.').next().unwrap_or_default();
    let folder = |names: &[&str]| path.split('/').rev().skip(1).any(|part| names.contains(&part));
    // Copies that tests read, or code that makes tests, are none.
    if matches!(file.class, Class::Vendored | Class::Generated | Class::Documentation | Class::Example)
        || folder(&["fixtures", "__fixtures__", "testdata", "test-data", "stubs", "templates", "factories"])
    {
        return false;
    }
    match family(file.language) {
        Some("python") => {
            stem.starts_with("test_") || stem.ends_with("_test") || stem == "tests" || stem == "test"
        }
        Some("javascript") => {
            name.contains(".test.")
                || name.contains(".spec.")
                || name.contains(".cy.")
                || name.contains(".e2e")
                || folder(&["__tests__", "test", "tests", "e2e", "cypress", "spec"])
        }
        Some("ruby") => stem.ends_with("_spec") || stem.ends_with("_test") || stem.starts_with("test_"),
        Some("php") => original.ends_with("Test") || original.ends_with("Cest") || folder(&["tests", "test"]),
        Some("go") => stem.ends_with("_test"),
        Some("jvm") => {
            original.ends_with("Test")
                || original.ends_with("Tests")
                || original.ends_with("IT")
                || original.ends_with("Spec")
                || original.starts_with("Test")
                || path.contains("src/test/")
        }
        Some("elixir") => stem.ends_with("_test"),
        Some("dart") => stem.ends_with("_test"),
        Some("csharp" | "rust" | "swift") => true,
        _ => false,
    }
}

fn is_end_to_end(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    lower.split('/').any(|part| {
        matches!(
            part,
            "e2e" | "cypress" | "playwright" | "e2e-tests" | "end-to-end" | "browser-tests" | "acceptance"
        ) || part.contains(".e2e.")
            || part.contains(".cy.")
            || part.contains(".e2e-spec.")
    }) || lower.contains("test/system/")
        || lower.contains("spec/system/")
        || lower.contains("spec/features/")
        || lower.contains("tests/browser/")
}

fn component_of(components: &[Component], path: &str) -> String {
    components
        .iter()
        .filter(|c| c.folder != "." && path.strip_prefix(&c.folder).is_some_and(|rest| rest.starts_with('/')))
        .map(|c| c.folder.clone())
        .max_by_key(String::len)
        .unwrap_or_else(|| ".".to_owned())
}
