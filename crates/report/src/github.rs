//! Workflow commands of GitHub Actions: annotations at the lines that fail, and the summary of a step.

use seaworthy_model::{ItemReport, Location, Report, Status};

use crate::{markdown, text, view};

/// GitHub takes step summaries of 1 MiB.
const SUMMARY: usize = 1024 * 1024;

/// The Markdown for `$GITHUB_STEP_SUMMARY`, within GitHub's limit of 1 MiB.
pub fn step_summary(report: &Report) -> String {
    markdown::page(&text::cleaned(report), SUMMARY)
}

pub(crate) fn commands(report: &Report) -> String {
    let mut out = String::new();
    let headline = view::headline(report);
    out.push_str(&format!("Seaworthy: {}. {}.\n", headline.words, headline.detail));
    // GitHub shows only the first ten annotations of a kind, so what matters most comes first.
    for exposure in &report.exposures {
        let location = Some(&exposure.location);
        let mut message = format!("{} ({})", exposure.summary, view::exposure_words(exposure));
        if let Some(remedy) = &exposure.remedy {
            message.push_str(&format!("\nTo fix: {remedy}"));
        }
        out.push_str(&command("error", report, location, "Exposed now", &message));
    }
    for finding in view::findings(report) {
        let kind = if finding.blocking { "error" } else { "notice" };
        let title = format!("{}: added by this change", finding.item);
        let message = format!("{}\nTo fix: {}", finding.summary, finding.remedy);
        out.push_str(&command(kind, report, Some(&finding.location), &title, &message));
    }
    let blockers = view::blockers(report);
    for blocker in &blockers {
        match blocker.item {
            Some(item) => annotate(&mut out, report, item, "error", &blocker.reason.reason),
            None => {
                let title = blocker.reason.item.as_str();
                out.push_str(&command("error", report, None, title, &blocker.reason.reason));
            }
        }
    }
    for item in view::other_failures(report) {
        let excused = item.in_baseline || item.accepted.as_ref().is_some_and(|accepted| !accepted.expired);
        let kind = match item.priority {
            _ if excused => "notice",
            1 => "error",
            2 => "warning",
            _ => "notice",
        };
        annotate(&mut out, report, item, kind, "");
    }
    for note in &report.summary.gate.weakened {
        out.push_str(&command("warning", report, note.location.as_ref(), "Gate weakened", &note.summary));
    }
    for group in view::unknowns(report) {
        let command_words = group.command().map(|words| format!(" ({words})")).unwrap_or_default();
        let names: Vec<&str> = group.items.iter().map(|item| item.id.as_str()).collect();
        let kind = if group.urgent() > 0 { "warning" } else { "notice" };
        let verb = if group.settle.is_some() { " settles" } else { ":" };
        let message =
            format!("{}{command_words}{verb} {}: {}", group.action(), group.counts(), names.join(", "));
        out.push_str(&command(kind, report, None, "Unknown", &message));
    }
    for coverage in &report.coverage {
        if coverage.state == seaworthy_model::CollectorState::Failed {
            let title = format!("Collector {} failed", coverage.collector);
            out.push_str(&command("warning", report, None, &title, &coverage.detail));
        }
    }
    out
}

fn annotate(out: &mut String, report: &Report, item: &ItemReport, kind: &str, gate: &str) {
    let mut message = item.reason.clone();
    if !gate.is_empty() && !gate.starts_with("priority ") {
        message.push_str(&format!(" ({gate})"));
    }
    if let Some(remedy) = item.remedy.as_ref().filter(|_| item.status == Status::Fail) {
        message.push_str(&format!("\nTo fix: {remedy}"));
    }
    if let Some(accepted) = view::accepted(item) {
        message.push_str(&format!("\n{accepted}"));
    }
    let location = view::telling(item)
        .into_iter()
        .find(|evidence| matches!(evidence.location, Location::File { .. }))
        .map(|evidence| &evidence.location);
    out.push_str(&command(kind, report, location, &format!("{}: {}", item.id, item.title), &message));
}

fn command(kind: &str, report: &Report, location: Option<&Location>, title: &str, message: &str) -> String {
    let mut properties = Vec::new();
    let mut message = message.to_owned();
    match location {
        Some(Location::File { path, line, column }) => {
            properties.push(format!("file={}", property(&view::from_here(report, path))));
            if let Some(line) = line.filter(|line| *line > 0) {
                properties.push(format!("line={line}"));
                if let Some(column) = column.filter(|column| *column > 0) {
                    properties.push(format!("col={column}"));
                }
            }
        }
        Some(other) => message.push_str(&format!("\n{other}")),
        None => {}
    }
    properties.push(format!("title={}", property(title)));
    format!("::{kind} {}::{}\n", properties.join(","), data(&message))
}

/// What follows the command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_leave_their_place() {
        assert_eq!(data("100%\r\n::error::x"), "100%25%0D%0A::error::x");
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }
}
