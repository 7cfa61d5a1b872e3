//! Flask-Talisman, Starlette's redirect, Flask's session cookie.

use seaworthy_facts::{HeaderValue, Layer, Location};
use seaworthy_syntax::code::{Call, property};

use super::{Room, State, with_code};
use crate::edge::application::value::Source;
use crate::launches::is_development;
use crate::tree::File;

/// Reads a file.
pub fn read(room: &mut Room, file: &File, text: &str) {
    if file.language != Some("python") || is_development(&file.path) {
        return;
    }
    with_code(file, text, |source, calls, _| {
        for call in calls {
            let at = file.at_line(call.line);
            let arguments: Vec<&str> = call.arguments.iter().map(|argument| source.of(*argument)).collect();
            match call.callee.as_str() {
                "Talisman" | "talisman.init_app" | "flask_talisman.Talisman" if !arguments.is_empty() => {
                    talisman(room, call, source, &at)
                }
                _ if arguments.first().is_some_and(|first| first.ends_with("HTTPSRedirectMiddleware")) => {
                    // <https://www.starlette.io/middleware/#httpsredirectmiddleware>: 307.
                    room.redirects("HTTPSRedirectMiddleware", false, &State::plain(true), &at);
                }
                // <https://www.starlette.io/middleware/#sessionmiddleware>: `https_only` is off by default.
                _ if arguments.first().is_some_and(|first| first.ends_with("SessionMiddleware"))
                    && call.name() == "add_middleware" =>
                {
                    let secure = call
                        .keyword("https_only", source.text)
                        .map(|secure| State::of(source.of(secure), source).on);
                    room.cookie("SessionMiddleware", secure.unwrap_or(Some(false)), secure.is_none(), &at);
                }
                _ => {}
            }
        }
    });
}

/// <https://github.com/wntrblm/flask-talisman#options>
fn talisman(room: &mut Room, call: &Call, source: &Source, at: &Location) {
    let given =
        |name: &str| call.arguments.iter().find_map(|argument| property(*argument, name, source.text));
    let text = |name: &str| given(name).map(|value| source.of(value));
    let off = |name: &str| matches!(text(name), Some("False" | "None"));
    if !off("force_https") {
        let permanent = text("force_https_permanent") == Some("True");
        let state = text("force_https").map_or_else(|| State::plain(true), |value| State::of(value, source));
        room.redirects("Flask-Talisman", permanent, &state, at);
    }
    let mut set = |name: &str, off: bool, value: String| {
        if off {
            room.header(name, HeaderValue::Removed, "an option of Flask-Talisman", Layer::Application, at);
        } else {
            room.sets(name, &value, "Flask-Talisman", Layer::Default, at);
        }
    };
    let value = |name: &str, default: &str| {
        given(name).map_or_else(|| default.to_owned(), |value| source.value(value))
    };
    set(
        "strict-transport-security",
        off("strict_transport_security"),
        format!("max-age={}", value("strict_transport_security_max_age", "31556926")),
    );
    set("x-frame-options", off("frame_options"), value("frame_options", "SAMEORIGIN"));
    set("x-content-type-options", off("x_content_type_options"), "nosniff".to_owned());
    set(
        "referrer-policy",
        off("referrer_policy"),
        value("referrer_policy", "strict-origin-when-cross-origin"),
    );
    let mut policy = value("content_security_policy", "default-src 'self'; object-src 'none'");
    if given("content_security_policy_nonce_in").is_some_and(|list| source.of(list).contains("script-src")) {
        policy = policy.replace("script-src ", "script-src 'nonce-talisman' ");
    }
    let only = text("content_security_policy_report_only") == Some("True");
    set(
        if only { "content-security-policy-report-only" } else { "content-security-policy" },
        off("content_security_policy"),
        policy,
    );
    if text("x_xss_protection") == Some("True") {
        room.sets("x-xss-protection", "1; mode=block", "Flask-Talisman", Layer::Application, at);
    }
    if !off("session_cookie_secure") {
        room.cookie("Flask-Talisman", Some(true), true, at);
    }
}
