//! The nouns of Seaworthy: what an item is called, how strong evidence is, what a judgement and a report say.
//!
//! Nothing here does any work. Every other crate may depend on this one; it depends on none of them.

mod evidence;
mod item;
mod location;
mod report;
mod section;

pub use evidence::{Environment, Evidence, Polarity, ProbedExchange, Rung};
pub use item::{ItemId, Priority};
pub use location::Location;
pub use report::{
    Accepted, Cause, CollectorState, Component, Coverage, Exposure, ExposureKind, Finding, Gate, GateReason,
    ItemReport, NextAction, Note, Report, SCHEMA, Settle, Status, Subject, Summary, Tool, Verdict,
};
pub use section::Section;
