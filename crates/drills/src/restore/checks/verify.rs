//! What the user wants to hold of the restored database.

use std::process::Command;

use crate::Stop;
use crate::restore::report::{Check, Outcome};
use crate::restore::{Engine, Verify, bounds};
use crate::scratch::{Finished, Scratch};

pub fn check(
    engine: &mut dyn Engine,
    scratch: &mut Scratch,
    database: &str,
    wanted: &Verify,
) -> Result<Check, Stop> {
    Ok(told(wanted, engine.verify(scratch, database, wanted)?))
}

/// As a check.
pub fn told(wanted: &Verify, held: Result<(), String>) -> Check {
    let name = format!("verify `{}`", wanted.shown().chars().take(80).collect::<String>());
    match held {
        Ok(()) => Check { name, outcome: Outcome::Holds, detail: "it holds".to_owned() },
        Err(why) => Check { name, outcome: Outcome::Fails, detail: why },
    }
}

/// Whether the rows of a query say that it holds: there is one, and none holds a false or an empty value.
pub fn holds(rows: &[Vec<String>]) -> Result<(), String> {
    if rows.is_empty() {
        return Err("it gives no row".to_owned());
    }
    match rows.iter().flatten().find(|field| matches!(field.as_str(), "f" | "false" | "0" | "")) {
        Some(field) => Err(format!("it gives {}", if field.is_empty() { "NULL" } else { field })),
        None => Ok(()),
    }
}

/// Whether a command succeeds, and in time.
pub fn command(scratch: &mut Scratch, command: Command) -> Result<Result<(), String>, Stop> {
    Ok(match bounds::at_most(scratch, command, bounds::CHECK)? {
        Ok(finished) if finished.success => Ok(()),
        Ok(finished) => Err(said(&finished)),
        Err(why) => Err(why),
    })
}

/// The end of what a command said.
pub fn said(finished: &Finished) -> String {
    let text = format!("{}\n{}", finished.output.text(), finished.messages);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines[lines.len().saturating_sub(2)..].join("; ");
    format!(
        "{} ({})",
        last.chars().filter(|c| !c.is_control()).take(300).collect::<String>(),
        finished.status
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn false_zero_and_nothing_do_not_hold() {
        let row = |fields: &[&str]| vec![fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>()];
        assert!(holds(&row(&["t"])).is_ok());
        assert!(holds(&row(&["12", "x"])).is_ok());
        for fields in [&["f"][..], &["0"], &["t", ""]] {
            assert!(holds(&row(fields)).is_err(), "{fields:?}");
        }
        assert!(holds(&[]).is_err());
    }
}
