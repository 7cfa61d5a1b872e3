//! The ledger as facts: which records count, for which item, about which subject.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use seaworthy_checklist::{VoidOn, find};
use seaworthy_facts::{Location, Problem, RecordEntry, Records, SeenCertificate};
use seaworthy_ledger::{AllowedSigners, Kind, Record, SignatureState};
use seaworthy_model::{CollectorState, Coverage, Environment, Evidence, ItemId, Note, Polarity, Rung};

/// Where the ledger is and whose signatures count.
#[derive(Debug, Clone, Default)]
pub struct LedgerOptions {
    /// The folder of records.
    pub folder: PathBuf,
    /// How the folder is shown in locations.
    pub shown: String,
    /// The text of the allowed-signers file, and its name for messages.
    pub allowed_signers: Option<(String, String)>,
    /// Unsigned records of drills do not count either.
    pub require_signature: bool,
}

/// The folder of records, relative to the audited folder, when nothing else is configured.
pub const RECORDS_FOLDER: &str = ".seaworthy/records";

/// Reads the ledger as of an instant.
pub fn read_ledger(options: &LedgerOptions, now: Timestamp) -> (Records, Coverage) {
    let mut records = Records::default();
    let allowed = match &options.allowed_signers {
        None => None,
        Some((text, name)) => match AllowedSigners::parse(text) {
            Ok(signers) => {
                for skipped in signers.skipped() {
                    records.problems.push(Problem {
                        at: Location::line(name.clone(), u32::try_from(skipped.line).unwrap_or(1)),
                        what: skipped.why.clone(),
                    });
                }
                Some(signers)
            }
            Err(error) => {
                records.problems.push(Problem { at: Location::file(name.clone()), what: error.to_string() });
                None
            }
        },
    };
    let ledger = seaworthy_ledger::read(&options.folder, allowed.as_ref(), now);
    for problem in &ledger.problems {
        let path = shown(options, &problem.path);
        let at = match problem.line.and_then(|line| u32::try_from(line).ok()) {
            Some(line) => Location::line(path, line),
            None => Location::file(path),
        };
        records.problems.push(Problem { at, what: problem.message.clone() });
    }
    let count = ledger.records.len();
    for record in ledger.records {
        let path = shown(options, &record.path);
        let certificate = certificate(&record, &path);
        match entry(record, &path, options) {
            Ok(entry) => {
                records.entries.push(entry);
                records.certificates.extend(certificate);
            }
            Err(why) => records.problems.push(Problem { at: Location::file(path), what: why }),
        }
    }
    let coverage = Coverage {
        collector: "ledger".to_owned(),
        state: CollectorState::Ran,
        detail: format!("{count} records, {} of them count", records.entries.len()),
        problems: records
            .problems
            .iter()
            .map(|problem| Note { summary: problem.what.clone(), location: Some(problem.at.clone()) })
            .collect(),
    };
    (records, coverage)
}

/// The measurement that keeps which certificate was seen.
pub const CERTIFICATE: &str = "certificate";

/// The certificate that a remembered probe saw.
fn certificate(record: &Record, path: &str) -> Option<SeenCertificate> {
    let predicate = &record.statement.predicate;
    if predicate.kind != Kind::Probe {
        return None;
    }
    let seen = predicate.measurements.get(CERTIFICATE)?;
    let text = |name: &str| seen.get(name)?.as_str().map(str::to_owned);
    Some(SeenCertificate {
        url: predicate.measurements.get("url")?.as_str()?.to_owned(),
        at: predicate.at,
        serial: text("serial")?,
        sha256: text("sha256")?,
        not_after: text("not-after")?.parse().ok()?,
        record: path.to_owned(),
    })
}

fn shown(options: &LedgerOptions, path: &Path) -> String {
    match path.strip_prefix(&options.folder) {
        Ok(name) if name.as_os_str().is_empty() => options.shown.clone(),
        Ok(name) => format!("{}/{}", options.shown, name.to_string_lossy()),
        Err(_) => path.to_string_lossy().into_owned(),
    }
}

fn entry(record: Record, path: &str, options: &LedgerOptions) -> Result<RecordEntry, String> {
    let predicate = &record.statement.predicate;
    let Some(item) = find(&predicate.item) else {
        return Err(format!("it is about `{}`, and there is no such item", predicate.item));
    };
    let signed_by = match &record.signature {
        SignatureState::Verified { principal, .. } => Some(principal.clone()),
        SignatureState::Unsigned => None,
        SignatureState::Untrusted { fingerprint, why } => {
            return Err(format!("signed by {fingerprint}, which does not count: {why}"));
        }
        SignatureState::Invalid { why } => return Err(format!("its signature is not valid: {why}")),
    };
    let attestation = predicate.kind == Kind::Attestation;
    if attestation && signed_by.is_none() {
        return Err("a person's word counts only when an allowed signer signed it; this record is unsigned"
            .to_owned());
    }
    if options.require_signature && signed_by.is_none() {
        return Err("unsigned, and the configuration asks for signatures".to_owned());
    }
    let digest = |kind: &str| {
        record
            .statement
            .subject
            .iter()
            .find_map(|subject| subject.digest.get(kind).map(|hex| format!("{kind}:{hex}")))
    };
    let migrations = || {
        record
            .statement
            .subject
            .iter()
            .find(|subject| subject.name == "migrations")
            .and_then(|subject| subject.digest.get("sha256").map(|hex| format!("migrations:{hex}")))
    };
    let subject = match item.void_on {
        VoidOn::Commit => digest("gitCommit"),
        VoidOn::Migrations => migrations(),
        VoidOn::Deployment => digest("deployment"),
        VoidOn::Time => None,
    };
    let mut summary = predicate.summary.clone();
    if let Some(note) = &predicate.note {
        summary = format!("{summary}: {note}");
    }
    match &signed_by {
        Some(principal) => summary = format!("{summary} (signed by {principal})"),
        None => summary.push_str(" (unsigned)"),
    }
    let outcome = match predicate.outcome {
        seaworthy_ledger::Outcome::Pass => Polarity::For,
        _ => Polarity::Against,
    };
    let rung = match predicate.rung {
        seaworthy_ledger::Rung::Attested => Rung::Attested,
        seaworthy_ledger::Rung::Proven => Rung::Proven,
        _ => Rung::Observed,
    };
    let environment = match predicate.environment {
        seaworthy_ledger::Environment::Production => Environment::Production,
        seaworthy_ledger::Environment::Staging => Environment::Staging,
        seaworthy_ledger::Environment::Scratch => Environment::Scratch,
        _ => Environment::Repository,
    };
    Ok(RecordEntry {
        item: ItemId::read(predicate.item.clone()),
        evidence: Evidence {
            rung,
            polarity: outcome,
            environment,
            component: predicate.component.clone(),
            summary,
            location: Location::Record { record: path.to_owned() },
            at: Some(predicate.at),
            expires: predicate.expires,
            stale: false,
            subject,
            by: signed_by.clone(),
            exchange: None,
        },
        signed_by,
        attestation,
        probe: predicate.kind == Kind::Probe,
    })
}
