//! What an alert rule is about, by the words of its name and expression.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::Signal;

#[allow(clippy::unwrap_used)]
static WORDS: LazyLock<Vec<(Signal, Regex)>> = LazyLock::new(|| {
    [
        (
            Signal::Security,
            r"log_?in.{0,20}fail|fail.{0,20}log_?in|failed.?auth|auth\w*.{0,12}fail|unauthori[sz]ed|brute|wafv?2|\bwaf\b|blocked.?requests|attack|intrusion|suspicious|guardduty|securityhub|root.?(account|usage|login)|console.?login|fail2ban|crowdsec|falco|ratelimit|rate.?limit.{0,20}(exceed|hit|reject)",
        ),
        (
            Signal::ErrorRate,
            r#"5xx|5\.\.|5\\d|status\w*.{0,10}["'~=]+5|error|exception|failure|fail(ed|ing)|dead.?letter|dlq|success.?rate|request-success|unsuccessful|fault"#,
        ),
        (
            Signal::Latency,
            r"latency|duration|response.?time|targetresponsetime|\bp9[059]\b|histogram_quantile|slow|\bapdex|elapsed",
        ),
        (
            Signal::Resources,
            r"cpu|memory|\bmem\b|disk|filesystem|freestorage|storage.?space|restart|crash.?loop|oom|node_load|swap|inode|volume|evict|hpa|saturation|utili[sz]ation|databaseconnections|credit",
        ),
        (Signal::Availability, r"\bup\b|absent|probe_success|down\b|unavailable|unreachable|health|uptime|heartbeat|unhealthy"),
    ]
    .into_iter()
    .map(|(signal, words)| (signal, Regex::new(&format!("(?i){words}")).unwrap()))
    .collect()
});

/// The signals that a text is about.
pub fn of(text: &str) -> Vec<Signal> {
    WORDS.iter().filter(|(_, words)| words.is_match(text)).map(|(signal, _)| *signal).collect()
}
