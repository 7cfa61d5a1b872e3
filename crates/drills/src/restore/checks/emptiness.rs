//! A backup without rows restores, too. Where a manifest tells how many there should be, the comparison says it all.

use seaworthy_database::Contents;

use crate::restore::report::{Check, Outcome};

/// `source` is what the live database holds.
pub fn check(contents: &Contents, has_manifest: bool, source: Option<&Contents>) -> Option<Check> {
    let check = |outcome, detail: String| Some(Check { name: "rows".to_owned(), outcome, detail });
    if contents.tables.is_empty() {
        return if has_manifest { None } else { check(Outcome::Fails, "there is no table".to_owned()) };
    }
    if has_manifest {
        return None;
    }
    let mut empty: Vec<&str> =
        contents.tables.iter().filter(|table| table.rows == 0).map(|table| table.name.as_str()).collect();
    if empty.len() == contents.tables.len() && source.is_none_or(|source| source.rows() > 0) {
        return check(Outcome::Fails, "every table is empty".to_owned());
    }
    // What is empty in the source, too, is well.
    empty.retain(|name| source.and_then(|source| source.table(name)).is_none_or(|table| table.rows > 0));
    if empty.is_empty() {
        return check(
            Outcome::Holds,
            if source.is_some() {
                "every table has some, or has none in the source"
            } else {
                "every table has some"
            }
            .to_owned(),
        );
    }
    check(
        Outcome::NotDone,
        format!("without a manifest nobody can say whether these should be empty: {}", empty.join(", ")),
    )
}
