//! What answers HTTP at the edge and in the application: servers, redirects, TLS and response headers.

mod application;
mod config_maps;
mod frameworks;
mod hosting;
mod ingress_nginx;
mod loaded;
mod nginx;
mod others;
mod published;
mod reach;
mod resources;
mod servers;
mod traefik;
mod written;

use seaworthy_facts::{
    Certificate, Containers, Edge, HeaderValue, Infrastructure, Launches, Layer, Packages, Pipelines,
    Schedules, System, TlsProtocols, Unread,
};

use crate::commands::Commands;
use crate::scan::{NeedleId, Needles, Scan};
use crate::tree::Tree;

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    application: application::Plan,
    frameworks: frameworks::Plan,
    acme: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    Plan {
        application: application::plan(needles),
        frameworks: frameworks::plan(needles),
        acme: ACME.iter().map(|(literal, _, _)| needles.text(*literal)).collect(),
    }
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
    /// Kubernetes objects.
    pub commands: &'a Commands<'a>,
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
    written::read(seen.tree, &loaded, &mut edge);
    nginx_default(seen, &mut edge);
    servers::caddy(seen.tree, &loaded, &mut edge);
    servers::apache(seen.tree, &loaded, seen.containers, &mut edge);
    others::haproxy(seen.tree, &loaded, &mut edge);
    others::iis(seen.tree, &mut edge);
    traefik::read(seen.tree, &loaded, &mut edge);
    config_maps::read(seen.tree, seen.commands.manifests(), seen.infrastructure, &loaded, &mut edge);
    hosting::read(seen.tree, seen.system, &mut edge);
    resources::read(seen.infrastructure, &mut edge);
    published::mark(seen.tree, &loaded, seen.infrastructure, &mut edge);
    edge.unread = unread(seen.infrastructure);
    renewals(seen, &mut edge);
    acme_in_code(seen, &mut edge);
    frameworks::read(seen.tree, seen.scan, &seen.plan.frameworks, seen.packages, &mut edge);
    reach::narrow(seen.tree, seen.system, &mut edge);
    override_defaults(&mut edge);
    edge.headers.sort_by(|left, right| {
        (&left.name, left.layer, &left.at).cmp(&(&right.name, right.layer, &right.at))
    });
    edge.headers.dedup();
    // A label is read whole and in parts.
    edge.certificates.dedup();
    edge.protocols.dedup();
    edge.redirects.dedup();
    edge
}

/// What nothing reads and may be an edge: programs and templates as a whole, and modules whose address says so.
fn unread(infrastructure: &Infrastructure) -> Vec<Unread> {
    const EDGES: &[&str] = &["alb", "lb", "elb", "cdn", "cloudfront", "ingress", "acm", "nginx", "traefik"];
    let may_be = |unread: &&Unread| match unread.what.strip_prefix("the Terraform module ") {
        Some(address) => address
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|part| EDGES.contains(&part.to_ascii_lowercase().as_str())),
        None => true,
    };
    infrastructure.unread.iter().filter(may_be).take(20).cloned().collect()
}

/// What the application sets itself takes the place of a default.
fn override_defaults(edge: &mut Edge) {
    let own: Vec<String> = edge
        .headers
        .iter()
        .filter(|header| {
            header.layer == Layer::Application
                && header.counts()
                && header.scope.covers_pages()
                && header.value != HeaderValue::Removed
        })
        .map(|header| header.name.clone())
        .collect();
    edge.headers.retain(|header| header.layer != Layer::Default || !own.contains(&header.name));
}

/// <https://nginx.org/en/CHANGES>: TLS 1.0 and 1.1 are off by default since 1.27.3.
fn nginx_default(seen: &Seen, edge: &mut Edge) {
    let tls = edge.listeners.iter().find(|listener| listener.tls && listener.what.starts_with("nginx"));
    let Some(listener) = tls.filter(|_| edge.protocols.is_empty()) else { return };
    let version = seen.containers.images.iter().filter(|image| !image.development).find_map(|image| {
        let name = image.name.rsplit('/').next()?;
        let tag = image.tag.as_deref().filter(|_| name.starts_with("nginx"))?;
        let mut numbers = tag.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
        Some((numbers.next()?, numbers.next()?, numbers.next().unwrap_or(0)))
    });
    if version.is_some_and(|version| version >= (1, 27, 3)) {
        let at = listener.at.clone();
        edge.protocols.push(TlsProtocols { by: "nginx' default since 1.27.3".to_owned(), oldest: 12, at });
    }
}

/// Renewal by a timer: certbot, acme.sh or lego, run at set times or in a loop.
fn renewals(seen: &Seen, edge: &mut Edge) {
    let clients = ["certbot", "acme.sh", "lego", "dehydrated"];
    let renews = |text: &str| {
        clients.iter().any(|client| text.contains(client))
            && (text.contains("renew") || text.contains("--cron") || text.contains("dehydrated"))
    };
    let scheduled =
        seen.schedules.jobs.iter().flat_map(|job| &job.commands).find(|command| renews(&command.text));
    let looped = seen
        .launches
        .launches
        .iter()
        .filter(|launch| !launch.development)
        .flat_map(|launch| &launch.commands)
        .find(|command| {
            renews(&command.text) && (command.text.contains("while") || command.text.contains("sleep"))
        });
    for command in scheduled.into_iter().chain(looped) {
        edge.certificates.push(Certificate {
            by: "an ACME client with a timer".to_owned(),
            renewed: true,
            at: command.at.clone(),
        });
    }
}

/// Literals of libraries that fetch certificates themselves.
const ACME: &[(&str, &str, &str)] = &[
    ("autocert.", "go", "Go's autocert"),
    ("certmagic.", "go", "CertMagic"),
    ("rustls_acme", "rust", "rustls-acme"),
    ("AddLettuceEncrypt", "csharp", "LettuceEncrypt"),
    ("site_encrypt", "elixir", "SiteEncrypt"),
];

fn acme_in_code(seen: &Seen, edge: &mut Edge) {
    for (needle, (_, language, by)) in seen.plan.acme.iter().zip(ACME) {
        let hit = seen.scan.hits(*needle).iter().find(|hit| {
            let file = &seen.tree.files()[hit.file];
            !hit.comment && seen.scan.ships(file) && file.language == Some(language)
        });
        if let Some(hit) = hit {
            let at = seen.tree.files()[hit.file].at_line(hit.line);
            edge.certificates.push(Certificate { by: (*by).to_owned(), renewed: true, at });
        }
    }
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

#[cfg(test)]
mod tests;
