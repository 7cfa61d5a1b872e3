//! Laravel's and Symfony's session cookies, NelmioSecurityBundle.

use seaworthy_facts::{HeaderValue, Layer, Location};
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, dotenv, yaml};

use super::{Room, State, lines};
use crate::edge::application::value::Source;
use crate::tree::File;

/// Laravel's `config/session.php`.
pub fn read(room: &mut Room, file: &File, text: &str) {
    if file.language != Some("php") || !file.path.ends_with("config/session.php") {
        return;
    }
    let found =
        lines(text, "//").find(|(_, line)| line.trim_start().starts_with("'secure'") && line.contains("=>"));
    let Some((line, value)) = found else { return };
    let at = file.at_line(line);
    let value = value.split("=>").nth(1).unwrap_or_default().trim().trim_end_matches(',');
    // What deployment is told to copy is a default.
    let variable = value.split(['\'', '"']).nth(1).unwrap_or_default();
    if let Some((secure, at)) = example(room, variable) {
        room.cookie(variable, Some(secure), false, &at);
        return;
    }
    let literal = value.trim_end_matches(')').rsplit(',').next().unwrap_or_default().trim();
    match literal {
        "true" => room.cookie("session.secure", Some(true), false, &at),
        "false" => room.cookie("session.secure", Some(false), false, &at),
        // Without a value the cookie is Secure where the request is: not known here.
        _ => room.cookie("session.secure is not set", None, true, &at),
    }
}

/// The value of a variable in the example of the environment.
fn example(room: &Room, variable: &str) -> Option<(bool, Location)> {
    if variable.is_empty() {
        return None;
    }
    [".env.example", ".env.production", ".env.production.example", ".env.dist"].iter().find_map(|name| {
        let file = room.tree.file(name)?;
        let text = room.tree.text(file)?;
        let entry =
            dotenv::parse(&text, &Limits::default()).into_iter().find(|entry| entry.key == variable)?;
        let state = State::of(entry.value.as_str(), &Source::new("", &[]));
        Some((state.on?, file.at_line(entry.line)))
    })
}

/// NelmioSecurityBundle: <https://symfony.com/bundles/NelmioSecurityBundle/current/index.html>.
pub fn nelmio(room: &mut Room) {
    let files: Vec<usize> = room
        .tree
        .named("nelmio_security.yaml")
        .chain(room.tree.named("nelmio_security.yml"))
        .map(|file| file.index)
        .collect();
    for index in files {
        let file = &room.tree.files()[index];
        if file.path.contains("/dev/") || file.path.contains("/test/") {
            continue;
        }
        let Some(text) = room.tree.text(file) else { continue };
        let Ok(document) = yaml::parse(&text, &Limits::default()) else { continue };
        let Some(root) = document.get("nelmio_security") else { continue };
        let by = "NelmioSecurityBundle";
        let at = |node: &Node| file.at_line(node.line);
        if let Some(framing) = root.path("clickjacking.paths") {
            for (path, value) in framing.map() {
                let whole = matches!(path.text.as_str(), "^/.*" | "^/" | "^/.*$");
                let rule =
                    value.scalar().or_else(|| value.get("header").and_then(Node::scalar)).unwrap_or_default();
                if whole && !rule.eq_ignore_ascii_case("allow") {
                    room.sets("x-frame-options", &rule, by, Layer::Application, &at(value));
                }
            }
        }
        if let Some(sniff) = root.path("content_type.nosniff") {
            if sniff.as_bool() == Some(true) {
                room.sets("x-content-type-options", "nosniff", by, Layer::Application, &at(sniff));
            } else {
                room.header(
                    "x-content-type-options",
                    HeaderValue::Removed,
                    by,
                    Layer::Application,
                    &at(sniff),
                );
            }
        }
        if let Some(filter) = root.get("xss_protection") {
            let on = filter.get("enabled").and_then(Node::as_bool);
            let block = filter.get("mode_block").and_then(Node::as_bool) == Some(true);
            let value = match (on, block) {
                (Some(false), _) => "0",
                (_, true) => "1; mode=block",
                _ => "1",
            };
            room.sets("x-xss-protection", value, by, Layer::Application, &at(filter));
        }
        if let Some(policies) = root.path("referrer_policy.policies") {
            let list: Vec<String> = policies.list_or_single().into_iter().filter_map(Node::scalar).collect();
            room.sets("referrer-policy", &list.join(", "), by, Layer::Application, &at(policies));
        }
        if let Some(ssl) =
            root.get("forced_ssl").filter(|ssl| ssl.get("enabled").and_then(Node::as_bool) != Some(false))
        {
            room.redirects(
                by,
                ssl.get("redirect_status_code").and_then(Node::scalar).is_some_and(|code| code == "301"),
                &State::plain(true),
                &at(ssl),
            );
            if let Some(age) = ssl.get("hsts_max_age") {
                room.sets(
                    "strict-transport-security",
                    &format!("max-age={}", age.scalar().unwrap_or_default()),
                    by,
                    Layer::Application,
                    &at(age),
                );
            }
        }
        for (key, name) in
            [("enforce", "content-security-policy"), ("report", "content-security-policy-report-only")]
        {
            let Some(policy) = root.get("csp").and_then(|csp| csp.get(key)) else { continue };
            let directives: Vec<String> = policy
                .map()
                .iter()
                .filter(|(key, _)| {
                    key.text.ends_with("-src")
                        || key.text.ends_with("-uri")
                        || key.text.starts_with("frame-")
                        || key.text == "form-action"
                })
                .map(|(key, value)| {
                    let sources: Vec<String> =
                        value.list_or_single().into_iter().filter_map(Node::scalar).map(quoted).collect();
                    format!("{} {}", key.text, sources.join(" "))
                })
                .collect();
            room.sets(name, &directives.join("; "), by, Layer::Application, &at(policy));
        }
        if let Some(permissions) = root.path("permissions_policy.policies") {
            room.sets("permissions-policy", "camera=()", by, Layer::Application, &at(permissions));
        }
    }
}

/// Keywords are written without their quotes there.
fn quoted(source: String) -> String {
    if matches!(source.as_str(), "self" | "none" | "unsafe-inline" | "unsafe-eval" | "strict-dynamic") {
        format!("'{source}'")
    } else {
        source
    }
}
