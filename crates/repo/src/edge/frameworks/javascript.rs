//! Express, Fastify, NestJS, Koa, Hono, Nuxt and SvelteKit.

use seaworthy_facts::{Ecosystem, HeaderValue, Layer, Location};
use seaworthy_syntax::code::{Call, Node, property};

use super::{Room, State, with_code};
use crate::edge::application::context;
use crate::edge::application::value::{Source, UNKNOWN, kebab};
use crate::tree::File;

/// Helmet's own policy since version 4: <https://helmetjs.github.io/#content-security-policy>.
const HELMET_POLICY: &str = "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests";

/// The policy of a version. <https://github.com/helmetjs/helmet/blob/main/CHANGELOG.md>: `form-action` since 5.
fn policy(version: u32) -> String {
    if version >= 5 { HELMET_POLICY.to_owned() } else { HELMET_POLICY.replace("form-action 'self';", "") }
}

/// Reads a file.
pub fn read(room: &mut Room, file: &File, text: &str) {
    with_code(file, text, |source, calls, nodes| {
        for call in calls {
            let at = file.at_line(call.line);
            let name = call.callee.as_str();
            let by_name = call.arguments.iter().any(|argument| {
                let text = source.of(*argument);
                matches!(text, "helmet" | "fastifyHelmet" | "fastify_helmet")
                    || text.contains("@fastify/helmet")
                    || text.contains("fastify-helmet")
            });
            if name == "helmet" || name.ends_with(".register") && by_name || name.ends_with("fastifyHelmet") {
                let options = call.arguments.iter().copied().find_map(|argument| object(argument, source));
                helmet(room, options, source, &at);
            } else if let Some(single) = name.strip_prefix("helmet.") {
                let options = call.arguments.first().copied().and_then(|argument| object(argument, source));
                let version = version(room);
                one(room, single, Asked::With(options), source, version, &at);
            } else if is_part_of_helmet(name) && (text.contains("helmet\"") || text.contains("helmet'")) {
                // `import { contentSecurityPolicy } from "koa-helmet"`
                let options = call.arguments.first().copied().and_then(|argument| object(argument, source));
                let version = version(room);
                one(room, name, Asked::With(options), source, version, &at);
            } else if name == "secureHeaders" && text.contains("hono") {
                let options = call.arguments.first().copied().and_then(|argument| object(argument, source));
                hono(room, options, source, &at);
            } else if matches!(name, "session" | "cookieSession" | "expressSession")
                && !call.arguments.is_empty()
            {
                session(room, call, source, &at);
            } else if name.to_ascii_lowercase().contains("sslify") || name.ends_with("enforce.HTTPS") {
                // <https://github.com/florianheinemann/express-sslify>: 301 for GET and HEAD.
                room.redirects("express-sslify", true, &State::plain(true), &at);
            } else if name.ends_with(".redirect")
                && call.arguments.iter().any(|argument| source.of(*argument).contains("https://"))
            {
                let to = call.arguments.last().map(|argument| source.of(*argument)).unwrap_or_default();
                // To the same host, not to somebody else's.
                let own = ["req.", "host", "url"].iter().any(|part| to.contains(part));
                let near = enclosing(call.node, source);
                if own
                    && ["x-forwarded-proto", "req.secure", ".protocol", "encrypted", "forwarded"]
                        .iter()
                        .any(|sign| near.contains(sign))
                {
                    let status = source.of(call.arguments[0]);
                    let permanent = matches!(status, "301" | "308");
                    let language = file.language.unwrap_or_default();
                    // Development only, or behind a switch.
                    if let Some(context) = context::of(call.node, source, file, language) {
                        let state = match context.switch {
                            Some(switch) => State { on: switch.on, name: Some(switch.name) },
                            None => State::plain(true),
                        };
                        room.redirects("a redirect in code", permanent, &state, &at);
                    }
                }
            }
        }
        configuration(room, file, source, nodes);
    });
}

/// The function around a call.
fn enclosing<'t>(node: Node<'t>, source: &Source<'t>) -> &'t str {
    let mut node = node;
    for _ in 0..12 {
        let Some(parent) = node.parent() else { break };
        node = parent;
        if node.kind().contains("function") || node.kind() == "method_definition" {
            break;
        }
    }
    let text = source.of(node);
    &text[..text.floor_char_boundary(4_000)]
}

