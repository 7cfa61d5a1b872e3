//! The engine's own check of its structures.

use crate::Stop;
use crate::restore::Engine;
use crate::restore::report::{Check, Outcome};
use crate::scratch::Scratch;

pub fn check(engine: &mut dyn Engine, scratch: &mut Scratch, databases: &[String]) -> Result<Check, Stop> {
    let mut faults = Vec::new();
    for database in databases {
        match engine.integrity(scratch, database) {
            Ok(found) => faults.extend(found),
            Err(Stop::CouldNot(why)) => {
                return Ok(Check { name: "integrity".to_owned(), outcome: Outcome::NotDone, detail: why });
            }
            Err(stop) => return Err(stop),
        }
    }
    let (outcome, detail) = match faults.as_slice() {
        [] => (Outcome::Holds, "tables and indexes agree".to_owned()),
        [first, rest @ ..] => (Outcome::Fails, format!("{first}{}", more(rest.len()))),
    };
    Ok(Check { name: "integrity".to_owned(), outcome, detail })
}

fn more(count: usize) -> String {
    if count == 0 { String::new() } else { format!(" (and {count} more)") }
}
