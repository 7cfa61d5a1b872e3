//! Traefik's own files: entry points, routers, middlewares and TLS options, as YAML or TOML.

use seaworthy_facts::{Certificate, Edge, Setting};
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, toml, yaml};

use super::loaded::Loaded;
use super::resources::traefik_option;
use crate::infrastructure::{flatten, is_development};
use crate::launches::can_ship;
use crate::tree::{File, Tree};

/// Most files.
const FILES: usize = 50;
/// What the root of such a file holds.
const ROOTS: &[&str] = &["http", "tls", "entryPoints", "certificatesResolvers"];

/// Reads static and dynamic files. <https://doc.traefik.io/traefik/getting-started/configuration-overview/>
pub fn read(tree: &Tree, loaded: &Loaded, edge: &mut Edge) {
    let files = tree.files().iter().filter(|file| is_candidate(file));
    for file in tree.first(files, FILES, "files of Traefik") {
        let Some(text) = tree.text(file) else { continue };
        let Some(root) = parse(file, &text) else { continue };
        if !ROOTS.iter().any(|key| root.get(key).is_some_and(|node| !node.map().is_empty())) {
            continue;
        }
        let settings = flatten(&root, &file.path);
        let (first, rest) = (edge.headers.len(), edge.clone());
        options(&settings, edge);
        if loaded.by(file).is_none() {
            // What nothing loads is only told of headers, as with other servers.
            let headers = edge.headers.split_off(first);
            *edge = rest;
            edge.headers.extend(headers.into_iter().map(|mut header| {
                header.unused = Some(format!("nothing here loads {}", file.path));
                header
            }));
        }
    }
}

fn is_candidate(file: &File) -> bool {
    can_ship(file)
        && file.path.to_ascii_lowercase().contains("traefik")
        && matches!(file.extension(), "yml" | "yaml" | "toml")
        && !crate::launches::is_compose(file.name())
        && !is_development(&file.path)
}

fn parse(file: &File, text: &str) -> Option<Node> {
    match file.extension() {
        "toml" => toml::parse(text, &Limits::default()).ok(),
        _ => yaml::parse_template(text, &Limits::default()).documents.into_iter().next(),
    }
}

fn options(settings: &[Setting], edge: &mut Edge) {
    for setting in settings {
        let value = setting.value.as_deref().unwrap_or_default();
        traefik_option(&format!("{}={}", setting.path, with_domains(setting, settings)), &setting.at, edge);
        if setting.path.starts_with("tls.certificates.") && setting.path.ends_with(".certFile") {
            edge.certificates.push(Certificate {
                by: format!("a certificate file ({value})"),
                renewed: false,
                at: setting.at.clone(),
            });
        }
    }
}

/// The value of a setting; that of Strict-Transport-Security with the domains that it covers.
pub fn with_domains(setting: &Setting, settings: &[Setting]) -> String {
    let value = setting.value.clone().unwrap_or_default();
    let Some(headers) = setting.path.strip_suffix("stsSeconds") else { return value };
    let on = |name: &str| {
        settings.iter().any(|other| {
            other.path.strip_prefix(headers) == Some(name) && other.value.as_deref() == Some("true")
        })
    };
    let mut value = value;
    for (name, directive) in [("stsIncludeSubdomains", "; includeSubDomains"), ("stsPreload", "; preload")] {
        if on(name) {
            value.push_str(directive);
        }
    }
    value
}
