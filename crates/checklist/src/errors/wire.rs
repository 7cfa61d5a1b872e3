//! What a running site answers to requests that go wrong.

use std::collections::BTreeSet;

use seaworthy_facts::{Asked, Exchange, FactView, LeakKind, Origin};

use seaworthy_model::Rung;

use crate::Item;
use crate::live::{Live, exchanged};

/// The answers to requests that were made wrong on purpose. One that leads somewhere else never came to the application.
fn provoked(origin: &Origin) -> impl Iterator<Item = &Exchange> {
    origin
        .exchanges
        .iter()
        .filter(|exchange| exchange.asked.is_provocation() && !(300..400).contains(&exchange.status))
}

/// An unknown path has its status and a page of the site's own; so has a 500 where one came.
pub fn pages(item: &Item, view: &FactView) -> Live {
    Live::of_sites(view, |origin, live| {
        if origin.only_redirects() {
            return;
        }
        let mut failed = false;
        let mut own = None;
        for exchange in origin.of(Asked::UnknownPath) {
            if exchange.status < 400 && !(300..400).contains(&exchange.status) {
                failed = true;
                let summary = format!(
                    "an unknown path is answered with status {}, as if it were there",
                    exchange.status
                );
                live.contradicts(item, origin.into(), summary).exchange =
                    exchanged(exchange, exchange.excerpt.clone());
            } else if let Some(product) = &exchange.default_page {
                failed = true;
                let summary = format!("an unknown path shows the error page of {product}");
                live.contradicts(item, origin.into(), summary).exchange =
                    exchanged(exchange, exchange.excerpt.clone());
            } else if matches!(exchange.status, 404 | 410) && exchange.is_html() {
                own = Some(exchange);
            }
        }
        let crash = origin.exchanges.iter().find(|exchange| exchange.status == 500 && exchange.is_html());
        if let Some(crash) = crash {
            if let Some(product) = &crash.default_page {
                failed = true;
                let summary = format!("an internal error shows the error page of {product}");
                live.contradicts(item, origin.into(), summary).exchange =
                    exchanged(crash, crash.excerpt.clone());
            }
        } else {
            live.note("no internal error was provoked, so its page was not seen", &origin.url);
        }
        if own.is_none() && !failed {
            let summary = match origin.of(Asked::UnknownPath).last() {
                Some(exchange) => format!(
                    "an unknown path is answered with status {} and {}, which is no page",
                    exchange.status,
                    match exchange.media_type() {
                        none if none.is_empty() => "no type".to_owned(),
                        media => format!("type {media}"),
                    }
                ),
                None => "no unknown path was answered".to_owned(),
            };
            live.undecided(summary, &origin.url);
        }
        if let Some(exchange) = own.filter(|_| !failed) {
            let what = if crash.is_some() {
                "an unknown path and an internal error have"
            } else {
                "an unknown path has"
            };
            let summary = format!("{what} status and page of the site's own");
            live.supports(item, origin.into(), summary).exchange =
                exchanged(exchange, exchange.excerpt.clone());
        }
    })
}

