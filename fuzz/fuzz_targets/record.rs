#![no_main]
//! A file of the ledger, and a file of allowed signers.

use std::fs;

use libfuzzer_sys::fuzz_target;
use seaworthy_ledger::{AllowedSigners, read};

fuzz_target!(|data: &[u8]| {
    let allowed = AllowedSigners::parse(&String::from_utf8_lossy(data)).ok();
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("record.json"), data).expect("a file");
    read(folder.path(), allowed.as_ref(), jiff::Timestamp::UNIX_EPOCH);
});
