use seaworthy_facts::{Absent, Capabilities, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `monitoring.business-metrics`
pub static ITEM: Item = Item {
    id: ItemId::new("monitoring.business-metrics"),
    section: Section::Monitoring,
    question: "What the application is for is measured",
    priority: 3,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Capabilities],
    remedy: "Record at least one metric or event of the domain, such as orders placed.",
    page: include_str!("business_metrics.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::deployable(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let capabilities = view.get::<Capabilities>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "metrics and product events that code records by name (Prometheus clients, Micrometer, StatsD, OpenTelemetry meters, telemetry events, PostHog, Segment, Amplitude, Mixpanel …), other than those of the runtime, HTTP and page views",
    );
    let recorded: Vec<_> =
        capabilities.of("metric").filter_map(|product| Some((product, product.in_use()?))).collect();
    for (product, at) in recorded.iter().filter(|(product, _)| is_of_the_domain(&product.name)).take(SHOWN) {
        findings.supports(format!("records {}", product.name), at);
    }
    match recorded.first() {
        Some((product, at)) => {
            findings.because(format!(
                "{} names are recorded and all are of the runtime, HTTP or page views, such as {} ({at})",
                recorded.len(),
                product.name
            ));
        }
        None => {
            findings.because("no metric and no product event is recorded by a name of the domain");
        }
    }
    Ok(findings)
}

/// How many names are shown.
const SHOWN: usize = 5;

/// Words that make a name one of the machine room, whatever stands beside them.
const TECHNICAL: &[&str] = &[
    "http",
    "https",
    "request",
    "requests",
    "req",
    "response",
    "responses",
    "cpu",
    "memory",
    "mem",
    "heap",
    "gc",
    "goroutines",
    "goroutine",
    "process",
    "nodejs",
    "node",
    "python",
    "jvm",
    "eventloop",
    "thread",
    "threads",
    "db",
    "database",
    "sql",
    "query",
    "queries",
    "connection",
    "connections",
    "conn",
    "pool",
    "cache",
    "redis",
    "postgres",
    "mysql",
    "uptime",
    "build",
    "info",
    "latency",
    "vm",
    "phoenix",
    "ecto",
    "repo",
    "rpc",
    "grpc",
    "endpoint",
    "socket",
    "exception",
    "exceptions",
    "pageview",
    "pageviews",
    "page",
    "screen",
    "vitals",
    "lcp",
    "cls",
    "fid",
    "ttfb",
    "inp",
    "fcp",
    "render",
    "graphql",
    "middleware",
    "runtime",
    "log",
    "logs",
    "span",
    "spans",
    "garbage",
    "health",
    "healthcheck",
    "ping",
    "plug",
    "router",
    "transaction",
    "statsd",
    "scrape",
    "example",
    "test",
    "foo",
    "my",
];

/// Words that say nothing by themselves.
const NEUTRAL: &[&str] = &[
    "total",
    "count",
    "counter",
    "instrument",
    "gauge",
    "histogram",
    "seconds",
    "second",
    "milliseconds",
    "ms",
    "bytes",
    "duration",
    "time",
    "timing",
    "size",
    "number",
    "num",
    "avg",
    "max",
    "min",
    "success",
    "failure",
    "failures",
    "failed",
    "fail",
    "error",
    "errors",
    "rate",
    "status",
    "in",
    "of",
    "the",
    "per",
    "by",
    "current",
    "active",
    "api",
    "calls",
    "call",
    "job",
    "jobs",
    "queue",
    "queues",
    "queued",
    "task",
    "tasks",
    "worker",
    "workers",
    "depth",
    "event",
    "events",
    "metric",
    "metrics",
    "name",
    "action",
    "click",
    "clicked",
    "button",
    "view",
    "viewed",
    "handler",
    "operation",
    "operations",
    "operation",
    "app",
    "application",
    "service",
    "server",
    "client",
    "start",
    "stop",
    "init",
    "started",
    "stopped",
    "up",
    "a",
    "b",
    "id",
    "key",
    "type",
    "wait",
    "latest",
    "result",
    "results",
    "retries",
    "retry",
    "timeout",
    "lock",
    "function",
    "method",
    "web",
    "x",
];

/// A metric or event that is named for what the application is for.
fn is_of_the_domain(name: &str) -> bool {
    let name = name.rsplit_once(" (").map_or(name, |(name, _)| name);
    let words = words(name);
    !words.iter().any(|word| TECHNICAL.contains(&word.as_str()))
        && words.iter().any(|word| word.len() > 1 && !NEUTRAL.contains(&word.as_str()))
}

/// The words of a name in whatever notation; what is put in at run time (`{kind}`) is none.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut placeholder = 0_u32;
    let mut lower = false;
    for c in name.chars() {
        match c {
            '{' => placeholder += 1,
            '}' => placeholder = placeholder.saturating_sub(1),
            _ => {}
        }
        let starts = c.is_uppercase() && lower;
        if (!c.is_alphabetic() || starts) && !word.is_empty() {
            words.push(std::mem::take(&mut word).to_lowercase());
        }
        if c.is_alphabetic() && placeholder == 0 {
            word.push(c);
        }
        lower = c.is_lowercase();
    }
    if !word.is_empty() {
        words.push(word.to_lowercase());
    }
    words
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::monitoring::test_support::{Sign, judged, with_products};
    use seaworthy_model::Status;

    #[test]
    fn a_name_of_the_domain_passes() {
        for name in [
            "shop_orders_total (prom-client)",
            "hc.notifications.{kind}.success (StatsD)",
            "push.success (StatsD)",
            "Order Placed (Segment)",
            "ordersPlaced (OpenTelemetry metrics)",
            "shop.order.placed (Telemetry for Elixir)",
            "purchase (Google Analytics events)",
        ] {
            assert_eq!(
                judged(&ITEM, &with_products(&[("metric", name, Sign::Used("a.ts"))])).0,
                Status::Pass,
                "{name}"
            );
        }
    }

    #[test]
    fn names_of_the_machine_room_fail() {
        for name in [
            "http_request_duration_seconds (prom-client)",
            "process_cpu_seconds_total (prom-client)",
            "page_view (Google Analytics events)",
            "app.repo.query.total_time (Telemetry.Metrics for Elixir)",
            "db_pool_connections (Prometheus for Rust)",
            "{name} (StatsD)",
            "errors_total (prom-client)",
        ] {
            let (status, reason) = judged(&ITEM, &with_products(&[("metric", name, Sign::Used("a.ts"))]));
            assert_eq!(status, Status::Fail, "{name}");
            assert!(reason.contains("such as"), "{reason}");
        }
    }

    #[test]
    fn nothing_fails_and_a_library_is_not_asked() {
        let mut facts = with_products(&[]);
        assert_eq!(judged(&ITEM, &facts).0, Status::Fail);
        facts.system = System::default().into();
        assert_eq!(judged(&ITEM, &facts).0, Status::NotApplicable);
        assert_eq!(judged(&ITEM, &seaworthy_facts::Facts::default()).0, Status::Unknown);
    }
}