/// No answer shows inner workings.
pub fn no_stack_traces(item: &Item, view: &FactView) -> Live {
    Live::of_sites(view, |origin, live| {
        let mut told: BTreeSet<(LeakKind, &str)> = BTreeSet::new();
        for exchange in &origin.exchanges {
            for leak in &exchange.leaks {
                if !told.insert((leak.kind, leak.of.as_str())) || told.len() > 12 {
                    continue;
                }
                let what = match leak.kind {
                    LeakKind::StackTrace => "a stack trace",
                    LeakKind::SourcePath => "a path of source code",
                    LeakKind::Sql => "text of a query or a database's error",
                    LeakKind::DebugPage => "a page for debugging",
                    LeakKind::VersionBanner => "the version of a server or framework",
                };
                let summary = format!("{} shows {what} ({})", exchange.asked.words(), leak.of);
                if leak.kind == LeakKind::VersionBanner {
                    live.note(format!("{summary}: {}", leak.excerpt), &exchange.url);
                } else {
                    live.contradicts(item, origin.into(), summary).exchange =
                        exchanged(exchange, leak.excerpt.clone());
                }
            }
        }
        let leaks = told.iter().any(|(kind, _)| *kind != LeakKind::VersionBanner);
        let sent = provoked(origin).count();
        if leaks {
            return;
        }
        if origin.only_redirects() {
            return;
        }
        if !origin.errors_probed || sent < ENOUGH {
            live.undecided(
                format!("{sent} requests that go wrong were sent; --probe-errors sends all kinds of them"),
                &origin.url,
            );
            return;
        }
        let kinds: BTreeSet<&str> = provoked(origin).map(|exchange| exchange.asked.words()).collect();
        let kinds: Vec<&str> = kinds.into_iter().collect();
        let summary = format!("{sent} requests that go wrong ({}) show no inner workings", kinds.join(", "));
        let banner = !told.is_empty();
        let evidence = live.supports(item, origin.into(), summary);
        if banner {
            // A version tells an attacker where to begin: that nothing at all is shown is not proven.
            evidence.rung = Rung::Observed;
        }
    })
}

/// So many different requests that go wrong must have been answered before an absence of leaks says anything.
const ENOUGH: usize = 5;

/// Different errors share one JSON shape.
pub fn structured_api(item: &Item, view: &FactView) -> Live {
    Live::of_sites(view, |origin, live| {
        let errors: Vec<(&Exchange, &Vec<String>)> = origin
            .exchanges
            .iter()
            .filter(|exchange| exchange.status >= 400)
            .filter_map(|exchange| Some((exchange, exchange.fields.as_ref()?)))
            .collect();
        if origin.only_redirects() {
            return;
        }
        let kinds: BTreeSet<Asked> = errors.iter().map(|(exchange, _)| exchange.asked).collect();
        if kinds.len() < KINDS {
            let few = match kinds.len() {
                0 => "no error was answered with JSON".to_owned(),
                1 => format!("one kind of error was answered with JSON; {KINDS} are compared at least"),
                some => {
                    format!("{some} kinds of error were answered with JSON; {KINDS} are compared at least")
                }
            };
            live.undecided(few, &origin.url);
            return;
        }
        let shared = errors.iter().skip(1).fold(names(errors[0].1), |shared, (_, fields)| {
            shared.intersection(&names(fields)).copied().collect()
        });
        let telling = shared.iter().any(|field| {
            let name = field.rsplit('.').next().unwrap_or(field);
            ["message", "error", "title", "detail", "code", "type", "errors", "status"].contains(&name)
        });
        let wrong = errors.iter().find(|(exchange, _)| {
            !matches!(exchange.media_type().as_str(), "application/json" | "application/problem+json")
        });
        if let Some((exchange, _)) = wrong {
            let summary = format!(
                "{} is answered with JSON of type `{}`",
                exchange.asked.words(),
                exchange.media_type()
            );
            live.contradicts(item, origin.into(), summary).exchange =
                exchanged(exchange, exchange.excerpt.clone());
            return;
        }
        if !telling {
            let (first, last) = (errors[0], errors[errors.len() - 1]);
            let summary = format!(
                "errors have no shape in common: {} has {}, {} has {}",
                first.0.asked.words(),
                list(first.1),
                last.0.asked.words(),
                list(last.1)
            );
            live.contradicts(item, origin.into(), summary).exchange =
                exchanged(last.0, last.0.excerpt.clone());
            return;
        }
        let problem = errors.iter().all(|(exchange, _)| exchange.media_type() == "application/problem+json");
        let form = if problem { " (RFC 9457)" } else { "" };
        let shared: Vec<&str> = shared.into_iter().collect();
        let summary = format!("{} kinds of error share the fields {}{form}", kinds.len(), shared.join(", "));
        live.supports(item, origin.into(), summary).exchange =
            exchanged(errors[0].0, errors[0].0.excerpt.clone());
    })
}

