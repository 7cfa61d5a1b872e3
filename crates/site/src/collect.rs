//! From the named addresses to the facts: each address by itself, side by side.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use seaworthy_facts::{Absent, Asked, Origin, Site};
use seaworthy_model::{Cause, Environment};
use url::{Host, Url};

use crate::http::{Client, Limits, Names};
use crate::probe::Probe;
use crate::target::is_private;
use crate::{Budget, Input, Target, assets, crawl, dns, exchanges, plain, timing};

/// Addresses that are probed at the same time.
const AT_ONCE: usize = 8;
/// Time for questions to resolvers about one address.
const RESOLVE: Duration = Duration::from_secs(3);
/// Time between two requests to an address that serves people.
const PAUSE: Duration = Duration::from_millis(100);

/// Probes the named addresses over HTTP.
pub fn collect(input: &Input) -> Site {
    let mut site = Site::default();
    for some in input.targets.chunks(AT_ONCE) {
        let probed: Vec<Probed> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                some.iter().map(|target| (target, scope.spawn(move || probe(target, input)))).collect();
            threads
                .into_iter()
                .map(|(target, thread)| {
                    thread.join().unwrap_or_else(|_| Probed::failed(target, "the collector failed"))
                })
                .collect()
        });
        for one in probed {
            site.requests += one.sent;
            site.budget += input.requests;
            site.remarks.extend(one.remarks);
            site.origins.push(one.origin);
        }
    }
    site
}

struct Probed {
    origin: Origin,
    sent: u32,
    remarks: Vec<String>,
}

impl Probed {
    fn failed(target: &Target, why: &str) -> Self {
        let mut origin = empty(target);
        origin.unreached = Some(Absent::new(Cause::CouldNotRun, why));
        Probed { origin, sent: 0, remarks: Vec::new() }
    }
}

fn empty(target: &Target) -> Origin {
    Origin {
        url: target.origin(),
        environment: target.environment,
        at: Timestamp::now(),
        addresses: Vec::new(),
        caa: None,
        unreached: None,
        plain: Vec::new(),
        exchanges: Vec::new(),
        mixed: Vec::new(),
        legal: Vec::new(),
        durations_ms: Vec::new(),
        assets: Vec::new(),
        errors_probed: false,
    }
}

fn probe(target: &Target, input: &Input) -> Probed {
    let limits = Limits { time: input.timeout, ..Limits::default() };
    let named = |url: &Url| url.scheme() == "http" && url.host() == target.url.host();
    let ports: Vec<u16> = input
        .targets
        .iter()
        .filter(|other| named(&other.url))
        .filter_map(|other| other.url.port_or_known_default())
        .collect();
    let names = Names::default();
    // The user may name a host of a private network; what it leads to must then be asked there, too.
    let private = is_private(&target.url)
        || names.is_private(&target.url, Instant::now() + limits.time).unwrap_or_default();
    let client = match Client::new(names, limits, private) {
        Ok(client) => client,
        Err(failure) => return Probed::failed(target, &failure.to_string()),
    };
    let pause = if target.environment == Environment::Scratch { Duration::ZERO } else { PAUSE };
    let budget = Budget::new(input.requests, pause);
    let mut origin = empty(target);
    match client.names().addresses(&target.url, client.until()) {
        Ok(addresses) => origin.addresses = addresses.iter().map(ToString::to_string).collect(),
        Err(failure) => return Probed::failed(target, &failure.to_string()),
    }
    let mut remarks = Vec::new();
    if let Some(Host::Domain(name)) = target.url.host()
        && !private
    {
        match dns::authorities(name, &dns::resolvers(), Instant::now() + RESOLVE) {
            Ok(records) => origin.caa = Some(records),
            Err(why) => {
                remarks
                    .push(format!("which authorities may issue for {name} (CAA) could not be told: {why}"));
            }
        }
    }
    let mut probe = Probe::new(&client, &budget, &target.url);
    probe.remarks = remarks;
    let home = probe.follow(Asked::Home, &target.url);
    if probe.exchanges.is_empty() {
        let why = probe.remarks.pop().unwrap_or_default();
        probe.remarks.clear();
        let why =
            why.rsplit_once(&format!("{}: ", target.url)).map_or(why.as_str(), |(_, why)| why).to_owned();
        origin.unreached = Some(Absent::new(Cause::CouldNotRun, format!("{}: {why}", target.origin())));
    }
    origin.plain = plain::ways(&client, &budget, &target.url, &ports);
    if let Some((url, answer)) = home {
        site(&mut origin, &mut probe, &url, &answer, input);
    }
    origin.exchanges = probe.exchanges;
    Probed { origin, sent: budget.sent(), remarks: probe.remarks }
}

fn site(origin: &mut Origin, probe: &mut Probe<'_>, home: &Url, answer: &crate::http::Answer, input: &Input) {
    // Before the browser, which comes up meanwhile, asks for anything.
    origin.durations_ms = timing::repeats(probe, home);
    let unknown = exchanges::unknown(probe);
    let mut crawled = crawl::crawl(probe, home, answer);
    let links = crawled.links(probe);
    let data = exchanges::data(probe, &links);
    let loads = std::mem::take(&mut crawled.loads);
    let (assets, sheets) = assets::fetch(probe, &loads);
    crawl::mixed_in_styles(&mut crawled, &sheets);
    origin.assets = assets;
    origin.mixed = crawled.mixed;
    origin.legal = crawled.legal;
    if input.probe_errors || matches!(origin.environment, Environment::Staging | Environment::Scratch) {
        exchanges::provoke(probe, &unknown, &data);
        origin.errors_probed = true;
    }
}
