//! What a running site shows, joined with what the repository says.
//!
//! What a site does is proven on addresses that are production and observed elsewhere. It expires with the item's
//! freshness. Where nothing was probed, what the repository says is all there is.

use jiff::{Timestamp, ToSpan};
use seaworthy_facts::{Absent, Exchange, Fact, FactView, Origin, Site, Tls, TlsEndpoint};
use seaworthy_model::{Environment, Evidence, Location, Note, Polarity, ProbedExchange, Rung};

use crate::{Applies, Findings, Item};

/// What the running site says about one item.
#[derive(Debug, Default)]
pub struct Live {
    evidence: Vec<Evidence>,
    notes: Vec<Note>,
    absent: Option<Absent>,
    /// Why addresses that answered decided nothing, each with its address.
    undecided: Vec<(String, String)>,
    /// What the item is about was looked for, and there is none.
    nothing: Option<String>,
    /// What would mend it, where that is not what the item says.
    remedy: Option<&'static str>,
}

/// An address that was probed, as evidence needs it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The address.
    pub url: &'a str,
    /// What it is to its owners.
    pub environment: Environment,
    /// When it was probed.
    pub at: Timestamp,
}

impl<'a> From<&'a Origin> for Place<'a> {
    fn from(origin: &'a Origin) -> Self {
        Place { url: &origin.url, environment: origin.environment, at: origin.at }
    }
}

impl<'a> From<&'a TlsEndpoint> for Place<'a> {
    fn from(endpoint: &'a TlsEndpoint) -> Self {
        Place { url: &endpoint.url, environment: endpoint.environment, at: endpoint.at }
    }
}

impl Live {
    /// Asks each address with which handshakes were made. Nothing is asked where none was tried.
    pub fn of_endpoints(view: &FactView, mut ask: impl FnMut(&TlsEndpoint, &mut Live)) -> Live {
        let mut live = Live::default();
        let Some(tls) = live.fact::<Tls>(view) else { return live };
        if tls.endpoints.is_empty()
            && let Ok(site) = view.get::<Site>()
            && let Some(origin) = site.answering().next()
        {
            live.undecided("no address with https was named, so no handshake was made", &origin.url);
        }
        for endpoint in &tls.endpoints {
            match &endpoint.unreached {
                Some(absent) => live.unreached(&endpoint.url, absent),
                None => ask(endpoint, &mut live),
            }
        }
        live
    }

    /// Asks each address that answered. Nothing is asked where no site was probed.
    pub fn of_sites(view: &FactView, mut ask: impl FnMut(&Origin, &mut Live)) -> Live {
        let mut live = Live::default();
        let Some(site) = live.fact::<Site>(view) else { return live };
        for origin in &site.origins {
            match &origin.unreached {
                Some(absent) => live.unreached(&origin.url, absent),
                None => ask(origin, &mut live),
            }
        }
        live
    }

