//! On which answers a statement in code acts: on all of them (middleware, hooks, configuration) or only on some.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{HeaderScope, Switch};
use seaworthy_syntax::code::{self, Node};

use super::condition::{self, Meaning};
use super::value::{Source, children, entry};
use crate::tree::File;

/// Longest text of a function that is searched for signs of middleware.
const LOOKED_AT: usize = 20_000;

/// Where a statement stands.
#[derive(Debug)]
pub struct Context {
    /// On which answers it acts.
    pub scope: HeaderScope,
    /// A switch around it.
    pub switch: Option<Switch>,
    /// The functions and classes around it, whose names must be used for it to act; none where it acts by its place.
    pub needs: Vec<String>,
}

/// Signs that a function sees every answer, by language.
static MIDDLEWARE: LazyLock<HashMap<&'static str, Regex>> = LazyLock::new(|| {
    [
        ("javascript", r"\bnext\s*\(|,\s*next\b|\bresolve\(event|NextResponse\.next|defineMiddleware|addHook\(|\.use\(|onRequest|onSend|onBeforeResponse|render:response|event\.locals"),
        ("python", r"get_response|call_next|after_request|after_app_request|process_response|add_middleware|http_middleware|before_send"),
        ("ruby", r"@app\.call|def call\(env\)|default_headers"),
        ("php", r"\$next\b|ResponseEvent|FilterResponseEvent|onKernelResponse|RequestHandlerInterface"),
        ("go", r"\.ServeHTTP\(|\.Next\(\)|return next\(|http\.Handler\)|MiddlewareFunc"),
        ("java", r"doFilter|OncePerRequestFilter|HandlerInterceptor|ContainerResponseFilter|WebFilter|HttpSecurity|chain\.filter|RouteFilter"),
        ("kotlin", r"doFilter|OncePerRequestFilter|DefaultHeaders|HttpSecurity|intercept\(|onCall|chain\.filter"),
        ("csharp", r"_next\b|next\(|next\.Invoke|\.Use\(|RequestDelegate|IMiddleware|OnStarting"),
        ("rust", r"SetResponseHeader|DefaultHeaders|next\.run\(|on_response|\.wrap\(|\.layer\(|map_response|from_fn"),
        ("elixir", r"put_secure_browser_headers|def call\(|\bplug\b"),
    ]
    .into_iter()
    .filter_map(|(language, pattern)| Regex::new(pattern).ok().map(|regex| (language, regex)))
    .collect()
});

/// Whether a text holds signs of middleware.
fn is_middleware(language: &str, text: &str) -> bool {
    let language = match language {
        "typescript" | "vue" | "svelte" | "astro" => "javascript",
        other => other,
    };
    let text = &text[..text.floor_char_boundary(LOOKED_AT)];
    MIDDLEWARE.get(language).is_some_and(|regex| regex.is_match(text))
}

/// Files that a framework itself runs for every request.
fn by_place(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    matches!(stem, "middleware" | "hooks" | "proxy" | "entry")
        && name.contains('.')
        && name.ends_with(['s', 'x'])
        && (stem != "hooks" || name.contains("server"))
        || name.starts_with("next.config.")
        || name.starts_with("nuxt.config.")
        || name.starts_with("svelte.config.")
        || path.contains("server/middleware/")
        || path.contains("config/initializers/")
        || path.ends_with("config/application.rb")
        || path.ends_with("config/environments/production.rb")
        || path.ends_with("application_controller.rb")
}

/// The context of a statement.
pub fn of(node: Node<'_>, source: &Source, file: &File, language: &str) -> Option<Context> {
    let mut context = Context { scope: HeaderScope::Everywhere, switch: None, needs: Vec::new() };
    let by_place = by_place(&file.path);
    let mut seen_everywhere = by_place;
    let mut function = false;
    let mut registered = false;
    let mut part: Option<String> = None;
    let mut child = node;
    for _ in 0..60 {
        let Some(parent) = child.parent() else { break };
        let kind = parent.kind();
        if is_condition(kind)
            && let Some(test) = test_of(parent, source)
            && !is_within(node, test)
        {
            match condition::meaning(source.of(test), source) {
                Meaning::None => {}
                Meaning::Development => return None,
                Meaning::Part(which) => part = Some(which),
                Meaning::Switch(switch) => {
                    // In the other branch the switch must be off.
                    let other =
                        parent.child_by_field_name("alternative").is_some_and(|other| is_within(node, other));
                    if !other || switch.on != Some(false) {
                        context.switch.get_or_insert(switch);
                    }
                }
            }
        }
        // Routes of configuration: `source: "/api/(.*)"`, `"/**": { headers: … }`.
        if matches!(kind, "object" | "dictionary" | "hash") {
            let route = children(parent).into_iter().filter_map(entry).find(|(key, _)| {
                matches!(source.of(*key).trim_matches(['"', '\'']), "source" | "for" | "matcher" | "path")
            });
            if let Some((_, value)) = route
                && let Some(route) = code::string_value(value, source.text)
            {
                seen_everywhere = true;
                if !is_every_path(&route) {
                    part = Some(route);
                }
            }
        }
        if let Some((key, value)) = entry(parent)
            && value.id() == child.id()
        {
            let key = source.of(key).trim_matches(['"', '\'']);
            if key.starts_with('/') {
                seen_everywhere = true;
                if !is_every_path(key) {
                    part = Some(key.to_owned());
                }
            }
            if key == "setHeaders" {
                context.scope = HeaderScope::Assets;
            }
        }
        if kind.contains("call") || kind.contains("invocation") {
            // `app.use("/api", …)`: only below that path.
            if let Some(call) = code::calls(parent, source.text)
                .into_iter()
                .next()
                .filter(|call| call.node.id() == parent.id())
            {
                let name = call.name().to_ascii_lowercase();
                if matches!(
                    name.as_str(),
                    "use" | "all" | "addhook" | "register" | "group" | "usewhen" | "map" | "when"
                ) {
                    seen_everywhere = true;
                    if let Some(path) =
                        call.arguments.first().and_then(|first| code::string_value(*first, source.text))
                        && path.starts_with('/')
                        && !is_every_path(&path)
                    {
                        part = Some(path);
                    }
                    context.needs.clear();
                    function = true;
                }
                if matches!(name.as_str(), "get" | "post" | "put" | "delete" | "route" | "mapget" | "mappost")
                    && function
                    && !seen_everywhere
                {
                    part.get_or_insert_with(|| call.callee.clone());
                }
            }
        }
        if is_unit(kind) {
            function = true;
            let text = with_decorators(parent, source);
            if is_middleware(language, text) {
                seen_everywhere = true;
            }
            if is_registered(text, source.of(parent)) {
                registered = true;
            }
            if !by_place && let Some(name) = parent.child_by_field_name("name") {
                context.needs.push(source.of(name).to_owned());
            }
        }
        child = parent;
    }
    let folder = file.path.to_ascii_lowercase();
    let in_middleware =
        folder.contains("middleware") || folder.contains("/plugs/") || folder.contains("/filters/");
    let top_level = !function
        && (language != "php" || is_front_controller(file.name()))
        && !(language == "ruby" || language == "elixir")
        || by_place;
    let configuration = matches!(language, "elixir" | "ruby")
        && !function
        && (file.path.contains("config/")
            || file.name().contains("router")
            || file.name().contains("endpoint"));
    if let Some(part) = part {
        context.scope = HeaderScope::Part(part.chars().take(80).collect());
    } else if context.scope == HeaderScope::Everywhere
        && !(seen_everywhere || in_middleware || top_level || configuration)
    {
        let place = context.needs.first().cloned().unwrap_or_else(|| file.name().to_owned());
        context.scope = HeaderScope::Part(format!("the answers of {place}"));
    }
    if by_place || registered {
        context.needs.clear();
    }
    Some(context)
}

