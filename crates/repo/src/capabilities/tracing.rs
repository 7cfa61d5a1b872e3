//! Sentry as a tracer: it traces requests only where a sample rate above 0 or a sampler is set.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{Observed, Product};

use super::is_code;
use crate::scan::{Needle, NeedleId, Needles, Scan};
use crate::tree::{File, Tree};

const RATES: &[&str] = &["tracesSampleRate", "traces_sample_rate", "TracesSampleRate", "traces-sample-rate"];
const SAMPLERS: &[&str] = &["tracesSampler", "traces_sampler", "TracesSampler"];
/// Languages whose SDK times database queries in its traces without more being said.
const TIMES_QUERIES: &[&str] = &["python", "ruby", "php", "javascript", "typescript", "csharp"];

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    rates: Vec<NeedleId>,
    samplers: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut add =
        |text: &&str| needles.add(Needle { text: (*text).to_owned(), whole_word: true, per_file: 3 });
    Plan { rates: RATES.iter().map(&mut add).collect(), samplers: SAMPLERS.iter().map(&mut add).collect() }
}

/// Sentry's tracing, where Sentry itself is in use on a server.
pub fn products(tree: &Tree, scan: &Scan, plan: &Plan, trackers: &[Product]) -> Vec<Product> {
    let sentry: Vec<&Product> =
        trackers.iter().filter(|product| product.name.starts_with("Sentry for ")).collect();
    if sentry.iter().all(|product| product.used.is_empty()) {
        // What is switched off traces nothing, whatever its rate.
        return Vec::new();
    }
    let counts = |file: &File| {
        scan.ships(file)
            && is_code(file)
            && !super::is_for_browsers(&file.path)
            && is_of_a_server(file, &sentry)
    };
    let mut traces = Product {
        capability: "apm".to_owned(),
        name: "Sentry tracing".to_owned(),
        docs: "https://docs.sentry.io/concepts/key-terms/tracing/".to_owned(),
        ..Product::default()
    };
    for hit in plan.rates.iter().flat_map(|id| scan.hits(*id)) {
        let file = &tree.files()[hit.file];
        if hit.comment || !counts(file) {
            continue;
        }
        let at = file.at_line(hit.line);
        match rate(&hit.text) {
            Rate::On => traces.used.push(at),
            Rate::Off => traces.off.push(Observed::new("a traces sample rate of 0".to_owned(), at)),
            Rate::Elsewhere(setting) => traces.off.push(Observed::new(setting, at)),
        }
    }
    for hit in plan.samplers.iter().flat_map(|id| scan.hits(*id)) {
        let file = &tree.files()[hit.file];
        if !hit.comment && counts(file) {
            traces.used.push(file.at_line(hit.line));
        }
    }
    if traces.used.is_empty() && traces.off.is_empty() {
        return Vec::new();
    }
    let mut queries = Product { capability: "database-monitoring".to_owned(), ..traces.clone() };
    "queries in Sentry's traces".clone_into(&mut queries.name);
    queries.off.clear();
    queries.used.retain(|at| {
        let language = at.path().and_then(crate::tree::language_of);
        language.is_some_and(|language| TIMES_QUERIES.contains(&language))
    });
    let mut products = vec![traces];
    products.extend((!queries.used.is_empty()).then_some(queries));
    products
}

/// JavaScript runs on both sides: there the options count in a file that initialises Sentry's SDK for servers.
fn is_of_a_server(file: &File, sentry: &[&Product]) -> bool {
    let script = matches!(file.language, Some("javascript" | "typescript" | "vue" | "svelte" | "astro"));
    !script || sentry.iter().flat_map(|product| &product.used).any(|at| at.path() == Some(file.path.as_str()))
}

enum Rate {
    On,
    Off,
    /// It comes from a setting without a default that is seen here.
    Elsewhere(String),
}

#[allow(clippy::unwrap_used)]
static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:^|[\s(,:=?|{\[])([0-9]+(?:\.[0-9]+)?|\.[0-9]+)").unwrap());

/// What a line sets the rate to. Of several numbers (`production ? 0.1 : 0`) the largest counts.
fn rate(line: &str) -> Rate {
    let Some(rest) = RATES.iter().find_map(|name| Some(&line[line.find(name)? + name.len()..])) else {
        return Rate::Elsewhere("a setting".to_owned());
    };
    let rest = rest.trim_start_matches(['"', '\'', ' ', ':', '=', '>', '(']);
    // Quotes around numbers of environments and YAML.
    let plain = rest.replace(['"', '\''], " ");
    let largest =
        NUMBER.captures_iter(&plain).filter_map(|found| found[1].parse::<f64>().ok()).reduce(f64::max);
    match largest {
        Some(value) if value > 0.0 => Rate::On,
        Some(_) => Rate::Off,
        None => Rate::Elsewhere(rest.trim().trim_end_matches([',', ';', ')']).chars().take(80).collect()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use seaworthy_facts::Location;

    use super::*;

    fn on(line: &str) -> bool {
        matches!(rate(line), Rate::On)
    }

    fn traced(path: &str, text: &str, initialised: &str) -> Vec<(String, bool)> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(path), text).unwrap();
        let tree = Tree::open(folder.path(), &[], crate::tree::Limits::default()).unwrap();
        let mut needles = Needles::default();
        let plan = plan(&mut needles);
        let scan = crate::scan::scan(&tree, &needles);
        let tracker = Product {
            name: "Sentry for JavaScript servers".to_owned(),
            used: vec![Location::line(initialised, 1)],
            ..Product::default()
        };
        let products = products(&tree, &scan, &plan, &[tracker]);
        products.into_iter().map(|product| (product.capability, !product.used.is_empty())).collect()
    }

    #[test]
    fn the_rate_of_a_browser_says_nothing_of_the_server() {
        let text = "Sentry.init({ tracesSampleRate: 0.1 })\n";
        let both = ["apm", "database-monitoring"].map(|capability| (capability.to_owned(), true));
        assert_eq!(traced("instrument.ts", text, "instrument.ts"), both);
        assert!(traced("App.tsx", text, "instrument.ts").is_empty());
        assert!(traced("sentry.client.config.ts", text, "sentry.client.config.ts").is_empty());
    }

    #[test]
    fn rates_are_read_in_each_notation() {
        for line in [
            "  tracesSampleRate: 0.1,",
            "    traces_sample_rate=0.05,",
            "  config.traces_sample_rate = 1.0",
            "  'traces_sample_rate' => (float) env('SENTRY_TRACES_SAMPLE_RATE', 0.2),",
            "sentry.traces-sample-rate=0.2",
            "  TracesSampleRate: .25,",
            "  tracesSampleRate: process.env.NODE_ENV === 'production' ? 0.1 : 0,",
            "traces_sample_rate=float(os.environ.get('RATE', '0.1'))",
        ] {
            assert!(on(line), "{line}");
        }
        for line in ["tracesSampleRate: 0,", "traces_sample_rate=0.0,"] {
            assert!(matches!(rate(line), Rate::Off), "{line}");
        }
        let Rate::Elsewhere(setting) = rate("traces_sample_rate=settings.SENTRY_RATE,") else { panic!() };
        assert_eq!(setting, "settings.SENTRY_RATE");
    }
}
