//! What is audited and by which rules: `seaworthy.toml`, policies from outside the repository, and what a change of
//! the configuration weakens. Spans are kept, so that a mistake points at its line.

mod config;
mod duration;
mod error;
mod git;
mod policy;
mod reader;
mod weakening;

pub use config::{
    Accept, App, Backups, Config, Gate, Kind, LedgerConfig, Names, Objectives, OwnItem, Processor, Required,
    RestoreDrill,
};
pub use duration::parse_hours;
pub use error::ConfigError;
pub use git::{GitError, file_at, resolve};
pub use policy::{Policy, load_policy};
pub use weakening::weakenings;

/// The name of the configuration file at the root of the audited folder.
pub const FILE_NAME: &str = "seaworthy.toml";
