//! Django: its two middlewares, the settings that steer them, and packages for policies.

use seaworthy_facts::{Ecosystem, HeaderValue, Layer, Location, Switch};

use super::{Room, State, with_code};
use crate::edge::application::condition::{self, Meaning};
use crate::edge::application::value::Source;
use crate::launches::is_development;
use crate::tree::File;

/// Reads a settings module.
pub fn read(room: &mut Room, file: &File, text: &str) {
    if file.language != Some("python") || is_development(&file.path) {
        return;
    }
    with_code(file, text, |source, _, nodes| {
        let lists_security = text.contains("django.middleware.security.SecurityMiddleware");
        let lists_framing = text.contains("django.middleware.clickjacking.XFrameOptionsMiddleware");
        let setting = |name: &str| {
            nodes.iter().find_map(|node| {
                if node.kind() != "assignment" {
                    return None;
                }
                let (left, right) = (node.child_by_field_name("left")?, node.child_by_field_name("right")?);
                (source.of(left) == name)
                    .then(|| (right, file.at_line(seaworthy_syntax::code::line(*node)), *node))
            })
        };
        // A setting inside `if not DEBUG:` holds in production, one behind a variable does not by itself.
        let state = |name: &str| {
            let (value, at, node) = setting(name)?;
            let mut state = State::of(source.of(value), source);
            if let Some(switch) = around(node, source) {
                match switch {
                    Meaning::Development => return None,
                    Meaning::Switch(switch) if switch.on != Some(true) => {
                        state = State { on: switch.on, name: Some(switch.name) }
                    }
                    _ => {}
                }
            }
            // The state under one command is not the state under another.
            let asked = nodes.iter().filter(|other| {
                other.kind() == "assignment"
                    && other.child_by_field_name("left").is_some_and(|left| source.of(left) == name)
            });
            if let Some(switch) = asked.filter_map(|other| by_command(*other, source)).next() {
                state = State { on: None, name: Some(switch.name) };
            }
            // A number that stands in a call is the default of a setting read from the environment.
            let text = match source.value(value) {
                text if text.contains(|c: char| c.is_ascii_digit()) => text,
                _ => source.of(value).to_owned(),
            };
            Some((state, at, text))
        };
        let version = room.version(Ecosystem::Pypi, "django").unwrap_or((4, 2));
        if lists_security {
            security(room, version, &state, &file_line(file, text, "SecurityMiddleware"));
        } else {
            // Settings of a module that another one imports from count with the middleware listed there.
            secure_settings(room, &state);
        }
        if lists_framing {
            let at = file_line(file, text, "XFrameOptionsMiddleware");
            match state("X_FRAME_OPTIONS") {
                Some((_, at, value)) => {
                    room.sets("x-frame-options", &value, "X_FRAME_OPTIONS", Layer::Application, &at)
                }
                // <https://docs.djangoproject.com/en/3.0/releases/3.0/#security>: DENY since 3.0.
                None => {
                    let value = if version >= (3, 0) { "DENY" } else { "SAMEORIGIN" };
                    room.sets(
                        "x-frame-options",
                        value,
                        "XFrameOptionsMiddleware's default",
                        Layer::Default,
                        &at,
                    );
                }
            }
        }
        policies(room, file, text, source, &|name| {
            setting(name).map(|(value, at, _)| (source.value(value), at))
        });
        if let Some((state, at, _)) = state("SESSION_COOKIE_SECURE") {
            // Off behind a switch is no explicit `False`.
            let by = match &state.name {
                Some(name) => format!("SESSION_COOKIE_SECURE, by the switch {name}"),
                None => "SESSION_COOKIE_SECURE".to_owned(),
            };
            // What a switch whose state is not told decides is not promised.
            let secure = if state.name.is_some() { Some(state.on.unwrap_or(false)) } else { state.on };
            room.cookie(&by, secure, state.name.is_some(), &at);
        } else if text.contains("SessionMiddleware") {
            let at = file_line(file, text, "SessionMiddleware");
            room.cookie("SESSION_COOKIE_SECURE is not set (False by default)", Some(false), true, &at);
        }
    });
}

type StateOf<'s> = dyn Fn(&str) -> Option<(State, Location, String)> + 's;

/// <https://docs.djangoproject.com/en/stable/ref/middleware/#module-django.middleware.security>
fn security(room: &mut Room, version: (u32, u32), state: &StateOf, at: &Location) {
    match state("SECURE_CONTENT_TYPE_NOSNIFF") {
        Some((State { on: Some(false), name: None }, at, _)) => {
            room.header(
                "x-content-type-options",
                HeaderValue::Removed,
                "SECURE_CONTENT_TYPE_NOSNIFF = False",
                Layer::Application,
                &at,
            );
        }
        Some((State { on: Some(true), .. }, at, _)) => {
            room.sets(
                "x-content-type-options",
                "nosniff",
                "SECURE_CONTENT_TYPE_NOSNIFF",
                Layer::Application,
                &at,
            );
        }
        None if version >= (3, 0) => {
            room.sets(
                "x-content-type-options",
                "nosniff",
                "SecurityMiddleware's default",
                Layer::Default,
                at,
            );
        }
        _ => {}
    }
    match state("SECURE_REFERRER_POLICY") {
        Some((_, at, value)) => {
            room.sets("referrer-policy", &value, "SECURE_REFERRER_POLICY", Layer::Application, &at)
        }
        None if version >= (3, 1) => {
            room.sets("referrer-policy", "same-origin", "SecurityMiddleware's default", Layer::Default, at)
        }
        None => {}
    }
    secure_settings(room, state);
}