/// Kinds of error that must be seen before they are compared.
const KINDS: usize = 4;

/// Fields without their types: the type of a value may differ, where it stands may not.
fn names(fields: &[String]) -> BTreeSet<&str> {
    fields.iter().map(|field| field.split(':').next().unwrap_or(field)).collect()
}

fn list(fields: &[String]) -> String {
    let names: Vec<&str> = names(fields).into_iter().take(6).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use seaworthy_facts::Leak;
    use seaworthy_model::{Environment, Status};

    use super::*;
    use crate::errors::{no_stack_traces, pages, structured_api};
    use crate::live::tests::{exchange, origin, probed, report};

    const HTML: (&str, &str) = ("content-type", "text/html");
    const JSON: (&str, &str) = ("content-type", "application/json");

    const ALL: [Asked; 5] = [
        Asked::UnknownPath,
        Asked::WrongMethod,
        Asked::MalformedJson,
        Asked::InvalidEncoding,
        Asked::OversizedQuery,
    ];

    fn status(item: &Item, exchanges: Vec<Exchange>) -> Status {
        let site = Origin { errors_probed: true, ..origin(Environment::Production, exchanges) };
        report(item, &probed(vec![site])).status
    }

    #[test]
    fn error_pages() {
        let with = |status_code, default: Option<&str>| {
            let answer = Exchange {
                default_page: default.map(str::to_owned),
                ..exchange(Asked::UnknownPath, status_code, &[HTML])
            };
            status(&pages::ITEM, vec![answer])
        };
        assert_eq!(with(404, None), Status::Pass);
        assert_eq!(with(404, Some("nginx")), Status::Fail);
        assert_eq!(with(200, None), Status::Fail);
        assert_eq!(status(&pages::ITEM, Vec::new()), Status::Unknown);
    }

    #[test]
    fn leaks() {
        let answers = || ALL.map(|asked| exchange(asked, 400, &[HTML])).to_vec();
        assert_eq!(status(&no_stack_traces::ITEM, answers()), Status::Pass);
        let leaking = |kind| {
            let mut answers = answers();
            answers[2].leaks = vec![Leak { kind, of: "Python".to_owned(), excerpt: "Traceback".to_owned() }];
            status(&no_stack_traces::ITEM, answers)
        };
        assert_eq!(leaking(LeakKind::StackTrace), Status::Fail);
        assert_eq!(leaking(LeakKind::Sql), Status::Fail);
        assert_eq!(leaking(LeakKind::VersionBanner), Status::Pass);
        assert_eq!(status(&no_stack_traces::ITEM, answers()[..1].to_vec()), Status::Unknown);
        // A proxy that sends everything to HTTPS shows nothing of what is behind it.
        let moved = ALL.map(|asked| exchange(asked, 301, &[HTML])).to_vec();
        assert_eq!(status(&no_stack_traces::ITEM, moved.clone()), Status::Unknown);
        assert_eq!(status(&pages::ITEM, moved), Status::Unknown);
    }

    #[test]
    fn one_shape() {
        let answer = |asked, fields: &[&str]| Exchange {
            fields: Some(fields.iter().map(|field| (*field).to_owned()).collect()),
            ..exchange(asked, 400, &[JSON])
        };
        let same = ALL.map(|asked| answer(asked, &["error.code: text", "error.message: text"])).to_vec();
        assert_eq!(status(&structured_api::ITEM, same.clone()), Status::Pass);
        let mut other = same.clone();
        other[1] = answer(Asked::WrongMethod, &["detail: text"]);
        assert_eq!(status(&structured_api::ITEM, other), Status::Fail);
        let mut text = same.clone();
        text[1].headers = vec![HTML].into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        assert_eq!(status(&structured_api::ITEM, text), Status::Fail);
        assert_eq!(status(&structured_api::ITEM, same[..2].to_vec()), Status::Unknown);
    }
}
