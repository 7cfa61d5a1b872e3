//! The program looks at real servers: nginx with good and with bad settings, nobody, and a recording.
//! Needs nginx and openssl (Debian: `nginx-light`, `openssl`).
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;

use common::{Run, Sample, run_in};
use seaworthy_testkit::servers::{Certificates, Server, free_port};
use serde_json::Value;

const PAGE: &str = "<!doctype html><html lang=en><title>Shop</title><h1>Goods</h1><a href=/privacy.html>Privacy policy</a></html>";

const HEADERS: &str = "
add_header Strict-Transport-Security 'max-age=63072000' always;
add_header X-Content-Type-Options nosniff always;
add_header X-Frame-Options DENY always;
add_header X-XSS-Protection 0 always;
add_header Content-Security-Policy \"default-src 'self'; base-uri 'self'\" always;
add_header Referrer-Policy same-origin always;
add_header Permissions-Policy 'camera=()' always;
";

/// nginx over TLS and in the clear, with these lines in the server block.
fn nginx(certificates: &Certificates, lines: &str) -> (Server, u16, u16) {
    let (tls, plain) = (free_port(), free_port());
    (nginx_at(certificates, lines, tls, plain), tls, plain)
}

fn nginx_at(certificates: &Certificates, lines: &str, tls: u16, plain: u16) -> Server {
    let server = Server::nginx(
        tls,
        &format!(
            "types {{ text/html html; }} default_type text/html; server_tokens off;
             server {{ listen 127.0.0.1:{plain}; return 301 https://localhost:{tls}$request_uri; }}
             server {{
               listen 127.0.0.1:{tls} ssl;
               ssl_certificate {}; ssl_certificate_key {};
               ssl_protocols TLSv1.2 TLSv1.3;
               root {{folder}}/html; error_page 404 /404.html;
               {lines}
             }}",
            certificates.certificate().display(),
            certificates.key().display()
        ),
    );
    let html = server.folder().join("html");
    fs::write(html.join("index.html"), PAGE).unwrap();
    fs::write(
        html.join("404.html"),
        "<!doctype html><title>Not here</title><h1>There is no such page in the shop</h1>",
    )
    .unwrap();
    let policy = "We keep your orders for ten years because the law says so. Write to privacy@shop.example. "
        .repeat(12);
    fs::write(
        html.join("privacy.html"),
        format!("<!doctype html><title>Privacy</title><p>Of 2 January 2026. {policy}"),
    )
    .unwrap();
    server
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}\n{}", run.stdout, run.stderr))
}

fn item<'a>(report: &'a Value, id: &str) -> &'a Value {
    report["items"].as_array().unwrap().iter().find(|item| item["id"] == id).unwrap()
}

fn told(report: &Value, id: &str) -> String {
    let item = item(report, id);
    format!("{} {}", item["status"].as_str().unwrap(), item["rung"].as_str().unwrap())
}

const SEVEN: [&str; 7] = [
    "headers.strict-transport-security",
    "headers.content-type-options",
    "headers.frame-options",
    "headers.xss-protection",
    "headers.content-security-policy",
    "headers.referrer-policy",
    "headers.permissions-policy",
];

#[test]
fn good_settings_are_proven_in_production_and_observed_elsewhere() {
    let certificates = Certificates::make(90);
    let (_server, tls, _) = nginx(&certificates, HEADERS);
    let url = format!("https://localhost:{tls}");
    let authority = certificates.authority().display().to_string();
    let repository = Sample::repository(&[]);
    let recording = repository.file("site.json").display().to_string();
    let arguments = ["--url", &url, "--ca-file", &authority, "--no-browser", "--format", "json"];

    let alone = json(&run_in(repository.path(), &[&["check"], &arguments[..]].concat()));
    for id in SEVEN {
        assert_eq!(told(&alone, id), "pass observed", "{id}: {}", item(&alone, id)["reason"]);
    }
    assert_eq!(alone["subject"]["url"][0], url.as_str());
    assert_eq!(item(&alone, "ci.tests")["cause"], "not-permitted");

    repository.write("seaworthy.toml", &format!("[app]\nproduction = [\"{url}\"]\n"));
    repository.write("server.js", "require('express')().listen(3000)\n");
    repository.write("package.json", "{\"dependencies\": {\"express\": \"4.21.0\"}}\n");
    repository.commit("a shop");
    let both = [&["check", "."], &arguments[..], &["--record", &recording]].concat();
    let report = json(&run_in(repository.path(), &both));
    for id in SEVEN.iter().chain(&["https.hsts", "https.tls-version", "privacy.policy", "errors.pages"]) {
        assert_eq!(told(&report, id), "pass proven", "{id}: {}", item(&report, id)["reason"]);
    }
    let evidence = &item(&report, SEVEN[1])["evidence"][0];
    assert_eq!(evidence["environment"], "production");
    assert!(evidence["exchange"]["command"].as_str().unwrap().starts_with("curl "), "{evidence}");

    // Judged again from the recording, without the network: the same; and after its time it is worth nothing.
    let replay = ["check", ".", "--replay", &recording, "--format", "json"];
    let again = json(&run_in(repository.path(), &replay));
    for id in SEVEN {
        assert_eq!(told(&again, id), "pass proven", "{id}");
    }
    let later = jiff::Zoned::now().date().checked_add(jiff::Span::new().days(30)).unwrap().to_string();
    let late = json(&run_in(repository.path(), &[&replay[..], &["--at", &later]].concat()));
    assert_eq!(item(&late, SEVEN[1])["status"], "unknown");
    assert_eq!(item(&late, SEVEN[1])["cause"], "stale");
}