fn object<'t>(node: Node<'t>, source: &Source<'t>) -> Option<Node<'t>> {
    match node.kind() {
        "object" => Some(node),
        "identifier" => source.assigned(source.of(node)).filter(|value| value.kind() == "object"),
        _ => None,
    }
}

fn version(room: &Room) -> u32 {
    let of = |name| room.version(Ecosystem::Npm, name).map(|(major, _)| major);
    of("helmet")
        // <https://github.com/fastify/fastify-helmet/releases>: 13 brings helmet 8, 11 and 12 bring 7.
        .or_else(|| of("@fastify/helmet").map(|major| if major >= 13 { 8 } else { 7 }))
        .or_else(|| of("koa-helmet"))
        .unwrap_or(7)
}

/// Helmet's parts can be imported one by one.
fn is_part_of_helmet(name: &str) -> bool {
    matches!(
        name,
        "contentSecurityPolicy"
            | "strictTransportSecurity"
            | "hsts"
            | "noSniff"
            | "xContentTypeOptions"
            | "frameguard"
            | "xFrameOptions"
            | "xssFilter"
            | "xXssProtection"
            | "referrerPolicy"
    )
}

/// What is asked of one of helmet's parts.
enum Asked<'t> {
    Default,
    Off,
    With(Option<Node<'t>>),
}

/// <https://helmetjs.github.io/>: what is on by default, and the options that switch single headers off.
fn helmet<'t>(room: &mut Room, options: Option<Node<'t>>, source: &Source<'t>, at: &Location) {
    let version = version(room);
    for (names, part) in [
        (&["contentSecurityPolicy", ""][..], "contentSecurityPolicy"),
        (&["strictTransportSecurity", "hsts"], "hsts"),
        (&["xContentTypeOptions", "noSniff"], "noSniff"),
        (&["xFrameOptions", "frameguard"], "frameguard"),
        (&["xXssProtection", "xssFilter"], "xssFilter"),
        (&["referrerPolicy", ""], "referrerPolicy"),
    ] {
        let given =
            options.and_then(|options| names.iter().find_map(|name| property(options, name, source.text)));
        let asked = match given {
            None => Asked::Default,
            Some(value) => match source.of(value) {
                "false" => Asked::Off,
                "true" => Asked::Default,
                _ => match object(value, source) {
                    Some(options) => Asked::With(Some(options)),
                    None => {
                        // `contentSecurityPolicy: isProduction ? undefined : false`
                        let text = source.of(value);
                        if text.contains("undefined") || State::of(text, source).on == Some(true) {
                            Asked::Default
                        } else {
                            Asked::Off
                        }
                    }
                },
            },
        };
        one(room, part, asked, source, version, at);
    }
}

