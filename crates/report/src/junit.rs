//! JUnit's XML, which most CI systems show: a suite for each section, a case for each item.

use std::fmt::Write;

use seaworthy_model::{ItemReport, Location, Report, Section, Status};

use crate::{view, xml::escape};

pub(crate) fn junit(report: &Report) -> String {
    let strict = report.summary.gate.strict;
    let items: Vec<&ItemReport> = report.items.iter().collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"seaworthy\" {} time=\"{}.{:03}\">",
        counts(report, &items, strict, report.exposures.len(), report.findings.len()),
        report.duration_ms / 1000,
        report.duration_ms % 1000
    );
    exposed(&mut out, report);
    findings(&mut out, report);
    for (section, items) in view::sections(report) {
        suite(&mut out, report, section, &items, strict);
    }
    out.push_str("</testsuites>\n");
    out
}

fn suite(out: &mut String, report: &Report, section: Section, items: &[&ItemReport], strict: bool) {
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\" {} timestamp=\"{}\">",
        escape(section.title()),
        counts(report, items, strict, 0, 0),
        report.started_at.strftime("%Y-%m-%dT%H:%M:%S"),
    );
    for item in items {
        case(out, report, item, strict);
    }
    out.push_str("  </testsuite>\n");
}

fn case(out: &mut String, report: &Report, item: &ItemReport, strict: bool) {
    let _ = write!(
        out,
        "    <testcase classname=\"seaworthy.{}\" name=\"{}: {}\"",
        item.section.name(),
        escape(item.id.as_str()),
        escape(&item.title),
    );
    if let Some((path, line)) = view::telling(item)
        .iter()
        .find_map(|evidence| Some((evidence.location.path()?, evidence.location.line_number())))
    {
        let _ = write!(out, " file=\"{}\"", escape(path));
        if let Some(line) = line {
            let _ = write!(out, " line=\"{line}\"");
        }
    }
    let accepted = view::accepted(item);
    let mut message = item.reason.clone();
    if let Some(accepted) = &accepted {
        let _ = write!(message, " ({accepted})");
    }
    let message = escape(&message);
    match item.status {
        Status::Pass => match view::short_of_required(report, item) {
            Some(gate) => problem(out, "failure", "gate", &escape(&gate.reason), item),
            None => out.push_str("/>\n"),
        },
        Status::Fail => {
            let kind = if accepted.is_some() { "accepted" } else { "fail" };
            problem(out, "failure", &format!("{kind}-priority-{}", item.priority), &message, item);
        }
        Status::Unknown if strict => {
            problem(out, "error", &format!("unknown-priority-{}", item.priority), &message, item);
        }
        Status::Unknown => {
            let settle = item.settled_by.as_ref().map_or(String::new(), |settle| {
                let command =
                    settle.command.as_ref().map_or(String::new(), |command| format!(" ({command})"));
                escape(&format!("; settled by: {}{command}", settle.action))
            });
            let _ =
                writeln!(out, ">\n      <skipped message=\"unknown: {message}{settle}\"/>\n    </testcase>");
        }
        Status::NotApplicable => {
            let _ =
                writeln!(out, ">\n      <skipped message=\"does not apply: {message}\"/>\n    </testcase>");
        }
    }
}

fn problem(out: &mut String, element: &str, kind: &str, message: &str, item: &ItemReport) {
    let _ = write!(out, ">\n      <{element} type=\"{kind}\" message=\"{message}\">");
    let mut lines: Vec<String> = view::telling(item)
        .iter()
        .map(|evidence| {
            format!("{}: {} ({})", evidence.location, evidence.summary, view::provenance(evidence))
        })
        .collect();
    if let Some(remedy) = &item.remedy {
        lines.push(format!("To fix: {remedy}"));
    }
    out.push_str(&escape(&lines.join("\n")));
    let _ = writeln!(out, "</{element}>\n    </testcase>");
}

/// Exposed data, each a failing case.
fn exposed(out: &mut String, report: &Report) {
    if report.exposures.is_empty() {
        return;
    }
    open(out, report, "Exposed now", report.exposures.len(), report.exposures.len());
    for exposure in &report.exposures {
        let text = exposure.remedy.as_ref().map_or(String::new(), |remedy| format!("\nTo fix: {remedy}"));
        let text = format!("{}: {}{text}", exposure.location, view::exposure_words(exposure));
        single(out, "exposed", exposure.kind.name(), &exposure.location, &exposure.summary, Some(&text));
    }
    out.push_str("  </testsuite>\n");
}

/// What the change adds that is unsafe: what blocks is a failing case, the rest is told in a passing one.
fn findings(out: &mut String, report: &Report) {
    if report.findings.is_empty() {
        return;
    }
    let blocking = report.findings.iter().filter(|finding| finding.blocking).count();
    open(out, report, "Added by this change", report.findings.len(), blocking);
    for finding in view::findings(report) {
        let text = format!("{}\nTo fix: {}", finding.location, finding.remedy);
        let text = finding.blocking.then_some(text.as_str());
        single(out, "added", &finding.kind, &finding.location, &finding.summary, text);
    }
    out.push_str("  </testsuite>\n");
}

fn open(out: &mut String, report: &Report, name: &str, tests: usize, failures: usize) {
    let _ = writeln!(
        out,
        "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\" timestamp=\"{}\">",
        report.started_at.strftime("%Y-%m-%dT%H:%M:%S"),
    );
}

fn single(out: &mut String, class: &str, kind: &str, at: &Location, summary: &str, failure: Option<&str>) {
    let _ = write!(
        out,
        "    <testcase classname=\"seaworthy.{class}\" name=\"{}\"",
        escape(&format!("{kind}: {summary}"))
    );
    if let Some(path) = at.path() {
        let _ = write!(out, " file=\"{}\"", escape(path));
        if let Some(line) = at.line_number() {
            let _ = write!(out, " line=\"{line}\"");
        }
    }
    match failure {
        Some(text) => {
            let _ = writeln!(
                out,
                ">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
                escape(kind),
                escape(summary),
                escape(text)
            );
        }
        None => out.push_str("/>\n"),
    }
}

fn counts(report: &Report, items: &[&ItemReport], strict: bool, exposures: usize, findings: usize) -> String {
    let number = |status| items.iter().filter(|item| item.status == status).count();
    let short = items.iter().filter(|item| view::short_of_required(report, item).is_some()).count();
    let unknown = number(Status::Unknown);
    let blocking =
        if findings == 0 { 0 } else { report.findings.iter().filter(|finding| finding.blocking).count() };
    let (errors, skipped) = if strict { (unknown, 0) } else { (0, unknown) };
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{errors}\" skipped=\"{}\"",
        items.len() + exposures + findings,
        number(Status::Fail) + short + exposures + blocking,
        skipped + number(Status::NotApplicable),
    )
}
