//! The folder of records: one file each, read with limits, written once.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::allowed_signers::AllowedSigners;
use crate::dsse::{Envelope, decode_base64};
use crate::error::Error;
use crate::record::{Ledger, Problem, Record, SignatureState};
use crate::signer::Signer;
use crate::sshsig::{self, Claim};
use crate::statement::Statement;

/// Files beyond this number are not read; the newest, by name, are.
pub const MOST_FILES: usize = 10_000;
/// A larger file is refused.
pub const LARGEST_FILE: u64 = 1 << 20;
/// Together, the files may not be larger than this, or reading them would exhaust the memory.
pub const LARGEST_LEDGER: u64 = 64 << 20;
/// Entries of the folder beyond this number are not even listed.
const MOST_ENTRIES: usize = 100 * MOST_FILES;
/// Clocks of two machines differ a little.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Reads all records under `dir`, as of `now`. A folder that does not exist is an empty ledger.
///
/// Whatever is wrong with one file costs that file only. Files whose name starts with a dot are ignored.
pub fn read(dir: &Path, allowed: Option<&AllowedSigners>, now: Timestamp) -> Ledger {
    let mut ledger = Ledger::default();
    let names = match list(dir, &mut ledger.problems) {
        Ok(names) => names,
        Err(error) => {
            ledger.problems.push(problem(dir, None, format!("the records cannot be listed: {error}")));
            return ledger;
        }
    };
    let mut room = LARGEST_LEDGER;
    // Newest first, so that a limit costs the oldest.
    for name in names.into_iter().rev() {
        let path = dir.join(name);
        match read_record(&path, &mut room, allowed, now) {
            Ok(record) => ledger.records.push(record),
            Err((line, message)) => ledger.problems.push(problem(&path, line, message)),
        }
    }
    ledger
        .records
        .sort_by(|a, b| (a.statement.predicate.at, &a.path).cmp(&(b.statement.predicate.at, &b.path)));
    ledger.problems.sort_by(|a, b| a.path.cmp(&b.path));
    ledger
}

fn problem(path: &Path, line: Option<usize>, message: String) -> Problem {
    Problem { path: path.to_owned(), line, message }
}

/// The names to read, bounded in number.
fn list(dir: &Path, problems: &mut Vec<Problem>) -> io::Result<BTreeSet<OsString>> {
    let mut names = BTreeSet::new();
    match fs::symlink_metadata(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
        Err(error) => return Err(error),
        Ok(metadata) if metadata.is_symlink() => {
            return Err(io::Error::other("it is a symbolic link; name the real folder in the configuration"));
        }
        Ok(_) => {}
    }
    let mut dropped = 0_usize;
    for (index, entry) in fs::read_dir(dir)?.enumerate() {
        if index >= MOST_ENTRIES {
            problems.push(problem(
                dir,
                None,
                format!("it has more than {MOST_ENTRIES} entries; the rest was not read"),
            ));
            break;
        }
        let name = match entry {
            Ok(entry) => entry.file_name(),
            Err(error) => {
                problems.push(problem(dir, None, format!("one of its entries cannot be listed: {error}")));
                continue;
            }
        };
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        names.insert(name);
        if names.len() > MOST_FILES {
            names.pop_first();
            dropped += 1;
        }
    }
    if dropped > 0 {
        let message =
            format!("it has more than {MOST_FILES} files; the first {dropped} by name were not read");
        problems.push(problem(dir, None, message));
    }
    Ok(names)
}

type Unusable = (Option<usize>, String);

fn read_record(
    path: &Path,
    room: &mut u64,
    allowed: Option<&AllowedSigners>,
    now: Timestamp,
) -> Result<Record, Unusable> {
    let whole = |message: String| (None, message);
    let bytes = read_file(path, room).map_err(whole)?;
    let envelope = Envelope::parse(&bytes).map_err(|malformed| (malformed.line, malformed.message))?;
    let statement = Statement::parse(&envelope.payload).map_err(whole)?;
    let at = statement.predicate.at;
    // A date to come would outlive every freshness.
    if at > now.saturating_add(CLOCK_SKEW).unwrap_or(Timestamp::MAX) {
        return Err(whole(format!(
            "it is dated {at}, after the day that is judged ({now}), and does not count yet"
        )));
    }
    let claim = Claim { by: statement.predicate.by.as_deref(), at };
    let signature = judge_signatures(&envelope, claim, allowed, now);
    Ok(Record { path: path.to_owned(), statement, signature })
}

