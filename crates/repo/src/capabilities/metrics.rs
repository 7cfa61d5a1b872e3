//! Metrics and product events that code records, by name. Whether a name is one of the domain is not for a collector to
//! say.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use regex::Regex;
use seaworthy_facts::{Location, Product};
use serde::Deserialize;

use super::{PLACES, is_code};
use crate::scan::{Needle, NeedleId, Needles, Scan};
use crate::tree::Tree;

/// How far behind a call its name may be.
const REACH: usize = 400;
/// Most names that are kept.
const NAMES: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    call: Vec<Call>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    library: String,
    docs: String,
    text: Vec<String>,
    #[serde(default)]
    beside: Vec<String>,
    name: Place,
    #[serde(default)]
    key: Vec<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Place {
    /// The first argument.
    First,
    /// The second argument.
    Second,
    /// The value of a key.
    Key,
    /// The value of a key, else the first argument that is a text.
    Any,
}

static CALLS: LazyLock<Vec<Call>> = LazyLock::new(|| {
    // A file that does not parse is caught by a test of this module.
    toml::from_str::<File>(include_str!("metrics.toml")).map(|file| file.call).unwrap_or_default()
});

/// The literals that were asked for, by call.
#[derive(Debug, Default)]
pub struct Plan {
    calls: Vec<Vec<NeedleId>>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut add = |text: &String| {
        let (text, _) = literal(text);
        needles.add(Needle { text: text.to_owned(), whole_word: false, per_file: 20 })
    };
    Plan { calls: CALLS.iter().map(|call| call.text.iter().map(&mut add).collect()).collect() }
}

/// One product for each name that is recorded.
pub fn products(tree: &Tree, scan: &Scan, plan: &Plan) -> Vec<Product> {
    let mut found: BTreeMap<(String, usize), Vec<Location>> = BTreeMap::new();
    let mut texts: BTreeMap<usize, Option<Arc<str>>> = BTreeMap::new();
    for (index, (call, needles)) in CALLS.iter().zip(&plan.calls).enumerate() {
        for (needle, hit) in
            needles.iter().enumerate().flat_map(|(at, id)| scan.hits(*id).iter().map(move |hit| (at, hit)))
        {
            let file = &tree.files()[hit.file];
            if hit.comment
                || !scan.ships(file)
                || !is_code(file)
                || file.language.is_none()
                || demonstrates(&file.path)
            {
                continue;
            }
            let Some(text) = texts.entry(hit.file).or_insert_with(|| tree.text(file)) else { continue };
            if !call.beside.is_empty() && !call.beside.iter().any(|word| text.contains(word.as_str())) {
                continue;
            }
            let Some(after) = behind(text, hit.line, hit.column, &call.text[needle]) else { continue };
            if let Some(name) = name(after, call).or_else(|| named_constant(text, after, call))
                && found.len() < NAMES
            {
                let places = found.entry((name, index)).or_default();
                if places.len() < PLACES {
                    places.push(file.at_line(hit.line));
                }
            }
        }
    }
    let listeners = listeners(tree, scan, found.keys().any(|(_, index)| is_event(*index)));
    found
        .into_iter()
        .filter(|((name, index), _)| !is_event(*index) || is_listened(&listeners, name))
        .map(|((name, index), used)| Product {
            capability: "metric".to_owned(),
            name: format!("{name} ({})", CALLS[index].library),
            used,
            docs: CALLS[index].docs.clone(),
            ..Product::default()
        })
        .collect()
}

/// Events of Elixir's telemetry go to whoever listens; without a listener nothing is recorded.
fn is_event(index: usize) -> bool {
    CALLS[index].library == "Telemetry for Elixir"
}

/// How many files are searched for listeners.
const LISTENERS: usize = 3_000;

/// The texts that attach handlers to events, or make metrics of them.
fn listeners(tree: &Tree, scan: &Scan, wanted: bool) -> Vec<Arc<str>> {
    if !wanted {
        return Vec::new();
    }
    let marks = ["telemetry.attach", "Telemetry.Metrics", "PromEx.Plugin"];
    tree.files()
        .iter()
        .filter(|file| file.language == Some("elixir") && scan.ships(file))
        .take(LISTENERS)
        .filter_map(|file| tree.text(file))
        .filter(|text| marks.iter().any(|mark| text.contains(mark)))
        .collect()
}

/// Whether a listener names an event: whole, or by the last part of its name.
fn is_listened(listeners: &[Arc<str>], name: &str) -> bool {
    let last = format!(":{}", name.rsplit('.').next().unwrap_or(name));
    listeners.iter().any(|text| text.contains(name) || text.contains(&last))
}

