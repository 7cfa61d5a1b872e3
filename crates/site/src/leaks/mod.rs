//! Inner workings that an answer shows, and the products whose own error pages are sent. The shapes are data.

use std::sync::LazyLock;

use regex::Regex;
use regex::bytes::{RegexBuilder, RegexSet, RegexSetBuilder};
use seaworthy_facts::{Leak, LeakKind};
use serde::Deserialize;

use crate::http::Answer;
use crate::redact;

/// Bytes of a body that are looked at.
const BODY: usize = 256 * 1024;
/// Leaks that are kept of one answer.
const LEAKS: usize = 12;
/// Characters of a place that are kept.
const EXCERPT: usize = 240;
/// Memory that the compiled shapes may take.
const COMPILED: usize = 64 * 1024 * 1024;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shapes {
    leak: Vec<Shape>,
    header: Vec<Banner>,
    page: Vec<Page>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    kind: LeakKind,
    of: String,
    pattern: String,
    #[serde(default)]
    anywhere: bool,
    #[cfg_attr(not(test), allow(dead_code, reason = "examples are for the test of the shapes"))]
    example: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Banner {
    name: String,
    of: String,
    pattern: String,
    #[cfg_attr(not(test), allow(dead_code, reason = "examples are for the test of the shapes"))]
    example: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    product: String,
    pattern: String,
    #[serde(default)]
    header: Option<(String, String)>,
    #[serde(default)]
    success: bool,
    #[cfg_attr(not(test), allow(dead_code, reason = "examples are for the test of the shapes"))]
    example: String,
}

/// Shapes with one automaton over all of them; only what it finds is looked for again, to know where.
struct Compiled {
    shapes: Shapes,
    leaks: RegexSet,
    pages: RegexSet,
    headers: Vec<Option<Regex>>,
}

static COMPILED_SHAPES: LazyLock<Option<Compiled>> = LazyLock::new(|| compile().ok());

fn compile() -> Result<Compiled, String> {
    let shapes: Shapes = toml::from_str(include_str!("shapes.toml")).map_err(|error| error.to_string())?;
    let set = |patterns: Vec<&str>| {
        RegexSetBuilder::new(patterns)
            .unicode(false)
            .size_limit(COMPILED)
            .dfa_size_limit(COMPILED)
            .build()
            .map_err(|error| error.to_string())
    };
    Ok(Compiled {
        leaks: set(shapes.leak.iter().map(|shape| shape.pattern.as_str()).collect())?,
        pages: set(shapes.page.iter().map(|page| page.pattern.as_str()).collect())?,
        headers: shapes.header.iter().map(|banner| Regex::new(&banner.pattern).ok()).collect(),
        shapes,
    })
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body[..answer.body.len().min(BODY)]).into_owned()
}

/// Compiles the shapes, which takes longer than the handshakes with a site nearby: worth doing beside them.
pub fn prepare() {
    LazyLock::force(&COMPILED_SHAPES);
}

/// What leaks. `error` is true where the answer is one to an error: a page that explains stack traces leaks nothing.
pub fn of(answer: &Answer, error: bool) -> Vec<Leak> {
    let Some(compiled) = COMPILED_SHAPES.as_ref() else { return Vec::new() };
    let mut leaks = Vec::new();
    for (banner, pattern) in compiled.shapes.header.iter().zip(&compiled.headers) {
        for value in answer.header(&banner.name) {
            if pattern.as_ref().is_some_and(|pattern| pattern.is_match(&value)) {
                let product = value.split(['/', ' ']).next().unwrap_or_default();
                let named = product.starts_with(|first: char| first.is_ascii_alphabetic());
                leaks.push(Leak {
                    kind: LeakKind::VersionBanner,
                    of: if named { redact::line(product, 40) } else { banner.of.clone() },
                    excerpt: redact::line(&format!("{}: {value}", banner.name), EXCERPT),
                });
            }
        }
    }
    if answer.body.is_empty() {
        return leaks;
    }
    let text = text(answer);
    for index in compiled.leaks.matches(text.as_bytes()) {
        let shape = &compiled.shapes.leak[index];
        if leaks.len() >= LEAKS {
            break;
        }
        let same = leaks.iter().any(|leak: &Leak| leak.kind == shape.kind && leak.of == shape.of);
        if same || !(error || shape.anywhere) {
            continue;
        }
        // One pattern is compiled again where it is needed: that is rare, and all of them at once would be slow to make.
        let place =
            RegexBuilder::new(&shape.pattern).unicode(false).size_limit(COMPILED).build().ok().and_then(
                |pattern| {
                    pattern.find(text.as_bytes()).map(|found| around(&text, found.start(), found.end()))
                },
            );
        leaks.push(Leak { kind: shape.kind, of: shape.of.clone(), excerpt: place.unwrap_or_default() });
    }
    leaks
}

