//! Plans, collects and judges. A collector that fails is an absence with a cause, never a crash.

mod assemble;
mod beside;
mod collect;
mod ledger;
mod site;

pub use assemble::{JudgeOptions, assemble, passes};
pub use collect::{CollectOptions, Collected, Event, collect};
pub use ledger::{CERTIFICATE, LedgerOptions, RECORDS_FOLDER, read_ledger};
pub use seaworthy_repo::Asked;
pub use seaworthy_site::{Input as SiteInput, Target, TargetError};
pub use site::{SiteSeen, SiteSource};
