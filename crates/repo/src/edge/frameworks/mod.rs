//! Headers, redirects and cookies that frameworks and their security libraries set by default or when asked, by the
//! documentation of the version in use.

mod django;
mod dotnet;
mod elixir;
mod go;
mod javascript;
mod php;
mod python;
mod rails;
mod spring;

use std::collections::BTreeSet;

use seaworthy_facts::{
    CookieRule, Ecosystem, Edge, HeaderScope, HeaderValue, HttpsRedirect, Layer, Location, Packages,
    ResponseHeader, Switch,
};
use seaworthy_syntax::Limits;
use seaworthy_syntax::code::{self, Call, Language, Node};

use super::application::condition::{self, Meaning};
use super::application::value::Source;
use crate::scan::{Needle, NeedleId, Needles, Scan};
use crate::tree::{File, Tree};

/// Literals, each for the reader that asks for it.
const LITERALS: &[(&str, Reader)] = &[
    ("helmet(", javascript::read),
    ("helmet.", javascript::read),
    ("\"helmet\"", javascript::read),
    ("'helmet'", javascript::read),
    ("fastify-helmet", javascript::read),
    ("fastify/helmet", javascript::read),
    ("koa-helmet", javascript::read),
    ("secureHeaders", javascript::read),
    ("nuxt-security", javascript::read),
    ("express-session", javascript::read),
    ("cookie-session", javascript::read),
    ("sslify", javascript::read),
    ("https://${req", javascript::read),
    ("django.middleware.", django::read),
    ("SECURE_SSL_REDIRECT", django::read),
    ("SECURE_HSTS_SECONDS", django::read),
    ("SESSION_COOKIE_SECURE", django::read),
    ("Talisman", python::read),
    ("HTTPSRedirectMiddleware", python::read),
    ("SessionMiddleware", python::read),
    ("force_ssl", rails::read),
    ("load_defaults", rails::read),
    ("content_security_policy", rails::read),
    ("SecureHeaders::", rails::read),
    ("HttpSecurity", spring::read),
    ("unrolled/secure", go::read),
    ("gin-contrib/secure", go::read),
    ("middleware.Secure", go::read),
    ("middleware/helmet", go::read),
    ("http.Cookie{", go::read),
    ("CookieOptions{", go::read),
    ("sessions.Options{", go::read),
    ("StatusMovedPermanently", go::read),
    ("UseHsts", dotnet::read),
    ("UseHttpsRedirection", dotnet::read),
    ("UseSecurityHeaders", dotnet::read),
    ("UseXContentTypeOptions", dotnet::read),
    ("UseXfo", dotnet::read),
    ("HeaderPolicyCollection", dotnet::read),
    ("CookieSecurePolicy.", dotnet::read),
    ("put_secure_browser_headers", elixir::read),
    ("force_ssl:", elixir::read),
    ("Plug.Session", elixir::read),
    (":x_forwarded_proto", elixir::read),
    ("SESSION_SECURE_COOKIE", php::read),
    ("'secure'", php::read),
];

type Reader = fn(&mut Room, &File, &str);

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    needles: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let add =
        |(text, _): &(&str, Reader)| Needle { text: (*text).to_owned(), whole_word: false, per_file: 1 };
    Plan { needles: LITERALS.iter().map(|literal| needles.add(add(literal))).collect() }
}

/// What the readers know and what they fill.
pub struct Room<'a> {
    /// The files.
    pub tree: &'a Tree,
    /// Packages and their versions.
    pub packages: &'a Packages,
    /// What is found.
    pub edge: &'a mut Edge,
}

/// Reads what frameworks do.
pub fn read(tree: &Tree, scan: &Scan, plan: &Plan, packages: &Packages, edge: &mut Edge) {
    let mut wanted: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (needle, (_, reader)) in plan.needles.iter().zip(LITERALS) {
        // The same reader looks at a file once.
        let number =
            LITERALS.iter().position(|(_, other)| std::ptr::fn_addr_eq(*other, *reader)).unwrap_or_default();
        wanted.extend(scan.hits(*needle).iter().map(|hit| (hit.file, number)));
    }
    let mut room = Room { tree, packages, edge };
    for (index, number) in wanted.into_iter().take(3_000) {
        let file = &tree.files()[index];
        if !scan.ships(file) || file.language.is_none() {
            continue;
        }
        if let Some(text) = tree.text(file) {
            LITERALS[number].1(&mut room, file, &text);
        }
    }
    for name in ["svelte.config.js", "svelte.config.ts"] {
        for file in tree.named(name).filter(|file| scan.ships(file)) {
            if let Some(text) = tree.text(file) {
                javascript::read(&mut room, file, &text);
            }
        }
    }
    spring::defaults(&mut room, scan);
    php::nelmio(&mut room);
}