fn one<'t>(room: &mut Room, part: &str, asked: Asked<'t>, source: &Source<'t>, version: u32, at: &Location) {
    let policy = policy(version);
    let (header, default) = match part {
        "contentSecurityPolicy" => ("content-security-policy", (version >= 4).then_some(policy.as_str())),
        "hsts" | "strictTransportSecurity" => (
            "strict-transport-security",
            Some(if version >= 8 {
                "max-age=31536000; includeSubDomains"
            } else {
                "max-age=15552000; includeSubDomains"
            }),
        ),
        "noSniff" | "xContentTypeOptions" => ("x-content-type-options", Some("nosniff")),
        "frameguard" | "xFrameOptions" => ("x-frame-options", Some("SAMEORIGIN")),
        "xssFilter" | "xXssProtection" => {
            ("x-xss-protection", Some(if version >= 4 { "0" } else { "1; mode=block" }))
        }
        "referrerPolicy" => ("referrer-policy", if version >= 4 { Some("no-referrer") } else { None }),
        _ => return,
    };
    let options = match asked {
        Asked::Off => {
            room.header(header, HeaderValue::Removed, "an option of helmet", Layer::Application, at);
            return;
        }
        Asked::Default | Asked::With(None) => {
            if let Some(default) = default {
                room.sets(header, default, "helmet's default", Layer::Default, at);
            }
            return;
        }
        Asked::With(Some(options)) => options,
    };
    let get = |name: &str| property(options, name, source.text);
    let value = match header {
        "content-security-policy" => {
            if get("reportOnly").is_some_and(|only| source.of(only) == "true") {
                return room.sets(
                    "content-security-policy-report-only",
                    HELMET_POLICY,
                    "helmet",
                    Layer::Application,
                    at,
                );
            }
            let given = match get("directives") {
                Some(directives) => source.value(directives),
                // `{ directives }` stands for a value of that name.
                None if source.of(options).contains("directives") => match source.assigned("directives") {
                    Some(directives) => source.value(directives),
                    None => UNKNOWN.to_string(),
                },
                None => String::new(),
            };
            // What is spread in or put together elsewhere may hold the scripts' sources.
            let untold = given.split(';').any(|directive| directive.trim().starts_with(UNKNOWN));
            if untold && !given.contains("script-src ") {
                let computed = HeaderValue::Computed(UNKNOWN.to_string());
                return room.header(header, computed, "helmet", Layer::Application, at);
            }
            // Version 4 adds its own directives only where that is asked for.
            let defaults = match get("useDefaults").map(|defaults| source.of(defaults)) {
                Some(asked) => version >= 4 && asked != "false",
                None => version >= 5,
            };
            if defaults { merged(&given) } else { given }
        }
        "strict-transport-security" => match get("maxAge") {
            Some(age) => format!("max-age={}", product(&source.value(age), source.of(age))),
            None => default.unwrap_or_default().to_owned(),
        },
        "x-frame-options" => get("action")
            .map_or_else(|| "SAMEORIGIN".to_owned(), |action| source.value(action).to_uppercase()),
        "referrer-policy" => get("policy")
            .map_or_else(|| "no-referrer".to_owned(), |policy| source.value(policy).replace(' ', ", ")),
        _ => default.unwrap_or_default().to_owned(),
    };
    room.sets(header, &value, "helmet", Layer::Application, at);
}

/// Directives that are given, and helmet's own for the rest.
fn merged(given: &str) -> String {
    let name = |directive: &str| directive.split_whitespace().next().map(kebab).unwrap_or_default();
    let named: Vec<String> = given.split(';').map(name).collect();
    let rest = HELMET_POLICY.split(';').filter(|directive| !named.contains(&name(directive)));
    let removed = |directive: &&str| !directive.trim().ends_with(" null");
    given
        .split(';')
        .filter(removed)
        .chain(rest)
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}

/// A number, also one that is written as a product.
fn product(value: &str, written: &str) -> String {
    if written.contains('*') && written.chars().all(|c| c.is_ascii_digit() || matches!(c, '*' | ' ' | '_')) {
        let product = written.split('*').try_fold(1u64, |product, part| {
            part.trim().replace('_', "").parse::<u64>().ok().and_then(|factor| product.checked_mul(factor))
        });
        if let Some(product) = product {
            return product.to_string();
        }
    }
    value.to_owned()
}

/// <https://hono.dev/docs/middleware/builtin/secure-headers>
fn hono<'t>(room: &mut Room, options: Option<Node<'t>>, source: &Source<'t>, at: &Location) {
    for (option, header, default) in [
        ("xFrameOptions", "x-frame-options", "SAMEORIGIN"),
        ("xContentTypeOptions", "x-content-type-options", "nosniff"),
        ("xXssProtection", "x-xss-protection", "0"),
        ("referrerPolicy", "referrer-policy", "no-referrer"),
        ("strictTransportSecurity", "strict-transport-security", "max-age=15552000; includeSubDomains"),
        ("contentSecurityPolicy", "content-security-policy", ""),
        ("permissionsPolicy", "permissions-policy", ""),
    ] {
        match options.and_then(|options| property(options, option, source.text)) {
            Some(value) if source.of(value) == "false" => {
                room.header(
                    header,
                    HeaderValue::Removed,
                    "an option of Hono's secureHeaders",
                    Layer::Application,
                    at,
                );
            }
            Some(value) if source.of(value) != "true" => {
                let text = match header {
                    // It writes its own syntax from the object.
                    "permissions-policy" => "camera=()".to_owned(),
                    _ => source.value(value),
                };
                room.sets(header, &text, "Hono's secureHeaders", Layer::Application, at);
            }
            _ if !default.is_empty() => {
                room.sets(header, default, "the default of Hono's secureHeaders", Layer::Default, at)
            }
            _ => {}
        }
    }
}

