use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use seaworthy_facts::TlsEndpoint;

use super::servers::{self, hello, send};
use super::{look, look_calmly};
use crate::tls::records::tests::{alert, server_hello};
use crate::tls::{Options, collect};
use crate::{Budget, Target};

fn why(endpoint: &TlsEndpoint) -> &str {
    &endpoint.unreached.as_ref().expect("nothing was reached").why
}

fn in_haste(address: SocketAddr) -> TlsEndpoint {
    look(address, None, Duration::from_millis(300))
}

#[test]
fn nobody_is_there() {
    let port = servers::free_port();
    let endpoint = look_calmly(SocketAddr::from(([127, 0, 0, 1], port)), None);
    assert!(why(&endpoint).ends_with("connection refused"), "{}", why(&endpoint));
    assert_eq!(endpoint.versions.len(), 1);
}

#[test]
fn plain_http_is_no_tls() {
    let address = servers::own(|stream| send(stream, b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    let endpoint = look_calmly(address, None);
    assert!(why(&endpoint).ends_with("plain HTTP instead of TLS"));
    assert!(endpoint.versions.iter().all(|offer| offer.accepted.is_none()));
}

#[test]
fn silence_and_drops_end_in_time() {
    let silent = servers::own(servers::hold);
    let endpoint = in_haste(silent);
    assert!(why(&endpoint).ends_with("no answer in time"));
    assert_eq!(endpoint.versions.iter().filter(|offer| offer.answer == "no answer in time").count(), 3);
    // A byte now and then, all of them right.
    let slow = servers::own(|mut stream| {
        for byte in [22, 3, 3, 0, 200].into_iter().chain(std::iter::repeat_n(2, 200)) {
            if stream.write_all(&[byte]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    assert!(why(&in_haste(slow)).ends_with("no answer in time"));
}

#[test]
fn endless_records_end() {
    let address = servers::own(|mut stream| while stream.write_all(&[22, 3, 3, 0, 0].repeat(100)).is_ok() {});
    let endpoint = look_calmly(address, None);
    assert!(why(&endpoint).ends_with("more data than a handshake needs"), "{}", why(&endpoint));
}

#[test]
fn a_name_that_is_not_served_is_said() {
    let address = servers::own(|mut stream| {
        hello(&mut stream);
        send(stream, &alert(112));
    });
    let endpoint = look_calmly(address, None);
    assert!(
        why(&endpoint).ends_with("no version of TLS is accepted: alert unrecognized_name"),
        "{}",
        why(&endpoint)
    );
    assert!(endpoint.versions.iter().all(|offer| offer.accepted.is_none()));
}

#[test]
fn a_choice_that_was_not_offered_ends_the_search() {
    let address = servers::own(|mut stream| {
        hello(&mut stream);
        send(stream, &server_hello(seaworthy_facts::TlsVersion::Tls12, 0xc02f));
    });
    let endpoint = look_calmly(address, None);
    let told = endpoint.untold.iter().any(|line| line.contains("which was not offered"));
    assert!(told, "{:?}", endpoint.untold);
}

#[test]
fn the_budget_is_kept_and_its_end_is_said() {
    let address = servers::own(|mut stream| {
        hello(&mut stream);
        send(stream, &server_hello(seaworthy_facts::TlsVersion::Tls12, 0xc02f));
    });
    let target = |host: &str| Target::read(&format!("https://{host}:{}", address.port()), &[], &[]).unwrap();
    let options = Options { ca_file: None, timeout: Duration::from_secs(20) };
    let budget = Budget::new(5, Duration::ZERO);
    let tls = collect(&[target("127.0.0.1")], &options, &budget);
    assert_eq!((tls.handshakes, tls.endpoints.len()), (5, 1));
    assert!(
        tls.endpoints[0].untold.iter().any(|line| line.contains("budget")),
        "{:?}",
        tls.endpoints[0].untold
    );
    let plain = Target::read("http://127.0.0.1", &[], &[]).unwrap();
    assert!(collect(&[plain], &options, &budget).endpoints.is_empty());
    let unknown = Target::read("https://nothing-here.invalid", &[], &[]).unwrap();
    let tls = collect(&[unknown], &options, &Budget::new(5, Duration::ZERO));
    assert!(why(&tls.endpoints[0]).starts_with("nothing-here.invalid: "));
}
