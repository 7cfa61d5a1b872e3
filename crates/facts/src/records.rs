use seaworthy_model::{Evidence, ItemId};
use serde::{Deserialize, Serialize};

use crate::*;

/// What the ledger holds, as evidence for items.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Records {
    /// Each record's evidence and the item that it is about.
    pub entries: Vec<RecordEntry>,
    /// Records that could not be read or are not trusted, and why.
    pub problems: Vec<Problem>,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordEntry {
    /// The item.
    pub item: ItemId,
    /// The evidence.
    pub evidence: Evidence,
    /// Whose signature was verified.
    pub signed_by: Option<String>,
    /// It is a person's word.
    pub attestation: bool,
}
