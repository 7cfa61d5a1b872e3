//! What headers a running site really sends, on each kind of answer.

use seaworthy_facts::{Asked, Exchange, FactView};

use super::values::{self, Worth};
use crate::Item;
use crate::live::{Live, exchanged};

/// What one answer shows.
pub enum Seen {
    /// The header does what it is for.
    Good {
        /// The header as sent.
        shows: String,
        /// Remarks.
        notes: Vec<String>,
    },
    /// It does not, or is missing.
    Bad {
        /// Why.
        why: String,
        /// The header as sent; empty where it is missing.
        shows: String,
    },
}

/// Which answers are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// Pages and error pages.
    Pages,
    /// Every kind of answer.
    All,
    /// Every kind of answer that came over TLS.
    OverTls,
}

/// Asks every answer of every address.
pub fn ask(
    item: &Item,
    view: &FactView,
    title: &str,
    answers: Answers,
    see: &dyn Fn(&Exchange) -> Seen,
) -> Live {
    Live::of_sites(view, |origin, live| {
        if answers == Answers::OverTls && !origin.is_https() {
            live.undecided(format!("{title} counts over TLS only"), &origin.url);
            return;
        }
        if origin.only_redirects() {
            return;
        }
        let (refused, asked): (Vec<&Exchange>, Vec<&Exchange>) = origin
            .exchanges
            .iter()
            .filter(|exchange| !(300..400).contains(&exchange.status))
            .filter(|exchange| answers != Answers::Pages || exchange.is_html())
            .partition(|exchange| is_refused_unread(exchange));
        if asked.is_empty() {
            live.undecided(
                format!("{title}: no page was among the answers, so it was not asked for"),
                &origin.url,
            );
            return;
        }
        let mut good: Vec<(&Exchange, String)> = Vec::new();
        let mut told: Vec<String> = Vec::new();
        let mut missing = Vec::new();
        for exchange in asked {
            match see(exchange) {
                Seen::Good { shows, notes } => {
                    for note in notes.into_iter().filter(|note| !told.contains(note)).collect::<Vec<_>>() {
                        live.note(format!("{title}: {note}"), &exchange.url);
                        told.push(note);
                    }
                    good.push((exchange, shows));
                }
                Seen::Bad { why, shows } => missing.push((exchange, why, shows)),
            }
        }
        let without: Vec<&Exchange> =
            refused.into_iter().filter(|exchange| matches!(see(exchange), Seen::Bad { .. })).collect();
        if let Some(first) = without.first() {
            let mut statuses: Vec<String> =
                without.iter().map(|exchange| exchange.status.to_string()).collect();
            statuses.sort();
            statuses.dedup();
            let summary = format!(
                "{title}: refusals of requests that no application gets to see ({}) are without it",
                statuses.join(", ")
            );
            live.note(summary, &first.url);
        }
        if let Some((first, shows)) = good.first() {
            let mut kinds: Vec<&str> = good.iter().map(|(exchange, _)| exchange.asked.words()).collect();
            kinds.dedup();
            let count = good.len();
            let answers = if count == 1 { "answer" } else { "answers" };
            let summary = format!("{title} on {count} {answers} ({})", kinds.join(", "));
            live.supports(item, origin.into(), summary).exchange = exchanged(first, shows.clone());
        }
        // The same fault on several answers is told once, with the answer that most people see.
        missing.sort_by_key(|(exchange, ..)| exchange.asked);
        let mut faults: Vec<&str> = Vec::new();
        for (exchange, why, shows) in &missing {
            if faults.contains(&why.as_str()) || faults.len() == 4 {
                continue;
            }
            faults.push(why);
            let mut on: Vec<String> = missing
                .iter()
                .filter(|(_, other, _)| other == why)
                .map(|(exchange, ..)| format!("{} ({})", exchange.asked.words(), exchange.status))
                .collect();
            on.dedup();
            let more = if on.len() > 4 { format!(" and {} more", on.len() - 4) } else { String::new() };
            let summary = format!("{title}: {why} on {}{more}", on[..on.len().min(4)].join(", "));
            live.contradicts(item, origin.into(), summary).exchange = exchanged(exchange, shows.clone());
        }
    })
}

/// The server could not read the request and said so itself. No application adds headers to that, and no browser
/// shows it as a page of the site.
fn is_refused_unread(exchange: &Exchange) -> bool {
    let malformed =
        matches!(exchange.asked, Asked::InvalidEncoding | Asked::OversizedQuery | Asked::OversizedHeader);
    malformed && matches!(exchange.status, 400 | 413 | 414 | 431 | 494)
}

