//! `seaworthy attest`: a person's signed word.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use seaworthy_checklist::{Attestation, VoidOn, find, nearest};
use seaworthy_engine::RECORDS_FOLDER;
use seaworthy_ledger::{
    AllowedSigners, Environment, Kind, Outcome as Concluded, Predicate, Rung, SigningContext, Statement,
    Subject, find_signer, write as write_record,
};

use crate::arguments::{Attest, Audited};
use crate::configuration::{Instant, settings};
use crate::failure::{Failure, Outcome};
use crate::output::to_stdout;

/// For how long a word can hold at the most, in days.
const LONGEST: i64 = 366;

/// Runs `attest`.
pub fn attest(arguments: &Attest) -> Result<Outcome, Failure> {
    let name = &arguments.item;
    let Some(item) = find(name) else {
        let help = nearest(name).map_or_else(
            || "`seaworthy list` shows every item".to_owned(),
            |nearest| format!("did you mean `{nearest}`?"),
        );
        return Err(Failure::Usage(format!("there is no item `{name}`; {help}")));
    };
    if arguments.note.trim().is_empty() {
        return Err(Failure::Usage("--note: say what you vouch for".to_owned()));
    }
    let instant = Instant::read(None)?;
    let until = until(&arguments.until, instant)?;
    let settings = settings(&arguments.path, None, None, None, instant)?;
    let ledger = settings.ledger(&arguments.path)?;
    let allowed = match &ledger.allowed_signers {
        Some((text, file)) => {
            Some(AllowedSigners::parse(text).map_err(|error| Failure::Usage(format!("{file}: {error}")))?)
        }
        None => None,
    };
    let ask = |path: &Path| passphrase(path);
    let context = SigningContext::from_environment(&ask, allowed.as_ref());
    let signer = find_signer(arguments.key.as_deref(), &context).map_err(|error| {
        Failure::Usage(format!("a person's word must be signed, and no key can be used: {error}"))
    })?;

    let audited = Audited { with: Vec::new(), deploy: Vec::new(), config: None, offline: true };
    let facts = seaworthy_engine::collect(
        &seaworthy_engine::CollectOptions {
            folder: Some(arguments.path.clone()),
            site: None,
            with: Vec::new(),
            declared: settings.declared(&audited, instant)?,
            change: None,
            ledger: None,
            now: instant.now,
        },
        instant.now,
        &mut |_| {},
    )
    .facts;
    let repository = facts.repository.get().map_err(|absent| Failure::CouldNotAssess(absent.why))?;
    let mut subject = Vec::new();
    if let Some(commit) = &repository.commit {
        subject.push(Subject::new("commit", "gitCommit", commit.clone()));
    }
    if let Some(digest) = &repository.migrations_digest {
        subject.push(Subject::new("migrations", "sha256", digest.clone()));
    }
    let bound = match item.void_on {
        VoidOn::Commit => repository.commit.is_some(),
        VoidOn::Migrations => repository.migrations_digest.is_some(),
        VoidOn::Deployment | VoidOn::Time => !subject.is_empty(),
    };
    if !bound {
        return Err(Failure::Usage(format!(
            "{}: there is nothing that the word could be bound to (no commit, or no migrations); commit first",
            arguments.path.display()
        )));
    }
    let statement = Statement {
        statement_type: seaworthy_ledger::STATEMENT_TYPE.to_owned(),
        subject,
        predicate_type: seaworthy_ledger::PREDICATE_TYPE.to_owned(),
        predicate: Predicate {
            item: item.id.as_str().to_owned(),
            kind: Kind::Attestation,
            rung: Rung::Attested,
            outcome: Concluded::Pass,
            summary: "a person vouches for it".to_owned(),
            environment: Environment::Repository,
            component: None,
            at: instant.now,
            expires: Some(until),
            measurements: BTreeMap::new(),
            by: arguments.by.clone(),
            note: Some(arguments.note.trim().to_owned()),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            other: BTreeMap::new(),
        },
        other: BTreeMap::new(),
    };
    let path = write_record(&ledger.folder, &statement, Some(signer.as_ref()))
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let mut text =
        format!("{}\n  signed with {} ({})\n", path.display(), signer.description(), signer.fingerprint());
    let counts = item.attestation == Attestation::Accepted
        || settings.config.ledger.attestable.iter().any(|allowed| allowed == item.id.as_str());
    if allowed.is_none() {
        text.push_str(
            "  It does not count yet: name an OpenSSH allowed-signers file that holds this key, as allowed-signers under \
             [ledger] in seaworthy.toml.\n",
        );
    } else if !counts {
        text.push_str(&format!(
            "  It is shown but does not pass the item: a machine can look at {}. A policy can allow it (attestable under \
             [ledger]).\n",
            item.id
        ));
    }
    text.push_str(&format!("  Commit it: git add {}\n", path_in(&arguments.path, &ledger.folder)));
    to_stdout(text.as_bytes())
}

fn path_in(folder: &Path, records: &Path) -> String {
    records.strip_prefix(folder).map_or_else(|_| RECORDS_FOLDER.to_owned(), |path| path.display().to_string())
}

fn until(text: &str, instant: Instant) -> Result<Timestamp, Failure> {
    let wrong = || Failure::Usage(format!("--until {text}: no such day; write it as YYYY-MM-DD"));
    let day: Date = text.parse().map_err(|_| wrong())?;
    let until = day.at(23, 59, 59, 0).to_zoned(TimeZone::UTC).map_err(|_| wrong())?.timestamp();
    if until <= instant.now {
        return Err(Failure::Usage(format!("--until {text}: that day is past")));
    }
    let latest = instant.day().checked_add(jiff::Span::new().days(LONGEST)).map_err(|_| wrong())?;
    if day > latest {
        return Err(Failure::Usage(format!("--until {text}: a word holds for {LONGEST} days at the most")));
    }
    Ok(until)
}

/// Asks on the terminal, without showing what is typed; nothing is asked where nobody can answer.
pub fn passphrase(path: &Path) -> Option<String> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    rpassword::prompt_password(format!("Passphrase for {}: ", path.display())).ok()
}
