//! The repository collector: one pass over a working tree gives repository facts. It reads files and nothing else.
//!
//! `tree` lists what is there and reads it within limits, `scan` matches every text file against all literals at once,
//! and each further room turns what was seen into one kind of fact. No room gives a verdict.
//!
//! A room that looks for literals has two halves: `plan` adds its literals before the pass, `collect` reads the hits
//! after it. A room that reads files by their names has `collect` only.

pub mod commands;
pub mod scan;
pub mod tree;

mod alerting;
mod assets;
mod capabilities;
mod change;
mod code;
mod collect;
mod containers;
mod documents;
mod edge;
mod error_handling;
mod exposures;
mod formats;
mod infrastructure;
mod launches;
mod logging;
mod migrations;
mod packages;
mod pages;
mod pipelines;
mod privacy;
mod runtimes;
mod schedules;
mod schema;
mod system;

pub use change::{Asked, same_code};
pub use collect::{Input, collect};