/// One header and what its value is worth. Repeated lines are one list, as in RFC 9110, section 5.3.
pub fn header(exchange: &Exchange, name: &str, worth: &dyn Fn(&str) -> Worth) -> Seen {
    let value = exchange.header(name).collect::<Vec<_>>().join(", ");
    let shows = format!("{name}: {value}");
    if exchange.header(name).next().is_none() {
        return Seen::Bad { why: "it is not sent".to_owned(), shows: String::new() };
    }
    match worth(&value) {
        Worth::Good(notes) => Seen::Good { shows, notes },
        Worth::Bad(why) | Worth::Silent(why) => Seen::Bad { why, shows },
        // What is on the wire is told; a value with an ellipsis in it is just a strange value.
        Worth::Untold => Seen::Bad { why: "its value means nothing".to_owned(), shows },
    }
}

/// All policies that are enforced: those of headers, and those of the document. A comma begins another one (CSP Level 3,
/// section 2.2.2).
pub fn policies(exchange: &Exchange) -> impl Iterator<Item = &str> {
    let sent = exchange.header("content-security-policy").flat_map(|value| value.split(','));
    sent.chain(exchange.meta_policies.iter().map(String::as_str))
        .map(str::trim)
        .filter(|policy| !policy.is_empty())
}

/// Whether scripts are closed: of several policies each must allow a script, so one that closes them suffices.
pub fn scripts(exchange: &Exchange) -> Seen {
    let mut worst = None;
    for policy in policies(exchange) {
        let shows = format!("content-security-policy: {policy}");
        match values::content_security_policy(policy) {
            Worth::Good(mut notes) => {
                notes.insert(0, format!("the policy's grade is {}", values::grade(&notes)));
                return Seen::Good { shows, notes };
            }
            Worth::Bad(why) | Worth::Silent(why) => worst = Some((why, shows)),
            Worth::Untold => worst = Some(("its value means nothing".to_owned(), shows)),
        }
    }
    match worst {
        Some((why, shows)) => Seen::Bad { why, shows },
        None if exchange.header("content-security-policy-report-only").next().is_some() => Seen::Bad {
            why: "the policy only reports, it forbids nothing".to_owned(),
            shows: "content-security-policy-report-only".to_owned(),
        },
        None => Seen::Bad { why: "it is not sent".to_owned(), shows: String::new() },
    }
}

/// Whether framing by other sites is refused. Where both are sent, browsers obey `frame-ancestors`, which counts in a
/// header only (CSP Level 3, section 6.4.2).
pub fn framing(exchange: &Exchange) -> Seen {
    let ancestors = exchange
        .header("content-security-policy")
        .filter(|policy| values::Policy::parse(policy).get("frame-ancestors").is_some())
        .map(|policy| (policy, values::frame_ancestors(policy)))
        .collect::<Vec<_>>();
    if let Some((policy, Worth::Good(notes))) =
        ancestors.iter().find(|(_, worth)| matches!(worth, Worth::Good(_)))
    {
        return Seen::Good { shows: format!("content-security-policy: {policy}"), notes: notes.clone() };
    }
    if let Some((policy, Worth::Bad(why))) = ancestors.first() {
        return Seen::Bad { why: why.clone(), shows: format!("content-security-policy: {policy}") };
    }
    // Different values in one answer cancel each other.
    let mut sent: Vec<String> =
        exchange.header("x-frame-options").map(|value| value.trim().to_ascii_uppercase()).collect();
    sent.dedup();
    if sent.len() > 1 {
        return Seen::Bad {
            why: format!("it is sent with different values ({})", sent.join(", ")),
            shows: format!("x-frame-options: {}", sent.join(", ")),
        };
    }
    header(exchange, "x-frame-options", &|_| values::frame_options(sent.first().map_or("", String::as_str)))
}

/// Whether the header for old filters harms nobody: it is safe, or absent beside a policy that forbids inline script.
pub fn old_filter(exchange: &Exchange) -> Seen {
    if exchange.header("x-xss-protection").next().is_some() {
        return header(exchange, "x-xss-protection", &values::xss_protection);
    }
    match scripts(exchange) {
        Seen::Good { shows, .. } => Seen::Good {
            shows,
            notes: vec!["the header is absent; the policy forbids inline scripts".to_owned()],
        },
        Seen::Bad { .. } => Seen::Bad {
            why: "it is not sent, and no policy forbids inline scripts".to_owned(),
            shows: String::new(),
        },
    }
}

