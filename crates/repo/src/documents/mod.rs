//! What is written for people and matters to the checklist: how to go back to an earlier release, and policies of fixing
//! forward.

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use seaworthy_facts::{Documents, Observed, RunbookSection};
use seaworthy_syntax::position::PositionIndex;
use seaworthy_syntax::{Limits, markdown};

use crate::tree::{Class, File, Tree};

/// The sections that matter.
pub fn collect(tree: &Tree) -> Documents {
    let mut documents = Documents::default();
    for file in tree.files().iter().filter(|file| is_document(file)) {
        let Some(text) = tree.text(file) else { continue };
        documents.read += 1;
        if TOPIC.as_ref().is_some_and(|topic| topic.is_match(&*text)) {
            sections(tree, file, &as_markdown(file, &text), &mut documents);
        }
        forward_fix(file, &text, &mut documents);
    }
    documents
}

const TOPICS: &[&str] =
    &["rollback", "roll back", "roll-back", "rolling back", "downgrad", "revert", "going back", "go back to"];

/// Any of the topics, in one pass.
static TOPIC: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(TOPICS).ok());

/// Documents of this project: history and rules for contributors tell nobody how to operate it.
fn is_document(file: &File) -> bool {
    let name = file.name().to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or(&name);
    let extension = file.extension();
    let text = matches!(extension, "md" | "mdx" | "markdown" | "rst" | "adoc")
        || extension == "txt" && file.class == Class::Documentation
        || extension.is_empty() && matches!(stem, "readme" | "runbook" | "install" | "deploy");
    text && !matches!(file.class, Class::Vendored | Class::Test | Class::Example | Class::Generated)
        && ![
            "changelog",
            "changes",
            "history",
            "news",
            "contributing",
            "releases",
            "license",
            "code_of_conduct",
            "release-notes",
            "release_notes",
        ]
        .contains(&stem)
        && !file.path.split('/').any(|part| {
            matches!(
                part,
                ".changeset"
                    | "changelog"
                    | "changelogs"
                    | "release-notes"
                    | "releases"
                    | "blog"
                    | "adr"
                    | "src"
                    | "components"
            )
        })
}

/// reStructuredText and AsciiDoc headings as Markdown ones; lines stay where they are.
fn as_markdown(file: &File, text: &str) -> String {
    match file.extension() {
        "adoc" => text
            .lines()
            .map(|line| {
                let marks = line.bytes().take_while(|byte| *byte == b'=').count();
                if (1..=6).contains(&marks) && line[marks..].starts_with(' ') {
                    format!("{}{}\n", "#".repeat(marks), &line[marks..])
                } else if line == "----" {
                    "```\n".to_owned()
                } else {
                    format!("{line}\n")
                }
            })
            .collect(),
        "rst" | "txt" => {
            let lines: Vec<&str> = text.lines().collect();
            let underline = |line: Option<&&str>| {
                line.and_then(|line| {
                    let first = line.chars().next().filter(|c| "=-~^\"*+#".contains(*c))?;
                    (line.len() >= 3 && line.chars().all(|c| c == first)).then_some(first)
                })
            };
            let mut levels: Vec<char> = Vec::new();
            let mut out = String::new();
            for (index, line) in lines.iter().enumerate() {
                match underline(lines.get(index + 1)) {
                    Some(mark) if !line.trim().is_empty() && underline(Some(line)).is_none() => {
                        let level = levels.iter().position(|known| *known == mark).unwrap_or_else(|| {
                            levels.push(mark);
                            levels.len() - 1
                        });
                        out.push_str(&"#".repeat((level + 1).min(6)));
                        out.push(' ');
                        out.push_str(line);
                    }
                    _ if underline(Some(line)).is_some() => {}
                    _ => out.push_str(line),
                }
                out.push('\n');
            }
            out
        }
        _ => text.to_owned(),
    }
}

/// Sections on going back that are kept; more of them tell no more.
const SECTIONS: usize = 500;

fn sections(tree: &Tree, file: &File, text: &str, documents: &mut Documents) {
    let document = markdown::parse(text, &Limits::default());
    let positions = PositionIndex::new(text);
    let title = document.headings.first().map(|heading| heading.text.to_lowercase()).unwrap_or_default();
    for (index, heading) in document.headings.iter().enumerate() {
        let lower = heading.text.to_lowercase();
        if !is_topic(&lower) {
            continue;
        }
        if documents.rollback.len() >= SECTIONS {
            let what = format!("more than {SECTIONS} sections on going back; the rest was not looked at");
            tree.problem(file.at(), what);
            return;
        }
        let body = text.get(heading.body.clone()).unwrap_or_default();
        let last = positions.line(heading.body.end);
        let first_block = document.code_blocks.partition_point(|block| block.line <= heading.line);
        let code = document.code_blocks[first_block..]
            .iter()
            .take_while(|block| block.line <= last)
            .any(|block| !block.text.trim().is_empty());
        // The headings above it, nearest first: they say what the section is about.
        let mut level = heading.level;
        let mut above = Vec::new();
        for earlier in document.headings[..index].iter().rev() {
            if earlier.level < level {
                level = earlier.level;
                above.push(earlier.text.to_lowercase());
            }
        }
        documents.rollback.push(RunbookSection {
            heading: heading.text.chars().take(120).collect(),
            at: file.at_line(heading.line),
            about_release: is_about_release(
                &file.path.to_lowercase(),
                &title,
                &above,
                &lower,
                &body.to_lowercase(),
            ),
            has_steps: code || numbered_steps(body) >= 2 || indented_commands(file, body),
        });
    }
}

