//! sslyze, testssl.sh, sslscan and Seaworthy against the same servers: versions that each finds, and wall times.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use seaworthy_testkit::servers::{Certificates, Server, free_port};
use serde_json::Value;

use super::measure::{median, seconds, timed};
use super::{needs, replace_between, sslyze};
use crate::Outcome;
use crate::step::program;

/// The table is written between these lines of the page; what stands around them is written by hand.
const PAGE: &str = "docs/peers-tls.md";
const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

/// Versions in the order in which they are shown, with the names that each program has for them.
const VERSIONS: &[Version] = &[
    Version { shown: "SSL 3.0", ours: "Ssl3", sslscan: ("ssl", "3"), sslyze: "ssl_3_0", testssl: "SSLv3" },
    Version { shown: "1.0", ours: "Tls10", sslscan: ("tls", "1.0"), sslyze: "tls_1_0", testssl: "TLS1" },
    Version { shown: "1.1", ours: "Tls11", sslscan: ("tls", "1.1"), sslyze: "tls_1_1", testssl: "TLS1_1" },
    Version { shown: "1.2", ours: "Tls12", sslscan: ("tls", "1.2"), sslyze: "tls_1_2", testssl: "TLS1_2" },
    Version { shown: "1.3", ours: "Tls13", sslscan: ("tls", "1.3"), sslyze: "tls_1_3", testssl: "TLS1_3" },
];

struct Version {
    shown: &'static str,
    ours: &'static str,
    sslscan: (&'static str, &'static str),
    sslyze: &'static str,
    testssl: &'static str,
}

/// The programs, in the order of the columns, and how often each runs.
const RUNS: [(&str, usize); 4] = [("Seaworthy", 7), ("sslscan", 7), ("sslyze", 5), ("testssl.sh", 3)];

struct Programs {
    seaworthy: PathBuf,
    sslyze: PathBuf,
    scratch: PathBuf,
    authority: PathBuf,
}

/// The task.
pub fn run(root: &Path) -> Outcome {
    needs("sslscan", "sslscan")?;
    needs("testssl", "testssl.sh")?;
    needs("nginx", "nginx-light")?;
    needs("openssl", "openssl")?;
    let certificates = Certificates::make(90);
    let scratch = super::tools(root).join("tls");
    std::fs::create_dir_all(&scratch).map_err(|error| error.to_string())?;
    let programs = Programs {
        seaworthy: program(root, true)?,
        sslyze: sslyze(root)?,
        scratch,
        authority: certificates.authority(),
    };
    let (modern, old) = (free_port(), free_port());
    let block = |port: u16, settings: &str| {
        format!(
            "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {};
             {settings} return 204; }}\n",
            certificates.certificate().display(),
            certificates.key().display()
        )
    };
    let lax = "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0;";
    let _nginx =
        Server::nginx(modern, &[block(modern, "ssl_protocols TLSv1.2 TLSv1.3;"), block(old, lax)].concat());
    let servers = [("nginx, TLS 1.2 and 1.3", modern), ("nginx, TLS 1.0 to 1.3, every suite", old)];
    let mut text = String::from("| Server | | ");
    text.push_str(&RUNS.map(|(name, count)| format!("{name} (n = {count})")).join(" | "));
    text.push_str(" |\n| --- | --- | --- | --- | --- | --- |\n");
    for (name, port) in servers {
        let mut found = Vec::new();
        let mut times = Vec::new();
        for (program, count) in RUNS {
            let mut took = Vec::new();
            let mut versions = Vec::new();
            for _ in 0..count {
                let (seen, time) = scan(&programs, program, port)?;
                versions = seen;
                took.push(time);
            }
            found.push(versions.join(", "));
            times.push(median(&took));
        }
        let _ = writeln!(text, "| {name} | versions | {} |", found.join(" | "));
        let shown: Vec<String> = times.iter().map(|time| seconds(*time)).collect();
        let _ = writeln!(text, "| | wall time, median | {} |", shown.join(" | "));
        let ratio = |time: &Duration| format!("{:.1}×", time.as_secs_f64() / times[0].as_secs_f64());
        let _ = writeln!(
            text,
            "| | of Seaworthy's | {} |",
            times.iter().map(ratio).collect::<Vec<_>>().join(" | ")
        );
    }
    print!("{text}");
    replace_between(&root.join(PAGE), BEGIN, END, &text)
}

