//! Phoenix: `put_secure_browser_headers` and `force_ssl`.

use seaworthy_facts::{Ecosystem, HeaderValue, Layer};

use super::spring::place;
use super::{Room, State, lines};
use crate::launches::is_development;
use crate::tree::File;

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
