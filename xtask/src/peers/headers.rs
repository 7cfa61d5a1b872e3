//! The MDN HTTP Observatory and Seaworthy on the same sites: check by check, with a reason for each differing answer.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use seaworthy_testkit::servers::{Certificates, Server, free_port};
use serde::Deserialize;
use serde_json::Value;

use super::measure::{Ran, median, seconds, timed};
use super::{needs, observatory};
use crate::Outcome;
use crate::step::{output, program};

/// The table is written between these lines of the page; what stands around them is written by hand.
const PAGE: &str = "docs/peers-headers.md";
const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

/// A check of the Observatory, the item that answers the same question, and its name in the list of differences.
struct Pair {
    name: &'static str,
    theirs: &'static str,
    ours: &'static str,
}

const PAIRS: &[Pair] = &[
    pair("content-security-policy", "content-security-policy", "headers.content-security-policy"),
    pair("strict-transport-security", "strict-transport-security", "https.hsts"),
    pair(
        "strict-transport-security (a year)",
        "strict-transport-security",
        "headers.strict-transport-security",
    ),
    pair("x-frame-options", "x-frame-options", "headers.frame-options"),
    pair("x-content-type-options", "x-content-type-options", "headers.content-type-options"),
    pair("referrer-policy", "referrer-policy", "headers.referrer-policy"),
    pair("redirection", "redirection", "https.redirect"),
    pair("cookies", "cookies", "https.enforced"),
];

const fn pair(name: &'static str, theirs: &'static str, ours: &'static str) -> Pair {
    Pair { name, theirs, ours }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sites {
    site: Vec<Site>,
    reasons: BTreeMap<String, String>,
}

/// A server block, and what is known of the differences.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Site {
    name: String,
    says: String,
    #[serde(default = "permanent")]
    plain: String,
    #[serde(default)]
    head: String,
    lines: String,
    #[serde(default)]
    differs: BTreeMap<String, String>,
}

fn permanent() -> String {
    "=301 https://127.0.0.1:{port}$request_uri".to_owned()
}

/// What both said of a site.
struct Seen<'a> {
    site: &'a Site,
    /// Status of each pair: theirs, ours.
    answers: Vec<(String, String)>,
    /// Their checks without a counterpart that failed.
    others: Vec<String>,
    times: (Duration, Duration),
}

/// The task.
pub fn run(root: &Path) -> Outcome {
    let sites: Sites =
        toml::from_str(include_str!("sites.toml")).map_err(|error| format!("sites.toml: {error}"))?;
    needs("node", "nodejs")?;
    needs("nginx", "nginx-light")?;
    let package = observatory(root)?;
    let seaworthy = program(root, true)?;
    let certificates = Certificates::make(90);
    let ports: Vec<u16> = sites.site.iter().map(|_| free_port()).collect();
    let server = Server::nginx(ports[0], &configuration(&sites.site, &ports, &certificates));
    let html = server.folder().join("html");
    for (place, site) in sites.site.iter().enumerate() {
        let folder = html.join(place.to_string());
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let page =
            format!("<!doctype html><html lang=en><title>Shop</title>{}<h1>Goods</h1></html>", site.head);
        std::fs::write(folder.join("index.html"), page).map_err(|error| error.to_string())?;
    }
    let config = server.folder().join("seaworthy.toml");
    let mut seen = Vec::new();
    for (site, port) in sites.site.iter().zip(&ports) {
        let address = format!("127.0.0.1:{port}");
        std::fs::write(
            &config,
            format!("[app]\nproduction = [\"https://{address}\", \"http://{address}\"]\n"),
        )
        .map_err(|error| error.to_string())?;
        let theirs = timed(
            Command::new("node")
                .current_dir(&package)
                .env("NODE_EXTRA_CA_CERTS", certificates.authority())
                .args(["src/scan.js", &address]),
        )?;
        let ours = timed(
            Command::new(&seaworthy)
                .args(["check", "--no-browser", "--format", "json", "--only", "headers", "--only", "https"])
                .args(["--url", &format!("https://{address}"), "--url", &format!("http://{address}")])
                .arg("--ca-file")
                .arg(certificates.authority())
                .arg("--config")
                .arg(&config),
        )?;
        seen.push(compare(site, &theirs, &ours)?);
    }
    let version = version(&package)?;
    let (table, unexplained) = table(&seen, &sites.reasons, &version);
    print!("{table}");
    write_page(root, &table)?;
    if unexplained.is_empty() { Ok(()) } else { Err(unexplained.join("\n")) }
}

fn configuration(sites: &[Site], ports: &[u16], certificates: &Certificates) -> String {
    let mut text = "types { text/html html; } default_type text/html; server_tokens off;\n".to_owned();
    for (place, (site, port)) in sites.iter().zip(ports).enumerate() {
        let plain = site.plain.replace("{port}", &port.to_string());
        let _ = write!(
            text,
            "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {};
             root {{folder}}/html/{place}; error_page 497 {plain};
             {} }}\n",
            certificates.certificate().display(),
            certificates.key().display(),
            site.lines
        );
    }
    text
}

