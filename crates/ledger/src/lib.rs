//! The ledger: an append-only folder of dated records of what was drilled, probed or attested.
//!
//! One file holds one record, so two branches that both add records merge without a conflict. A record is
//! an in-toto Statement in a DSSE envelope, signed where the author has an SSH key at hand. Everything
//! under the folder is input that anyone who can open a pull request controls: sizes are bounded, and a
//! file that cannot be used is reported as a [`Problem`] without hiding its neighbours.
//!
//! | room | concern |
//! | --- | --- |
//! | [`statement`] | what a record says |
//! | [`dsse`] | the envelope, and the bytes that get signed |
//! | [`sshsig`] | OpenSSH signatures over those bytes |
//! | [`allowed_signers`] | whose signatures count |
//! | [`key_file`], [`agent`] | where a signature can come from |
//! | [`signer`] | choosing one of them |
//! | [`store`] | reading and writing the folder |

pub mod agent;
pub mod allowed_signers;
pub mod dsse;
mod error;
pub mod key_file;
mod patterns;
pub mod record;
pub mod signer;
pub mod sshsig;
pub mod statement;
pub mod store;
mod text;

pub use agent::Agent;
pub use allowed_signers::AllowedSigners;
pub use error::Error;
pub use key_file::KeyFile;
pub use record::{Ledger, Problem, Record, SignatureState};
pub use signer::{Signer, SigningContext, find_signer};
pub use statement::{
    Environment, Kind, Outcome, PREDICATE_TYPE, Predicate, Rung, STATEMENT_TYPE, Statement, Subject,
};
pub use store::{read, write};
