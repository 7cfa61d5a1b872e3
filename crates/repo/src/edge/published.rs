//! Ports of the application that a Compose file gives to everybody beside the proxy that serves TLS.

use seaworthy_facts::{Edge, Infrastructure, InfrastructureTool, Resource, Setting};

use super::loaded::Loaded;
use crate::tree::Tree;

/// Marks them.
pub fn mark(tree: &Tree, loaded: &Loaded, infrastructure: &Infrastructure, edge: &mut Edge) {
    if !edge.listeners.iter().any(|listener| listener.tls) {
        return;
    }
    let services: Vec<&Resource> = infrastructure
        .resources
        .iter()
        .filter(|resource| {
            resource.tool == InfrastructureTool::Compose && resource.kind == "service" && resource.ships()
        })
        .collect();
    let configuration = tree.files().iter().filter(|file| {
        let named = file.path.contains("nginx")
            || file.name().ends_with(".conf")
            || file.name().starts_with("Caddyfile");
        named && file.language.is_none() && loaded.by(file).is_some()
    });
    let texts: Vec<_> = tree
        .first(configuration, 50, "configuration files of proxies")
        .into_iter()
        .filter_map(|file| tree.text(file))
        .collect();
    for service in &services {
        let file = service.at.path();
        let fronted = services.iter().any(|other| {
            other.name != service.name
                && other.at.path() == file
                && ports(other).any(|port| published(port).is_some_and(|(outside, _)| outside == "443"))
        });
        if !fronted {
            continue;
        }
        for port in ports(service) {
            // What the proxy passes requests on to speaks HTTP.
            let behind = published(port).is_some_and(|(_, inside)| {
                let target = format!("{}:{inside}", service.name);
                texts.iter().any(|text| names(text, &target))
            });
            let listener = edge.listeners.iter_mut().find(|listener| listener.at == port.at && !listener.tls);
            if let Some(listener) = listener.filter(|_| behind) {
                listener.beside_tls = true;
            }
        }
    }
}

fn ports(service: &Resource) -> impl Iterator<Item = &Setting> {
    service.settings.iter().filter(|setting| setting.path.starts_with("ports."))
}

/// The ports outside and inside of `8000:8000` or `0.0.0.0:8000:8000/tcp`, where all interfaces publish it.
fn published(port: &Setting) -> Option<(&str, &str)> {
    let text = port.value.as_deref()?.trim_end_matches("/tcp");
    let (outside, inside) = text.rsplit_once(':')?;
    let outside = match outside.rsplit_once(':') {
        Some(("0.0.0.0" | "[::]" | "", outside)) => outside,
        Some(_) => return None,
        None => outside,
    };
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (number(outside) && number(inside)).then_some((outside, inside))
}

/// The text names this address, not one that begins or ends with it.
fn names(text: &str, target: &str) -> bool {
    text.match_indices(target).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + target.len()..].chars().next();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
            && !after.is_some_and(|c| c.is_ascii_digit())
    })
}
