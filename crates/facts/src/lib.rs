//! Typed observations with provenance: what the collectors saw, and where.
//!
//! A fact says what is there, never what to think of it. There is no I/O here. Text taken from the audited
//! repository is length-capped and free of secrets by the time it is stored in a fact.

mod alerting;
mod assets;
mod browser;
mod capabilities;
mod change;
mod code;
mod command;
mod containers;
mod declared;
mod documents;
mod edge;
mod error_handling;
mod exposures;
mod infrastructure;
mod launches;
mod logging;
mod migrations;
mod observed;
mod packages;
mod pages;
mod pipelines;
mod platforms;
mod privacy;
mod records;
mod repository;
mod runtimes;
mod schedules;
mod schema;
mod site;
mod system;
mod tls;
mod view;

pub use alerting::*;
pub use assets::*;
pub use browser::*;
pub use capabilities::*;
pub use change::*;
pub use code::*;
pub use command::*;
pub use containers::*;
pub use declared::*;
pub use documents::*;
pub use edge::*;
pub use error_handling::*;
pub use exposures::*;
pub use infrastructure::*;
pub use launches::*;
pub use logging::*;
pub use migrations::*;
pub use observed::*;
pub use packages::*;
pub use pages::*;
pub use pipelines::*;
pub use platforms::*;
pub use privacy::*;
pub use records::*;
pub use repository::*;
pub use runtimes::*;
pub use schedules::*;
pub use schema::*;
pub use site::*;
pub use system::*;
pub use tls::*;
pub use view::*;

pub use seaworthy_model::Location;
