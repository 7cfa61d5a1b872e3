//! Which parts of a system a header of one part reaches.

use std::collections::BTreeSet;

use seaworthy_facts::{Component, Edge, HeaderScope, Layer, ResponseHeader, System};

use crate::tree::Tree;

/// Files that show that a front end is served on its own.
const OWN_SERVERS: &[&str] = &[
    "Dockerfile",
    "vercel.json",
    "netlify.toml",
    "nginx.conf",
    "wrangler.toml",
    "firebase.json",
    "fly.toml",
];

/// Headers that one of several servers sets are only on the answers of that one, unless each of the others sets them.
pub fn narrow(tree: &Tree, system: &System, edge: &mut Edge) {
    let servers: Vec<&Component> = system
        .components
        .iter()
        .filter(|component| component.ships && component.http_server.is_some())
        .collect();
    let apart: Vec<&Component> = system
        .components
        .iter()
        .filter(|component| {
            component.ships
                && component.http_server.is_none()
                && component.front_end.is_some()
                && OWN_SERVERS.iter().any(|name| tree.resolve(&component.folder, name).is_some())
        })
        .collect();
    let own = |header: &ResponseHeader| {
        let path = header.at.path().unwrap_or_default();
        servers
            .iter()
            .filter(|component| {
                component.folder != "."
                    && path.strip_prefix(component.folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
            })
            .max_by_key(|component| component.folder.len())
            .map(|component| component.folder.as_str())
    };
    let set: BTreeSet<(String, String)> = edge
        .headers
        .iter()
        .filter(|header| header.counts() && header.scope.covers_pages())
        .filter_map(|header| Some((header.name.clone(), own(header)?.to_owned())))
        .collect();
    // What a proxy drops on some paths has to come from whoever answers there, and that may be any server.
    let dropped: BTreeSet<String> = edge
        .headers
        .iter()
        .filter(|header| header.layer == Layer::Proxy && header.counts())
        .filter(|header| {
            header.lost.iter().any(|lost| {
                matches!(&lost.scope, HeaderScope::Part(which) if which.trim_start_matches(['^', '(']).starts_with('/'))
            })
        })
        .map(|header| header.name.clone())
        .collect();
    let narrowed: Vec<(usize, String)> = edge
        .headers
        .iter()
        .enumerate()
        .filter(|(_, header)| {
            matches!(header.layer, Layer::Application | Layer::Default) && header.scope.covers_pages()
        })
        .filter_map(|(index, header)| {
            let folder = own(header)?;
            let component = servers.iter().find(|component| component.folder == folder)?;
            let other = servers.iter().chain(&apart).find(|other| {
                other.folder != folder
                    && !set.contains(&(header.name.clone(), other.folder.clone()))
                    && (other.front_end.is_some()
                        || component.front_end.is_none()
                        || other.http_server.is_some() && dropped.contains(&header.name))
            })?;
            Some((index, format!("the answers of {folder}, not those of {}", other.folder)))
        })
        .collect();
    for (index, why) in narrowed {
        edge.headers[index].scope = HeaderScope::Part(why);
    }
}
