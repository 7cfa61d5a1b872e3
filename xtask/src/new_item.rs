//! Starts an item: its file with metadata and tests, its page, its place in the section's slice.

use std::fs;
use std::path::Path;

use seaworthy_model::Section;

use crate::Outcome;
use crate::step::{cargo, run};

/// Creates the files of `id` (`section.name`) and adds the item to its section.
pub fn create(root: &Path, id: &str) -> Outcome {
    let (section, name) = parse(id)?;
    if seaworthy_checklist::find(id).is_some() {
        return Err(format!("{id} is there already"));
    }
    let module = name.replace('-', "_");
    let sources = root.join("crates/checklist/src");
    let folder = sources.join(section.name());
    let slice = folder.join("mod.rs");
    let text = fs::read_to_string(&slice).map_err(|error| format!("{}: {error}", slice.display()))?;
    let text = add_to_slice(&text, &module)?;
    let files = [
        (folder.join(format!("{module}.rs")), code(section, id, &module)),
        (folder.join(format!("{module}.md")), page(id)),
    ];
    for (path, _) in &files {
        if path.exists() {
            return Err(format!("{} is there already", path.display()));
        }
    }
    for (path, content) in files {
        fs::write(&path, content).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("wrote {}", path.display());
    }
    fs::write(&slice, text).map_err(|error| format!("{}: {error}", slice.display()))?;
    println!("added to {}", slice.display());
    println!("ids are public: add `{id}` to crates/checklist/tests/ids.txt when it is here to stay");
    run(cargo(root).args(["fmt", "-p", "seaworthy-checklist"]))
}

fn parse(id: &str) -> Result<(Section, &str), String> {
    let wrong = || format!("`{id}` is no id of an item; ids look like `backups.restore-tested`");
    let (section, name) = id.split_once('.').ok_or_else(wrong)?;
    let section = Section::from_name(section).ok_or_else(|| {
        let names: Vec<&str> = Section::ALL.into_iter().map(Section::name).collect();
        format!("there is no section `{section}`; there are {}", names.join(", "))
    })?;
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    if name.split('-').all(word) { Ok((section, name)) } else { Err(wrong()) }
}

/// Declares the module in the order of the alphabet and appends the item to `ITEMS`.
fn add_to_slice(text: &str, module: &str) -> Result<String, String> {
    let odd = || "the section's mod.rs has no `ITEMS` of the usual shape".to_owned();
    let declaration = format!("mod {module};");
    let mut lines: Vec<&str> = text.lines().collect();
    let modules = |line: &&str| line.starts_with("mod ") && line.ends_with(';');
    let first = lines.iter().position(modules).ok_or_else(odd)?;
    let count = lines[first..].iter().take_while(|line| modules(line)).count();
    let place = lines[first..first + count].iter().filter(|line| **line < declaration.as_str()).count();
    lines.insert(first + place, &declaration);
    let text = lines.join("\n") + "\n";
    let begin = text.find("ITEMS: &[&Item]").ok_or_else(odd)?;
    let end = begin + text[begin..].find("];").ok_or_else(odd)?;
    let before = text[..end].trim_end().trim_end_matches(',');
    let comma = if before.ends_with('[') { "" } else { "," };
    Ok(format!("{before}{comma} &{module}::ITEM{}", &text[end..]))
}

fn code(section: Section, id: &str, module: &str) -> String {
    format!(
        r#"use seaworthy_facts::{{Absent, FactKind, FactView, System}};
use seaworthy_model::{{ItemId, Section}};

use crate::shared;
use crate::{{Absence, Attestation, Findings, Floor, Item, VoidOn}};

/// `{id}`
pub static ITEM: Item = Item {{
    id: ItemId::new("{id}"),
    section: Section::{section:?},
    question: "Say here what holds when the item passes",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System],
    remedy: "Say here how it is fixed, in one or two sentences.",
    page: include_str!("{module}.md"),
    evidence,
}};

fn evidence(view: &FactView) -> Result<Findings, Absent> {{
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::deployable(system) {{
        return Ok(not_applicable);
    }}
    // Until something reads the evidence, the item is unknown and says so.
    shared::no_reader(view, shared::deployable)
}}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {{
    use super::*;
    use seaworthy_facts::Facts;

    #[test]
    fn does_not_apply_where_nothing_is_deployed() {{
        let facts = Facts {{ system: System::default().into(), ..Facts::default() }};
        let findings = evidence(&FactView::new(&facts, ITEM.reads)).unwrap();
        assert!(matches!(findings.scopes[0].applies, crate::Applies::No(_)));
    }}

    #[test]
    fn is_unknown_where_the_system_was_not_read() {{
        let facts = Facts::default();
        assert!(evidence(&FactView::new(&facts, ITEM.reads)).is_err());
    }}
}}
"#
    )
}

fn page(id: &str) -> String {
    format!(
        "# Say here what holds when the item passes\n\n`{id}` · priority 2 · proof stays fresh for 30 days\n\n\
         ## Checks\n- **Configured:** \n- **Against:** \n\n## Why it matters\n\n\n## How to fix\n\n\n## What it cannot see\n\n"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SLICE: &str = "//! A section.\n\nmod alpha;\nmod gamma;\n\nuse crate::Item;\n\n/// Items.\npub static ITEMS: &[&Item] =\n    &[&alpha::ITEM, &gamma::ITEM];\n";

    #[test]
    fn the_module_comes_in_order_and_the_item_last() {
        let text = add_to_slice(SLICE, "beta").unwrap();
        assert!(text.contains("mod alpha;\nmod beta;\nmod gamma;\n"), "{text}");
        assert!(text.contains("&[&alpha::ITEM, &gamma::ITEM, &beta::ITEM];"), "{text}");
        let last = add_to_slice(SLICE, "omega").unwrap();
        assert!(last.contains("mod gamma;\nmod omega;\n\nuse"), "{last}");
    }

    #[test]
    fn every_section_has_the_shape_that_is_expected() {
        for section in Section::ALL {
            let path = crate::root().join("crates/checklist/src").join(section.name()).join("mod.rs");
            let text = fs::read_to_string(path).unwrap();
            let added = add_to_slice(&text, "zzz").unwrap();
            assert!(added.contains("mod zzz;") && added.contains("&zzz::ITEM"), "{added}");
        }
    }

    #[test]
    fn ids_are_checked() {
        assert!(parse("backups.restore-tested").is_ok());
        for wrong in ["backups", "nowhere.item", "ci.", "ci.Tests", "ci.a--b", "ci.a_b", "ci.../x"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