fn read_file(path: &Path, room: &mut u64) -> Result<Vec<u8>, String> {
    let unreadable = |error: io::Error| format!("the file cannot be read: {error}");
    let metadata = fs::symlink_metadata(path).map_err(unreadable)?;
    if metadata.is_symlink() {
        return Err(
            "it is a symbolic link, which a ledger does not follow; put the file itself here".to_owned()
        );
    }
    if !metadata.is_file() {
        return Err("it is not a file; records are files directly in this folder".to_owned());
    }
    if path.extension().is_none_or(|extension| extension != "json") {
        return Err("its name does not end in .json, so it is not read as a record".to_owned());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    let length = file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)? as u64;
    if length > LARGEST_FILE {
        return Err(format!("the file is larger than {LARGEST_FILE} bytes"));
    }
    *room = room
        .checked_sub(length)
        .ok_or_else(|| format!("the ledger is larger than {LARGEST_LEDGER} bytes; this file was left out"))?;
    Ok(bytes)
}

/// One believed signature is enough. Failing that, a broken one says more than an unknown one.
fn judge_signatures(
    envelope: &Envelope,
    claim: Claim<'_>,
    allowed: Option<&AllowedSigners>,
    now: Timestamp,
) -> SignatureState {
    let message = envelope.pae();
    let mut worst = SignatureState::Unsigned;
    for signature in &envelope.signatures {
        let state = match decode_base64(&signature.sig) {
            Some(bytes) => sshsig::judge(&bytes, &message, claim, allowed, now),
            None => SignatureState::Invalid { why: "it is not valid Base64".to_owned() },
        };
        match (&state, &worst) {
            (SignatureState::Verified { .. }, _) => return state,
            (SignatureState::Invalid { .. }, SignatureState::Invalid { .. }) => {}
            (SignatureState::Invalid { .. }, _) | (_, SignatureState::Unsigned) => worst = state,
            _ => {}
        }
    }
    worst
}

/// Adds a record, signed when there is a signer, and gives the path of its file.
///
/// The file appears complete or not at all, and never in place of another.
pub fn write(dir: &Path, statement: &Statement, signer: Option<&dyn Signer>) -> Result<PathBuf, Error> {
    statement.validate().map_err(Error::Statement)?;
    let payload = serde_json::to_vec(statement).map_err(|error| Error::Statement(error.to_string()))?;
    let mut envelope = Envelope::new(payload);
    if let Some(signer) = signer {
        let message = envelope.pae();
        let signature = signer.sign(&message)?;
        let bytes = sshsig::check(&signature, &message)
            .ok()
            .and_then(|()| sshsig::to_bytes(&signature).ok())
            .ok_or_else(|| Error::BadSignature(signer.description()))?;
        envelope.attach(signer.fingerprint(), &bytes);
    }
    let text = envelope.to_json();
    if text.len() as u64 > LARGEST_FILE {
        return Err(Error::Statement(format!(
            "it is larger than {LARGEST_FILE} bytes; shorten its measurements"
        )));
    }
    let path = dir.join(file_name(statement, &text));
    fs::create_dir_all(dir).map_err(Error::io("create the folder", dir))?;
    if fs::symlink_metadata(dir).map_err(Error::io("look at", dir))?.is_symlink() {
        return Err(Error::FolderIsLink(dir.to_owned()));
    }
    place(dir, &path, text.as_bytes())?;
    Ok(path)
}

/// `<timestamp>-<item>-<short hash>.json`: sorts by time, tells what it is about, and does not collide.
fn file_name(statement: &Statement, text: &str) -> String {
    let at = statement.predicate.at.strftime("%Y%m%dT%H%M%SZ");
    let hash: String = Sha256::digest(text).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("{at}-{}-{hash}.json", statement.predicate.item)
}

/// Writes to a name that readers ignore, then gives it its own.
fn place(dir: &Path, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let unique = format!(".writing-{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
    let unfinished = dir.join(unique);
    let result = write_new(&unfinished, bytes)
        .map_err(Error::io("write", &unfinished))
        .and_then(|()| publish(&unfinished, path));
    // After a rename there is nothing left to remove.
    let _ = fs::remove_file(&unfinished);
    result
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A second name fails where a rename would silently replace.
fn publish(unfinished: &Path, path: &Path) -> Result<(), Error> {
    match fs::hard_link(unfinished, path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Error::Exists(path.to_owned())),
        // Some file systems have no second names. The name contains the hash of the contents, so should
        // another process win between the two steps, then with the same record.
        Err(_) if fs::symlink_metadata(path).is_err() => {
            fs::rename(unfinished, path).map_err(Error::io("write", path))
        }
        Err(_) => Err(Error::Exists(path.to_owned())),
    }
}
