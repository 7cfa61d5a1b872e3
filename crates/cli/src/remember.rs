//! `check --remember`: what was probed becomes records of the ledger, so that a later run without the network knows it, and
//! a certificate that is another one then shows that it was renewed.

use std::collections::BTreeMap;
use std::path::Path;

use seaworthy_engine::{CERTIFICATE, Collected, LedgerOptions};
use seaworthy_facts::TlsEndpoint;
use seaworthy_ledger::{
    AllowedSigners, Environment, Kind, Outcome, Predicate, Rung, Signer, SigningContext, Statement, Subject,
    find_signer, write as write_record,
};
use seaworthy_model::{Evidence, ItemReport, Location, Polarity, Report};

use crate::failure::Failure;

/// The item whose record also keeps the certificate: handshakes decide it whoever issued.
const HANDSHAKES: &str = "https.tls-version";

/// Writes a record for each item that the running site decided, and says how many.
///
/// What was seen on a trial is not kept: it says nothing of what people use.
pub fn remember(report: &Report, collected: &Collected, ledger: &LedgerOptions) -> Result<usize, Failure> {
    let commit = collected.facts.repository.get().ok().and_then(|repository| repository.commit.clone());
    let Some(commit) = commit else {
        return Err(Failure::Usage(
            "--remember: there is no commit that a record could be bound to; commit first".to_owned(),
        ));
    };
    let mut subject = vec![Subject::new("commit", "gitCommit", commit)];
    let migrations = collected.facts.repository.get().ok().and_then(|it| it.migrations_digest.clone());
    subject.extend(migrations.map(|digest| Subject::new("migrations", "sha256", digest)));
    let allowed = match &ledger.allowed_signers {
        Some((text, file)) => {
            Some(AllowedSigners::parse(text).map_err(|error| Failure::Usage(format!("{file}: {error}")))?)
        }
        None => None,
    };
    let signer = signer(allowed.as_ref());
    let mut written = 0;
    for item in &report.items {
        for (environment, place) in places(item) {
            let statement = statement(item, &environment, &place, &subject, collected);
            write_record(&ledger.folder, &statement, signer.as_deref())
                .map_err(|error| Failure::Usage(format!("--remember: {error}")))?;
            written += 1;
        }
    }
    Ok(written)
}

/// A key that the allowed-signers file names: a signature of another one would make the record count for less than none.
fn signer(allowed: Option<&AllowedSigners>) -> Option<Box<dyn Signer>> {
    let allowed = allowed?;
    // Nobody is asked for a passphrase: this runs at night, too.
    let silent = |_: &Path| None;
    let context = SigningContext::from_environment(&silent, Some(allowed));
    find_signer(None, &context).ok().filter(|signer| allowed.names(signer.public_key().key_data()))
}

/// What decided about each address that people use.
fn places(item: &ItemReport) -> BTreeMap<(Environment, String), Vec<&Evidence>> {
    let mut places: BTreeMap<(Environment, String), Vec<&Evidence>> = BTreeMap::new();
    for evidence in item.evidence.iter().filter(|evidence| evidence.at.is_some() && !evidence.stale) {
        let environment = match evidence.environment {
            seaworthy_model::Environment::Production => Environment::Production,
            seaworthy_model::Environment::Staging => Environment::Staging,
            _ => continue,
        };
        if let Location::Url { url } = &evidence.location {
            places.entry((environment, origin(url).to_owned())).or_default().push(evidence);
        }
    }
    places
}

/// Scheme, host and port.
fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    url[start..].find(['/', '?', '#']).map_or(url, |end| &url[..start + end])
}

fn statement(
    item: &ItemReport,
    (environment, url): &(Environment, String),
    evidence: &[&Evidence],
    subject: &[Subject],
    collected: &Collected,
) -> Statement {
    // One fault among many good answers is what counts.
    let against = evidence.iter().find(|evidence| evidence.polarity == Polarity::Against);
    let decides = against.unwrap_or(&evidence[0]);
    let mut measurements = BTreeMap::from([("url".to_owned(), serde_json::json!(url))]);
    if item.id.as_str() == HANDSHAKES
        && let Some(endpoint) = endpoint(collected, url)
        && let Some(leaf) = endpoint.chain.first()
    {
        measurements.insert(
            CERTIFICATE.to_owned(),
            serde_json::json!({
                "serial": leaf.serial, "sha256": leaf.sha256, "not-before": leaf.not_before, "not-after": leaf.not_after,
            }),
        );
    }
    Statement::new(
        subject.to_vec(),
        Predicate {
            item: item.id.as_str().to_owned(),
            kind: Kind::Probe,
            rung: if decides.rung == seaworthy_model::Rung::Proven { Rung::Proven } else { Rung::Observed },
            outcome: if against.is_some() { Outcome::Fail } else { Outcome::Pass },
            summary: decides.summary.clone(),
            environment: *environment,
            component: decides.component.clone(),
            at: decides.at.unwrap_or(collected.started_at),
            expires: decides.expires,
            measurements,
            by: None,
            note: None,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            other: BTreeMap::new(),
        },
    )
}

fn endpoint<'a>(collected: &'a Collected, url: &str) -> Option<&'a TlsEndpoint> {
    collected.facts.tls.get().ok()?.endpoints.iter().find(|endpoint| endpoint.url == url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_without_its_path() {
        assert_eq!(origin("https://a.example:8443/privacy?x"), "https://a.example:8443");
        assert_eq!(origin("https://a.example"), "https://a.example");
    }
}
