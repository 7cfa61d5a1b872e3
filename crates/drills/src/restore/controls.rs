//! Negative controls: damaged copies go the way of the real restore and must not arrive. A check that nothing can fail
//! proves nothing.

use seaworthy_database::{Contents, compare};

use super::reading::{Copy, Damage};
use super::report::{Control, ControlOutcome};
use super::{Artefact, Engine, Slice};
use crate::scratch::Scratch;
use crate::{Progress, Stop};

/// The controls of a drill. Changed bytes among rows are found by a comparison only.
pub fn kinds(comparable: bool) -> Vec<Damage> {
    let mut kinds = vec![Damage::Truncated, Damage::SchemaOnly];
    if comparable {
        kinds.push(Damage::Flipped);
    }
    kinds
}

/// For people.
pub fn name(damage: Damage) -> &'static str {
    match damage {
        Damage::None => "the artefact itself",
        Damage::Truncated => "a truncated copy",
        Damage::SchemaOnly => "a copy without rows",
        Damage::Flipped => "a copy with changed bytes",
        Damage::Repository => "a copy of the repository with a changed byte",
        Damage::Password => "a wrong password",
    }
}

/// Restores a damaged copy and says what came of it. `real` is what the undamaged one holds, `expected` what it must hold.
///
/// # Errors
/// An interrupt, or this machine in the way.
pub fn run(
    engine: &mut dyn Engine,
    scratch: &mut Scratch,
    (artefact, slice): (&Artefact, Option<&Slice>),
    damage: Damage,
    real: &[Contents],
    expected: Option<&Contents>,
    progress: &mut Progress,
) -> Result<Control, Stop> {
    let control = |outcome, detail: String| Ok(Control { damage, outcome, detail });
    let rows: u64 = real.iter().map(Contents::rows).sum();
    if rows == 0 && damage != Damage::Truncated {
        return control(ControlOutcome::NotPossible, "the backup has no rows".to_owned());
    }
    let label = match damage {
        Damage::None => "real",
        Damage::Truncated => "truncated",
        Damage::SchemaOnly => "norows",
        _ => "flipped",
    };
    let restored = match engine.restore(scratch, &Copy { artefact, damage, slice }, label, progress) {
        Ok(restored) => restored,
        Err(Stop::Refused(why)) => return control(ControlOutcome::Refused, why),
        Err(stop) => return Err(stop),
    };
    let mut found = Vec::new();
    for database in &restored.databases {
        match engine.contents(scratch, database, progress) {
            Ok(contents) => found.push(contents),
            Err(Stop::Refused(why)) => return control(ControlOutcome::Refused, why),
            Err(stop) => return Err(stop),
        }
    }
    let integrity = if damage == Damage::Flipped || damage == Damage::Truncated {
        let mut faults = Vec::new();
        for database in &restored.databases {
            faults.extend(engine.integrity(scratch, database)?);
        }
        faults
    } else {
        Vec::new()
    };
    engine.forget(scratch, &restored.databases)?;
    if let Some(fault) = integrity.first() {
        return control(ControlOutcome::Different, fault.clone());
    }
    // The same comparisons as those of the real restore, and none that it does not have.
    match expected {
        Some(expected) => {
            let other = super::checks::chosen(&found);
            let differences = match slice {
                Some(slice) => compare(&slice.of(expected), &slice.of(&other)),
                None => compare(expected, &other),
            };
            match differences.first() {
                Some(first) => control(ControlOutcome::Different, first.to_string()),
                None => control(ControlOutcome::Passed, "no check told it from the real one".to_owned()),
            }
        }
        None if found.iter().map(Contents::rows).sum::<u64>() == 0 => {
            control(ControlOutcome::Different, "every table is empty".to_owned())
        }
        None => control(ControlOutcome::Passed, "no check told it from the real one".to_owned()),
    }
}
