use jiff::Timestamp;
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
    /// Certificates that a remembered probe saw.
    #[serde(default)]
    pub certificates: Vec<SeenCertificate>,
}

/// A certificate that an earlier probe saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenCertificate {
    /// The address: scheme, host and port.
    pub url: String,
    /// When it was seen.
    pub at: Timestamp,
    /// Serial number in hexadecimal.
    pub serial: String,
    /// SHA-256 of the certificate in hexadecimal.
    pub sha256: String,
    /// Its last instant.
    pub not_after: Timestamp,
    /// The record that says so.
    pub record: String,
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
    /// It was seen on the running site.
    #[serde(default)]
    pub probe: bool,
}
