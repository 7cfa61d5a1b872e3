//! What ingress-nginx is told for all hosts: the ConfigMap of its controller, or the values of its chart.
//!
//! <https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap/>

use seaworthy_facts::{
    Edge, HeaderScope, HeaderValue, Infrastructure, Layer, Location, Resource, ResponseHeader, Setting,
    TlsProtocols,
};
use seaworthy_syntax::{Limits, nginx};

use super::application::known;

/// Reads the controller's settings where this resource holds them.
pub fn read(resource: &Resource, infrastructure: &Infrastructure, edge: &mut Edge) {
    let below = match resource.kind.as_str() {
        "ConfigMap" if is_controllers(resource) => "data",
        "chart:ingress-nginx" => "controller.config",
        _ => return,
    };
    let get = |name: &str| resource.settings.iter().find(|setting| setting.path == format!("{below}.{name}"));
    if let Some(setting) = get("ssl-protocols") {
        let value = setting.value.as_deref().unwrap_or_default();
        if let Some(oldest) = value.split_whitespace().filter_map(super::tls_version).min() {
            let by = format!("ingress-nginx ssl-protocols {value}");
            edge.protocols.push(TlsProtocols { by, oldest, at: setting.at.clone() });
        }
    }
    transport_security(&get, edge);
    for name in ["http-snippet", "server-snippet", "location-snippet"] {
        if let Some(setting) = get(name) {
            snippet(setting, "an ingress-nginx snippet", edge);
        }
    }
    if below == "controller.config" {
        headers(resource, "controller.addHeaders.", edge);
    }
    // `add-headers: namespace/name` names another ConfigMap.
    let named = get("add-headers").and_then(|setting| setting.value.as_deref());
    if let Some(name) = named.map(|named| named.rsplit('/').next().unwrap_or(named)) {
        for other in infrastructure.of("ConfigMap").filter(|other| other.name == name) {
            headers(other, "data.", edge);
        }
    }
}

fn is_controllers(resource: &Resource) -> bool {
    let name = resource.name.to_ascii_lowercase();
    name.contains("ingress") && name.contains("nginx")
        || name == "nginx-configuration"
        || resource.settings.iter().any(|setting| {
            setting.path == "metadata.labels.app.kubernetes.io/name"
                && setting.value.as_deref() == Some("ingress-nginx")
        })
}

/// Only where it is said: the default of the controller depends on its version.
fn transport_security<'r>(get: &dyn Fn(&str) -> Option<&'r Setting>, edge: &mut Edge) {
    let text = |name: &str| get(name).and_then(|setting| setting.value.as_deref());
    let Some(first) = get("hsts-max-age").or_else(|| get("hsts")) else { return };
    let value = if text("hsts") == Some("false") {
        HeaderValue::Removed
    } else {
        let Some(age) = text("hsts-max-age") else { return };
        let mut value = format!("max-age={age}");
        if text("hsts-include-subdomains") != Some("false") {
            value.push_str("; includeSubDomains");
        }
        if text("hsts-preload") == Some("true") {
            value.push_str("; preload");
        }
        HeaderValue::Text(value)
    };
    push("strict-transport-security", value, "ingress-nginx hsts", &first.at, edge);
}

fn headers(resource: &Resource, below: &str, edge: &mut Edge) {
    for setting in &resource.settings {
        let Some(name) = setting.path.strip_prefix(below).and_then(known) else { continue };
        let value = setting.value.clone().map_or_else(
            || HeaderValue::Computed("…".to_owned()),
            |value| HeaderValue::Text(value.split_whitespace().collect::<Vec<_>>().join(" ")),
        );
        push(name, value, "ingress-nginx add-headers", &setting.at, edge);
    }
}

/// Headers that directives of a snippet set.
pub fn snippet(setting: &Setting, set_by: &str, edge: &mut Edge) {
    let text = setting.value.as_deref().unwrap_or_default();
    for directive in nginx::parse(text, &Limits::default()) {
        let (name, value) = match directive.name.as_str() {
            "add_header" => (directive.argument(0), directive.argument(1)),
            "more_set_headers" => match directive.argument(0).split_once(':') {
                Some((name, value)) => (name.trim(), value.trim()),
                None => continue,
            },
            _ => continue,
        };
        if let Some(name) = known(name) {
            push(name, HeaderValue::Text(value.to_owned()), set_by, &setting.at, edge);
        }
    }
}

fn push(name: &str, value: HeaderValue, set_by: &str, at: &Location, edge: &mut Edge) {
    edge.headers.push(ResponseHeader {
        name: name.to_owned(),
        value,
        scope: HeaderScope::Everywhere,
        set_by: set_by.to_owned(),
        layer: Layer::Proxy,
        at: at.clone(),
        switch: None,
        lost: Vec::new(),
        unused: None,
    });
}