fn secure_settings(room: &mut Room, state: &StateOf) {
    if let Some((state, at, value)) = state("SECURE_HSTS_SECONDS") {
        if state.name.is_some() {
            let seconds = default_number(&value).filter(|seconds| *seconds > 0);
            room.sets(
                "strict-transport-security",
                &format!("max-age={}", seconds.unwrap_or(0)),
                "SECURE_HSTS_SECONDS",
                Layer::Application,
                &at,
            );
            if let Some(last) = room.edge.headers.last_mut() {
                last.switch = if seconds.is_some() { None } else { state.switch() };
            }
        } else {
            let seconds = product(&value);
            let value =
                seconds.map_or_else(|| "max-age=…".to_owned(), |seconds| format!("max-age={seconds}"));
            if seconds != Some(0) {
                room.sets(
                    "strict-transport-security",
                    &value,
                    "SECURE_HSTS_SECONDS",
                    Layer::Application,
                    &at,
                );
            } else {
                room.header(
                    "strict-transport-security",
                    HeaderValue::Removed,
                    "SECURE_HSTS_SECONDS = 0",
                    Layer::Application,
                    &at,
                );
            }
        }
    }
    if let Some((state, at, _)) = state("SECURE_SSL_REDIRECT") {
        // <https://docs.djangoproject.com/en/stable/ref/settings/#secure-ssl-redirect>: 301.
        room.redirects("SECURE_SSL_REDIRECT", true, &state, &at);
    }
}

/// django-csp, Django's own policies since 6.0, django-permissions-policy.
fn policies(
    room: &mut Room,
    file: &File,
    text: &str,
    _: &Source,
    setting: &dyn Fn(&str) -> Option<(String, Location)>,
) {
    if text.contains("csp.middleware.CSPMiddleware")
        || text.contains("django.middleware.csp.ContentSecurityPolicyMiddleware")
    {
        let at = file_line(
            file,
            text,
            if text.contains("CSPMiddleware") { "CSPMiddleware" } else { "ContentSecurityPolicyMiddleware" },
        );
        let whole = setting("CONTENT_SECURITY_POLICY").or_else(|| setting("SECURE_CSP"));
        if let Some((value, at)) = whole {
            let value = value
                .replace("DIRECTIVES ", "")
                .replace("directives ", "")
                .replace("-d-i-r-e-c-t-i-v-e-s ", "");
            room.sets("content-security-policy", &value, "django-csp", Layer::Application, &at);
        } else {
            let mut policy = Vec::new();
            for (name, directive) in [
                ("CSP_DEFAULT_SRC", "default-src"),
                ("CSP_SCRIPT_SRC", "script-src"),
                ("CSP_STYLE_SRC", "style-src"),
                ("CSP_OBJECT_SRC", "object-src"),
                ("CSP_BASE_URI", "base-uri"),
                ("CSP_FRAME_ANCESTORS", "frame-ancestors"),
            ] {
                if let Some((value, _)) = setting(name) {
                    policy.push(format!("{directive} {value}"));
                }
            }
            if !policy.iter().any(|directive| directive.starts_with("default-src")) {
                // <https://django-csp.readthedocs.io/>: `default-src 'self'` unless it is set.
                policy.insert(0, "default-src 'self'".to_owned());
            }
            let only = setting("CSP_REPORT_ONLY").is_some_and(|(value, _)| value.contains("True"));
            let name = if only { "content-security-policy-report-only" } else { "content-security-policy" };
            room.sets(name, &policy.join("; "), "django-csp", Layer::Application, &at);
        }
    }
    if text.contains("PermissionsPolicyMiddleware")
        && let Some((_, at)) = setting("PERMISSIONS_POLICY")
    {
        // The package writes the syntax itself from a dictionary.
        room.sets("permissions-policy", "camera=()", "django-permissions-policy", Layer::Application, &at);
    }
}

/// The condition around a setting.
fn around(node: seaworthy_syntax::code::Node, source: &Source) -> Option<Meaning> {
    let mut node = node;
    for _ in 0..8 {
        node = node.parent()?;
        if node.kind() == "if_statement" || node.kind() == "elif_clause" {
            let test = node.child_by_field_name("condition")?;
            return Some(condition::meaning(source.of(test), source));
        }
    }
    None
}

/// A condition around a setting that asks which command runs.
fn by_command(node: seaworthy_syntax::code::Node, source: &Source) -> Option<Switch> {
    let mut node = node;
    for _ in 0..8 {
        node = node.parent()?;
        if let Some(test) = node.child_by_field_name("condition")
            && let Some(switch) = condition::asks_the_command(source.of(test), source)
        {
            return Some(switch);
        }
    }
    None
}

fn file_line(file: &File, text: &str, word: &str) -> Location {
    let line = text.find(word).map_or(1, |at| text[..at].matches('\n').count() as u32 + 1);
    file.at_line(line)
}

/// `60 * 60 * 24 * 365` as a number.
fn product(value: &str) -> Option<u64> {
    value
        .split('*')
        .try_fold(1u64, |product, part| product.checked_mul(part.trim().replace('_', "").parse().ok()?))
}

/// The number that a setting has when the environment says nothing: `config('SECONDS', default=3600, cast=int)`,
/// `int(os.environ.get('SECONDS', 60 * 60))`.
fn default_number(value: &str) -> Option<u64> {
    let value = value.split_once("default=").map_or(value, |(_, default)| default);
    let numbers = |part: &str| product(part.trim_matches(|c: char| !c.is_ascii_digit()));
    value.split(',').find_map(numbers)
}
