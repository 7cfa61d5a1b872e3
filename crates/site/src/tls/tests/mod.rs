//! Handshakes with real servers, and with bytes that no server of today sends.

mod authority;
mod chains;
mod hostile;
mod protocols;
mod servers;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use seaworthy_facts::{SuiteWeakness, TlsEndpoint, TlsVersion};

use super::trust::Roots;
use super::{Options, probe};
use crate::{Budget, Target};

/// Probes an address as `app.example`.
fn look(address: SocketAddr, ca_file: Option<&Path>, timeout: Duration) -> TlsEndpoint {
    let target = Target::read(&format!("https://app.example:{}", address.port()), &[], &[]).unwrap();
    let options = Options { ca_file: ca_file.map(Path::to_owned), timeout };
    let budget = Budget::new(400, Duration::ZERO);
    let roots = Roots::load(options.ca_file.as_deref());
    let (endpoint, begun) = probe(&target, address, &options, &budget, &roots);
    assert_eq!(begun, budget.sent());
    endpoint
}

/// With all the time that a busy machine needs.
fn look_calmly(address: SocketAddr, ca_file: Option<&Path>) -> TlsEndpoint {
    look(address, ca_file, Duration::from_secs(20))
}

/// Again and again until it is as it will be: some servers listen before they have a certificate.
fn look_until(address: SocketAddr, is_ready: impl Fn(&TlsEndpoint) -> bool) -> TlsEndpoint {
    for _ in 0..60 {
        let endpoint = look_calmly(address, None);
        if is_ready(&endpoint) {
            return endpoint;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    look_calmly(address, None)
}

fn accepted(endpoint: &TlsEndpoint) -> Vec<TlsVersion> {
    let offers = endpoint.versions.iter().filter(|offer| offer.accepted == Some(true));
    offers.map(|offer| offer.version).collect()
}

fn answer(endpoint: &TlsEndpoint, version: TlsVersion) -> &str {
    &endpoint.versions.iter().find(|offer| offer.version == version).unwrap().answer
}

fn has(endpoint: &TlsEndpoint, weakness: SuiteWeakness) -> bool {
    endpoint.suites.iter().any(|suite| suite.weaknesses.contains(&weakness))
}
