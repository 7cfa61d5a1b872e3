//! One address that is being probed: what is asked goes through here and is written down here.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use seaworthy_facts::{Asked, Exchange, Leak};
use url::Url;

use crate::http::{Answer, Client, Cut, Failure, Request};
use crate::{Budget, leaks, record, redact};

/// Redirects that are followed from one page to the next.
const STEPS: usize = 5;
/// What a browser asks for.
const PAGE: &str = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8";
/// Answers that are too slow, or that say that there are too many requests, after which a site is left alone.
const PATIENCE: u32 = 4;
/// The shortest time that an answer to a request that is wrong on purpose is waited for, and how many times longer than the
/// slowest answer before it. Some servers answer such a request with silence.
const PROVOKED: Duration = Duration::from_secs(2);
const SLOWER: u32 = 10;
/// Remarks that are kept.
const REMARKS: usize = 30;

/// An address that is being probed.
pub struct Probe<'a> {
    client: &'a Client,
    budget: &'a Budget,
    strained: Cell<u32>,
    /// The longest time that an answer took.
    slowest: Cell<Duration>,
    /// Methods that were answered with silence when they were sent wrong on purpose.
    silent: Vec<String>,
    /// What looks like inner workings on the page that was asked for properly: text about them, and no leak.
    calm: Vec<Leak>,
    /// Where it is: scheme, host and port.
    pub origin: Url,
    /// What was asked and answered.
    pub exchanges: Vec<Exchange>,
    /// Things worth a line.
    pub remarks: Vec<String>,
}

impl<'a> Probe<'a> {
    /// Begins to probe an address.
    pub fn new(client: &'a Client, budget: &'a Budget, origin: &Url) -> Self {
        Probe {
            client,
            budget,
            strained: Cell::new(0),
            slowest: Cell::new(Duration::ZERO),
            silent: Vec::new(),
            calm: Vec::new(),
            origin: origin.clone(),
            exchanges: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Asks without writing it down.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn send(&self, request: &Request) -> Result<Answer, Failure> {
        self.send_within(request, self.client.limits().time)
    }

    fn send_within(&self, request: &Request, time: Duration) -> Result<Answer, Failure> {
        if self.strained.get() >= PATIENCE {
            return Err(Failure::GaveUp(PATIENCE));
        }
        let answer = self.client.send_within(request, self.budget, time);
        let strained = match &answer {
            Ok(answer) => answer.status == 429 || matches!(answer.cut, Some(Cut::Time(_))),
            Err(failure) => matches!(failure, Failure::Timeout(_)),
        };
        self.strained.set(self.strained.get() + u32::from(strained));
        if let Ok(answer) = &answer {
            self.slowest.set(self.slowest.get().max(answer.duration));
        }
        answer
    }

    /// Asks for what is wrong on purpose, and writes it down. The wait is as long as this site's answers let expect, and a
    /// method other than GET that was met with silence is not tried again.
    pub fn provoke(&mut self, asked: Asked, request: &Request) -> Option<Answer> {
        if self.silent.contains(&request.method) {
            return None;
        }
        let time = PROVOKED.max(self.slowest.get() * SLOWER);
        let answer = self.send_within(request, time);
        if request.method != "GET" && matches!(answer, Err(Failure::Timeout(_))) {
            self.silent.push(request.method.clone());
        }
        self.note(asked, request, answer)
    }

    /// Asks and writes it down. That nothing came back is a remark.
    pub fn ask(&mut self, asked: Asked, request: &Request) -> Option<Answer> {
        let answer = self.send(request);
        self.note(asked, request, answer)
    }

    fn note(&mut self, asked: Asked, request: &Request, answer: Result<Answer, Failure>) -> Option<Answer> {
        match answer {
            Ok(answer) => {
                let mut exchange = record::exchange(asked, request, &answer);
                if asked == Asked::Home && answer.status < 300 {
                    self.calm = leaks::of(&answer, true);
                }
                if asked.is_provocation() && answer.status < 400 {
                    exchange.leaks.retain(|leak| {
                        let told = |known: &Leak| known.kind == leak.kind && known.of == leak.of;
                        self.shown(leak) || !self.calm.iter().any(told)
                    });
                }
                self.exchanges.push(exchange);
                Some(answer)
            }
            Err(failure) => {
                self.failed(asked.words(), request, &failure);
                None
            }
        }
    }

    /// Asks and follows redirects that stay at this address; each answer on the way is written down.
    pub fn follow(&mut self, asked: Asked, from: &Url) -> Option<(Url, Answer)> {
        self.follow_as(asked, from, PAGE)
    }

    /// The same, asking for this kind of answer.
    pub fn follow_as(&mut self, asked: Asked, from: &Url, accept: &str) -> Option<(Url, Answer)> {
        let mut url = from.clone();
        let mut seen = vec![url.clone()];
        loop {
            let request = Request::get(&url).header("Accept", accept);
            let answer = self.ask(asked, &request)?;
            let Some(next) = redirected(&url, &answer) else { return Some((url, answer)) };
            if !self.is_here(&next) {
                self.remark(format!(
                    "{url} leads to {}, which was not followed",
                    redact::line(next.as_str(), 200)
                ));
                return Some((url, answer));
            }
            if seen.contains(&next) || seen.len() > STEPS {
                self.remark(format!(
                    "{from} goes round in a circle of redirects or takes more than {STEPS} steps"
                ));
                return Some((url, answer));
            }
            seen.push(next.clone());
            url = next;
        }
    }

    /// An address that was written in a page, made whole; none when it is of another host, scheme or port.
    pub fn here(&self, base: &Url, href: &str) -> Option<Url> {
        let mut url = base.join(href.trim()).ok()?;
        url.set_fragment(None);
        self.is_here(&url).then_some(url)
    }

    /// Whether it is at the probed address.
    pub fn is_here(&self, url: &Url) -> bool {
        url.scheme() == self.origin.scheme()
            && url.host() == self.origin.host()
            && url.port_or_known_default() == self.origin.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none()
    }

    /// An address here with this path.
    pub fn at(&self, path: &str) -> Url {
        let mut url = self.origin.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(path);
        url.set_query(query);
        url
    }

    /// It is a leak on the page itself, too.
    fn shown(&self, leak: &Leak) -> bool {
        let homes = self.exchanges.iter().filter(|exchange| exchange.asked == Asked::Home);
        homes.flat_map(|exchange| &exchange.leaks).any(|known| known.kind == leak.kind && known.of == leak.of)
    }

    /// Notes that nothing came back.
    pub fn failed(&mut self, what: &str, request: &Request, failure: &Failure) {
        // Once is enough for what concerns everything that follows.
        if matches!(failure, Failure::GaveUp(_) | Failure::Budget(_)) {
            return self.remark(format!("{}: {failure}", self.origin));
        }
        let address = request.address();
        let address = address.split('?').next().unwrap_or_default();
        self.remark(format!("{what}: {} {}: {failure}", request.method, redact::line(address, 200)));
    }

    /// Notes something.
    pub fn remark(&mut self, text: String) {
        if self.remarks.len() < REMARKS && !self.remarks.contains(&text) {
            self.remarks.push(text);
        }
    }
}

/// Where an answer leads to; none when it leads nowhere.
pub fn redirected(from: &Url, answer: &Answer) -> Option<Url> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = answer.header("location").next()?;
    let mut url = from.join(location.trim()).ok()?;
    url.set_fragment(None);
    Some(url)
}

/// A word that nobody has used.
pub fn made_up() -> String {
    format!("seaworthy-{:016x}", RandomState::new().hash_one(std::time::Instant::now()))
}