#[test]
fn what_is_missing_on_the_wire_fails_whatever_the_code_says() {
    let certificates = Certificates::make(90);
    let (_server, tls, _) = nginx(&certificates, "");
    let url = format!("https://localhost:{tls}");
    let repository = Sample::repository(&[]);
    repository.write(
        "server.js",
        "const app = require('express')(); app.use(require('helmet')()); app.listen(3000)\n",
    );
    repository
        .write("package.json", "{\"dependencies\": {\"express\": \"4.21.0\", \"helmet\": \"8.0.0\"}}\n");
    repository.commit("a shop");
    let run = repository.run(&["check", ".", "--url", &url, "--no-browser", "--format", "json"]);
    let report = json(&run);
    assert_eq!(told(&report, "headers.content-type-options"), "fail observed");
    // A trial may use an authority of its own; production may not.
    assert_eq!(told(&report, "https.tls-version"), "pass observed");
    repository.write("seaworthy.toml", &format!("[app]\nproduction = [\"{url}\"]\n"));
    let run = repository.run(&["check", ".", "--live", "--no-browser", "--format", "json"]);
    assert_eq!(told(&json(&run), "https.tls-version"), "fail proven");
}

#[test]
fn a_renewal_is_seen_by_what_was_remembered() {
    let (first, second) = (Certificates::make(90), Certificates::make(90));
    let (server, tls, _) = nginx(&first, HEADERS);
    let url = format!("https://localhost:{tls}");
    let repository = Sample::repository(&[]);
    repository.write("seaworthy.toml", &format!("[app]\nproduction = [\"{url}\"]\n"));
    repository.write("server.js", "const app = require('express')(); app.get('/', (request, response) => response.send('goods')); app.listen(3000)\n");
    repository.write("package.json", "{\"dependencies\": {\"express\": \"4.21.0\"}}\n");
    repository.commit("a shop");
    let check = |authority: &Certificates, more: &[&str]| {
        let authority = authority.authority().display().to_string();
        let live = ["check", ".", "--live", "--no-browser", "--format", "json", "--ca-file", &authority];
        repository.run(&[&live[..], more].concat())
    };
    let run = check(&first, &["--remember"]);
    assert!(run.stderr.contains("records added to .seaworthy/records"), "{}", run.stderr);
    assert_ne!(told(&json(&run), "https.auto-renewal"), "pass proven");
    // Without the network the records still tell.
    let offline = json(&repository.run(&["check", ".", "--offline", "--format", "json"]));
    assert_eq!(told(&offline, SEVEN[1]), "pass proven", "{}", item(&offline, SEVEN[1]));
    drop(server);
    let _renewed = nginx_at(&second, HEADERS, tls, free_port());
    let again = json(&check(&second, &[]));
    assert_eq!(told(&again, "https.auto-renewal"), "pass proven", "{}", item(&again, "https.auto-renewal"));
    // A trial is not remembered, and nothing without a folder.
    let alone = repository.run(&["check", "--url", &url, "--no-browser", "--remember"]);
    assert_eq!(alone.code, 2, "{}", alone.stderr);
}

#[test]
fn nobody_and_nonsense() {
    let repository = Sample::repository(&[]);
    let url = format!("http://127.0.0.1:{}", free_port());
    let nobody = repository.run(&["check", "--url", &url, "--no-browser"]);
    assert_eq!(nobody.code, 3, "{nobody:?}");
    assert!(nobody.stderr.contains("refuses connections"), "{}", nobody.stderr);

    // What the files say is not lost with it.
    repository.write("server.js", "require('express')().listen(3000)\n");
    repository.commit("a shop");
    let both = repository.run(&["check", ".", "--url", &url, "--no-browser", "--format", "json"]);
    assert_ne!(both.code, 3, "{}", both.stderr);
    assert_eq!(json(&both)["items"].as_array().unwrap().len(), 86);

    for (arguments, words) in [
        (&["check", "--url", "ftp://a.example"][..], "only http"),
        (&["check", "--url", "https://me:word@a.example"], "user name"),
        (&["check", "--url", "https://a.example", "--offline"], "--offline"),
        (&["check", ".", "..", "--url", "https://a.example"], "one PATH"),
        (&["check", ".", "--live"], "names no address"),
        (&["check", ".", "--record", "x.json"], "--url"),
        (&["check", "--replay", "server.js"], "no recording"),
        (&["check", "--url", "https://a.example", "--ca-file", "none.pem"], "no such file"),
    ] {
        let run = repository.run(arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {run:?}");
        assert!(run.stderr.contains(words), "{arguments:?}: {}", run.stderr);
        assert!(!run.stderr.contains("word@"), "{}", run.stderr);
    }
}
