use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use seaworthy_facts::{TlsEndpoint, TlsVersion, Trust};

use super::authority::{Authority, Wish, openssl};
use super::servers::{self, hello, send};
use super::{look, look_calmly};
use crate::tls::records::tests::{alert, certificates, server_hello};
use crate::tls::records::{Reader, Wanted};
use crate::tls::trust::Roots;
use crate::tls::{Options, certificate, collect, ocsp};
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
fn silence_after_the_choice_is_a_choice_all_the_same() {
    let address = servers::own(|mut stream| {
        hello(&mut stream);
        if stream.write_all(&server_hello(TlsVersion::Tls11, 0x002f)).is_ok() {
            servers::hold(stream);
        }
    });
    let endpoint = in_haste(address);
    assert_eq!(endpoint.unreached, None);
    let answers: Vec<&str> = endpoint.versions.iter().map(|offer| offer.answer.as_str()).collect();
    assert_eq!(answers[2], "chose TLS_RSA_WITH_AES_128_CBC_SHA");
    assert_eq!(answers[4], "answered with TLS 1.1");
    // Three connections that did not end are enough.
    assert!(answers[1].starts_with("not tried: "), "{}", answers[1]);
    assert!(endpoint.versions[1].accepted.is_none() && !endpoint.weak_tried);
}

#[test]
fn old_hellos_that_are_dropped_leave_the_rest_to_be_told() {
    let address = servers::own(|mut stream| match hello(&mut stream) {
        Some((0x0303, suites)) if suites.contains(&0x1301) => send(stream, &alert(70)),
        Some((0x0303, suites)) if suites.contains(&0xc02f) => {
            send(stream, &server_hello(TlsVersion::Tls12, 0xc02f))
        }
        Some((0x0303, _)) => send(stream, &alert(40)),
        _ => servers::hold(stream),
    });
    let endpoint = look(address, None, Duration::from_secs(2));
    let accepted: Vec<Option<bool>> = endpoint.versions.iter().map(|offer| offer.accepted).collect();
    assert_eq!(accepted, [None, None, None, Some(true), Some(false)]);
    let ids: Vec<u16> = endpoint.suites.iter().map(|suite| suite.id).collect();
    assert_eq!((ids.as_slice(), endpoint.weak_tried), (&[0xc02f][..], true));
}

#[test]
fn a_server_that_asks_for_a_certificate_is_read_all_the_same() {
    let authority = Authority::new();
    authority.issue("good", &Wish::default());
    let all = ["-cert", "good.pem", "-key", "good.key", "-cert_chain", "intermediate.pem", "-Verify", "1"];
    for version in ["-tls1_2", "-tls1_3"] {
        let server = servers::openssl(authority.folder(), &[&all[..], &[version]].concat());
        let endpoint = look_calmly(server.address, Some(&authority.path("root.pem")));
        assert_eq!(endpoint.trust, Some(Trust::Trusted), "{version}: {:?}", endpoint.untold);
        assert!(endpoint.weak_tried && !endpoint.suites.is_empty());
    }
}

/// Every part of a real answer, with some bytes changed.
#[test]
fn answers_that_were_tampered_with_are_read_without_a_panic() {
    let authority = Authority::new();
    let responder =
        "authorityInfoAccess = OCSP;URI:http://ocsp.example\ncertificatePolicies = 2.23.140.1.2.1";
    authority.issue("good", &Wish { key: "rsa:2048", more: responder, ..Wish::default() });
    let folder = authority.folder();
    openssl(folder, &["ocsp", "-issuer", "intermediate.pem", "-cert", "good.pem", "-reqout", "request"]);
    openssl(
        folder,
        &[
            "ocsp",
            "-index",
            "intermediate.index",
            "-CA",
            "intermediate.pem",
            "-rsigner",
            "intermediate.pem",
            "-rkey",
            "intermediate.key",
            "-reqin",
            "request",
            "-respout",
            "answer",
            "-ndays",
            "7",
        ],
    );
    let der = |name: &str| openssl(folder, &["x509", "-in", name, "-outform", "DER"]);
    let chain = vec![der("good.pem"), der("intermediate.pem"), der("root.pem")];
    let staple = std::fs::read(authority.path("answer")).unwrap();
    let roots = Roots::load(Some(&authority.path("root.pem")));
    let now = jiff::Timestamp::now();
    assert!(ocsp::is_valid(&staple, now));
    let flight = [server_hello(TlsVersion::Tls12, 0xc02f), certificates(&chain)].concat();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
    };
    for _ in 0..3000 {
        let mut changed = [flight.clone(), chain[0].clone(), staple.clone()];
        for bytes in &mut changed {
            for _ in 0..=random(4) {
                let place = random(bytes.len());
                bytes[place] = u8::try_from(random(256)).unwrap();
            }
        }
        let mut reader = Reader::new(Wanted::Certificates);
        let _ = reader.take(&changed[0]);
        let read = reader.flight().chain;
        let _ = roots.judge("app.example", &read);
        let _ = certificate::read(&changed[1]);
        let _ = certificate::timestamps(&changed[1]);
        let _ = ocsp::is_valid(&changed[2], now);
    }
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
        send(stream, &server_hello(TlsVersion::Tls12, 0xc02f));
    });
    let endpoint = look_calmly(address, None);
    let told = endpoint.untold.iter().any(|line| line.contains("which was not offered"));
    assert!(told, "{:?}", endpoint.untold);
}

#[test]
fn the_budget_is_kept_and_its_end_is_said() {
    let address = servers::own(|mut stream| {
        hello(&mut stream);
        send(stream, &server_hello(TlsVersion::Tls12, 0xc02f));
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
