use seaworthy_facts::Trust;

use super::authority::{Authority, Wish, openssl};
use super::{look_calmly, look_until, servers};

/// What is said of a server's chain where Harbour Root is known.
fn judged(
    authority: &Authority,
    name: &str,
    chain: Option<&str>,
    options: &[&str],
) -> seaworthy_facts::TlsEndpoint {
    let (certificate, key) = (format!("{name}.pem"), format!("{name}.key"));
    let mut all = vec!["-cert", &certificate, "-key", &key];
    all.extend(chain.into_iter().flat_map(|chain| ["-cert_chain", chain]));
    all.extend(options);
    let server = servers::openssl(authority.folder(), &all);
    look_calmly(server.address, Some(&authority.path("root.pem")))
}

#[test]
fn chains_are_told_apart() {
    let authority = Authority::new();
    authority.issue("good", &Wish::default());
    authority.issue("old", &Wish { until: "20210101000000Z", ..Wish::default() });
    authority.issue("young", &Wish { from: "20480101000000Z", ..Wish::default() });
    authority.issue("other", &Wish { names: "DNS:other.example", ..Wish::default() });
    let trust = |name: &str, chain| judged(&authority, name, chain, &[]).trust.unwrap();
    let whole = Some("intermediate.pem");
    assert_eq!(trust("good", whole), Trust::Trusted);
    assert_eq!(trust("good", None), Trust::Incomplete);
    assert_eq!(trust("old", whole), Trust::Expired);
    assert_eq!(trust("young", whole), Trust::NotYetValid);
    assert_eq!(trust("other", whole), Trust::WrongName);
}

#[test]
fn an_authority_of_ones_own_is_unknown_until_it_is_named() {
    let (authority, elsewhere) = (Authority::new(), Authority::new());
    authority.issue("good", &Wish { issuer: "root", ..Wish::default() });
    let server = servers::openssl(authority.folder(), &["-cert", "good.pem", "-key", "good.key"]);
    assert_eq!(look_calmly(server.address, None).trust, Some(Trust::UnknownRoot));
    let known = look_calmly(server.address, Some(&authority.path("root.pem")));
    assert_eq!(known.trust, Some(Trust::Trusted));
    let other = look_calmly(server.address, Some(&elsewhere.path("root.pem")));
    assert!(matches!(other.trust, Some(Trust::Other(_) | Trust::UnknownRoot)), "{:?}", other.trust);
}

#[test]
fn a_certificate_that_signed_itself_is_trusted_only_where_it_is_named() {
    let authority = Authority::new();
    let folder = authority.folder();
    openssl(
        folder,
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "own.key",
            "-out",
            "own.pem",
            "-days",
            "30",
            "-subj",
            "/CN=app.example",
            "-addext",
            "subjectAltName=DNS:app.example",
            "-config",
            "root.cnf",
        ],
    );
    let server = servers::openssl(folder, &["-cert", "own.pem", "-key", "own.key"]);
    assert_eq!(look_calmly(server.address, None).trust, Some(Trust::SelfSigned));
    assert_eq!(look_calmly(server.address, Some(&authority.path("own.pem"))).trust, Some(Trust::Trusted));
}

#[test]
fn what_a_certificate_says_is_read() {
    let authority = Authority::new();
    let responder = "authorityInfoAccess = OCSP;URI:http://ocsp.example";
    authority.issue("short", &Wish { key: "rsa:1024", digest: "sha1", more: responder, ..Wish::default() });
    let endpoint =
        judged(&authority, "short", Some("intermediate.pem"), &["-cipher", "DEFAULT@SECLEVEL=0", "-tls1_2"]);
    let leaf = &endpoint.chain[0];
    assert_eq!((leaf.key.as_str(), leaf.key_bits), ("RSA", 1024));
    assert_eq!(leaf.signature, "ECDSA with SHA-1");
    assert_eq!(leaf.subject, "CN=app.example");
    assert_eq!(leaf.issuer, "CN=Harbour Intermediate,O=Harbour Trust");
    assert_eq!(leaf.names, ["app.example", "*.app.example", "127.0.0.1"]);
    assert_eq!(leaf.not_after.to_string(), "2049-12-31T23:59:59Z");
    assert_eq!(leaf.acme_issuer, None);
    assert!(leaf.ocsp);
    assert_eq!(endpoint.stapled, Some(false));
    let told = openssl(
        authority.folder(),
        &["x509", "-in", "short.pem", "-noout", "-fingerprint", "-sha256", "-serial"],
    );
    let told = String::from_utf8(told).unwrap().replace(':', "").to_lowercase();
    assert!(told.contains(&leaf.sha256) && told.contains(leaf.serial.trim_start_matches("00")), "{told}");
    assert_eq!(endpoint.chain[1].key, "EC P-256");
}

#[test]
fn an_answer_about_revocation_counts_while_it_is_good_and_new() {
    let authority = Authority::new();
    let folder = authority.folder();
    authority.issue(
        "good",
        &Wish { more: "authorityInfoAccess = OCSP;URI:http://ocsp.example", ..Wish::default() },
    );
    openssl(folder, &["ocsp", "-issuer", "intermediate.pem", "-cert", "good.pem", "-reqout", "request"]);
    let answer = |file: &str, more: &[&str]| {
        let mut arguments = vec![
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
            file,
        ];
        arguments.extend(more);
        openssl(folder, &arguments);
    };
    answer("answer", &["-ndays", "7"]);
    let stapled =
        |file: &str| judged(&authority, "good", Some("intermediate.pem"), &["-status_file", file]).stapled;
    assert_eq!(stapled("answer"), Some(true));
    let index = std::fs::read_to_string(authority.path("intermediate.index")).unwrap();
    std::fs::write(
        authority.path("intermediate.index"),
        index.replacen("V\t491231235959Z\t", "R\t491231235959Z\t250101000000Z", 1),
    )
    .unwrap();
    answer("revoked", &["-ndays", "7"]);
    assert_eq!(stapled("revoked"), Some(false));
}

#[test]
fn a_certificate_by_acme_is_told_by_its_issuer() {
    let authority = Authority::new();
    authority.issue("acme", &Wish { names: "DNS:localhost,IP:127.0.0.1", ..Wish::default() });
    authority.bundle("acme-chain.pem", &["acme", "intermediate"]);
    let pebble = servers::pebble(authority.folder(), "acme-chain.pem", "acme.key");
    let root = authority.path("root.pem");
    let inside = format!(
        "tls {{\n issuer acme {{\n dir https://{}/dir\n trusted_roots {}\n }}\n }}",
        pebble.address,
        root.display()
    );
    let caddy = servers::caddy(authority.folder(), servers::free_port(), "", &inside);
    let endpoint = look_until(caddy.address, |endpoint| !endpoint.chain.is_empty());
    assert_eq!(endpoint.chain[0].acme_issuer.as_deref(), Some("Pebble, a test authority"));
    assert_eq!(endpoint.chain[0].names, ["app.example"]);
    assert_eq!(endpoint.trust, Some(Trust::UnknownRoot));
}
