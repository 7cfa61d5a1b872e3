//! SQL with marks: `--changeset author:id` begins a change set, `--rollback …` says how to reverse it.

use super::{ChangeSet, Rollback};
use crate::migrations::sql;

/// Whether a text is formatted SQL.
pub fn is_formatted(text: &str) -> bool {
    text.lines().take(30).any(|line| {
        mark(line).is_some_and(|mark| mark.to_ascii_lowercase().starts_with("liquibase formatted sql"))
    })
}

/// What follows the dashes of a comment.
fn mark(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("--").map(str::trim_start)
}

/// A word at the start, whatever its case.
fn after<'t>(mark: &'t str, word: &str) -> Option<&'t str> {
    let head = mark.get(..word.len())?;
    head.eq_ignore_ascii_case(word).then(|| mark[word.len()..].trim())
}

/// The change sets of a formatted file.
pub fn change_sets(text: &str) -> Vec<ChangeSet> {
    let mut found: Vec<ChangeSet> = Vec::new();
    let mut current: Option<Open> = None;
    let mut block = false;
    for (number, line) in text.lines().enumerate() {
        let number = number as u32 + 1;
        let marked = mark(line).unwrap_or("");
        if let Some(rest) = after(marked, "changeset") {
            found.extend(current.take().map(Open::close));
            let name = rest.split_whitespace().next().unwrap_or_default().to_owned();
            current =
                Some(Open { name, line: number, forward: String::new(), back: String::new(), noted: false });
            continue;
        }
        let Some(open) = &mut current else { continue };
        let trimmed = line.trim_start();
        if let Some(rest) =
            trimmed.strip_prefix("/*").and_then(|rest| after(rest.trim_start(), "liquibase rollback"))
        {
            block = !rest.contains("*/");
            open.back.push_str(rest.trim_end_matches("*/"));
            open.noted = true;
        } else if block {
            block = !line.contains("*/");
            open.back.push_str(line.trim_end_matches("*/"));
            open.back.push('\n');
        } else if let Some(rest) = after(marked, "rollback") {
            open.noted = true;
            open.back.push_str(rest);
            open.back.push('\n');
        } else {
            open.forward.push_str(line);
        }
        open.forward.push('\n');
    }
    found.extend(current.map(Open::close));
    found
}

struct Open {
    name: String,
    line: u32,
    forward: String,
    back: String,
    noted: bool,
}

impl Open {
    fn close(self) -> ChangeSet {
        let stated = self.back.trim();
        // `empty` and `not required` say that nothing has to be undone.
        let given = self.noted && !stated.is_empty();
        let rollback = if given {
            Rollback::Given
        } else if sql::has_statements(&self.forward) {
            Rollback::Missing("it has no --rollback")
        } else {
            Rollback::Nothing
        };
        ChangeSet {
            name: self.name,
            line: self.line,
            steps: sql::steps(&self.forward, self.line + 1),
            rollback,
        }
    }
}

/// A file without marks: Liquibase runs it as one change set and cannot reverse it.
pub fn unmarked(name: &str, text: &str) -> ChangeSet {
    let rollback = if sql::has_statements(text) {
        Rollback::Missing("it is SQL without a Liquibase header, so its rollback is not seen")
    } else {
        Rollback::Nothing
    };
    ChangeSet { name: name.to_owned(), line: 1, steps: sql::steps(text, 1), rollback }
}
