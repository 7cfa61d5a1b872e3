//! Own handshakes, so that what is seen is the server and not the opinion of a client library.
//!
//! Every connection has a deadline for all of it, every size is bounded, and whatever a server does ends in a fact or in a
//! line that says why there is none.

pub mod certificate;
mod client;
mod connection;
mod endpoint;
pub mod hello;
pub mod ocsp;
pub mod records;
mod resolve;
mod suites;
mod trust;
mod versions;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use seaworthy_facts::{Absent, Tls, TlsEndpoint, TlsVersion};
use seaworthy_model::Cause;
use url::Host;

use self::endpoint::{End, Endpoint};
use self::trust::Roots;
use crate::{Budget, Target};

/// Addresses that are probed at the same time.
const THREADS: usize = 8;
/// How many times the longest time for one connection all connections to one address may take.
const CONNECTIONS: u32 = 12;

/// How handshakes are made.
#[derive(Debug, Clone)]
pub struct Options {
    /// Certificates of private certification authorities, PEM.
    pub ca_file: Option<PathBuf>,
    /// The longest time for one connection.
    pub timeout: Duration,
}

/// Shakes hands with each target that is named with `https`: with one IPv4 and one IPv6 address of its name.
pub fn collect(targets: &[Target], options: &Options, budget: &Budget) -> Tls {
    let targets: Vec<&Target> = targets.iter().filter(|target| target.url.scheme() == "https").collect();
    if targets.is_empty() {
        return Tls::default();
    }
    let roots = Roots::load(options.ca_file.as_deref());
    let failed = || "the collector failed".to_owned();
    let resolved = side_by_side(&targets, |target| resolve::addresses(&target.url, options.timeout));
    let mut jobs: Vec<(&Target, Result<SocketAddr, String>)> = Vec::new();
    for (target, addresses) in targets.into_iter().zip(resolved) {
        match addresses.unwrap_or_else(|| Err(failed())) {
            Ok(addresses) => jobs.extend(addresses.into_iter().map(|address| (target, Ok(address)))),
            Err(why) => jobs.push((target, Err(why))),
        }
    }
    let probed = side_by_side(&jobs, |(target, address)| match address {
        Ok(address) => probe(target, *address, options, budget, &roots),
        Err(why) => (unreached(target, "", why.clone()), 0),
    });
    let mut tls = Tls::default();
    for ((target, address), probed) in jobs.iter().zip(probed) {
        let place = address.as_ref().map(ToString::to_string).unwrap_or_default();
        let (endpoint, begun) = probed.unwrap_or_else(|| (unreached(target, &place, failed()), 0));
        tls.endpoints.push(endpoint);
        tls.handshakes += begun;
    }
    tls
}

/// Does the same for each, some at a time, and keeps the order. None where it failed.
fn side_by_side<'a, T: Sync, R: Send>(jobs: &'a [T], work: impl Fn(&'a T) -> R + Sync) -> Vec<Option<R>> {
    let work = &work;
    let mut done = Vec::new();
    for chunk in jobs.chunks(THREADS) {
        std::thread::scope(|scope| {
            let threads: Vec<_> = chunk.iter().map(|job| scope.spawn(move || work(job))).collect();
            done.extend(threads.into_iter().map(|thread| thread.join().ok()));
        });
    }
    done
}

fn unreached(target: &Target, address: &str, why: String) -> TlsEndpoint {
    TlsEndpoint {
        url: target.origin(),
        host: target.url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
        address: address.to_owned(),
        environment: target.environment,
        at: Timestamp::now(),
        unreached: Some(Absent::new(Cause::CouldNotRun, why)),
        versions: Vec::new(),
        suites: Vec::new(),
        weak_tried: false,
        chain: Vec::new(),
        trust: None,
        alpn: None,
        resumes: None,
        stapled: None,
        timestamps: 0,
        untold: Vec::new(),
    }
}

fn probe(
    target: &Target,
    address: SocketAddr,
    options: &Options,
    budget: &Budget,
    roots: &Roots,
) -> (TlsEndpoint, u32) {
    let mut facts = unreached(target, &address.to_string(), String::new());
    let name = match target.url.host() {
        Some(Host::Domain(name)) => Some(name.trim_end_matches('.').to_owned()),
        _ => None,
    };
    let endpoint = Endpoint {
        host: name.clone().unwrap_or_else(|| facts.host.clone()),
        name,
        address,
        timeout: options.timeout,
        until: Instant::now() + options.timeout * CONNECTIONS,
        budget,
        begun: Cell::new(0),
        strikes: Cell::new(0),
    };
    let versions = versions::probe(&endpoint);
    facts.unreached = versions.unreached.as_ref().map(|end| {
        let why = match end {
            End::Done => {
                let newest = versions.offers.last().map_or("", |offer| offer.answer.as_str());
                format!("no version of TLS is accepted: {newest}")
            }
            other => other.words(),
        };
        Absent::new(Cause::CouldNotRun, format!("{} ({address}): {why}", facts.url))
    });
    facts.versions = versions.offers;
    if facts.unreached.is_none() {
        // Old hellos that are dropped say nothing of those that are answered.
        endpoint.strikes.set(0);
        facts.untold.extend(roots.complaint.clone());
        certificates(&endpoint, &mut facts, versions.clear.unwrap_or_default(), roots);
        cipher_suites(&endpoint, &mut facts);
    }
    (facts, endpoint.begun.get())
}

/// The chain and what else a whole handshake shows.
fn certificates(endpoint: &Endpoint<'_>, facts: &mut TlsEndpoint, clear: records::Flight, roots: &Roots) {
    let hello = clear.hello.as_ref();
    let (chain, staple, asked) = match client::visit(endpoint) {
        Ok(visit) => {
            facts.alpn = visit.alpn;
            facts.resumes = visit.resumes;
            (visit.chain, visit.staple, true)
        }
        Err(why) => {
            facts.untold.push(format!("a client of today cannot connect: {why}"));
            facts.alpn = hello.and_then(|hello| hello.alpn.clone());
            let asked = !clear.chain.is_empty();
            (clear.chain, clear.staple.unwrap_or_default(), asked)
        }
    };
    if chain.is_empty() {
        facts.untold.push("the server showed no certificate".to_owned());
        return;
    }
    for (place, der) in chain.iter().enumerate() {
        match certificate::read(der) {
            Ok(read) => facts.chain.push(read),
            Err(why) => facts.untold.push(format!("certificate {} of the chain: {why}", place + 1)),
        }
    }
    facts.trust = Some(roots.judge(&endpoint.host, &chain));
    facts.timestamps = certificate::timestamps(&chain[0]) + hello.map_or(0, |hello| hello.timestamps);
    let names_responder = facts.chain.first().is_some_and(|leaf| leaf.ocsp);
    facts.stapled =
        (asked && (names_responder || !staple.is_empty())).then(|| ocsp::is_valid(&staple, facts.at));
}

/// The suites of each accepted version, the newest first, as it matters most.
fn cipher_suites(endpoint: &Endpoint<'_>, facts: &mut TlsEndpoint) {
    facts.weak_tried = true;
    for version in TlsVersion::ALL.into_iter().rev() {
        if facts.versions.iter().any(|offer| offer.version == version && offer.accepted == Some(true)) {
            let found = suites::accepted(endpoint, version);
            facts.suites.extend(found.suites);
            facts.untold.extend(found.untold);
            facts.weak_tried &= found.weak_tried;
        }
    }
    facts.suites.sort_by_key(|suite| (suite.version, suite.id));
}
