//! Configuration of what rotates, ships and stores lines, in files of their own.

use regex::Regex;
use seaworthy_facts::{LogLimit, LogStore, Logging, Observed, Side, System};

use crate::launches::is_compose;
use crate::scan::{Needle, NeedleId, Needles, Scan};
use crate::tree::{File, Tree};

/// Parts of addresses that carry a secret.
const SECRETS: &[&str] = &[
    "/:token",
    "/{token}",
    "/<token>",
    ":token>",
    "/:reset_token",
    "/{reset_token}",
    "/:resetToken",
    "/<reset_token>",
    "/$token",
];

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    secrets: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let secrets = SECRETS
        .iter()
        .map(|text| needles.add(Needle { text: (*text).to_owned(), whole_word: false, per_file: 1 }));
    Plan { secrets: secrets.collect() }
}

/// Reads them.
pub fn collect(tree: &Tree, scan: &Scan, plan: &Plan, system: &System, logging: &mut Logging) {
    for hit in plan.secrets.iter().flat_map(|needle| scan.hits(*needle)) {
        let file = &tree.files()[hit.file];
        if !hit.comment
            && scan.ships(file)
            && file.language.is_some()
            && system.side(&file.path) == Side::Server
        {
            let text: String = hit.text.trim().chars().take(80).collect();
            logging
                .secret_addresses
                .push(Observed::new(crate::commands::redacted(&text), file.at_line(hit.line)));
        }
    }
    logging.secret_addresses.truncate(20);
    for file in tree.files().iter().filter(|file| file.language.is_none() && scan.ships(file)) {
        let name = file.name().to_ascii_lowercase();
        let rotated = name.starts_with("logrotate") || file.path.contains("logrotate.d/");
        if rotated {
            line(tree, file, r"(?m)^\s*(rotate\s+\d+|maxage\s+\d+|maxsize\s+\S+)", "logrotate", logging);
        } else if name.starts_with("journald") && name.ends_with(".conf") {
            line(
                tree,
                file,
                r"(?m)^(SystemMaxUse|MaxRetentionSec|SystemKeepFree)\s*=\s*\S+",
                "journald",
                logging,
            );
        } else if name == "daemon.json" {
            docker(tree, file, logging);
        } else if name.contains("loki") && (name.ends_with("yaml") || name.ends_with("yml")) {
            loki(tree, file, logging);
        } else if name == "grafana.ini" {
            grafana(tree, file, logging);
        }
    }
}

/// A limit that one line sets.
fn line(tree: &Tree, file: &File, pattern: &str, name: &str, logging: &mut Logging) {
    let Some(text) = tree.text(file) else { return };
    let Ok(pattern) = Regex::new(pattern) else { return };
    if let Some(found) = pattern.find(&text) {
        let says = format!("{name}: {}", found.as_str().trim());
        logging.limits.push(LogLimit { says, at: at(file, &text, found.start()), ends: true });
    }
}

fn at(file: &File, text: &str, byte: usize) -> seaworthy_facts::Location {
    let line = text[..byte].bytes().filter(|byte| *byte == b'\n').count() + 1;
    file.at_line(u32::try_from(line).unwrap_or(u32::MAX))
}

fn docker(tree: &Tree, file: &File, logging: &mut Logging) {
    let Some(text) = tree.text(file) else { return };
    let size = text.contains("\"max-size\"");
    // The driver `local` limits itself: https://docs.docker.com/engine/logging/drivers/local/
    let local = text.contains("\"local\"");
    if size || local {
        let ends = local || text.contains("\"max-file\"");
        logging.limits.push(LogLimit {
            says: "the Docker daemon limits its log files".to_owned(),
            at: file.at(),
            ends,
        });
    }
}

/// `retention_period` does nothing unless the compactor deletes:
/// <https://grafana.com/docs/loki/latest/operations/storage/retention/>
fn loki(tree: &Tree, file: &File, logging: &mut Logging) {
    let Some(text) = tree.text(file).filter(|_| is_given_to_loki(tree, file)) else { return };
    let Ok(period) = Regex::new(r"(?m)^\s*retention_period:\s*(\S+)") else { return };
    let Ok(enabled) = Regex::new(r"(?m)^\s*(retention_enabled|retention_deletes_enabled):\s*true") else {
        return;
    };
    let Some(found) = period.captures(&text) else { return };
    let value = found.get(1).map_or("", |value| value.as_str());
    let ends = enabled.is_match(&text) && !value.starts_with("0");
    let place = at(file, &text, found.get(1).map_or(0, |value| value.start()));
    let switched = if ends { "" } else { ", but the compactor does not delete (retention_enabled)" };
    logging.limits.push(LogLimit {
        says: format!("Loki's retention_period is {value}{switched}"),
        at: place,
        ends,
    });
}

/// Where a Compose file starts Loki, one of its lines has to hand the file over; what else deploys Loki is taken to.
fn is_given_to_loki(tree: &Tree, file: &File) -> bool {
    let mut started = false;
    let files = tree.files().iter().filter(|compose| is_compose(compose.name()));
    for compose in tree.first(files, 50, "Compose files") {
        let Some(text) = tree.text(compose) else { continue };
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.starts_with('#')).collect();
        if !lines.iter().any(|line| line.contains("image:") && line.contains("loki")) {
            continue;
        }
        started = true;
        let folder = file.folder().rsplit('/').next().filter(|folder| *folder != ".");
        let gives = |line: &&str| {
            // The file, or the folder that holds it.
            let source = line.trim_start_matches("- ").trim_start_matches(['"', '\'']).split(':').next();
            line.contains(file.name())
                && line.contains(['/', '.'])
                && !line.starts_with("command")
                && !line.contains("-config.file")
                || source.is_some_and(|source| {
                    folder.is_some_and(|folder| source.trim_end_matches('/').ends_with(folder))
                        && source.starts_with('.')
                })
        };
        if lines.iter().any(gives) {
            return true;
        }
    }
    !started
}

fn grafana(tree: &Tree, file: &File, logging: &mut Logging) {
    let Some(text) = tree.text(file) else { return };
    let Ok(section) = Regex::new(r"(?s)\[auth\.anonymous\][^\[]*?\n\s*enabled\s*=\s*true") else { return };
    if let Some(found) = section.find(&text) {
        logging.stores.push(LogStore {
            name: "Grafana".to_owned(),
            says: "lets anybody in without a login ([auth.anonymous] enabled)".to_owned(),
            open: true,
            at: at(file, &text, found.start()),
        });
    }
}
