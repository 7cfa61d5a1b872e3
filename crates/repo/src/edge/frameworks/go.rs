//! Go: unrolled/secure, gin-contrib/secure, echo's Secure, fiber's helmet, cookies and redirects.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::Layer;
use seaworthy_syntax::code::{Node, property};

use super::{Room, State, with_code};
use crate::edge::application::value::Source;
use crate::tree::File;

static SESSION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)session|auth|token|sid\b|jwt|login|remember").ok());

/// Reads a file.
pub fn read(room: &mut Room, file: &File, text: &str) {
    if file.language != Some("go") {
        return;
    }
    with_code(file, text, |source, calls, nodes| {
        for call in calls {
            let at = file.at_line(call.line);
            let options = call.arguments.first().copied();
            match call.callee.as_str() {
                // <https://pkg.go.dev/github.com/unrolled/secure>, <https://pkg.go.dev/github.com/gin-contrib/secure>
                "secure.New" => {
                    if let Some(options) = options.and_then(|options| literal(options, source)) {
                        options_of_secure(room, options, source, &at);
                    } else if options.is_some_and(|options| source.of(options).contains("DefaultConfig")) {
                        for (name, value) in [
                            ("strict-transport-security", "max-age=315360000; includeSubDomains"),
                            ("x-frame-options", "DENY"),
                            ("x-content-type-options", "nosniff"),
                            ("x-xss-protection", "1; mode=block"),
                            ("content-security-policy", "default-src 'self'"),
                        ] {
                            room.sets(name, value, "the default of gin-contrib/secure", Layer::Default, &at);
                        }
                        room.redirects("gin-contrib/secure", true, &State::plain(true), &at);
                    }
                }
                // <https://echo.labstack.com/docs/middleware/secure>
                "middleware.Secure" | "echomiddleware.Secure" | "mw.Secure" => echo(room, None, source, &at),
                "middleware.SecureWithConfig" | "echomiddleware.SecureWithConfig" | "mw.SecureWithConfig" => {
                    echo(room, options.and_then(|options| literal(options, source)), source, &at);
                }
                // <https://docs.gofiber.io/api/middleware/helmet>
                "helmet.New" => {
                    let options = options.and_then(|options| literal(options, source));
                    for (field, name, default) in [
                        ("XSSProtection", "x-xss-protection", "0"),
                        ("ContentTypeNosniff", "x-content-type-options", "nosniff"),
                        ("XFrameOptions", "x-frame-options", "SAMEORIGIN"),
                        ("ReferrerPolicy", "referrer-policy", "no-referrer"),
                        ("ContentSecurityPolicy", "content-security-policy", ""),
                        ("PermissionPolicy", "permissions-policy", ""),
                    ] {
                        field_or_default(
                            room,
                            options,
                            source,
                            (field, name, default),
                            "fiber's helmet",
                            &at,
                        );
                    }
                    hsts(room, options, "HSTSMaxAge", source, "fiber's helmet", &at);
                }
                "http.Redirect" => {
                    let arguments: Vec<&str> =
                        call.arguments.iter().map(|argument| source.of(*argument)).collect();
                    if arguments.get(2).is_some_and(|to| to.contains("https://") && to.contains('+'))
                        || arguments.get(2).is_some_and(|to| {
                            source
                                .assigned(to)
                                .is_some_and(|value| source.of(value).contains("\"https://\" +"))
                        })
                    {
                        let status = arguments.get(3).copied().unwrap_or_default();
                        let permanent = ["StatusMovedPermanently", "StatusPermanentRedirect", "301", "308"]
                            .iter()
                            .any(|word| status.contains(word));
                        room.redirects("a redirect in code", permanent, &State::plain(true), &at);
                    }
                }
                _ => {}
            }
        }
        for node in nodes.iter().filter(|node| node.kind() == "composite_literal") {
            let kind = node.child_by_field_name("type").map(|kind| source.of(kind)).unwrap_or_default();
            // Only what is set on an answer: requests carry cookies, too.
            if kind == "http.Cookie" && is_set(*node, source) {
                cookie(room, *node, source, file);
            } else if kind.ends_with("CookieOptions") || kind == "sessions.Options" {
                options_of_session(room, *node, source, file);
            }
        }
    });
}

/// Whether a cookie goes to a browser.
fn is_set(node: Node, source: &Source) -> bool {
    let mut outer = node;
    for _ in 0..4 {
        let Some(parent) = outer.parent() else { break };
        outer = parent;
        if outer.kind() == "call_expression" {
            let function =
                outer.child_by_field_name("function").map(|function| source.of(function)).unwrap_or_default();
            return function.ends_with("SetCookie");
        }
    }
    source.text.contains("SetCookie(") && !source.text.contains("AddCookie(")
}

fn literal<'t>(node: Node<'t>, source: &Source<'t>) -> Option<Node<'t>> {
    match node.kind() {
        "composite_literal" => Some(node),
        "identifier" => source.assigned(source.of(node)).filter(|value| source.of(*value).contains('{')),
        "unary_expression" => node.named_child(0).filter(|inner| inner.kind() == "composite_literal"),
        _ => None,
    }
}

