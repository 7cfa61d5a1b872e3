//! A sequence that is behind its column makes the first insert after a restore fail.

use seaworthy_database::Contents;

use crate::restore::report::{Check, Outcome};

pub fn check(contents: &Contents) -> Option<Check> {
    if contents.sequences.is_empty() {
        return None;
    }
    let behind: Vec<String> = contents
        .sequences
        .iter()
        .filter(|sequence| sequence.is_behind())
        .map(|sequence| {
            format!(
                "{} gives {} next, and {} is already at {}",
                sequence.name,
                sequence.next,
                sequence.column,
                sequence.highest.unwrap_or_default()
            )
        })
        .collect();
    let (outcome, detail) = match behind.as_slice() {
        [] => (Outcome::Holds, format!("{} are ahead of their columns", contents.sequences.len())),
        behind => (Outcome::Fails, behind.join("; ")),
    };
    Some(Check { name: "sequences".to_owned(), outcome, detail })
}
