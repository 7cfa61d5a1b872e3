//! What answers HTTP at the edge and in the application: servers, redirects, TLS and response headers.

mod application;
mod frameworks;
mod loaded;
mod nginx;

use seaworthy_facts::{Containers, Edge, Infrastructure, Launches, Packages, Pipelines, Schedules, System};

use crate::scan::{Needles, Scan};
use crate::tree::Tree;

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    application: application::Plan,
    frameworks: frameworks::Plan,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    Plan { application: application::plan(needles), frameworks: frameworks::plan(needles) }
}

/// What the room reads.
pub struct Seen<'a> {
    /// The files.
    pub tree: &'a Tree,
    /// The hits.
    pub scan: &'a Scan,
    /// The literals.
    pub plan: &'a Plan,
    /// How things are started.
    pub launches: &'a Launches,
    /// Packages.
    pub packages: &'a Packages,
    /// Continuous integration.
    pub pipelines: &'a Pipelines,
    /// What is run at set times.
    pub schedules: &'a Schedules,
    /// Images.
    pub containers: &'a Containers,
    /// Infrastructure as code.
    pub infrastructure: &'a Infrastructure,
    /// What the system consists of.
    pub system: &'a System,
}

/// Reads it.
pub fn collect(seen: &Seen) -> Edge {
    let mut edge = Edge::default();
    let files = seen.plan.application.files(seen.tree, seen.scan);
    let loaded = loaded::Loaded::new(seen.tree, seen.launches, seen.pipelines, seen.schedules);
    edge.headers.extend(application::read(seen.tree, seen.scan, &seen.plan.application, &files));
    nginx::read(seen.tree, &loaded, &mut edge);
    frameworks::read(seen.tree, seen.scan, &seen.plan.frameworks, seen.packages, &mut edge);
    edge.headers.sort_by(|left, right| {
        (&left.name, left.layer, &left.at).cmp(&(&right.name, right.layer, &right.at))
    });
    edge.headers.dedup();
    edge
}

/// A version of TLS as configuration writes it, times ten.
pub(super) fn tls_version(word: &str) -> Option<u8> {
    let plain: String =
        word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let plain = plain.strip_prefix("version").unwrap_or(&plain);
    Some(match plain {
        "sslv2" | "sslv3" | "ssl30" => 3,
        "tlsv1" | "tlsv10" | "tls10" | "tls1" | "versiontls10" | "10" => 10,
        "tlsv11" | "tls11" | "11" => 11,
        "tlsv12" | "tls12" | "12" => 12,
        "tlsv13" | "tls13" | "13" => 13,
        _ => return None,
    })
}
