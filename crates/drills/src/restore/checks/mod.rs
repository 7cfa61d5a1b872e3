//! What is asked of a restored database.

mod emptiness;
mod integrity;
mod sequences;
pub mod verify;

use seaworthy_database::Contents;

use super::report::Check;
use super::{Engine, Verify};
use crate::Stop;
use crate::scratch::Scratch;

/// The database that a manifest is about: the one with tables; of several, all together.
pub fn chosen(found: &[Contents]) -> Contents {
    let mut with_tables: Vec<&Contents> =
        found.iter().filter(|contents| !contents.tables.is_empty()).collect();
    match with_tables.len() {
        0 => Contents::default(),
        1 => with_tables.remove(0).clone(),
        _ => {
            let mut all = Contents::default();
            for contents in with_tables {
                all.tables.extend(contents.tables.iter().cloned());
                all.sequences.extend(contents.sequences.iter().cloned());
            }
            all
        }
    }
}

/// Everything that is asked beside the comparison with the manifest. `main` is the application's database of several.
///
/// # Errors
/// An interrupt, or this machine in the way.
pub fn all(
    engine: &mut dyn Engine,
    scratch: &mut Scratch,
    databases: &[String],
    main: &str,
    contents: &Contents,
    has_manifest: bool,
    verify: &[Verify],
) -> Result<Vec<Check>, Stop> {
    let mut checks = vec![integrity::check(engine, scratch, databases)?];
    checks.extend(emptiness::check(contents, has_manifest));
    checks.extend(sequences::check(contents));
    for wanted in verify {
        checks.push(verify::check(engine, scratch, main, wanted)?);
    }
    Ok(checks)
}