fn around(text: &str, start: usize, end: usize) -> String {
    let begin = text.floor_char_boundary(start.saturating_sub(40));
    let stop = text.ceil_char_boundary((end + 160).min(start + 600).min(text.len()));
    redact::line(&text[begin..stop.max(begin)], EXCERPT)
}

/// The product whose own page this is.
pub fn default_page(answer: &Answer) -> Option<String> {
    let compiled = COMPILED_SHAPES.as_ref()?;
    let text = text(answer);
    let found: Vec<&Page> = compiled
        .pages
        .matches(text.trim_start_matches('\u{feff}').as_bytes())
        .into_iter()
        .map(|index| &compiled.shapes.page[index])
        .filter(|page| page.success || answer.status >= 400)
        .filter(|page| {
            page.header.as_ref().is_none_or(|(name, part)| {
                answer
                    .header(name)
                    .any(|value| value.to_ascii_lowercase().contains(&part.to_ascii_lowercase()))
            })
        })
        .collect();
    // A page that a header confirms is known better than one by its text alone.
    let page = found.iter().find(|page| page.header.is_some()).or(found.first())?;
    Some(page.product.clone())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str, headers: &[(&str, &str)]) -> Answer {
        Answer {
            status,
            body: body.as_bytes().to_vec(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect(),
            ..Answer::default()
        }
    }

    #[test]
    fn every_shape_finds_its_example() {
        let compiled = compile().unwrap();
        for shape in &compiled.shapes.leak {
            let leaks = of(&answer(500, &shape.example, &[]), true);
            let found = leaks.iter().find(|leak| leak.kind == shape.kind && leak.of == shape.of);
            assert!(found.is_some_and(|leak| !leak.excerpt.is_empty()), "{}: {leaks:?}", shape.of);
            let calm = of(&answer(200, &shape.example, &[]), false);
            let twin = compiled.shapes.leak.iter().any(|other| other.anywhere && other.of == shape.of);
            assert!(shape.anywhere || twin || calm.iter().all(|leak| leak.of != shape.of), "{}", shape.of);
        }
        for banner in &compiled.shapes.header {
            let leaks = of(&answer(200, "", &[(&banner.name, &banner.example)]), false);
            assert_eq!(leaks.len(), 1, "{}", banner.name);
        }
        for page in &compiled.shapes.page {
            let header = page.header.clone().unwrap_or_default();
            let found = default_page(&answer(404, &page.example, &[(&header.0, &header.1)]));
            assert_eq!(found.as_deref(), Some(page.product.as_str()), "{}", page.pattern);
            assert_eq!(
                default_page(&answer(200, &page.example, &[])).is_some(),
                page.success,
                "{}",
                page.product
            );
        }
    }

    #[test]
    fn harmless_text_is_no_leak() {
        let page = "<h1>Something went wrong</h1><p>We have been told. Look at https://a.example/app/help.php or at the \
            status page. Select a plan from the list where you like. Error 500, reference 12:30:45.</p>";
        assert_eq!(of(&answer(500, page, &[("server", "nginx"), ("x-powered-by", "Express")]), true), []);
        assert_eq!(default_page(&answer(404, page, &[])), None);
        let page = "<link href='/app/x.css'><script src=\"/build/app-1a2b.js\"></script><script src=/src/main.ts></script>\
            <a href=\"/home/index.php\">home</a> <script src='/node_modules/.vite/deps/x.js'></script>";
        assert_eq!(of(&answer(404, page, &[]), true), []);
        let production = "<h1 class=\"next-error-h1\">500</h1><script id=\"__NEXT_DATA__\" type=\"application/json\">{\"props\":{},\
            \"page\":\"/_error\",\"err\":{\"name\":\"Internal Server Error.\",\"message\":\"500 - Internal Server Error.\"}}</script>";
        assert_eq!(of(&answer(500, production, &[]), true), []);
        assert_eq!(default_page(&answer(500, production, &[])).as_deref(), Some("Next.js"));
        let tutorial = "<pre>Traceback (most recent call last):\n  File \"/app/main.py\", line 1, in f</pre>";
        assert_eq!(of(&answer(200, tutorial, &[]), false), []);
        assert_eq!(of(&answer(500, tutorial, &[]), true).len(), 2);
    }

    #[test]
    fn secrets_in_a_trace_are_taken_out() {
        let page = "Traceback (most recent call last):\n connect('postgres://app:hunter2@db/app')";
        let leaks = of(&answer(500, page, &[]), true);
        assert!(!leaks.is_empty() && !format!("{leaks:?}").contains("hunter2"), "{leaks:?}");
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_looked_at(text in "(at |in |SELECT |File |\"|/app/|\\.py|Error|[\\PC]|\n){0,80}") {
            let leaks = of(&answer(500, &text, &[("server", &text)]), true);
            assert!(leaks.len() <= LEAKS + 10);
            let _ = default_page(&answer(404, &text, &[]));
        }
    }
}