fn options_of_secure(room: &mut Room, options: Node, source: &Source, at: &seaworthy_facts::Location) {
    let get = |name: &str| property(options, name, source.text);
    let is = |name: &str| get(name).is_some_and(|value| source.of(value) == "true");
    let by = "the middleware secure";
    if is("FrameDeny") {
        room.sets("x-frame-options", "DENY", by, Layer::Application, at);
    }
    if is("ContentTypeNosniff") {
        room.sets("x-content-type-options", "nosniff", by, Layer::Application, at);
    }
    if is("BrowserXssFilter") {
        room.sets("x-xss-protection", "1; mode=block", by, Layer::Application, at);
    }
    for (field, name) in [
        ("CustomFrameOptionsValue", "x-frame-options"),
        ("CustomBrowserXssValue", "x-xss-protection"),
        ("ContentSecurityPolicy", "content-security-policy"),
        ("ReferrerPolicy", "referrer-policy"),
        ("PermissionsPolicy", "permissions-policy"),
    ] {
        if let Some(value) = get(field) {
            let value = source.value(value).replace("$NONCE", "'nonce-go'");
            room.sets(name, &value, by, Layer::Application, at);
        }
    }
    if let Some(seconds) = get("STSSeconds") {
        room.sets(
            "strict-transport-security",
            &format!("max-age={}", source.value(seconds)),
            by,
            Layer::Application,
            at,
        );
    }
    if let Some(redirect) = get("SSLRedirect") {
        let permanent = !is("SSLTemporaryRedirect");
        room.redirects("SSLRedirect", permanent, &State::of(source.of(redirect), source), at);
    }
}

fn echo(room: &mut Room, options: Option<Node>, source: &Source, at: &seaworthy_facts::Location) {
    for (field, name, default) in [
        ("XSSProtection", "x-xss-protection", "1; mode=block"),
        ("ContentTypeNosniff", "x-content-type-options", "nosniff"),
        ("XFrameOptions", "x-frame-options", "SAMEORIGIN"),
        ("ReferrerPolicy", "referrer-policy", ""),
        ("ContentSecurityPolicy", "content-security-policy", ""),
    ] {
        // With a configuration of its own, what is left out stays empty and is not sent.
        let default = if options.is_some() { "" } else { default };
        field_or_default(room, options, source, (field, name, default), "echo's Secure", at);
    }
    hsts(room, options, "HSTSMaxAge", source, "echo's Secure", at);
}

fn field_or_default(
    room: &mut Room,
    options: Option<Node>,
    source: &Source,
    (field, name, default): (&str, &str, &str),
    by: &str,
    at: &seaworthy_facts::Location,
) {
    match options.and_then(|options| property(options, field, source.text)) {
        Some(value) => room.sets(name, &source.value(value), by, Layer::Application, at),
        None if !default.is_empty() => {
            room.sets(name, default, &format!("the default of {by}"), Layer::Default, at)
        }
        None => {}
    }
}

fn hsts(
    room: &mut Room,
    options: Option<Node>,
    field: &str,
    source: &Source,
    by: &str,
    at: &seaworthy_facts::Location,
) {
    if let Some(seconds) = options.and_then(|options| property(options, field, source.text)) {
        room.sets(
            "strict-transport-security",
            &format!("max-age={}", source.value(seconds)),
            by,
            Layer::Application,
            at,
        );
    }
}

/// What a session library puts on its cookie: `sessions.Options{HttpOnly: true}`.
fn options_of_session(room: &mut Room, node: Node, source: &Source, file: &File) {
    let field = |names: &[&str]| names.iter().find_map(|name| property(node, name, source.text));
    let Some(_) = field(&["HttpOnly", "IsHTTPOnly", "HTTPOnly", "MaxAge", "Path", "Secure", "IsSecure"])
    else {
        return;
    };
    let secure = match field(&["Secure", "IsSecure"]) {
        Some(secure) if source.of(secure) == "true" => Some(true),
        Some(secure) if source.of(secure) == "false" => Some(false),
        Some(_) => None,
        None if source.text.contains(".Secure =") || source.text.contains(".IsSecure =") => None,
        None => Some(false),
    };
    let at = file.at_line(seaworthy_syntax::code::line(node));
    room.cookie("the options of the session's cookie", secure, false, &at);
}

/// Cookies that hold a session.
fn cookie(room: &mut Room, node: Node, source: &Source, file: &File) {
    let name = property(node, "Name", source.text).map(|name| {
        let value = source.value(name);
        format!("{} {value}", source.of(name))
    });
    let Some(name) = name.filter(|name| SESSION.as_ref().is_some_and(|session| session.is_match(name)))
    else {
        return;
    };
    // Taking a cookie away needs no flag.
    let removal = property(node, "MaxAge", source.text).is_some_and(|age| source.of(age).starts_with('-'))
        || property(node, "Value", source.text).is_some_and(|value| source.of(value) == "\"\"");
    if removal {
        return;
    }
    let at = file.at_line(seaworthy_syntax::code::line(node));
    let name: String = name.split_whitespace().last().unwrap_or_default().chars().take(40).collect();
    match property(node, "Secure", source.text) {
        Some(secure) => {
            let state = match source.of(secure) {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            };
            room.cookie(&format!("http.Cookie {name}"), state, false, &at);
        }
        None => {
            // It may be set afterwards: `cookie.Secure = …`.
            let later = source.text.contains(".Secure =");
            room.cookie(
                &format!("http.Cookie {name} without Secure"),
                if later { None } else { Some(false) },
                false,
                &at,
            );
        }
    }
}
