//! CODEOWNERS.

use seaworthy_facts::OwnerRule;

use super::reader::{Reader, cap};

/// The places that forges look at; the first one that is there counts.
const PLACES: [&str; 6] = [
    ".github/CODEOWNERS",
    "CODEOWNERS",
    "docs/CODEOWNERS",
    ".gitlab/CODEOWNERS",
    ".forgejo/CODEOWNERS",
    ".gitea/CODEOWNERS",
];

/// Reads the rules.
pub fn read(reader: &mut Reader) {
    let Some(file) = PLACES.iter().find_map(|path| reader.file(path)) else { return };
    let Some(text) = reader.tree.text(file) else { return };
    let mut section_owners: Vec<String> = Vec::new();
    for (index, line) in reader.tree.lines(file, &text, 5_000) {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // GitLab's sections: `[Name] @owner`, `^[Name][2]`.
        if line.starts_with('[') || line.starts_with("^[") {
            section_owners =
                line.rsplit(']').next().unwrap_or_default().split_whitespace().map(cap).collect();
            continue;
        }
        let mut words = line.split_whitespace();
        let Some(pattern) = words.next() else { continue };
        let mut owners: Vec<String> = words.map(cap).collect();
        if owners.is_empty() {
            owners.clone_from(&section_owners);
        }
        reader.found.owners.push(OwnerRule {
            pattern: cap(pattern),
            owners,
            at: file.at_line(u32::try_from(index + 1).unwrap_or(u32::MAX)),
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::pipelines::test_support::collect_from;

    #[test]
    fn rules_sections_and_lines() {
        let found = collect_from(&[(
            ".gitlab/CODEOWNERS",
            "# who\n* @all\n\n[Database] @dba\ndb/migrate/\ndocs/ @writers # words\n",
        )]);
        let seen: Vec<_> = found
            .owners
            .iter()
            .map(|rule| (rule.pattern.as_str(), rule.owners.join(" "), rule.at.line_number()))
            .collect();
        assert_eq!(
            seen,
            [
                ("*", "@all".to_owned(), Some(2)),
                ("db/migrate/", "@dba".to_owned(), Some(5)),
                ("docs/", "@writers".to_owned(), Some(6)),
            ]
        );
    }
}
