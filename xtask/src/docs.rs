//! Documents that are made from the program: one page per item, their index.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use seaworthy_checklist::{Absence, Item, section_items};
use seaworthy_model::Section;

use crate::Outcome;

/// The folder that holds nothing else.
const ITEMS: &str = "docs/items";

/// Writes the documents, and removes pages of items that are no more.
pub fn write(root: &Path) -> Outcome {
    let wanted = generate();
    for (path, text) in &wanted {
        let path = root.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        if fs::read_to_string(&path).ok().as_ref() != Some(text) {
            fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    for path in strays(root, &wanted) {
        fs::remove_file(root.join(&path)).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    println!("{} documents", wanted.len());
    Ok(())
}

/// Fails when what is on disk is not what the program says now.
pub fn check(root: &Path) -> Outcome {
    let wanted = generate();
    let mut wrong: Vec<String> = wanted
        .iter()
        .filter(|(path, text)| fs::read_to_string(root.join(path)).ok().as_ref() != Some(*text))
        .map(|(path, _)| format!("  {} is out of date", path.display()))
        .collect();
    wrong.extend(strays(root, &wanted).iter().map(|path| format!("  {} belongs to no item", path.display())));
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("run `cargo xtask docs`:\n{}", wrong.join("\n")))
}

/// Every document, by its path relative to the workspace.
fn generate() -> BTreeMap<PathBuf, String> {
    let mut documents = BTreeMap::new();
    documents.insert(PathBuf::from(ITEMS).join("README.md"), index());
    for item in seaworthy_checklist::items() {
        documents.insert(PathBuf::from(ITEMS).join(format!("{}.md", item.id)), page(item));
    }
    documents
}

fn page(item: &Item) -> String {
    let name = item.id.as_str().split('.').nth(1).unwrap_or_default().replace('-', "_");
    format!(
        "<!-- Made by `cargo xtask docs` from crates/checklist/src/{}/{name}.md: change it there. -->\n{}",
        item.section.name(),
        item.page
    )
}

fn index() -> String {
    let mut text = String::from(
        "<!-- Made by `cargo xtask docs`. -->\n# The checklist\n\nEvery item, what it asks, and what it means when nothing is found. Priority 1 is data loss, exposure or an\noutage nobody can undo; 2 is found late or slow to mend; 3 is good practice.\n",
    );
    for section in Section::ALL {
        let _ = write!(
            text,
            "\n## {}\n\n| item | holds when | priority | nothing found | proof lasts |\n| --- | --- | --- | --- | --- |\n",
            section.title()
        );
        for item in section_items(section) {
            let lasts = match item.fresh_days {
                Some(days) => format!("{days} days"),
                None if section == Section::Review => "for the change".to_owned(),
                None => "while it is read".to_owned(),
            };
            let absence = match item.absence {
                Absence::Fail => "fail",
                Absence::Unknown => "unknown",
            };
            let _ = writeln!(
                text,
                "| [`{id}`]({id}.md) | {} | {} | {absence} | {lasts} |",
                item.question.replace('|', "\\|"),
                item.priority,
                id = item.id
            );
        }
    }
    text
}

/// Files in the folder of generated pages that nothing generates.
fn strays(root: &Path, wanted: &BTreeMap<PathBuf, String>) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(root.join(ITEMS)) else { return Vec::new() };
    let mut strays: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| Path::new(ITEMS).join(entry.file_name()))
        .filter(|path| !wanted.contains_key(path))
        .collect();
    strays.sort();
    strays
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_item_has_a_page_and_a_line_in_the_index() {
        let documents = generate();
        let index = &documents[&PathBuf::from("docs/items/README.md")];
        for item in seaworthy_checklist::items() {
            assert!(
                documents.contains_key(&PathBuf::from(format!("docs/items/{}.md", item.id))),
                "{}",
                item.id
            );
            assert!(index.contains(&format!("]({}.md)", item.id)), "{}", item.id);
        }
    }

    #[test]
    fn a_changed_page_and_a_stray_one_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check(folder.path()).is_err());
        write(folder.path()).unwrap();
        assert_eq!(check(folder.path()), Ok(()));
        let page = folder.path().join("docs/items/ci.tests.md");
        fs::write(&page, "something else").unwrap();
        assert!(check(folder.path()).unwrap_err().contains("ci.tests.md is out of date"));
        write(folder.path()).unwrap();
        fs::write(folder.path().join("docs/items/ci.nothing.md"), "").unwrap();
        assert!(check(folder.path()).unwrap_err().contains("ci.nothing.md belongs to no item"));
        write(folder.path()).unwrap();
        assert_eq!(check(folder.path()), Ok(()));
    }
}
