//! What reading the ledger gives.

use std::path::PathBuf;

use crate::statement::Statement;

/// Everything that a folder of records holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    /// The usable records, oldest first.
    pub records: Vec<Record>,
    /// What could not be used, and why.
    pub problems: Vec<Problem>,
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The file that holds it.
    pub path: PathBuf,
    /// What it says.
    pub statement: Statement,
    /// Who stands behind it.
    pub signature: SignatureState,
}

/// Whether, and by whom, a record is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureState {
    /// Nobody signed: anyone who can write to the folder may have made it.
    Unsigned,
    /// Signed by somebody whom the allowed-signers file names.
    Verified {
        /// The name in the allowed-signers file.
        principal: String,
        /// The `SHA256:…` fingerprint of the key.
        key_fingerprint: String,
    },
    /// The signature is genuine, but nothing says that its key may be believed.
    Untrusted {
        /// The `SHA256:…` fingerprint of the key.
        fingerprint: String,
        /// Why it is not believed.
        why: String,
    },
    /// The signature does not cover this record, or cannot be checked.
    Invalid {
        /// What is wrong with it.
        why: String,
    },
}

/// A file of the ledger that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, or the folder itself.
    pub path: PathBuf,
    /// The line, where one is to blame.
    pub line: Option<usize>,
    /// What is wrong, and what to do where that is not obvious.
    pub message: String,
}
