//! Phoenix: `put_secure_browser_headers` and `force_ssl`.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{Ecosystem, HeaderValue, Layer};

use super::spring::place;
use super::{Room, State, lines};
use crate::launches::is_development;
use crate::tree::File;

static DIRECTIVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"\b(\w+_src(?:_elem|_attr)?|base_uri|form_action|frame_ancestors):\s*(?:~w[\[({|]([^\])}|]*)[\])}|]|\[([^\]]*)\]|"([^"]*)")"#).ok()
});

/// A plug that makes the policy of a map of directives, with a nonce for each answer where it is asked to:
/// <https://hexdocs.pm/plug_content_security_policy/>.
fn directives(room: &mut Room, file: &File, text: &str) {
    let mark = ["ContentSecurityPolicy,", "config :plug_content_security_policy"]
        .iter()
        .filter_map(|mark| text.find(mark))
        .find(|at| {
            let line = text[..*at].rsplit('\n').next().unwrap_or_default();
            !line.contains('#') && (line.contains("plug ") || text[*at..].starts_with("config"))
        });
    let (Some(at), Some(directive)) = (mark, DIRECTIVE.as_ref()) else { return };
    let options: String = text[at..]
        .lines()
        .take(60)
        .scan(true, |more, line| {
            // Options end before the next plug or the end of the pipeline.
            let trimmed = line.trim_start();
            *more &= !trimmed.starts_with("plug ") && trimmed != "end";
            more.then(|| format!("{}\n", if trimmed.starts_with('#') { "" } else { line }))
        })
        .collect();
    if options.contains("report_only: true") {
        return;
    }
    let nonces = options
        .split_once("nonces_for:")
        .and_then(|(_, rest)| rest.split_once(']'))
        .map_or("", |(names, _)| names);
    let mut policy: Vec<String> = Vec::new();
    for found in directive.captures_iter(&options).take(30) {
        let name = found.get(1).map_or("", |name| name.as_str());
        let sources = (2..=4).find_map(|group| found.get(group)).map_or("", |sources| sources.as_str());
        let sources = sources.replace(['"', ','], " ");
        let nonce = if nonces.contains(&format!(":{name}")) { " 'nonce-value'" } else { "" };
        let sources = sources.split_whitespace().collect::<Vec<_>>().join(" ");
        policy.push(format!("{} {sources}{nonce}", name.replace('_', "-")));
    }
    if policy.is_empty() {
        return;
    }
    let line = u32::try_from(text[..at].matches('\n').count() + 1).unwrap_or(u32::MAX);
    room.sets(
        "content-security-policy",
        &policy.join("; "),
        "a plug for the Content-Security-Policy",
        Layer::Application,
        &file.at_line(line),
    );
}

/// Reads a router or a configuration.
pub fn read(room: &mut Room, file: &File, text: &str) {
    if file.language != Some("elixir") || is_development(&file.path) {
        return;
    }
    if let Some((line, call)) = lines(text, "#")
        .find(|(_, line)| line.contains("plug") && line.contains(":put_secure_browser_headers"))
    {
        let at = file.at_line(line);
        // <https://hexdocs.pm/phoenix/Phoenix.Controller.html#put_secure_browser_headers/2> and the changelogs of 1.7, 1.8.
        let version = room.version(Ecosystem::Hex, "phoenix").unwrap_or((1, 7));
        let by = "put_secure_browser_headers' default";
        let given = if call.contains("%{") || call.trim_end().ends_with(',') { text } else { "" };
        let mut set = |name: &str, value: &str| {
            if !given.contains(&format!("\"{name}\"")) {
                room.sets(name, value, by, Layer::Default, &at);
            }
        };
        set("x-content-type-options", "nosniff");
        if version >= (1, 8) {
            set("content-security-policy", "base-uri 'self'; frame-ancestors 'self';");
        } else {
            set("x-frame-options", "SAMEORIGIN");
        }
        if version >= (1, 7) {
            set("referrer-policy", "strict-origin-when-cross-origin");
        } else {
            set("x-xss-protection", "1; mode=block");
        }
    }
    directives(room, file, text);
    let production = file.path.ends_with("prod.exs")
        || file.path.ends_with("runtime.exs")
        || file.path.ends_with("config.exs")
        || file.name().contains("endpoint");
    let ssl =
        lines(text, "#").find(|(_, line)| line.contains("force_ssl:") || line.contains("plug Plug.SSL"));
    if let Some((line, _)) = ssl.filter(|_| production) {
        // <https://hexdocs.pm/plug/Plug.SSL.html>: 301 for GET and HEAD, HSTS of a year unless switched off.
        let at = file.at_line(line);
        let start = text.find("force_ssl:").or_else(|| text.find("Plug.SSL")).unwrap_or(0);
        let options = &text[start..text.floor_char_boundary(start + 300)];
        if options.trim_start_matches("force_ssl:").trim_start().starts_with("false") {
            room.redirects("Phoenix force_ssl", true, &State::plain(false), &at);
            return;
        }
        room.redirects("Phoenix force_ssl", true, &State::plain(true), &at);
        let age: String = options
            .split("expires:")
            .nth(1)
            .map(|age| {
                age.trim_start()
                    .chars()
                    .take_while(|c| c.is_ascii_digit() || *c == '_')
                    .filter(char::is_ascii_digit)
                    .collect()
            })
            .unwrap_or_default();
        let value = if options.contains("hsts: false") {
            HeaderValue::Removed
        } else {
            HeaderValue::Text(format!("max-age={}", if age.is_empty() { "31536000" } else { &age }))
        };
        room.header("strict-transport-security", value, "Phoenix force_ssl", Layer::Application, &at);
    }
    // <https://hexdocs.pm/plug/Plug.Conn.html#put_resp_cookie/4>: Secure by default only where the connection is HTTPS,
    // which behind a proxy that ends TLS it is not, unless its forwarded scheme is taken over.
    if text.contains(":x_forwarded_proto") {
        room.cookie("Plug over HTTPS", Some(true), true, &place(file, text, ":x_forwarded_proto"));
    }
    if text.contains("Plug.Session") && text.contains("key:") {
        let (secure, by, at) = if text.contains("secure: true") {
            (true, "the session's options", "secure: true")
        } else {
            (false, "Plug.Session sets Secure only where the connection itself is HTTPS", "Plug.Session")
        };
        room.cookie(by, Some(secure), !secure, &place(file, text, at));
    }
}
