//! Which servers give the public the site in the clear.

use super::{DEPTH, Placed, asks_for_scheme};

/// Directives that answer with the site.
const CONTENT: &[&str] =
    &["proxy_pass", "fastcgi_pass", "uwsgi_pass", "grpc_pass", "scgi_pass", "try_files", "root", "alias"];

/// It listens on the public port without TLS, everybody may ask, and what it answers is more than a redirect, a
/// challenge or a word.
pub fn is_open(server: &Placed) -> bool {
    listens_plain(server)
        && !has_local_name(server)
        && !is_closed(server)
        && !server.all("if").any(asks_for_scheme)
        && gives_content(server, 0)
}

/// Port 80, which nginx also takes where none is named.
fn listens_plain(server: &Placed) -> bool {
    let plain = |placed: &Placed| {
        let directive = &placed.directive;
        let address = directive.argument(0);
        let port = address.rsplit_once(':').map_or(address, |(_, port)| port);
        (port == "80" || port.parse::<u16>().is_err())
            && !directive.arguments.iter().any(|word| matches!(word.as_str(), "ssl" | "quic"))
    };
    server.all("listen").next().is_none() && server.all("ssl_certificate").next().is_none()
        || server.all("listen").any(plain)
}

/// Names that nobody outside can ask for.
fn has_local_name(server: &Placed) -> bool {
    let names: Vec<&str> =
        server.all("server_name").flat_map(|name| &name.directive.arguments).map(String::as_str).collect();
    let local = |name: &&str| {
        *name == "localhost"
            || [".local", ".localhost", ".internal", ".lan", ".test"].iter().any(|end| name.ends_with(end))
            || ["10.", "127.", "192.168."].iter().any(|start| name.starts_with(start))
    };
    !names.is_empty() && names.iter().all(local)
}

fn is_closed(block: &Placed) -> bool {
    block.inside.iter().any(|placed| match placed.directive.name.as_str() {
        "deny" => placed.directive.argument(0) == "all",
        "internal" | "auth_request" => true,
        _ => false,
    })
}

fn gives_content(block: &Placed, depth: usize) -> bool {
    if depth > DEPTH {
        return false;
    }
    let answers = block.inside.iter().any(|placed| placed.directive.name == "return");
    let locations: Vec<&Placed> = block.all("location").collect();
    // The folder of a server counts where no location stands for its pages.
    let own = block.inside.iter().any(|placed| {
        CONTENT.contains(&placed.directive.name.as_str()) && (depth > 0 || locations.is_empty())
    });
    own && !answers
        || locations.iter().any(|location| {
            let which = location.directive.arguments.last().map_or("", String::as_str);
            let apart = ["acme-challenge", "well-known", "health", "status", "metrics", "ping"]
                .iter()
                .any(|word| which.contains(word));
            !apart
                && !is_closed(location)
                && !location.all("if").any(asks_for_scheme)
                && gives_content(location, depth + 1)
        })
}
