use seaworthy_model::ExposureKind;
use serde::{Deserialize, Serialize};

use crate::*;

/// Data that anybody can read: committed secrets, open tables and rules, server keys in client code.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exposures {
    /// Each, in the order of kinds and files.
    pub found: Vec<ExposedData>,
    /// How many more there are than are kept.
    pub more: u64,
    /// What may matter here and that nothing reads.
    pub unread: Vec<Unread>,
}

/// A piece of exposed data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExposedData {
    /// What kind it is.
    pub kind: ExposureKind,
    /// How much it hurts: 1 where data or keys are open now, 2 where it depends on what was meant.
    pub priority: u8,
    /// What it is, without its value.
    pub what: String,
    /// Where.
    pub at: Location,
    /// A keyed hash of the value.
    pub digest: Option<String>,
    /// What takes it out of reach.
    pub remedy: String,
}
