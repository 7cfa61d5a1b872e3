//! Rails: default headers by version, `force_ssl`, the policy initializer, the gem secure_headers.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{Ecosystem, HeaderValue, Layer};
use seaworthy_syntax::code::Node;

use super::{Room, State, lines, with_code};
use crate::edge::application::value::{Source, kebab};
use crate::tree::File;

static EXPIRES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"expires:\s*([0-9][0-9_]*)(\.(second|minute|hour|day|week|month|year)s?)?").ok()
});

/// Reads a file.
pub fn read(room: &mut Room, file: &File, text: &str) {
    if file.language != Some("ruby") {
        return;
    }
    let path = file.path.as_str();
    if path.ends_with("config/application.rb") && text.contains("load_defaults") {
        defaults(room, file, text);
    }
    if path.ends_with("config/environments/production.rb") || path.ends_with("config/application.rb") {
        transport(room, file, text);
    }
    if path.contains("config/") && text.contains("content_security_policy") {
        with_code(file, text, |source, _, nodes| policy(room, file, source, nodes));
    }
    if text.contains("SecureHeaders::Configuration.default") {
        with_code(file, text, |source, _, nodes| secure_headers(room, file, source, nodes));
    }
}

/// <https://guides.rubyonrails.org/configuring.html#config-action-dispatch-default-headers>
fn defaults(room: &mut Room, file: &File, text: &str) {
    let Some((line, loaded)) = lines(text, "#").find_map(|(number, line)| {
        let version = line.trim().strip_prefix("config.load_defaults")?;
        let version: String = version.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
        let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        Some((number, (parts.next()?, parts.next().unwrap_or(0))))
    }) else {
        return;
    };
    let at = file.at_line(line);
    // An assignment replaces all of them; `merge!` and `[]=` add.
    let replaced = lines(text, "#").any(|(_, line)| {
        line.contains("action_dispatch.default_headers =")
            && !line.contains("default_headers.merge")
            && !line.contains("==")
    });
    if replaced {
        return;
    }
    let filter = if loaded >= (7, 0) { "0" } else { "1; mode=block" };
    for (name, value) in [
        ("x-frame-options", "SAMEORIGIN"),
        ("x-content-type-options", "nosniff"),
        ("x-xss-protection", filter),
        ("referrer-policy", "strict-origin-when-cross-origin"),
    ] {
        if name == "referrer-policy" && loaded < (5, 2) {
            continue;
        }
        room.sets(name, value, "Rails' default", Layer::Default, &at);
    }
}

/// <https://api.rubyonrails.org/classes/ActionDispatch/SSL.html>
fn transport(room: &mut Room, file: &File, text: &str) {
    let source = Source::new("", &[]);
    let Some((line, value)) = lines(text, "#")
        .filter_map(|(number, line)| {
            Some((number, line.trim().strip_prefix("config.force_ssl")?.trim().strip_prefix('=')?.trim()))
        })
        .last()
    else {
        return;
    };
    let at = file.at_line(line);
    let value = value.split(" #").next().unwrap_or(value);
    let state = State::of(value, &source);
    let options: String = text
        .find("config.ssl_options")
        .filter(|start| !text[text[..*start].rfind('\n').map_or(0, |at| at + 1)..*start].contains('#'))
        .map(|start| text[start..].chars().take(400).collect())
        .unwrap_or_default();
    // <https://guides.rubyonrails.org/configuring.html#config-assume-ssl>: every request is taken for HTTPS, so that the
    // middleware never has one to redirect; whatever ends TLS in front must do it.
    let assumed = lines(text, "#").any(|(_, line)| {
        line.trim()
            .strip_prefix("config.assume_ssl")
            .and_then(|rest| rest.trim().strip_prefix('='))
            .is_some_and(|value| {
                State::of(value.split(" #").next().unwrap_or(value), &source) == State::plain(true)
            })
    });
    let redirect = !options.contains("redirect: false") && !assumed;
    if redirect {
        room.redirects("Rails force_ssl", true, &state, &at);
    }
    let version = room.version(Ecosystem::Rubygems, "rails").unwrap_or((7, 0));
    let default = if version >= (6, 1) {
        63_072_000
    } else if version >= (5, 2) {
        31_556_952
    } else {
        15_552_000
    };
    let switched = state.switch();
    let value = if options.contains("hsts: false") || state.on == Some(false) && state.name.is_none() {
        HeaderValue::Removed
    } else {
        HeaderValue::Text(format!("max-age={}; includeSubDomains", expires(&options).unwrap_or(default)))
    };
    room.header("strict-transport-security", value, "Rails force_ssl", Layer::Application, &at);
    if let Some(last) = room.edge.headers.last_mut() {
        last.switch = switched;
    }
    let secure = if options.contains("secure_cookies: false") { Some(false) } else { state.on };
    room.cookie("Rails force_ssl", secure, false, &at);
}

