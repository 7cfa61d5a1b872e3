//! What can go wrong when a record is written or a signer is looked for.

use std::io;
use std::path::PathBuf;

/// An error of the ledger. Each message says what failed, where, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The folder of records is a symbolic link.
    #[error(
        "{} is a symbolic link; records are only kept in a real folder: name the real one in the configuration",
        .0.display()
    )]
    FolderIsLink(PathBuf),
    /// The same record is in the ledger already.
    #[error("{} exists already and records are never overwritten; remove the duplicate call", .0.display())]
    Exists(PathBuf),
    /// The statement is not one that the ledger would accept when reading it back.
    #[error("the record cannot be written: {0}")]
    Statement(String),
    /// An allowed-signers file has a line that cannot be used.
    #[error("allowed signers, line {line}: {message}")]
    AllowedSigners {
        /// The line, counted from one.
        line: usize,
        /// What is wrong with it, and what to do.
        message: String,
    },
    /// A key file cannot be used for signing.
    #[error("cannot sign with {}: {message}", path.display())]
    Key {
        /// The key file.
        path: PathBuf,
        /// Why, and what to do.
        message: String,
    },
    /// The SSH agent did not do what it was asked.
    #[error("the SSH agent at {} {message}", socket.display())]
    Agent {
        /// The socket of the agent.
        socket: PathBuf,
        /// What it did instead, and what to do.
        message: String,
    },
    /// A signer produced a signature that does not verify with its own public key.
    #[error("{0} returned a signature that does not verify; nothing was written")]
    BadSignature(String),
    /// No key is at hand.
    #[error(
        "no SSH key to sign with ({}); start an agent and run `ssh-add`, or name a key file",
        tried.join("; ")
    )]
    NoSigner {
        /// Where a key was looked for, and what was found there.
        tried: Vec<String>,
    },
}

impl Error {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