/// A page or script that only shows or tries how recording works (`TestPage.tsx`).
fn demonstrates(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    ["Test", "Demo", "Example", "Playground", "Mock"].iter().any(|word| {
        stem.find(word)
            .is_some_and(|at| !stem[at + word.len()..].starts_with(|c: char| c.is_ascii_lowercase()))
    })
}

/// The literal of a call, and whether longer names may end in it, which a `*` before it says.
fn literal(call: &str) -> (&str, bool) {
    call.strip_prefix('*').map_or((call, false), |rest| (rest, true))
}

/// The text that follows a call, where the call stands alone: no longer name ends in it.
fn behind<'a>(text: &'a str, line: u32, column: u32, call: &str) -> Option<&'a str> {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(str::len).sum();
    let at = start + (column.saturating_sub(1)) as usize;
    let before = text.get(..at)?.chars().next_back();
    let (call, within) = literal(call);
    let begins_a_word = call.starts_with(|c: char| c.is_ascii_alphabetic());
    if begins_a_word && !within && before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let from = at + call.len();
    // `counter :orders` has the colon of its name in the call.
    let from = if call.ends_with(':') { from - 1 } else { from };
    let rest = text.get(from..)?;
    let mut end = rest.len().min(REACH);
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    rest.get(..end)
}

