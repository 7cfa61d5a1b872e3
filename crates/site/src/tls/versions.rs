//! Each version of the protocol by its own hello.

use seaworthy_facts::{TlsVersion, VersionOffer};

use super::endpoint::{End, Endpoint, Shaken};
use super::hello::Hello;
use super::records::{Flight, Wanted};
use super::suites;

/// What came of the versions.
#[derive(Debug, Default)]
pub struct Versions {
    /// Each version, oldest first.
    pub offers: Vec<VersionOffer>,
    /// What the server sent with the newest version that it accepts in the clear.
    pub clear: Option<Flight>,
    /// How the first attempt ended that shows that nothing speaks TLS there.
    pub unreached: Option<End>,
}

/// Tries each version, the newest first, since what does not answer to it most likely answers to none.
pub fn probe(endpoint: &Endpoint<'_>) -> Versions {
    let mut versions = Versions::default();
    let mut attempts: Vec<(TlsVersion, Shaken)> = Vec::new();
    for version in TlsVersion::ALL.into_iter().rev() {
        let shaken = offer(endpoint, version);
        let is_hopeless = matches!(shaken.end, End::Unconnected(_));
        attempts.push((version, shaken));
        if is_hopeless && attempts.iter().all(|(_, shaken)| shaken.flight.hello.is_none()) {
            break;
        }
    }
    let accepts = |version: TlsVersion, shaken: &Shaken| {
        shaken.flight.hello.as_ref().is_some_and(|hello| hello.version == Ok(version))
    };
    let speaks_tls = attempts.iter().any(|(version, shaken)| accepts(*version, shaken));
    if !speaks_tls {
        versions.unreached = attempts.first().map(|(_, shaken)| shaken.end.clone());
    }
    attempts.reverse();
    for (version, shaken) in attempts {
        versions.offers.push(VersionOffer {
            version,
            accepted: accepted(version, &shaken, speaks_tls),
            answer: answer(version, &shaken),
        });
        if version != TlsVersion::Tls13 && accepts(version, &shaken) {
            versions.clear = Some(shaken.flight);
        }
    }
    versions
}

/// Offers one version with the common suites, and with all the others where those were what the server did not like.
fn offer(endpoint: &Endpoint<'_>, version: TlsVersion) -> Shaken {
    let mut last = None;
    for suites in suites::groups(version) {
        let hello = Hello { version, suites: &suites, host: endpoint.name.as_deref() };
        let shaken = endpoint.shake(&hello, Wanted::Certificates);
        // handshake_failure and insufficient_security may mean the suites; anything else means the version.
        let is_about_suites =
            shaken.flight.refusal().is_some_and(|alert| matches!(alert.description, 40 | 71))
                && shaken.flight.hello.is_none();
        if !is_about_suites {
            return last.filter(|_| shaken.flight.hello.is_none()).unwrap_or(shaken);
        }
        last.get_or_insert(shaken);
    }
    last.unwrap_or(Shaken { flight: Flight::default(), end: End::Untried("no cipher suite is known") })
}

fn accepted(version: TlsVersion, shaken: &Shaken, speaks_tls: bool) -> Option<bool> {
    if let Some(hello) = &shaken.flight.hello {
        return Some(hello.version == Ok(version));
    }
    if let Some(alert) = shaken.flight.refusal() {
        // The name is not served, or the server is in trouble: neither tells about the version.
        return (speaks_tls || matches!(alert.description, 40 | 70 | 71)).then_some(false);
    }
    // A server that speaks another version and hangs up on this one refuses it.
    (speaks_tls && shaken.is_refused()).then_some(false)
}

fn answer(version: TlsVersion, shaken: &Shaken) -> String {
    match &shaken.flight.hello {
        Some(hello) if hello.version == Ok(version) => format!("chose {}", suites::name(hello.suite)),
        Some(hello) => match hello.version {
            Ok(other) => format!("answered with {}", other.name()),
            Err(number) => format!("answered with version 0x{number:04x}"),
        },
        None => shaken.words(),
    }
}
