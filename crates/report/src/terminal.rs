use std::fmt::Write;

use seaworthy_model::Report;

/// How to show a report on a terminal.
#[derive(Debug, Clone, Copy, Default)]
pub struct TerminalOptions {
    /// Use colours.
    pub colour: bool,
    /// Show every item.
    pub verbose: bool,
}

/// The report for a terminal.
pub fn terminal(report: &Report, _options: TerminalOptions) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", report.summary.gate.verdict.words());
    for item in &report.items {
        let _ = writeln!(out, "{:16} {:36} {}", item.status.name(), item.id.as_str(), item.reason);
    }
    out
}