/// Runs a program once: the versions that it finds accepted, and its wall time.
fn scan(programs: &Programs, name: &str, port: u16) -> Result<(Vec<&'static str>, Duration), String> {
    let address = format!("127.0.0.1:{port}");
    let file = programs.scratch.join("result.json");
    let _ = std::fs::remove_file(&file);
    let mut command = match name {
        "Seaworthy" => {
            let mut command = Command::new(&programs.seaworthy);
            command
                .args(["check", "--no-browser", "--format", "json", "--only", "https.tls-version"])
                .args(["--url", &format!("https://{address}"), "--record"])
                .arg(&file)
                .arg("--ca-file")
                .arg(&programs.authority);
            command
        }
        "sslscan" => {
            let mut command = Command::new("sslscan");
            command.args(["--no-compression", "--no-fallback", "--no-groups", "--no-heartbleed"]).args([
                "--no-renegotiation",
                "--xml=-",
                &address,
            ]);
            command
        }
        "sslyze" => {
            let mut command = Command::new(&programs.sslyze);
            command
                .args(["--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--certinfo"])
                .arg("--certinfo_ca_file")
                .arg(&programs.authority)
                .arg("--json_out=-")
                .arg(&address);
            command
        }
        _ => {
            let mut command = Command::new("testssl");
            command
                .args(["-p", "-S", "--warnings", "off", "--quiet", "--color", "0", "--jsonfile"])
                .arg(&file)
                .arg(&address);
            command
        }
    };
    let ran = timed(&mut command)?;
    let text = match name {
        "sslscan" | "sslyze" => String::from_utf8_lossy(&ran.output).into_owned(),
        _ => std::fs::read_to_string(&file).map_err(|error| format!("{name} wrote no result: {error}"))?,
    };
    let accepted: Vec<&'static str> = match name {
        "sslscan" => {
            VERSIONS.iter().filter(|version| in_xml(&text, version.sslscan)).map(|v| v.shown).collect()
        }
        _ => {
            let value: Value =
                serde_json::from_str(&text).map_err(|error| format!("{name}: {error}: {text:.200}"))?;
            let accepts = |version: &&Version| match name {
                "Seaworthy" => recorded(&value, version.ours),
                "sslyze" => {
                    let suites = format!("{}_cipher_suites", version.sslyze);
                    value["server_scan_results"][0]["scan_result"][suites]["result"]["accepted_cipher_suites"]
                        .as_array()
                        .is_some_and(|suites| !suites.is_empty())
                }
                _ => value.as_array().into_iter().flatten().any(|line| {
                    line["id"] == version.testssl
                        && line["finding"].as_str().is_some_and(|finding| finding.starts_with("offered"))
                }),
            };
            VERSIONS.iter().filter(accepts).map(|version| version.shown).collect()
        }
    };
    if accepted.is_empty() {
        return Err(format!("{name} found no version at {address}: {text:.300}"));
    }
    Ok((accepted, ran.took))
}

fn in_xml(text: &str, (kind, version): (&str, &str)) -> bool {
    text.contains(&format!(r#"<protocol type="{kind}" version="{version}" enabled="1""#))
}

fn recorded(value: &Value, version: &str) -> bool {
    let endpoints = ["/tls/found/endpoints/0/versions", "/tls/endpoints/0/versions"];
    let versions = endpoints.iter().find_map(|path| value.pointer(path)).and_then(Value::as_array);
    versions.into_iter().flatten().any(|offer| offer["version"] == version && offer["accepted"] == true)
}