fn expires(options: &str) -> Option<u64> {
    let found = EXPIRES.as_ref()?.captures(options)?;
    let number: u64 = found.get(1)?.as_str().replace('_', "").parse().ok()?;
    let unit = match found.get(3).map_or("", |unit| unit.as_str()) {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        "week" => 604_800,
        "month" => 2_629_746,
        "year" => 31_556_952,
        _ => 1,
    };
    number.checked_mul(unit)
}

/// `policy.script_src :self, "https://…"` in the initializer or an environment.
fn policy<'t>(room: &mut Room, file: &File, source: &Source<'t>, nodes: &[Node<'t>]) {
    let mut directives: Vec<String> = Vec::new();
    let mut at = None;
    let mut nonces = false;
    let mut only = false;
    for node in nodes {
        let text = source.of(*node);
        if node.kind() == "assignment" {
            nonces |= text.contains("content_security_policy_nonce_generator");
            only |= text.contains("content_security_policy_report_only") && text.trim_end().ends_with("true");
        }
        if node.kind() != "call" {
            continue;
        }
        let (Some(receiver), Some(method)) =
            (node.child_by_field_name("receiver"), node.child_by_field_name("method"))
        else {
            continue;
        };
        if !matches!(source.of(receiver), "policy" | "p" | "csp") {
            continue;
        }
        let name = kebab(source.of(method));
        let known = name.ends_with("-src")
            || matches!(
                name.as_str(),
                "base-uri" | "form-action" | "frame-ancestors" | "script-src-elem" | "object-src"
            );
        let Some(arguments) = node.child_by_field_name("arguments").filter(|_| known) else { continue };
        let mut cursor = arguments.walk();
        let sources: Vec<String> =
            arguments.named_children(&mut cursor).map(|argument| source.value(argument)).collect();
        directives.push(format!("{name} {}", sources.join(" ")));
        at.get_or_insert_with(|| file.at_line(seaworthy_syntax::code::line(*node)));
    }
    let Some(at) = at else { return };
    if nonces {
        // <https://guides.rubyonrails.org/security.html#adding-a-nonce>: added to the script sources.
        for directive in &mut directives {
            if directive.starts_with("script-src ") {
                directive.push_str(" 'nonce-rails'");
            }
        }
    }
    let name = if only { "content-security-policy-report-only" } else { "content-security-policy" };
    room.sets(name, &directives.join("; "), "Rails' content_security_policy", Layer::Application, &at);
}

/// <https://github.com/github/secure_headers#default-values>
fn secure_headers<'t>(room: &mut Room, file: &File, source: &Source<'t>, nodes: &[Node<'t>]) {
    let mut given: Vec<(String, String, u32)> = Vec::new();
    for node in nodes.iter().filter(|node| node.kind() == "assignment") {
        let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right"))
        else {
            continue;
        };
        if let Some((_, option)) = source.of(left).split_once('.') {
            let value =
                if source.of(right).contains("OPT_OUT") { "OPT_OUT".to_owned() } else { source.value(right) };
            given.push((option.to_owned(), value, seaworthy_syntax::code::line(*node)));
        }
    }
    for (option, header, default) in [
        ("hsts", "strict-transport-security", "max-age=631138519"),
        ("x_frame_options", "x-frame-options", "sameorigin"),
        ("x_content_type_options", "x-content-type-options", "nosniff"),
        ("x_xss_protection", "x-xss-protection", "0"),
        ("referrer_policy", "referrer-policy", ""),
        ("csp", "content-security-policy", "default-src 'self' https:; object-src 'none'; script-src https:"),
    ] {
        match given.iter().find(|(name, _, _)| name == option) {
            Some((_, value, line)) if value == "OPT_OUT" => {
                room.header(
                    header,
                    HeaderValue::Removed,
                    "secure_headers",
                    Layer::Application,
                    &file.at_line(*line),
                );
            }
            Some((_, value, line)) => {
                room.sets(header, value, "secure_headers", Layer::Application, &file.at_line(*line))
            }
            None if !default.is_empty() => {
                room.sets(header, default, "the default of secure_headers", Layer::Default, &file.at())
            }
            None => {}
        }
    }
}
