//! What is asked of a restored database.

pub mod emptiness;
mod integrity;
pub mod migrations;
pub mod sequences;
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
                all.extensions.extend(contents.extensions.iter().cloned());
            }
            all
        }
    }
}

/// What checks go by, besides the restored database.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// A manifest says what should be there.
    pub has_manifest: bool,
    /// What the live database holds.
    pub source: Option<&'a Contents>,
    /// Migrations of the repository.
    pub migrations: &'a [migrations::Sequence],
    /// What the user wants to hold.
    pub verify: &'a [Verify],
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
    known: Known,
) -> Result<Vec<Check>, Stop> {
    let mut checks = vec![integrity::check(engine, scratch, databases)?];
    checks.extend(emptiness::check(contents, known.has_manifest, known.source));
    checks.extend(sequences::check(contents));
    let mut ask = |query: &str| engine.rows(scratch, main, query);
    checks.extend(migrations::check(known.migrations, contents, &mut ask)?);
    for wanted in known.verify {
        checks.push(verify::check(engine, scratch, main, wanted)?);
    }
    Ok(checks)
}
