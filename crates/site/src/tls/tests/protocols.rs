use seaworthy_facts::{SuiteWeakness, TlsVersion};

use super::authority::{Authority, Wish};
use super::servers::{self, hello, send};
use super::{accepted, answer, has, look_calmly, look_until};
use crate::tls::hello::version;
use crate::tls::records::tests::{alert, server_hello};

#[test]
fn each_version_is_told_by_itself() {
    let authority = Authority::new();
    authority.issue("good", &Wish { key: "rsa:2048", ..Wish::default() });
    let only = |option: &str| {
        let all = ["-cert", "good.pem", "-key", "good.key", "-cipher", "DEFAULT@SECLEVEL=0", option];
        let server = servers::openssl(authority.folder(), &all);
        let endpoint = look_calmly(server.address, None);
        assert!(!endpoint.chain.is_empty(), "{option}: {:?}", endpoint.untold);
        assert!(endpoint.suites.iter().all(|suite| accepted(&endpoint).contains(&suite.version)));
        (accepted(&endpoint), endpoint)
    };
    assert_eq!(only("-tls1").0, [TlsVersion::Tls10]);
    assert_eq!(only("-tls1_1").0, [TlsVersion::Tls11]);
    let (versions, endpoint) = only("-tls1_2");
    assert_eq!(versions, [TlsVersion::Tls12]);
    assert_eq!(answer(&endpoint, TlsVersion::Tls11), "alert protocol_version");
    assert_eq!(answer(&endpoint, TlsVersion::Tls13), "alert protocol_version");
    let (versions, endpoint) = only("-tls1_3");
    assert_eq!(versions, [TlsVersion::Tls13]);
    let names: Vec<&str> = endpoint.suites.iter().map(|suite| suite.name.as_str()).collect();
    assert_eq!(names, ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]);
    assert_eq!(endpoint.resumes, Some(true));
}

#[test]
fn weak_suites_that_a_server_accepts_are_found_by_name() {
    let authority = Authority::new();
    authority.issue("good", &Wish { key: "rsa:2048", ..Wish::default() });
    let all =
        ["-cert", "good.pem", "-key", "good.key", "-tls1_2", "-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"];
    let server = servers::openssl(authority.folder(), &all);
    let endpoint = look_calmly(server.address, None);
    for weakness in
        [SuiteWeakness::Null, SuiteWeakness::Anonymous, SuiteWeakness::RsaKeyExchange, SuiteWeakness::Cbc]
    {
        assert!(has(&endpoint, weakness), "{weakness:?}");
    }
    assert!(endpoint.suites.iter().any(|suite| suite.name == "TLS_RSA_WITH_NULL_SHA"));
    assert!(endpoint.untold.is_empty(), "{:?}", endpoint.untold);
}

#[test]
fn a_web_server_is_told_whole_and_twice_the_same() {
    let authority = Authority::new();
    authority.issue("good", &Wish::default());
    authority.bundle("chain.pem", &["good", "intermediate"]);
    let inside = "server_name app.example;\n ssl_certificate chain.pem;\n ssl_certificate_key good.key;\n \
                  ssl_protocols TLSv1.2 TLSv1.3;\n ssl_session_cache shared:a:1m;\n \
                  ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-SHA384;";
    let server = servers::nginx(authority.folder(), inside);
    let root = authority.path("root.pem");
    let first = look_calmly(server.address, Some(&root));
    assert_eq!(accepted(&first), [TlsVersion::Tls12, TlsVersion::Tls13]);
    let old: Vec<&str> = first
        .suites
        .iter()
        .filter(|suite| suite.version == TlsVersion::Tls12)
        .map(|suite| suite.name.as_str())
        .collect();
    assert_eq!(old, ["TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]);
    assert_eq!((first.alpn.as_deref(), first.resumes), (Some("h2"), Some(true)));
    assert_eq!(first.untold, Vec::<String>::new());
    let second = look_calmly(server.address, Some(&root));
    assert_eq!(second, seaworthy_facts::TlsEndpoint { at: second.at, ..first });
}

#[test]
fn caddy_is_sound_and_its_authority_is_its_own() {
    let authority = Authority::new();
    let server = servers::caddy(authority.folder(), servers::free_port(), "", "tls internal");
    let endpoint = look_until(server.address, |endpoint| accepted(endpoint).len() == 2);
    assert_eq!(accepted(&endpoint), [TlsVersion::Tls12, TlsVersion::Tls13]);
    assert!(!endpoint.suites.iter().any(|suite| suite.weaknesses.iter().any(|weakness| weakness.breaks())));
    assert_eq!(endpoint.chain[0].acme_issuer.as_deref(), Some("Caddy's local authority"));
}

/// A server of the nineties: SSL 3.0 with RC4 and export keys, which no library serves any more.
#[test]
fn suites_of_old_times_are_found() {
    let address = servers::own(|mut stream| {
        let Some((number, suites)) = hello(&mut stream) else { return };
        let chosen = [0x0003, 0x0005, 0x000a, 0x0009].into_iter().find(|suite| suites.contains(suite));
        match (version(number), chosen) {
            (Some(version @ (TlsVersion::Ssl3 | TlsVersion::Tls10)), Some(suite)) => {
                send(stream, &server_hello(version, suite));
            }
            (Some(TlsVersion::Ssl3 | TlsVersion::Tls10), None) => send(stream, &alert(40)),
            // It goes down to what it has.
            _ => send(stream, &server_hello(TlsVersion::Tls10, 0x0005)),
        }
    });
    let endpoint = look_calmly(address, None);
    assert_eq!(accepted(&endpoint), [TlsVersion::Ssl3, TlsVersion::Tls10]);
    assert_eq!(answer(&endpoint, TlsVersion::Tls12), "answered with TLS 1.0");
    let ids: Vec<u16> = endpoint
        .suites
        .iter()
        .filter(|suite| suite.version == TlsVersion::Ssl3)
        .map(|suite| suite.id)
        .collect();
    assert_eq!(ids, [0x0003, 0x0005, 0x0009, 0x000a]);
    for weakness in [SuiteWeakness::Rc4, SuiteWeakness::Export, SuiteWeakness::Des] {
        assert!(has(&endpoint, weakness), "{weakness:?}");
    }
}