impl Room<'_> {
    /// The version of a package that ships: major and minor.
    pub fn version(&self, ecosystem: Ecosystem, name: &str) -> Option<(u32, u32)> {
        let dependency = self
            .packages
            .manifests
            .iter()
            .filter(|manifest| manifest.ecosystem == ecosystem)
            .flat_map(|manifest| &manifest.dependencies)
            .find(|dependency| dependency.name.eq_ignore_ascii_case(name))?;
        let text = dependency.resolved.as_deref().unwrap_or(&dependency.requirement);
        let mut numbers =
            text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).map(str::parse);
        let major = numbers.next()?.ok()?;
        Some((major, numbers.next().and_then(Result::ok).unwrap_or(0)))
    }

    /// A header on all answers.
    pub fn header(&mut self, name: &str, value: HeaderValue, set_by: &str, layer: Layer, at: &Location) {
        self.edge.headers.push(ResponseHeader {
            name: name.to_owned(),
            value,
            scope: HeaderScope::Everywhere,
            set_by: set_by.to_owned(),
            layer,
            at: at.clone(),
            switch: None,
            lost: Vec::new(),
            unused: None,
        });
    }

    /// A header with a value that is known.
    pub fn sets(&mut self, name: &str, value: &str, set_by: &str, layer: Layer, at: &Location) {
        let value = if value.contains(super::application::value::UNKNOWN) {
            HeaderValue::Computed(value.to_owned())
        } else {
            HeaderValue::Text(value.to_owned())
        };
        self.header(name, value, set_by, layer, at);
    }

    /// A redirect to HTTPS.
    pub fn redirects(&mut self, by: &str, permanent: bool, state: &State, at: &Location) {
        self.edge.redirects.push(HttpsRedirect {
            by: by.to_owned(),
            permanent,
            off: state.on == Some(false) && state.name.is_none(),
            switch: state.switch(),
            at: at.clone(),
        });
    }

    /// What is said about session cookies.
    pub fn cookie(&mut self, by: &str, secure: Option<bool>, default: bool, at: &Location) {
        self.edge.cookies.push(CookieRule { by: by.to_owned(), secure, default, at: at.clone() });
    }
}

/// A truth that may depend on a switch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// What it is by default.
    pub on: Option<bool>,
    /// The switch.
    pub name: Option<String>,
}

impl State {
    /// A truth without a switch.
    pub fn plain(on: bool) -> State {
        State { on: Some(on), name: None }
    }

    /// The switch.
    pub fn switch(&self) -> Option<Switch> {
        match (&self.name, self.on) {
            (Some(name), on) => Some(Switch { name: name.clone(), on }),
            (None, None) => Some(Switch { name: "a setting that is computed".to_owned(), on: None }),
            _ => None,
        }
    }

    /// Reads an expression: a literal, or a call that reads an environment variable with a default.
    pub fn of(text: &str, source: &Source) -> State {
        let text = text.trim().trim_end_matches(';').trim();
        match text {
            "true" | "True" | "TRUE" | "1" => return State::plain(true),
            "false" | "False" | "FALSE" | "0" | "null" | "None" | "nil" => return State::plain(false),
            _ => {}
        }
        match condition::meaning(text, source) {
            Meaning::Switch(switch) => {
                let lower = text.to_ascii_lowercase();
                let negated = lower.starts_with("not ") || text.starts_with('!');
                State {
                    on: if negated { switch.on.map(|on| !on) } else { switch.on },
                    name: Some(switch.name),
                }
            }
            Meaning::Development => State::plain(false),
            // `not DEBUG`, `Rails.env.production?`
            Meaning::None
                if text.to_ascii_lowercase().contains("debug")
                    || text.to_ascii_lowercase().contains("prod") =>
            {
                State::plain(true)
            }
            _ => State::default(),
        }
    }
}

/// Parses a file and looks at it.
pub fn with_code(file: &File, text: &str, look: impl FnOnce(&Source, &[Call], &[Node])) {
    let Some(language) = Language::from_path(&file.path) else { return };
    let Some(parsed) = code::parse(language, text, &Limits::default()) else { return };
    let nodes = code::descendants(parsed.root_node());
    let source = Source::new(text, &nodes);
    let calls = code::calls(parsed.root_node(), text);
    look(&source, &calls, &nodes);
}

/// Code of a language whose lines suffice, without comments: line number and text.
pub fn lines<'t>(text: &'t str, comment: &'static str) -> impl Iterator<Item = (u32, &'t str)> {
    (1u32..).zip(text.lines()).filter(move |(_, line)| !line.trim_start().starts_with(comment))
}