/// Scripts of plain PHP that every page includes or passes.
fn is_front_controller(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
    [
        "index",
        "header",
        "headers",
        "bootstrap",
        "init",
        "config",
        "prepend",
        "common",
        "security",
        "app",
        "functions",
    ]
    .contains(&stem.as_str())
}

/// Whether a pattern of paths takes in the whole site.
pub fn is_every_path(path: &str) -> bool {
    let path = path.trim();
    matches!(path, "/" | "*" | "/*" | "/**" | "**" | "/(.*)" | "(.*)" | "/(.*)?" | "/.*" | "/:path*" | "/:path(.*)" | "/:path*/" | "/{*path}" | "/**/*" | "**/*" | "/:slug*" | "/(.*)/" | "/((?!api/).*)")
        || path.starts_with("/((?!_next") || path.starts_with("/((?!api|_next")
        // All but some paths: `/((?!embed).*)`.
        || path.starts_with("/((?!") && path.ends_with(".*)")
}

fn is_condition(kind: &str) -> bool {
    matches!(
        kind,
        "if_statement"
            | "if"
            | "unless"
            | "if_modifier"
            | "unless_modifier"
            | "if_expression"
            | "elif_clause"
            | "elsif"
            | "else_if_clause"
            | "ternary_expression"
            | "conditional_expression"
            | "conditional"
    )
}

fn test_of<'t>(node: Node<'t>, source: &Source) -> Option<Node<'t>> {
    let test = node.child_by_field_name("condition");
    // `condition ? a : b` in Python has no names.
    test.or_else(|| (node.kind() == "conditional_expression").then(|| node.named_child(1)).flatten())
        .filter(|test| !source.of(*test).is_empty())
}

fn is_within(node: Node<'_>, outer: Node<'_>) -> bool {
    outer.start_byte() <= node.start_byte() && node.end_byte() <= outer.end_byte()
}

/// Functions, methods and classes.
fn is_unit(kind: &str) -> bool {
    matches!(
        kind,
        "function_declaration"
            | "function_definition"
            | "function_expression"
            | "arrow_function"
            | "method_definition"
            | "method_declaration"
            | "func_literal"
            | "method"
            | "singleton_method"
            | "function_item"
            | "closure_expression"
            | "lambda_expression"
            | "local_function_statement"
            | "anonymous_function"
            | "class_definition"
            | "class_declaration"
            | "class"
            | "impl_item"
            | "lambda_literal"
            | "anonymous_function_creation_expression"
            | "object_declaration"
    )
}

/// A decorator puts a function to use where it stands: `@app.after_request`, `@app.middleware("http")`.
fn is_registered(whole: &str, unit: &str) -> bool {
    let Some(decorators) = whole.strip_suffix(unit) else { return false };
    ["after_request", "after_app_request", ".middleware", "before_request", "on_response"]
        .iter()
        .any(|sign| decorators.contains(sign))
}

fn with_decorators<'t>(node: Node<'t>, source: &Source<'t>) -> &'t str {
    match node.parent().filter(|parent| parent.kind() == "decorated_definition") {
        Some(decorated) => source.of(decorated),
        None => source.of(node),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(MIDDLEWARE.len(), 10);
    }

    #[test]
    fn whole_sites_and_parts() {
        for path in ["/(.*)", "/:path*", "/**", "/((?!_next/static).*)", "/*"] {
            assert!(is_every_path(path), "{path}");
        }
        for path in ["/api/:path*", "/embed", "/assets/*"] {
            assert!(!is_every_path(path), "{path}");
        }
    }
}
