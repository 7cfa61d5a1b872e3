//! What plain HTTP gives: a chain of redirects, followed as long as it stays at the host or at its sibling.

use std::net::IpAddr;

use seaworthy_facts::{Hop, PlainEnd, PlainHttp};
use url::{Host, Url};

use crate::http::{Client, Failure, Request};
use crate::probe::{made_up, redirected};
use crate::target::is_private;
use crate::{Budget, redact};

/// Steps that are followed.
const STEPS: usize = 8;

/// Asks the plain ways in of an address: its own host, and the bare or `www` form of it where that name stands for something.
/// `named` are the ports at which the user named plain HTTP for this host.
pub fn ways(client: &Client, budget: &Budget, origin: &Url, named: &[u16]) -> Vec<PlainHttp> {
    let Some(port) = plain_port(origin, named) else { return Vec::new() };
    let mut chains = Vec::new();
    if let Some(chain) =
        begin(origin, origin.host_str(), port).and_then(|url| chain(client, budget, url, origin, false))
    {
        chains.push(chain);
    }
    if let Some(sibling) = sibling(origin, client)
        && let Some(url) = begin(origin, Some(&sibling), port)
        && let Some(chain) = chain(client, budget, url, origin, true)
    {
        chains.push(chain);
    }
    chains
}

/// The port of plain HTTP. For TLS at a port of its own nobody can know it.
fn plain_port(origin: &Url, named: &[u16]) -> Option<u16> {
    let port = origin.port_or_known_default()?;
    match origin.scheme() {
        "http" => Some(port),
        _ if port == 443 => Some(80),
        _ => named.first().copied(),
    }
}

fn begin(origin: &Url, host: Option<&str>, port: u16) -> Option<Url> {
    let mut url = origin.clone();
    url.set_scheme("http").ok()?;
    url.set_host(host).ok()?;
    url.set_port(Some(port)).ok()?;
    Some(url)
}

/// The bare form of a `www` name or the other way round, where it stands for something on purpose: a name below the host
/// that nobody can have set up tells a wildcard from that.
fn sibling(origin: &Url, client: &Client) -> Option<String> {
    let Some(Host::Domain(name)) = origin.host() else { return None };
    if is_private(origin) && !name.contains('.') {
        return None;
    }
    let resolve = |name: &str| -> Option<Vec<IpAddr>> {
        let url = begin(origin, Some(name), 80)?;
        client.names().addresses(&url, client.until()).ok()
    };
    if let Some(bare) = name.strip_prefix("www.") {
        return (bare.contains('.') && resolve(bare).is_some()).then(|| bare.to_owned());
    }
    let www = format!("www.{name}");
    resolve(&www)?;
    match resolve(&format!("{}.{name}", made_up())) {
        Some(_) => None,
        None => Some(www),
    }
}

fn is_sibling(one: &str, other: &str) -> bool {
    one == other || one.strip_prefix("www.") == Some(other) || other.strip_prefix("www.") == Some(one)
}