/// A text, a symbol, a list of symbols, or a constant.
#[allow(clippy::unwrap_used)]
static ARGUMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)
        (?:\b[fbrFBR]{1,2})?"(?<double>[^"\n]{1,120})"
        | (?:\b[fbrFBR]{1,2})?'(?<single>[^'\n]{1,120})'
        | `(?<back>[^`\n]{1,120})`
        | \[(?<list>\s*:[a-z_?]+(?:\s*,\s*:[a-z_?]+)*)\s*\]
        | (?:^|[\s(])(?<symbol>:[a-z][a-z_]+)
        | (?<constant>\b[A-Z][A-Za-z0-9_]*(?:(?:\.|::)[A-Z][A-Za-z0-9_]*)+)
        "#,
    )
    .unwrap()
});

fn name(after: &str, call: &Call) -> Option<String> {
    let keyed = || {
        call.key.iter().find_map(|key| {
            let mut from = 0;
            while let Some(found) = after[from..].find(key.as_str()) {
                let at = from + found;
                let whole = !after[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
                from = at + key.len();
                let rest = after[from..].trim_start();
                let rest = rest.strip_prefix("=>").or_else(|| rest.strip_prefix([':', '=']));
                if whole && let Some(rest) = rest {
                    return argument(rest.trim_start(), true);
                }
            }
            None
        })
    };
    match call.name {
        Place::Key => keyed(),
        Place::Any => keyed().or_else(|| argument(first_line(after), false)),
        Place::First => argument(after.trim_start(), true),
        Place::Second => argument(after.split_once(',')?.1.trim_start(), true),
    }
}

#[allow(clippy::unwrap_used)]
static CONSTANT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:<\w+>\()?\s*((?:[A-Z][A-Z0-9]*_[A-Z0-9_]+)|(?:[A-Z][a-z0-9]+){2,})\s*[,)]").unwrap()
});

/// A name that is a constant: what it stands for, where the same file says so, else its own.
fn named_constant(text: &str, after: &str, call: &Call) -> Option<String> {
    if call.name != Place::First {
        return None;
    }
    let constant = CONSTANT.captures(after.trim_start())?.get(1)?.as_str();
    let value = text.lines().filter(|line| line.len() < 300).find_map(|line| {
        let at = line.find(constant)?;
        let rest = line[at + constant.len()..].trim_start();
        let rest = rest.strip_prefix('=').or_else(|| rest.strip_prefix(": "))?;
        let quote = rest.find(['"', '\''])?;
        rest[quote + 1..].split(['"', '\'']).next().map(str::to_owned)
    });
    Some(value.unwrap_or_else(|| constant.to_owned()))
}

/// The call's own line, or the next where the call's ends at once.
fn first_line(after: &str) -> &str {
    let trimmed = after.trim_start();
    trimmed.split("\n\n").next().unwrap_or(trimmed)
}

fn argument(text: &str, at_start: bool) -> Option<String> {
    // `<long>(` of generic calls.
    let text = if text.starts_with(|c: char| c.is_ascii_lowercase()) && at_start {
        match text.find(">(") {
            Some(at) if at < 12 => text[at + 2..].trim_start(),
            _ => text,
        }
    } else {
        text
    };
    let found = ARGUMENT.captures(text)?;
    let whole = found.get(0)?;
    if at_start && whole.start() > 1 {
        return None;
    }
    let names = ["double", "single", "back", "list", "symbol", "constant"];
    let name = names.iter().find_map(|group| found.name(group))?.as_str().trim();
    (name.len() > 1)
        .then(|| name.replace([':', ' '], if whole.as_str().starts_with('[') { "" } else { " " }))
        .map(|name| name.replace(',', ".").trim().to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;
    use crate::tree::Limits;

    fn recorded(path: &str, text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
        let mut needles = Needles::default();
        let plan = plan(&mut needles);
        let scan = crate::scan::scan(&tree, &needles);
        products(&tree, &scan, &plan)
            .into_iter()
            .map(|p| p.name.split(" (").next().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn the_file_is_sound() {
        let file: File = toml::from_str(include_str!("metrics.toml")).unwrap();
        for call in file.call {
            assert!(call.docs.starts_with("https://"), "{}", call.library);
            assert!(!call.text.is_empty());
            assert!(call.name != Place::Key || !call.key.is_empty(), "{}", call.library);
        }
    }

    #[test]
    fn names_are_found_in_each_language() {
        let cases = [
            (
                "a.ts",
                "import { Counter } from 'prom-client';\nconst c = new Counter({\n  name: 'orders_total',\n});",
                "orders_total",
            ),
            (
                "a.py",
                "from prometheus_client import Counter\nC = Counter(\n    'signups_total', 'Sign-ups')",
                "signups_total",
            ),
            ("a.py", "statsd.incr(f\"hc.notifications.{kind}.success\")", "hc.notifications.{kind}.success"),
            ("a.rb", "StatsD.increment(\"orders.paid\")", "orders.paid"),
            ("a.rb", "Yabeda.configure do\n  counter :orders_placed\nend", "orders_placed"),
            (
                "a.go",
                "import \"github.com/prometheus/client_golang/prometheus\"\nvar x = promauto.NewCounter(prometheus.CounterOpts{\n\tNamespace: \"shop\",\n\tName: \"orders_total\",\n})",
                "orders_total",
            ),
            ("a.kt", "fun a() { telemetryClient.trackEvent(\"OrderPlaced\", map, null) }", "OrderPlaced"),
            (
                "A.java",
                "import io.micrometer.core.instrument.MeterRegistry;\nmeterRegistry.counter(\"shop.orders\", \"a\", \"b\").increment();",
                "shop.orders",
            ),
            (
                "A.cs",
                "using System.Diagnostics.Metrics;\nvar c = meter.CreateCounter<long>(\"shop.orders\");",
                "shop.orders",
            ),
            ("a.rs", "use metrics::counter;\ncounter!(\"orders_total\").increment(1);", "orders_total"),
            (
                "b.go",
                "const RefusedName = \"orders.refused\"\nx, err := meter.Int64Counter(RefusedName,\n",
                "orders.refused",
            ),
            ("b.py", "c = meter.create_counter(\n    ORDERS_REFUSED,\n)", "ORDERS_REFUSED"),
            (
                "a.ex",
                ":telemetry.execute([:shop, :order, :placed], %{count: 1})\n:telemetry.attach(\"x\", [:shop, :order, :placed], &log/4, nil)",
                "shop.order.placed",
            ),
            (
                "a.php",
                "PostHog::capture([\n  'distinctId' => $id,\n  'event' => 'order placed',\n]);",
                "order placed",
            ),
            ("a.tsx", "posthog.capture('survey created', { a: 1 })", "survey created"),
            (
                "a.ts",
                "import posthog from 'posthog';\nposthog.capture({ distinctId: id, event: \"order placed\" })",
                "order placed",
            ),
            ("a.js", "gtag('event', 'purchase', {})", "purchase"),
        ];
        for (path, text, name) in cases {
            let text = if path == "a.tsx" {
                format!("import posthog from 'posthog-js'\n{text}")
            } else {
                text.to_owned()
            };
            assert_eq!(recorded(path, &text), [name], "{path}: {text}");
        }
    }

    #[test]
    fn what_records_nothing_by_name_is_none() {
        assert!(recorded("a.py", "from collections import Counter\nc = Counter('letters')").is_empty());
        assert!(recorded("a.ts", "posthog.capture(eventName, properties)").is_empty());
        assert!(recorded("a.test.ts", "posthog.capture('order placed')").is_empty());
        assert!(recorded("a.ex", ":telemetry.execute([:shop, :order, :placed], %{count: 1})").is_empty());
        assert!(recorded("src/TestPage.tsx", "umami.track('order-placed')").is_empty());
        assert!(recorded("a.rb", "# StatsD.increment(\"orders.paid\")").is_empty());
    }
}
