//! HAProxy and IIS: headers, redirects and versions of TLS.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{
    Edge, HeaderScope, HeaderValue, HttpsRedirect, Layer, Listener, Location, ResponseHeader, TlsProtocols,
};

use super::application::known;
use super::loaded::Loaded;
use crate::launches::can_ship;
use crate::tree::Tree;

fn header(name: &str, value: &str, set_by: &str, at: Location, unused: Option<String>) -> ResponseHeader {
    ResponseHeader {
        name: name.to_owned(),
        value: HeaderValue::Text(value.split_whitespace().collect::<Vec<_>>().join(" ")),
        scope: HeaderScope::Everywhere,
        set_by: set_by.to_owned(),
        layer: Layer::Proxy,
        at,
        switch: None,
        lost: Vec::new(),
        unused,
    }
}

/// `haproxy.cfg`
pub fn haproxy(tree: &Tree, loaded: &Loaded, edge: &mut Edge) {
    let files = tree.named("haproxy.cfg").filter(|file| can_ship(file));
    for file in tree.first(files, 10, "files of HAProxy") {
        let Some(text) = tree.text(file) else { continue };
        let unused = loaded.by(file).is_none().then(|| format!("nothing here loads {}", file.path));
        for (number, line) in (1u32..).zip(text.lines()) {
            let line = line.split(" #").next().unwrap_or(line).trim();
            let at = file.at_line(number);
            if let Some(rest) = line
                .strip_prefix("http-response set-header ")
                .or_else(|| line.strip_prefix("http-after-response set-header "))
            {
                let (name, value) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest, ""));
                if let Some(name) = known(name) {
                    let value = value.trim().trim_matches(['"', '\'']).replace('\\', "");
                    edge.headers.push(header(name, &value, "HAProxy set-header", at, unused.clone()));
                }
                continue;
            }
            if unused.is_some() {
                continue;
            }
            // <https://docs.haproxy.org/dev/configuration.html#4.2-redirect>: 302 unless a code is given.
            if line.contains("redirect scheme https") {
                let permanent = line.contains("code 301") || line.contains("code 308");
                edge.redirects.push(HttpsRedirect {
                    by: "HAProxy redirect".to_owned(),
                    permanent,
                    off: false,
                    switch: None,
                    at,
                });
            } else if let Some(version) =
                line.split("ssl-min-ver ").nth(1).and_then(|rest| rest.split_whitespace().next())
            {
                if let Some(oldest) = super::tls_version(version) {
                    edge.protocols.push(TlsProtocols {
                        by: format!("HAProxy ssl-min-ver {version}"),
                        oldest,
                        at,
                    });
                }
            } else if line.starts_with("bind ") && line.contains(" ssl") {
                edge.listeners.push(Listener {
                    what: "HAProxy bind".to_owned(),
                    tls: true,
                    plain_content: false,
                    beside_tls: false,
                    at,
                });
            }
        }
    }
}

static CUSTOM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)<(add|remove)\s+name\s*=\s*"([^"]{1,80})"(?:\s+value\s*=\s*"([^"]*)")?"#).ok()
});

/// `web.config`: `<customHeaders><add name="X-Frame-Options" value="DENY" />`
pub fn iis(tree: &Tree, edge: &mut Edge) {
    let files = tree.named("web.config").chain(tree.named("Web.config")).filter(|file| can_ship(file));
    for file in tree.first(files, 10, "files of IIS") {
        let Some(text) = tree.text(file).filter(|text| text.contains("customHeaders")) else { continue };
        let Some(custom) = CUSTOM.as_ref() else { continue };
        for found in custom.captures_iter(&text).take(100) {
            let Some(name) = found.get(2).and_then(|name| known(name.as_str())) else { continue };
            let line = text[..found.get(0).map_or(0, |whole| whole.start())].matches('\n').count() as u32 + 1;
            // `<remove>` before `<add>` clears what was inherited.
            if let Some(value) = found.get(3).filter(|value| value.as_str().chars().count() <= 4_000) {
                edge.headers.push(header(name, value.as_str(), "web.config", file.at_line(line), None));
            }
        }
    }
}
