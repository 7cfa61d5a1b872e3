//! The running site as facts: probed now, or what an earlier run recorded.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::time::Duration;

use seaworthy_facts::{Absent, Browser, Facts, Location, Site, Tls, Visit};
use seaworthy_model::{Cause, CollectorState, Coverage, Environment, Note};
use seaworthy_site::tls::Options as TlsOptions;
use seaworthy_site::{Budget, Input};
use serde::{Deserialize, Serialize};

/// Where the facts of the running site come from.
#[derive(Debug, Clone)]
pub enum SiteSource {
    /// Ask it.
    Probe(Input),
    /// What an earlier run recorded.
    Replay(Box<SiteSeen>),
}

/// What was seen of a running site: what `--record` writes and `--replay` reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SiteSeen {
    /// `seaworthy.site/1`.
    pub schema: String,
    /// Over HTTP.
    pub site: seaworthy_facts::Collected<Site>,
    /// By handshakes.
    pub tls: seaworthy_facts::Collected<Tls>,
    /// In a browser.
    pub browser: seaworthy_facts::Collected<Browser>,
}

/// The least time between two handshakes with what serves people.
const PAUSE: Duration = Duration::from_millis(25);

/// Looks.
pub fn look(source: &SiteSource) -> SiteSeen {
    match source {
        SiteSource::Replay(seen) => (**seen).clone(),
        SiteSource::Probe(input) => probe(input),
    }
}

fn probe(input: &Input) -> SiteSeen {
    let fault = |what: &str| {
        Absent::new(Cause::CouldNotRun, format!("a fault in the program: the {what} collector panicked"))
    };
    let (shaken, after_handshakes) = mpsc::channel::<()>();
    let (site, tls, browser) = std::thread::scope(|scope| {
        // The browser comes up meanwhile. Handshakes are over soon, and are made before anything else is asked: a server
        // that serves one connection at a time would let them wait behind it.
        let browser = scope.spawn(move || {
            let wait = || {
                let _ = after_handshakes.recv();
            };
            catch_unwind(AssertUnwindSafe(|| seaworthy_site::browser::collect(input, wait)))
        });
        scope.spawn(seaworthy_site::leaks::prepare);
        // As many handshakes as requests, for each address.
        let addresses = u32::try_from(input.targets.len()).unwrap_or(u32::MAX);
        let trial = input.targets.iter().all(|target| target.environment == Environment::Scratch);
        let pause = if trial { Duration::ZERO } else { PAUSE };
        let budget = Budget::new(input.requests.saturating_mul(addresses), pause);
        let options = TlsOptions { ca_file: input.ca_file.clone(), timeout: input.timeout };
        let tls = catch_unwind(AssertUnwindSafe(|| {
            seaworthy_site::tls::collect(&input.targets, &options, &budget)
        }));
        drop(shaken);
        let site = catch_unwind(AssertUnwindSafe(|| seaworthy_site::collect(input)));
        (site, tls, browser.join())
    });
    SiteSeen {
        schema: SiteSeen::SCHEMA.to_owned(),
        site: match site {
            Ok(site) => site.into(),
            Err(_) => seaworthy_facts::Collected::Absent(fault("site")),
        },
        tls: match tls {
            Ok(tls) => tls.into(),
            _ => seaworthy_facts::Collected::Absent(fault("TLS")),
        },
        browser: match browser {
            Ok(Ok(browser)) => browser,
            _ => seaworthy_facts::Collected::Absent(fault("browser")),
        },
    }
}

/// Looking came to no end.
pub fn fault() -> SiteSeen {
    let absent = Absent::new(Cause::CouldNotRun, "a fault in the program: the site collector panicked");
    SiteSeen {
        schema: SiteSeen::SCHEMA.to_owned(),
        site: seaworthy_facts::Collected::Absent(absent.clone()),
        tls: seaworthy_facts::Collected::Absent(absent.clone()),
        browser: seaworthy_facts::Collected::Absent(absent),
    }
}

impl SiteSeen {
    /// The name and version of the format.
    pub const SCHEMA: &'static str = "seaworthy.site/1";

    /// The addresses.
    pub fn urls(&self) -> Vec<String> {
        self.site
            .get()
            .map(|site| site.origins.iter().map(|origin| origin.url.clone()).collect())
            .unwrap_or_default()
    }

    /// How looking fared.
    pub fn coverage(&self) -> Vec<Coverage> {
        let mut coverage = Vec::new();
        coverage.push(match self.site.get() {
            Ok(site) => {
                let unreached: Vec<Note> = site
                    .origins
                    .iter()
                    .filter_map(|origin| Some(note(&origin.url, &origin.unreached.as_ref()?.why)))
                    .collect();
                let answered = site.answering().count();
                let exchanges: usize = site.origins.iter().map(|origin| origin.exchanges.len()).sum();
                let mut problems = unreached;
                problems.extend(
                    site.remarks.iter().map(|remark| Note { summary: remark.clone(), location: None }),
                );
                Coverage {
                    collector: "site".to_owned(),
                    state: if answered > 0 { CollectorState::Ran } else { CollectorState::Failed },
                    detail: format!(
                        "{answered} of {} addresses answered, {exchanges} exchanges; {} of at most {} requests sent",
                        site.origins.len(),
                        site.requests,
                        site.budget
                    ),
                    problems,
                }
            }
            Err(absent) => failed("site", &absent),
        });
        coverage.push(match self.tls.get() {
            Ok(tls) => Coverage {
                collector: "tls".to_owned(),
                state: CollectorState::Ran,
                detail: format!("{} endpoints, {} handshakes", tls.endpoints.len(), tls.handshakes),
                problems: tls
                    .endpoints
                    .iter()
                    .filter_map(|endpoint| {
                        let place = format!("{} ({})", endpoint.url, endpoint.address);
                        Some(note(&place, &endpoint.unreached.as_ref()?.why))
                    })
                    .collect(),
            },
            Err(absent) => failed("tls", &absent),
        });
        coverage.push(match self.browser.get() {
            Ok(browser) => Coverage {
                collector: "browser".to_owned(),
                state: CollectorState::Ran,
                detail: format!("{} sites visited with {}", browser.visits.len(), browser.product),
                problems: browser
                    .problems
                    .iter()
                    .map(|problem| Note { summary: problem.clone(), location: None })
                    .chain(browser.visits.iter().filter_map(console))
                    .collect(),
            },
            // Without a browser the other answers stand: it is said, not a failure of the run.
            Err(absent) => Coverage { state: CollectorState::Skipped, ..failed("browser", &absent) },
        });
        coverage
    }

    /// Puts what was seen beside the other facts.
    pub fn put_into(self, facts: &mut Facts) {
        facts.site = self.site;
        facts.tls = self.tls;
        facts.browser = self.browser;
    }
}

/// Errors that the page wrote to the console.
fn console(visit: &Visit) -> Option<Note> {
    let first = visit.console_errors.first()?;
    let more = match visit.console_errors.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    Some(note(&visit.url, &format!("the home page writes an error to the console: {first}{more}")))
}

fn note(url: &str, why: &str) -> Note {
    // Most causes name the place themselves.
    let summary = if why.starts_with(url) { why.to_owned() } else { format!("{url}: {why}") };
    Note { summary, location: Some(Location::Url { url: url.to_owned() }) }
}

fn failed(collector: &str, absent: &Absent) -> Coverage {
    Coverage {
        collector: collector.to_owned(),
        state: CollectorState::Failed,
        detail: absent.why.clone(),
        problems: Vec::new(),
    }
}
