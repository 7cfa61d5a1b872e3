//! The checklist as a whole: files, slices, ids, pages and, where the contract is at hand, its tables.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use seaworthy_checklist::{Absence, Floor, Item, VoidOn, items, section_items};
use seaworthy_model::Section;

/// Where the contract is, when somebody says so.
const CONTRACT: &str = "SEAWORTHY_CONTRACT";

fn folder(section: Section) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(section.name())
}

/// The names of the files with this extension in a section's folder, without it.
fn names(section: Section, extension: &str) -> BTreeSet<String> {
    fs::read_dir(folder(section))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "mod")
        .collect()
}

/// The file's name that an id asks for.
fn file_of(item: &Item) -> String {
    let (section, name) = item.id.as_str().split_once('.').unwrap();
    assert_eq!(section, item.section.name(), "{}", item.id);
    name.replace('-', "_")
}

#[test]
fn every_file_is_an_item_of_its_section_and_every_item_is_a_file() {
    for section in Section::ALL {
        let listed: BTreeSet<String> = section_items(section).iter().map(|item| file_of(item)).collect();
        let code: BTreeSet<String> =
            names(section, "rs").into_iter().filter(|name| is_item(section, name)).collect();
        assert_eq!(listed, code, "{}: ITEMS (left) and .rs files (right)", section.name());
        assert_eq!(listed, names(section, "md"), "{}: ITEMS (left) and .md files (right)", section.name());
    }
}

/// A file of a section's folder that is not an item holds what its items share, and says so by having no `ITEM`.
fn is_item(section: Section, name: &str) -> bool {
    let text = fs::read_to_string(folder(section).join(format!("{name}.rs"))).unwrap();
    text.contains("pub static ITEM: Item")
}

#[test]
fn each_file_holds_the_item_of_its_own_name_and_page() {
    for item in items() {
        let name = file_of(item);
        let code = fs::read_to_string(folder(item.section).join(format!("{name}.rs"))).unwrap();
        assert!(code.contains(&format!("ItemId::new(\"{}\")", item.id)), "{}: the id in {name}.rs", item.id);
        assert!(code.contains(&format!("include_str!(\"{name}.md\")")), "{}: the page in {name}.rs", item.id);
    }
}

#[test]
fn ids_are_public_and_only_grow_on_purpose() {
    let ids: Vec<&str> = items().map(|item| item.id.as_str()).collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len(), "ids are unique");
    let kept: Vec<&str> = include_str!("ids.txt").lines().collect();
    assert_eq!(
        ids, kept,
        "users write ids into configuration: an id in tests/ids.txt stays; add a new one there in its place"
    );
}

#[test]
fn metadata_is_plausible() {
    for item in items() {
        let id = &item.id;
        assert!((1..=3).contains(&item.priority), "{id}: priority");
        assert!(!item.question.is_empty() && !item.question.ends_with(['.', '?']), "{id}: question");
        assert!(item.remedy.ends_with('.'), "{id}: the remedy is a sentence");
        let timeless = matches!(item.section, Section::Review | Section::Watch);
        assert_eq!(item.fresh_days.is_none(), timeless, "{id}: freshness");
        let unique: BTreeSet<String> = item.reads.iter().map(|kind| format!("{kind:?}")).collect();
        assert_eq!(unique.len(), item.reads.len(), "{id}: reads");
    }
}

#[test]
fn pages_have_their_headings_and_agree_with_the_item() {
    let mut wrong = Vec::new();
    for item in items() {
        let lines: Vec<&str> = item.page.lines().collect();
        if !lines.first().is_some_and(|line| line.starts_with("# ")) {
            wrong.push(format!("{}: the first line is no title", item.id));
        }
        let lasts = match item.fresh_days {
            Some(days) => format!(" · proof stays fresh for {days} days"),
            None if item.section == Section::Review => " · judged per change".to_owned(),
            None => String::new(),
        };
        let expected = format!("`{}` · priority {}{lasts}", item.id, item.priority);
        let second = lines.iter().skip(1).find(|line| !line.is_empty()).copied().unwrap_or_default();
        if second != expected {
            wrong.push(format!("{}: below the title stands `{second}`, not `{expected}`", item.id));
        }
        let headings: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("## ")).collect();
        if headings != ["Checks", "Why it matters", "How to fix", "What it cannot see"] {
            wrong.push(format!("{}: the headings are {headings:?}", item.id));
        }
        for (heading, text) in sections(item.page) {
            if text.trim().len() < 40 {
                wrong.push(format!("{}: nothing stands below {heading}", item.id));
            }
        }
        if lines.iter().filter(|line| line.starts_with("```")).count() % 2 != 0 {
            wrong.push(format!("{}: a code block is not closed", item.id));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn sections(page: &str) -> Vec<(&str, &str)> {
    page.split("\n## ").skip(1).map(|part| part.split_once('\n').unwrap_or((part, ""))).collect()
}

/// A row of the contract's tables.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    priority: u8,
    absence: Option<Absence>,
    fresh_days: Option<u32>,
}

/// The tables of the contract: rows of `section.name`, priority, absence, freshness, with the columns that the section has.
fn table(contract: &str) -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::new();
    let mut columns: Vec<String> = Vec::new();
    for line in contract.lines() {
        let Some(inner) = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
            columns.clear();
            continue;
        };
        let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
        if cells.first() == Some(&"id") {
            columns = cells.iter().map(|&cell| cell.to_owned()).collect();
            continue;
        }
        if columns.is_empty() || cells[0].starts_with('-') {
            continue;
        }
        let cell = |name: &str| columns.iter().position(|column| column == name).map(|index| cells[index]);
        let id = cells[0].trim_matches('`').to_owned();
        let absence = cell("absence").map(|word| match word {
            "fail" => Absence::Fail,
            "unknown" => Absence::Unknown,
            other => panic!("{id}: `{other}` is no absence"),
        });
        let fresh_days = cell("fresh").and_then(|fresh| match fresh.strip_suffix(" d") {
            Some(days) => Some(days.parse().unwrap()),
            None => {
                assert_eq!(fresh, "the change", "{id}: freshness");
                None
            }
        });
        let row = Row { priority: cell("prio").unwrap().parse().unwrap(), absence, fresh_days };
        assert!(rows.insert(id.clone(), row).is_none(), "{id} stands twice in the contract");
    }
    rows
}