    /// A kind of fact of the running system; none where it was not collected. That it was asked for and could not be
    /// had is kept.
    pub fn fact<'a, T: Fact + 'a>(&mut self, view: &FactView<'a>) -> Option<&'a T> {
        match view.get::<T>() {
            Ok(fact) => Some(fact),
            Err(absent) => {
                if absent.cause == seaworthy_model::Cause::CouldNotRun {
                    self.absent = Some(absent);
                }
                None
            }
        }
    }

    /// An address gave no answer.
    pub fn unreached(&mut self, url: &str, absent: &Absent) {
        self.note(format!("{url} could not be probed: {}", absent.why), url);
        self.absent = Some(absent.clone());
    }

    /// It holds there.
    pub fn supports(&mut self, item: &Item, place: Place, summary: impl Into<String>) -> &mut Evidence {
        self.add(item, place, Polarity::For, summary.into())
    }

    /// It does not hold there.
    pub fn contradicts(&mut self, item: &Item, place: Place, summary: impl Into<String>) -> &mut Evidence {
        self.add(item, place, Polarity::Against, summary.into())
    }

    /// A remark that does not change the status.
    pub fn note(&mut self, summary: impl Into<String>, url: &str) {
        self.notes
            .push(Note { summary: summary.into(), location: Some(Location::Url { url: url.to_owned() }) });
    }

    /// Why an address that answered decides nothing.
    pub fn undecided(&mut self, summary: impl Into<String>, url: &str) {
        self.undecided.push((summary.into(), url.to_owned()));
    }

    /// What would mend it, where that is not what the item says.
    pub fn remedy(&mut self, remedy: &'static str) {
        self.remedy = Some(remedy);
    }

    /// What the item is about was looked for there, and there is none: it does not apply, unless the repository shows it.
    pub fn nothing(&mut self, summary: impl Into<String>) {
        self.nothing.get_or_insert_with(|| summary.into());
    }

    fn add(&mut self, item: &Item, place: Place, polarity: Polarity, summary: String) -> &mut Evidence {
        let rung = if place.environment == Environment::Production { Rung::Proven } else { Rung::Observed };
        let expires =
            item.fresh_days.and_then(|days| place.at.checked_add((i64::from(days) * 24).hours()).ok());
        self.evidence.push(Evidence {
            rung,
            polarity,
            environment: place.environment,
            at: Some(place.at),
            // A failure does not expire: it stands until something newer replaces it.
            expires: expires.filter(|_| polarity == Polarity::For),
            ..Evidence::configured(summary, Location::Url { url: place.url.to_owned() })
        });
        let last = self.evidence.len() - 1;
        &mut self.evidence[last]
    }

    /// Joins what the repository says with what the running site shows. Where the site shows something, the item
    /// applies, whatever the repository lets see.
    ///
    /// # Errors
    /// When neither says anything and the facts are missing.
    pub fn join(mut self, configured: Result<Findings, Absent>) -> Result<Findings, Absent> {
        let undecided = std::mem::take(&mut self.undecided);
        let reason = undecided.first().map(|(why, _)| why.clone());
        // What becomes the reason is not told twice.
        let told = usize::from(self.evidence.is_empty() && self.absent.is_none() && configured.is_err());
        for (why, url) in undecided.into_iter().skip(told) {
            self.note(why, &url);
        }
        if self.evidence.is_empty() {
            let shown = |findings: &Findings| {
                findings.scopes.iter().any(|scope| !scope.evidence.is_empty() || !scope.unread.is_empty())
            };
            if let Some(reason) = self.nothing.filter(|_| reason.is_none())
                && !configured.as_ref().is_ok_and(shown)
            {
                let mut findings = Findings::not_applicable(reason);
                findings.notes = configured.map(|configured| configured.notes).unwrap_or_default();
                findings.notes.extend(self.notes);
                return Ok(findings);
            }
            let mut findings = match (configured, self.absent) {
                (Ok(findings), _) => findings,
                // What could not be run says more than what nobody asked for.
                (Err(_), Some(absent)) => Findings::without_facts(absent),
                (Err(absent), None) if self.notes.is_empty() && reason.is_none() => return Err(absent),
                (Err(absent), None) => {
                    // What was seen there says more than that nothing else was looked at.
                    let why = reason.map_or(absent.why.clone(), |why| format!("{why}; {}", absent.why));
                    let mut findings = Findings::without_facts(Absent::new(absent.cause, why));
                    if absent.cause == seaworthy_model::Cause::NotPermitted {
                        findings.settled_by = Some(crate::shared::settle::folder());
                    }
                    findings
                }
            };
            findings.notes.extend(self.notes);
            return Ok(findings);
        }
        let mut findings = configured.unwrap_or_default();
        if findings.scopes.iter().all(|scope| matches!(scope.applies, Applies::No(_))) {
            let looked_for = std::mem::take(&mut findings.looked_for);
            findings = Findings { looked_for, ..Findings::new() };
        }
        for scope in findings.scopes.iter_mut().filter(|scope| scope.applies == Applies::Yes) {
            scope.evidence.extend(self.evidence.iter().cloned());
        }
        findings.notes.extend(self.notes);
        if let Some(remedy) = self.remedy {
            findings.remedy(remedy);
        }
        Ok(findings)
    }
}

/// The exchange, as evidence shows it; `shows` is the part of the answer that decided.
pub fn exchanged(exchange: &Exchange, shows: impl Into<String>) -> Option<Box<ProbedExchange>> {
    Some(Box::new(ProbedExchange {
        request: format!("{} {}", exchange.method, exchange.url),
        status: exchange.status,
        shows: shows.into(),
        command: exchange.curl(),
    }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub mod tests {
    use seaworthy_facts::{Asked, Consent, FactKind, Facts, Visit};
    use seaworthy_model::Cause;

    use super::*;

    /// An address that answers over TLS, with these exchanges.
    pub fn origin(environment: Environment, exchanges: Vec<Exchange>) -> Origin {
        Origin {
            url: "https://app.example".to_owned(),
            environment,
            at: "2026-06-01T12:00:00Z".parse().unwrap(),
            addresses: Vec::new(),
            caa: None,
            unreached: None,
            plain: Vec::new(),
            exchanges,
            mixed: Vec::new(),
            legal: Vec::new(),
            durations_ms: Vec::new(),
            assets: Vec::new(),
            errors_probed: false,
        }
    }

    /// An answer.
    pub fn exchange(asked: Asked, status: u16, headers: &[(&str, &str)]) -> Exchange {
        Exchange {
            asked,
            method: "GET".to_owned(),
            url: "https://app.example/".to_owned(),
            target: None,
            sent: Vec::new(),
            body: None,
            status,
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            cookies: Vec::new(),
            bytes: 100,
            excerpt: String::new(),
            meta_policies: Vec::new(),
            leaks: Vec::new(),
            default_page: None,
            fields: None,
            cut: None,
        }
    }

    /// A visit with a browser that saw nothing.
    pub fn visit() -> Visit {
        Visit {
            url: "https://app.example".to_owned(),
            environment: Environment::Production,
            at: "2026-06-01T12:00:00Z".parse().unwrap(),
            before: Consent::default(),
            with_privacy_control: None,
            after_reject: None,
            after_accept: None,
            console_errors: Vec::new(),
            policy_violations: Vec::new(),
            images: Vec::new(),
            links: Vec::new(),
            legal: Vec::new(),
        }
    }

    /// Facts of a site that was probed and of no repository.
    pub fn probed(origins: Vec<Origin>) -> Facts {
        Facts { site: Site { origins, ..Site::default() }.into(), ..Facts::default() }
    }

    /// The report on one item, as of the day of the probes.
    pub fn report(item: &Item, facts: &Facts) -> seaworthy_model::ItemReport {
        let context = crate::Context {
            now: "2026-06-02T12:00:00Z".parse().unwrap(),
            commit: None,
            migrations_digest: None,
            deployment: None,
            distributed: false,
            attestable: Vec::new(),
            change: false,
        };
        crate::judge(facts, &context, &|candidate| candidate.id == item.id).remove(0)
    }

    fn item() -> &'static Item {
        crate::find("headers.frame-options").unwrap()
    }

    #[test]
    fn production_proves_and_the_rest_is_observed() {
        let facts = probed(vec![
            origin(Environment::Production, Vec::new()),
            origin(Environment::Staging, Vec::new()),
        ]);
        let view = FactView::new(&facts, &[FactKind::Site]);
        let live = Live::of_sites(&view, |origin, live| {
            live.supports(item(), origin.into(), "set");
        });
        let findings = live.join(Ok(Findings::not_applicable("nothing here"))).unwrap();
        let rungs: Vec<Rung> = findings.scopes[0].evidence.iter().map(|evidence| evidence.rung).collect();
        assert_eq!(rungs, [Rung::Proven, Rung::Observed]);
        assert_eq!(findings.scopes[0].applies, Applies::Yes);
        let expires = findings.scopes[0].evidence[0].expires.unwrap();
        assert_eq!(expires.to_string(), "2026-06-08T12:00:00Z");
    }

    #[test]
    fn an_address_that_is_down_is_no_evidence() {
        let why = Absent::new(Cause::CouldNotRun, "connection refused");
        let down = Origin { unreached: Some(why), ..origin(Environment::Production, Vec::new()) };
        let facts = probed(vec![down]);
        let view = FactView::new(&facts, &[FactKind::Site]);
        let live = Live::of_sites(&view, |_, _| unreachable!("it did not answer"));
        assert!(live.evidence.is_empty());
        let findings = live.join(Err(Absent::new(Cause::NotPermitted, "no folder"))).unwrap();
        assert_eq!(findings.scopes[0].absent.as_ref().unwrap().cause, Cause::CouldNotRun);
        assert_eq!(findings.notes.len(), 1);
    }

    #[test]
    fn without_a_probe_the_repository_decides() {
        let facts = Facts::default();
        let view = FactView::new(&facts, &[FactKind::Site]);
        let live = Live::of_sites(&view, |_, _| unreachable!("nothing was probed"));
        assert_eq!(live.join(Ok(Findings::new())).unwrap().scopes.len(), 1);
        let view = FactView::new(&facts, &[FactKind::Site]);
        let live = Live::of_sites(&view, |_, _| unreachable!("nothing was probed"));
        let absent = Absent::new(Cause::NotPermitted, "no folder");
        assert_eq!(live.join(Err(absent)).unwrap_err().cause, Cause::NotPermitted);
    }
}
