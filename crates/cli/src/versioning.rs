//! `seaworthy drill versioning`: whether a bucket gives back what was overwritten and deleted.

use seaworthy_drills::storage::Reach;
use seaworthy_drills::versioning::{Order, plan, run};
use seaworthy_ledger::write as write_record;

use crate::arguments::DrillVersioning;
use crate::configuration::{Instant, settings};
use crate::drill::{agreed, failure, listen, signer_for};
use crate::failure::{Failure, Outcome};
use crate::output::to_stdout;

/// Runs `drill versioning`.
pub fn versioning(arguments: &DrillVersioning) -> Result<Outcome, Failure> {
    let folder = &arguments.path;
    if !folder.is_dir() {
        return Err(Failure::Usage(format!("{}: no such folder", folder.display())));
    }
    let instant = Instant::read(None)?;
    let settings = settings(folder, arguments.config.as_deref(), None, None, instant)?;
    let plan = plan(Order {
        location: arguments.bucket.clone(),
        reach: Reach { endpoint: arguments.endpoint.clone(), region: arguments.region.clone() },
        only_ask: arguments.only_ask,
        is_staging: arguments.staging,
        now: instant.now,
    })
    .map_err(failure)?;
    if arguments.plan {
        return to_stdout(plan.text().as_bytes());
    }
    if plan.acts() {
        agreed(&plan.text(), arguments.yes)?;
    }
    let report = run(&plan, &listen()?).map_err(failure)?;
    let mut text = report.text();
    if !arguments.no_record {
        let ledger = settings.ledger(folder)?;
        let signer = signer_for(folder, arguments.key.as_deref(), &settings)?;
        let statement = report.statement(env!("CARGO_PKG_VERSION"));
        let path = write_record(&ledger.folder, &statement, signer.as_deref()).map_err(|error| {
            Failure::CouldNotAssess(format!("the drill ran, but its record cannot be kept: {error}"))
        })?;
        text.push_str(&format!("recorded for {}: {}\n", statement.predicate.item, path.display()));
    }
    to_stdout(text.as_bytes())?;
    Ok(if report.holds() { Outcome::Passed } else { Outcome::Failed })
}