fn is_topic(heading: &str) -> bool {
    if ["rollback", "roll back", "roll-back", "rolling back", "rollbacks", "downgrad"]
        .iter()
        .any(|topic| heading.contains(topic))
    {
        return true;
    }
    let back = ["revert", "going back", "go back to", "returning to", "restore a previous", "undo"]
        .iter()
        .any(|topic| heading.contains(topic));
    back && ["release", "deploy", "version", "update", "upgrade"].iter().any(|word| heading.contains(word))
}

/// Words of one migration, feature, transaction or library call instead of a release.
const OTHER_TOPICS: &[&str] = &[
    "migration",
    "schema",
    "database",
    "data ",
    "field",
    "encrypt",
    "transaction",
    "feature",
    "flag",
    "savepoint",
    "commit",
    "git ",
    "testing",
    "phase",
    "refactor",
    "layout",
    "webhook",
    "integration",
    "api ",
    "widget",
    "backfill",
];

/// Words that name a release of the application.
const RELEASE: &[&str] = &["release", "deploy", "version", "upgrade"];
/// Words of operating it: they name the application unless another topic stands beside them.
const OPERATION: &[&str] = &["update", "production", "runbook", "operation", "operations"];
/// Phrases of a body that can only be about a release.
const STEPS_BACK: &[&str] = &[
    "previous release",
    "previous version",
    "previous image",
    "previous tag",
    "earlier version",
    "last good",
    "redeploy",
    "kubectl rollout undo",
    "helm rollback",
    "heroku rollback",
    "kamal rollback",
    "fly deploy",
    "docker pull",
];

/// What a heading or a name is about: a release, something else, or nothing that can be told.
fn topic(text: &str) -> Option<bool> {
    let any = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if any(RELEASE) {
        Some(true)
    } else if any(OTHER_TOPICS) {
        Some(false)
    } else if any(OPERATION) {
        Some(true)
    } else {
        None
    }
}

/// The section's own heading decides, then those above it from the nearest on, then the document's name and title, and
/// last the body. A document about something else leaves room only for headings that name a release.
fn is_about_release(path: &str, title: &str, above: &[String], heading: &str, body: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).replace(['-', '_'], " ");
    if topic(&name) == Some(false) {
        return false;
    }
    if heading.contains("downgrad") && topic(heading) != Some(false) {
        return true;
    }
    std::iter::once(heading)
        .chain(above.iter().map(String::as_str))
        .chain([name.as_str(), title])
        .find_map(topic)
        .unwrap_or_else(|| STEPS_BACK.iter().any(|phrase| body.contains(phrase)))
}

fn numbered_steps(body: &str) -> usize {
    body.lines()
        .map(str::trim_start)
        .filter(|line| {
            let digits = line.bytes().take_while(u8::is_ascii_digit).count();
            (1..=2).contains(&digits)
                && (line[digits..].starts_with(". ") || line[digits..].starts_with(") "))
        })
        .count()
}

/// reStructuredText shows code by indentation after `::`.
fn indented_commands(file: &File, body: &str) -> bool {
    file.extension() == "rst" && body.contains("::\n")
}

fn forward_fix(file: &File, text: &str, documents: &mut Documents) {
    const PHRASES: &[&str] = &[
        "fix forward",
        "fix-forward",
        "fixes forward",
        "roll forward",
        "roll-forward",
        "forward-fix",
        "forward fix",
        "fixed forward",
    ];
    if documents.forward_fix.len() >= 20 {
        return;
    }
    // All phrases share this word, which most documents do not hold.
    let bytes = text.as_bytes();
    if memchr::memmem::find(bytes, b"orward").is_none() && memchr::memmem::find(bytes, b"ORWARD").is_none() {
        return;
    }
    // The words alone may be about one defect: a policy speaks of the schema, in its paragraph or in the heading above it.
    const ABOUT: &[&str] = &["migration", "schema", "database", "rollback script", "down script"];
    let about = |line: &str| ABOUT.iter().any(|word| line.contains(word));
    let (mut heading, mut paragraph) = (false, false);
    let lines: Vec<String> = text.lines().map(str::to_lowercase).collect();
    for (index, (number, line)) in (1u32..).zip(text.lines()).enumerate() {
        let lower = lines.get(index).map_or("", String::as_str);
        if lower.starts_with('#') {
            heading = about(lower);
        }
        if lower.trim().is_empty() {
            paragraph = false;
        }
        paragraph |= about(lower);
        let follows = || lines.iter().skip(index + 1).take_while(|line| !line.trim().is_empty()).take(20);
        if PHRASES.iter().any(|phrase| lower.contains(phrase))
            && (heading || paragraph || follows().any(|line| about(line)))
        {
            let sentence: String = line.trim().chars().take(200).collect();
            documents.forward_fix.push(Observed::new(sentence, file.at_line(number)));
            return;
        }
    }
}