/// Exactly one valid header (RFC 6797, section 8.1: of several, browsers take the first).
pub fn transport_security(exchange: &Exchange, least: u64) -> Seen {
    let sent: Vec<&str> = exchange.header("strict-transport-security").collect();
    if sent.len() > 1 {
        return Seen::Bad {
            why: format!("it is sent {} times; exactly one counts", sent.len()),
            shows: format!("strict-transport-security: {}", sent.join(" | ")),
        };
    }
    header(exchange, "strict-transport-security", &|value| values::strict_transport_security(value, least))
}

#[cfg(test)]
pub mod tests {
    use seaworthy_model::{Environment, Rung, Status};

    use super::*;
    use crate::live::tests::{exchange, origin, probed, report};

    const HTML: (&str, &str) = ("content-type", "text/html; charset=utf-8");

    /// The status of an item for a production site that answers with these headers on its home page and on an unknown path.
    pub fn status(item: &Item, home: &[(&str, &str)], error: &[(&str, &str)]) -> (Status, Rung) {
        let exchanges = vec![
            exchange(Asked::Home, 200, &[&[HTML], home].concat()),
            exchange(Asked::UnknownPath, 404, &[&[HTML], error].concat()),
        ];
        let report = report(item, &probed(vec![origin(Environment::Production, exchanges)]));
        (report.status, report.rung)
    }

    /// The cases that every item about a header shares: sent everywhere, on success only, nowhere, badly.
    pub fn wire_cases(item: &Item, good: (&str, &str), bad: (&str, &str)) {
        assert_eq!(status(item, &[good], &[good]), (Status::Pass, Rung::Proven), "{}", item.id);
        assert_eq!(status(item, &[good], &[]).0, Status::Fail, "{} on errors, too", item.id);
        assert_eq!(status(item, &[], &[]).0, Status::Fail, "{} is missing", item.id);
        assert_eq!(status(item, &[bad], &[bad]).0, Status::Fail, "{} is bad", item.id);
    }

    #[test]
    fn several_policies_and_values() {
        let items = crate::headers::ITEMS;
        let find = |name: &str| *items.iter().find(|item| item.id.as_str() == name).expect("an item");
        let framing = find("headers.frame-options");
        let both = [("x-frame-options", "DENY"), ("x-frame-options", "SAMEORIGIN")];
        assert_eq!(status(framing, &both, &both).0, Status::Fail);
        let ancestors =
            [("x-frame-options", "ALLOWALL"), ("content-security-policy", "frame-ancestors 'none'")];
        assert_eq!(status(framing, &ancestors, &ancestors).0, Status::Pass);
        let policy = find("headers.content-security-policy");
        let two = [
            ("content-security-policy", "frame-ancestors 'none'"),
            ("content-security-policy", "default-src 'self'; base-uri 'self'"),
        ];
        assert_eq!(status(policy, &two, &two).0, Status::Pass);
        let reports = [("content-security-policy-report-only", "default-src 'self'")];
        assert_eq!(status(policy, &reports, &reports).0, Status::Fail);
        let joined = [("content-security-policy", "default-src 'self'; base-uri 'self', script-src *")];
        assert_eq!(status(policy, &joined, &joined).0, Status::Pass, "each of them must allow a script");
        let filter = find("headers.xss-protection");
        assert_eq!(status(filter, &two, &two).0, Status::Pass);
        let transport = find("headers.strict-transport-security");
        let year = ("strict-transport-security", "max-age=31536000");
        assert_eq!(status(transport, &[year, year], &[year, year]).0, Status::Fail);
    }
    #[test]
    fn refusals_that_no_application_sees_are_only_noted() {
        let item = crate::find("headers.content-type-options").expect("an item");
        let good = [HTML, ("x-content-type-options", "nosniff")];
        let with = |asked, refused| {
            let exchanges = vec![exchange(Asked::Home, 200, &good), exchange(asked, refused, &[HTML])];
            report(item, &probed(vec![origin(Environment::Production, exchanges)]))
        };
        let refused = with(Asked::OversizedHeader, 431);
        assert_eq!(refused.status, Status::Pass);
        assert!(refused.notes[0].summary.contains("(431)"), "{:?}", refused.notes);
        // The application's own answer, and what an unknown path gives, count.
        assert_eq!(with(Asked::OversizedHeader, 200).status, Status::Fail);
        assert_eq!(with(Asked::UnknownPath, 404).status, Status::Fail);
        assert_eq!(with(Asked::MalformedJson, 400).status, Status::Fail);
    }
}
