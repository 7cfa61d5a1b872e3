//! What the tests of this crate share.
#![allow(dead_code, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use seaworthy_ledger::{
    AllowedSigners, Environment, KeyFile, Kind, Outcome, Predicate, Rung, Signer, Statement, Subject,
};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey};

pub const ANN: &str = "ann@example.org";

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn now() -> Timestamp {
    time("2026-06-01T00:00:00Z")
}

pub fn statement() -> Statement {
    let predicate = Predicate {
        item: "backups.restore-tested".to_owned(),
        kind: Kind::Drill,
        rung: Rung::Proven,
        outcome: Outcome::Pass,
        summary: "the newest dump was restored and checked".to_owned(),
        environment: Environment::Scratch,
        component: None,
        at: time("2026-05-01T10:00:00Z"),
        expires: Some(time("2026-08-01T10:00:00Z")),
        measurements: BTreeMap::from([("seconds".to_owned(), 41.5.into())]),
        by: Some(ANN.to_owned()),
        note: None,
        tool_version: "0.1.0".to_owned(),
        other: BTreeMap::new(),
    };
    Statement::new(vec![Subject::new("commit", "gitCommit", "0123456789abcdef")], predicate)
}

/// Writes a private key made from `seed` and gives its path.
pub fn key_file(folder: &Path, seed: u8) -> PathBuf {
    let pair = Ed25519Keypair::from_seed(&[seed; 32]);
    let key = PrivateKey::new(KeypairData::from(pair), format!("key {seed}")).unwrap();
    let path = folder.join(format!("key-{seed}"));
    std::fs::write(&path, key.to_openssh(LineEnding::LF).unwrap().as_bytes()).unwrap();
    path
}

pub fn signer(folder: &Path, seed: u8) -> KeyFile {
    KeyFile::open(&key_file(folder, seed), &|_| None).unwrap()
}

/// An allowed-signers file with one line.
pub fn allowed(principals_and_options: &str, signer: &dyn Signer) -> AllowedSigners {
    AllowedSigners::parse(&line(principals_and_options, signer)).unwrap()
}

pub fn line(principals_and_options: &str, signer: &dyn Signer) -> String {
    format!("{principals_and_options} {}\n", signer.public_key().to_openssh().unwrap())
}