fn chain(client: &Client, budget: &Budget, begin: Url, origin: &Url, sibling: bool) -> Option<PlainHttp> {
    let mut first = begin.clone();
    first.set_path(&format!("/{}", made_up()));
    first.set_query(Some("kept=1"));
    let mut chain = PlainHttp { url: first.to_string(), sibling, hops: Vec::new(), end: PlainEnd::Loop };
    let allowed_ports = [Some(80), Some(443), origin.port_or_known_default(), begin.port_or_known_default()];
    let host = origin.host_str().unwrap_or_default().to_owned();
    let follows = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && is_sibling(url.host_str().unwrap_or_default(), &host)
            && allowed_ports.contains(&url.port_or_known_default())
            && url.username().is_empty()
    };
    let mut url = first;
    let mut secure = None;
    for _ in 0..STEPS {
        let answer = match client.send(&Request::get(&url), budget) {
            Ok(answer) => answer,
            Err(Failure::Budget(_)) if chain.hops.is_empty() => return None,
            Err(failure) => {
                chain.end = match secure {
                    Some(()) => PlainEnd::Https,
                    None => PlainEnd::NoAnswer(failure.to_string()),
                };
                return Some(chain);
            }
        };
        let next = redirected(&url, &answer);
        let over_tls = url.scheme() == "https";
        // Past the first address over TLS only what leads back, or to the host's other form, belongs to the chain.
        let on = next.as_ref().is_some_and(|next| {
            !over_tls || follows(next) && (next.scheme() == "http" || next.host() != url.host())
        });
        if over_tls && !on {
            chain.end = PlainEnd::Https;
            return Some(chain);
        }
        let unusable = next.is_none() && (300..400).contains(&answer.status);
        chain.hops.push(Hop {
            url: url.to_string(),
            status: answer.status,
            location: next.as_ref().map(|next| redact::line(next.as_str(), 500)),
            hsts: answer.header("strict-transport-security").next().is_some(),
        });
        let Some(next) = next else {
            chain.end = match answer.status {
                status if status >= 400 || unusable => {
                    // The made-up path may be unknown while the pages themselves are served in the clear.
                    let home = client.send(&Request::get(&begin), budget);
                    match home {
                        Ok(home) if (200..300).contains(&home.status) => PlainEnd::Content,
                        _ => PlainEnd::Error(status),
                    }
                }
                _ => PlainEnd::Content,
            };
            return Some(chain);
        };
        if !follows(&next) {
            chain.end = PlainEnd::Elsewhere(redact::line(next.as_str(), 200));
            return Some(chain);
        }
        if chain.hops.iter().any(|hop| hop.url == next.as_str()) {
            chain.end = PlainEnd::Loop;
            return Some(chain);
        }
        secure = (next.scheme() == "https").then_some(()).or(secure);
        url = next;
    }
    Some(chain)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::time::Duration;

    use super::*;
    use crate::http::{Limits, Names};

    /// Answers as `answer` tells for host and path.
    fn serve(answer: impl Fn(&str, &str, u16) -> String + Send + 'static) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut buffer = [0; 4096];
                let count = stream.read(&mut buffer).unwrap_or_default();
                let head = String::from_utf8_lossy(&buffer[..count]).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default();
                let host = head.split("Host: ").nth(1).and_then(|rest| rest.split([':', '\r']).next());
                let _ = stream.write_all(answer(host.unwrap_or_default(), path, port).as_bytes());
            }
        });
        port
    }

    fn ask(host: &str, answer: impl Fn(&str, &str, u16) -> String + Send + 'static) -> Vec<PlainHttp> {
        let port = serve(answer);
        let here = vec![IpAddr::from([127, 0, 0, 1])];
        let names = ["a.example", "www.a.example", "b.a.example"].map(|name| (name.to_owned(), here.clone()));
        let client = Client::new(
            Names::with(names),
            Limits { time: Duration::from_secs(5), ..Limits::default() },
            true,
        )
        .unwrap();
        let origin = Url::parse(&format!("http://{host}:{port}/")).unwrap();
        ways(&client, &Budget::new(50, Duration::ZERO), &origin, &[])
    }

    #[test]
    fn both_forms_of_a_name_are_asked() {
        let to_www = |host: &str, path: &str, port: u16| {
            if host == "a.example" {
                format!("HTTP/1.1 301 Moved\r\nLocation: http://www.a.example:{port}{path}\r\n\r\n")
            } else {
                "HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=1\r\n\r\nhello".to_owned()
            }
        };
        let chains = ask("a.example", to_www);
        let told: Vec<_> =
            chains.iter().map(|chain| (chain.sibling, chain.hops.len(), chain.end.clone())).collect();
        assert_eq!(told, [(false, 2, PlainEnd::Content), (true, 1, PlainEnd::Content)]);
        assert!(chains[0].hops[0].location.as_ref().unwrap().ends_with("?kept=1") && chains[0].hops[1].hsts);
        assert_eq!(ask("www.a.example", to_www).iter().filter(|chain| chain.sibling).count(), 1);
        // No other form of this one stands for anything.
        assert_eq!(ask("b.a.example", to_www).len(), 1);
    }

    #[test]
    fn ends_are_told_apart() {
        let end = |answer: &'static str| ask("b.a.example", move |_, _, _| answer.to_owned())[0].end.clone();
        assert_eq!(end("HTTP/1.1 404 Not Found\r\n\r\n"), PlainEnd::Error(404));
        assert_eq!(
            end("HTTP/1.1 302 Found\r\nLocation: https://other.example/\r\n\r\n"),
            PlainEnd::Elsewhere("https://other.example/".to_owned())
        );
        assert_eq!(end("HTTP/1.1 302 Found\r\nLocation: /round\r\n\r\n"), PlainEnd::Loop);
        assert_eq!(end("HTTP/1.1 302 Found\r\n\r\n"), PlainEnd::Error(302));
        assert!(matches!(end("hello"), PlainEnd::NoAnswer(_)));
        let home_only = |_: &str, path: &str, _: u16| {
            let status = if path == "/" { "200 OK" } else { "404 Not Found" };
            format!("HTTP/1.1 {status}\r\n\r\nhello")
        };
        assert_eq!(ask("b.a.example", home_only)[0].end, PlainEnd::Content);
    }

    #[test]
    fn the_port_of_plain_http() {
        let port = |url: &str, named: &[u16]| plain_port(&Url::parse(url).unwrap(), named);
        assert_eq!(port("https://a.example", &[]), Some(80));
        assert_eq!(port("https://a.example:8443", &[]), None);
        assert_eq!(port("https://a.example:8443", &[8080]), Some(8080));
        assert_eq!(port("http://a.example:3000", &[]), Some(3000));
    }

    #[test]
    fn siblings() {
        assert!(is_sibling("www.a.example", "a.example") && is_sibling("a.example", "www.a.example"));
        assert!(!is_sibling("b.a.example", "a.example"));
    }
}
