//! The checklist: 86 items, each a small file that gathers evidence, and the one function that turns evidence into a status.
//!
//! Everything here is a pure function of the facts. There is no I/O, no clock, no environment (`clippy.toml` forbids them).

mod findings;
mod gate;
mod item;
mod judge;
mod live;
mod own;
mod plan;
mod registry;
mod status;

pub mod backups;
pub mod ci;
pub mod dependencies;
pub mod errors;
pub mod headers;
pub mod https;
pub mod logging;
pub mod migrations;
pub mod monitoring;
pub mod parts;
pub mod performance;
pub mod privacy;
pub mod review;
pub mod rollback;
pub mod shared;
pub mod watch;

pub use findings::{Applies, Findings, Scope};
pub use gate::{AcceptedRisk, GatePolicy, RequiredRung, decide};
pub use item::{Absence, Attestation, Floor, Item, VoidOn};
pub use judge::{Context, judge};
pub use plan::plan;
pub use registry::{find, items, nearest, section_items};
pub use status::settle;