#[test]
#[allow(clippy::print_stdout)]
fn the_items_are_those_of_the_contract() {
    let Some(path) = std::env::var_os(CONTRACT) else {
        println!("not compared: {CONTRACT} names no contract");
        return;
    };
    let path = PathBuf::from(path);
    let contract = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{CONTRACT} names {}, which cannot be read: {error}", path.display()));
    let table = table(&contract);
    assert!(!table.is_empty(), "{} holds no table of items", path.display());
    let here: BTreeSet<String> = items().map(|item| item.id.to_string()).collect();
    let there: BTreeSet<String> = table.keys().cloned().collect();
    assert_eq!(here, there, "ids here (left) and in the contract (right)");
    let mut wrong = Vec::new();
    for item in items() {
        let row = &table[item.id.as_str()];
        if item.priority != row.priority {
            wrong.push(format!("{}: priority {} here, {} there", item.id, item.priority, row.priority));
        }
        if row.absence.is_some_and(|absence| absence != item.absence) {
            wrong.push(format!("{}: absence {:?} here, {:?} there", item.id, item.absence, row.absence));
        }
        if item.fresh_days != row.fresh_days {
            wrong.push(format!(
                "{}: freshness {:?} here, {:?} there",
                item.id, item.fresh_days, row.fresh_days
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    println!("compared {} items with {}", table.len(), path.display());
}

#[test]
fn a_table_of_the_contract_is_read_with_the_columns_that_it_has() {
    let text = "\
text
| id | prio | absence | fresh |
| --- | --- | --- | --- |
| `a.one` | 1 | unknown | 30 d |
| `a.two` | 3 | fail | 7 d |

| word | meaning |
| --- | --- |
| item | a line |

| id | prio | fresh |
| --- | --- | --- |
| `b.one` | 2 | the change |
";
    let rows = table(text);
    assert_eq!(rows.len(), 3);
    assert_eq!(rows["a.two"], Row { priority: 3, absence: Some(Absence::Fail), fresh_days: Some(7) });
    assert_eq!(rows["b.one"], Row { priority: 2, absence: None, fresh_days: None });
}

#[test]
fn what_the_operator_does_is_marked_so() {
    let whole_sections = [Section::Backups, Section::Https, Section::Watch];
    let others = [
        "headers.strict-transport-security",
        "monitoring.server-metrics",
        "monitoring.uptime",
        "monitoring.alerts",
        "logging.centralised",
        "logging.retention",
        "logging.access",
        "rollback.strategy",
        "rollback.redeploy",
        "privacy.policy",
        "privacy.terms",
        "privacy.gdpr-ccpa",
        "privacy.processors",
        "ci.deployment",
        "ci.staging",
        "ci.smoke-tests",
        "performance.response-times",
    ];
    for item in items() {
        let expected = whole_sections.contains(&item.section) || others.contains(&item.id.as_str());
        assert_eq!(item.operator, expected, "{}", item.id);
    }
}

#[test]
fn proof_is_void_when_what_it_was_about_has_changed() {
    for item in items() {
        let expected = match (item.section, item.id.as_str()) {
            (Section::Migrations, _) | (_, "rollback.migrations") => VoidOn::Migrations,
            (Section::Errors | Section::Review, _)
            | (_, "logging.no-sensitive-data" | "privacy.export-deletion" | "performance.load-tested") => {
                VoidOn::Commit
            }
            (Section::Https | Section::Headers, _) => VoidOn::Deployment,
            _ => VoidOn::Time,
        };
        assert_eq!(item.void_on, expected, "{}", item.id);
    }
}

#[test]
fn items_whose_own_words_ask_for_more_than_configuration_have_a_floor() {
    for item in items() {
        let expected = match item.id.as_str() {
            "backups.database" | "backups.restore-tested" => Floor::Observed,
            "rollback.documented" => Floor::ProvenOrAttested,
            _ => Floor::Configured,
        };
        assert_eq!(item.floor, expected, "{}", item.id);
    }
}