fn compare<'a>(site: &'a Site, theirs: &Ran, ours: &Ran) -> Result<Seen<'a>, String> {
    let parse = |ran: &Ran, who: &str| -> Result<Value, String> {
        serde_json::from_slice(&ran.output).map_err(|error| {
            format!(
                "{}: what {who} wrote is no JSON: {error}: {}",
                site.name,
                String::from_utf8_lossy(&ran.output)
            )
        })
    };
    let (them, us) = (parse(theirs, "the Observatory")?, parse(ours, "seaworthy")?);
    let checks = them["tests"].as_object().ok_or_else(|| format!("{}: no checks: {them}", site.name))?;
    let status = |id: &str| {
        let items = us["items"].as_array().into_iter().flatten();
        let mut items = items.filter(|item| item["id"] == id);
        items.next().and_then(|item| item["status"].as_str()).unwrap_or("none").to_owned()
    };
    let passed = |check: &Value| if check["pass"] == true { "pass" } else { "fail" }.to_owned();
    let answers = PAIRS.iter().map(|pair| (passed(&checks[pair.theirs]), status(pair.ours))).collect();
    let others = checks
        .iter()
        .filter(|(name, check)| {
            check["pass"] != true && PAIRS.iter().all(|pair| pair.theirs != name.as_str())
        })
        .map(|(name, check)| format!("{name}: {}", check["result"].as_str().unwrap_or_default()))
        .collect();
    Ok(Seen { site, answers, others, times: (theirs.took, ours.took) })
}

fn version(package: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(package.join("package.json")).map_err(|error| error.to_string())?;
    let package: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let node = output(Command::new("node").arg("--version"), &[0])?;
    Ok(format!(
        "`@mdn/mdn-http-observatory` {} on Node {}",
        package["version"].as_str().unwrap_or("of unknown version"),
        String::from_utf8_lossy(&node).trim().trim_start_matches('v')
    ))
}

/// The measured part of the page, and what nobody has explained.
fn table(seen: &[Seen<'_>], reasons: &BTreeMap<String, String>, version: &str) -> (String, Vec<String>) {
    let mut text = String::new();
    let mut unexplained = Vec::new();
    let total: usize = seen.iter().map(|one| one.answers.len()).sum();
    let same = seen.iter().flat_map(|one| &one.answers).filter(|(theirs, ours)| theirs == ours).count();
    let (theirs, ours): (Vec<Duration>, Vec<Duration>) = seen.iter().map(|one| one.times).unzip();
    let _ = writeln!(
        text,
        "{version}, beside Seaworthy {} (release build), on {} sites: {same} of {total} pairs of answers are the same, and \
         each of the {} others has its reason. Wall time for one site, in the median: Observatory {}, Seaworthy {} \
         (with the pause between requests that a site in production gets, and with all handshakes).\n",
        env!("CARGO_PKG_VERSION"),
        seen.len(),
        total - same,
        seconds(median(&theirs)),
        seconds(median(&ours)),
    );
    let mut used: Vec<&str> = Vec::new();
    text.push_str("| Site | Check | Observatory | Seaworthy | Why |\n| --- | --- | --- | --- | --- |\n");
    for one in seen {
        let mut told = false;
        for (pair, (theirs, ours)) in PAIRS.iter().zip(&one.answers) {
            let reason = one.site.differs.get(pair.name);
            match (theirs == ours, reason.and_then(|key| reasons.get(key).map(|text| (key, text)))) {
                (true, None) if reason.is_none() => {}
                (true, _) => unexplained.push(format!(
                    "{}: {}: both say {theirs}, and a difference is explained",
                    one.site.name, pair.name
                )),
                (false, None) => unexplained.push(format!(
                    "{}: {}: the Observatory says {theirs}, {} says {ours}, and no reason is given",
                    one.site.name, pair.name, pair.ours
                )),
                (false, Some((key, _))) => {
                    let number = match used.iter().position(|known| known == key) {
                        Some(place) => place + 1,
                        None => {
                            used.push(key);
                            used.len()
                        }
                    };
                    let name = if told { "" } else { &one.site.says };
                    told = true;
                    let _ = writeln!(text, "| {name} | `{}` | {theirs} | {ours} | {number} |", pair.ours);
                }
            }
        }
    }
    text.push_str("\nWhy:\n\n");
    for (place, key) in used.iter().enumerate() {
        let _ = writeln!(text, "{}. {}", place + 1, reasons.get(*key).map_or("", String::as_str));
    }
    text.push_str("\nSites on which all answers are the same:\n\n");
    for one in seen.iter().filter(|one| one.site.differs.is_empty()) {
        let failed: Vec<&str> = PAIRS
            .iter()
            .zip(&one.answers)
            .filter(|(_, (theirs, _))| theirs != "pass")
            .map(|(pair, _)| pair.name)
            .collect();
        let failed =
            if failed.is_empty() { "all pass".to_owned() } else { format!("failing: {}", failed.join(", ")) };
        let _ = writeln!(text, "- {} ({failed})", one.site.says);
    }
    let others: Vec<String> = seen
        .iter()
        .filter(|one| !one.others.is_empty())
        .map(|one| format!("- {}: {}", one.site.says, one.others.join("; ")))
        .collect();
    if !others.is_empty() {
        let _ = writeln!(
            text,
            "\nFailures of checks that Seaworthy does not have as such:\n\n{}",
            others.join("\n")
        );
    }
    (text, unexplained)
}

fn write_page(root: &Path, table: &str) -> Outcome {
    super::replace_between(&root.join(PAGE), BEGIN, END, table)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_used_and_every_difference_has_one() {
        let sites: Sites = toml::from_str(include_str!("sites.toml")).unwrap();
        let used: Vec<&String> = sites.site.iter().flat_map(|site| site.differs.values()).collect();
        for key in sites.reasons.keys() {
            assert!(used.contains(&key), "{key} explains nothing");
        }
        for key in used {
            assert!(sites.reasons.contains_key(key), "{key} is not explained");
        }
        let names: Vec<&str> = PAIRS.iter().map(|pair| pair.name).collect();
        for name in sites.site.iter().flat_map(|site| site.differs.keys()) {
            assert!(names.contains(&name.as_str()), "{name} is no pair");
        }
        for pair in PAIRS {
            assert!(seaworthy_checklist::find(pair.ours).is_some(), "{}", pair.ours);
        }
    }
}
