//! Typed observations with provenance: what the collectors saw, and where.
//!
//! A fact says what is there, never what to think of it. There is no I/O here. Text taken from the audited
//! repository is length-capped and free of secrets by the time it is stored in a fact.

mod capabilities;
mod command;
mod containers;
mod declared;
mod documents;
mod launches;
mod migrations;
mod observed;
mod packages;
mod pipelines;
mod platforms;
mod records;
mod repository;
mod runtimes;
mod schedules;
mod system;
mod view;

pub use capabilities::*;
pub use command::*;
pub use containers::*;
pub use declared::*;
pub use documents::*;
pub use launches::*;
pub use migrations::*;
pub use observed::*;
pub use packages::*;
pub use pipelines::*;
pub use platforms::*;
pub use records::*;
pub use repository::*;
pub use runtimes::*;
pub use schedules::*;
pub use system::*;
pub use view::*;

pub use seaworthy_model::Location;