/// <https://github.com/expressjs/session#cookiesecure>: not Secure unless asked.
fn session<'t>(room: &mut Room, call: &Call<'t>, source: &Source<'t>, at: &Location) {
    let Some(options) = call.arguments.first().copied().and_then(|argument| object(argument, source)) else {
        return;
    };
    let cookie = property(options, "cookie", source.text).and_then(|cookie| object(cookie, source));
    let secure = cookie
        .and_then(|cookie| property(cookie, "secure", source.text))
        .or_else(|| property(options, "secure", source.text));
    match secure {
        Some(secure) => {
            let text = source.of(secure);
            let state =
                if matches!(text, "'auto'" | "\"auto\"") { Some(true) } else { State::of(text, source).on };
            room.cookie("cookie.secure of the session", state, false, at);
        }
        None => room.cookie("the session's cookie (not Secure by default)", Some(false), true, at),
    }
}

/// Objects of configuration files.
fn configuration<'t>(room: &mut Room, file: &File, source: &Source<'t>, nodes: &[Node<'t>]) {
    if file.name().starts_with("svelte.config.") {
        // <https://svelte.dev/docs/kit/configuration#csp>: nonces or hashes are added to what is given.
        let csp = nodes.iter().find_map(|node| property(*node, "csp", source.text));
        if let Some(directives) = csp.and_then(|csp| property(csp, "directives", source.text)) {
            let value = source.value(directives);
            let value = value.replace("script-src ", "script-src 'nonce-kit' ");
            room.sets(
                "content-security-policy",
                &value,
                "SvelteKit's kit.csp",
                Layer::Application,
                &file.at(),
            );
        }
    }
    if file.name().starts_with("nuxt.config.") && source.text.contains("nuxt-security") {
        // <https://nuxt-security.vercel.app/getting-started/configuration>
        let headers = nodes
            .iter()
            .find_map(|node| property(*node, "security", source.text))
            .and_then(|security| property(security, "headers", source.text));
        for (option, header, default) in [
            (
                "contentSecurityPolicy",
                "content-security-policy",
                "base-uri 'none'; font-src 'self' https: data:; form-action 'self'; frame-ancestors 'self'; img-src 'self' data:; object-src 'none'; script-src-attr 'none'; style-src 'self' https: 'unsafe-inline'; script-src 'self' https: 'unsafe-inline' 'strict-dynamic' 'nonce-nuxt'; upgrade-insecure-requests",
            ),
            ("strictTransportSecurity", "strict-transport-security", "max-age=15552000; includeSubDomains"),
            ("xContentTypeOptions", "x-content-type-options", "nosniff"),
            ("xFrameOptions", "x-frame-options", "SAMEORIGIN"),
            ("xXSSProtection", "x-xss-protection", "0"),
            ("referrerPolicy", "referrer-policy", "no-referrer"),
            (
                "permissionsPolicy",
                "permissions-policy",
                "camera=(), display-capture=(), fullscreen=(), geolocation=(), microphone=()",
            ),
        ] {
            match headers.and_then(|headers| property(headers, option, source.text)) {
                Some(value) if source.of(value) == "false" => {
                    room.header(
                        header,
                        HeaderValue::Removed,
                        "an option of nuxt-security",
                        Layer::Application,
                        &file.at(),
                    );
                }
                Some(value) if header == "strict-transport-security" => {
                    let age = property(value, "maxAge", source.text)
                        .map(|age| product(&source.value(age), source.of(age)));
                    let value = age.map_or_else(|| source.value(value), |age| format!("max-age={age}"));
                    room.sets(header, &value, "nuxt-security", Layer::Application, &file.at());
                }
                Some(value) if header != "permissions-policy" => {
                    room.sets(header, &source.value(value), "nuxt-security", Layer::Application, &file.at());
                }
                _ => room.sets(header, default, "nuxt-security's default", Layer::Default, &file.at()),
            }
        }
    }
}
